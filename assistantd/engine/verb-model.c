/* SPDX-License-Identifier: MIT */
#include "assistantd/engine/verb-model.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "assistantd/engine/verbs.h"
#include "util/macro.h"

void verb_options_init(struct verb_options *o)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	*o = (struct verb_options){ .threads = (unsigned)CLAMP(cpus, 1L, 64L) };
}

bool verb_number(const char *option, const char *text, uint64_t min, uint64_t max, uint64_t *ret)
{
	char *end = NULL;

	errno = 0;
	if (isdigit((unsigned char)text[0]))
		*ret = strtoull(text, &end, 10);
	if (end && !*end && errno == 0 && *ret >= min && *ret <= max)
		return true;
	fprintf(stderr, "error: %s: '%s', expected a whole number from %llu to %llu\n", option,
		text, (unsigned long long)min, (unsigned long long)max);
	return false;
}

int verb_options_take(struct verb_options *o, int argc, char **argv, int i)
{
	uint64_t number;

	if (i + 1 >= argc)
		return 0;
	if (strcmp(argv[i], "--lora") == 0) {
		if (o->n_loras == VERB_MAX_ADAPTERS) {
			fprintf(stderr, "error: --lora: more than %d\n", VERB_MAX_ADAPTERS);
			return -EINVAL;
		}
		o->loras[o->n_loras++] = argv[i + 1];
		return 2;
	}
	if (strcmp(argv[i], "--threads") == 0 || strcmp(argv[i], "-t") == 0) {
		if (!verb_number(argv[i], argv[i + 1], 1, 64, &number))
			return -EINVAL;
		o->threads = (unsigned)number;
		return 2;
	}
	if (strcmp(argv[i], "--ctx") == 0) {
		if (!verb_number(argv[i], argv[i + 1], 1, 1u << 22, &number))
			return -EINVAL;
		o->context = (uint32_t)number;
		return 2;
	}
	return 0;
}

static bool take_value(const struct verb_option *o, const char *text)
{
	char *end = NULL;

	if (o->number)
		return verb_number(o->name, text, o->min, o->max, o->number);
	if (o->text) {
		*o->text = text;
		return true;
	}
	*o->real = strtof(text, &end);
	return end != text && !*end;
}

int verb_option_take(const struct verb_option *own, size_t n, int argc, char **argv, int i)
{
	for (const struct verb_option *o = own; o < own + n; o++) {
		if (strcmp(argv[i], o->name) != 0)
			continue;
		if (o->flag) {
			*o->flag = true;
			return 1;
		}
		return i + 1 < argc && take_value(o, argv[i + 1]) ? 2 : 0;
	}
	return 0;
}

bool verb_parse(int argc, char **argv, const char **model, struct verb_options *common,
		const struct verb_option *own, size_t n)
{
	int took = 1;

	verb_options_init(common);
	*model = argc > 1 ? argv[1] : NULL;
	for (int i = 2; took > 0 && i < argc; i += took) {
		took = verb_options_take(common, argc, argv, i);
		if (took == 0)
			took = verb_option_take(own, n, argc, argv, i);
	}
	return *model && took > 0;
}

/* Cuts ":SCALE" off when what follows the last colon is a number. */
static bool split_scale(char *spec, float *scale)
{
	char *colon = strrchr(spec, ':'), *end;

	*scale = 1.0f;
	if (!colon || !colon[1])
		return true;
	*scale = strtof(colon + 1, &end);
	if (*end) {
		*scale = 1.0f;
		return true;
	}
	*colon = '\0';
	return isfinite(*scale) && fabsf(*scale) <= ADAPTER_MAX_SCALE;
}

static int load_adapter(struct verb_model *vm, char *spec)
{
	size_t n = vm->n_adapters;
	_cleanup_close_ int fd = -1;
	struct diag d = DIAG_NULL;

	if (!split_scale(spec, &vm->scales[n])) {
		fprintf(stderr, "error: --lora: scale beyond %g\n", (double)ADAPTER_MAX_SCALE);
		return VERB_USAGE;
	}
	fd = verb_open(spec, &d);
	if (fd < 0 || adapter_load_fd(&vm->adapters[n], vm->model, fd, &d) < 0)
		return verb_fail(spec, &d);
	vm->deltas[n] = adapter_delta(vm->adapters[n]);
	vm->n_adapters++;
	if (adapter_tokenizer(vm->adapters[n]) && vm->scales[n] != 0.0f) {
		vm->tokenizer = adapter_tokenizer(vm->adapters[n]);
		vm->n_extra = bm_delta_tokens(vm->deltas[n]);
	}
	return VERB_OK;
}

int verb_model_init(struct verb_model *vm, const char *path, const struct verb_options *o)
{
	struct bm_params params = { .threads = o->threads };
	_cleanup_close_ int fd = -1;
	struct diag d = DIAG_NULL;
	int status = VERB_OK;

	*vm = (struct verb_model){ 0 };
	fd = verb_open(path, &d);
	if (fd < 0 || bm_model_open_fd(&vm->model, fd, &params, &d) < 0)
		return verb_fail(path, &d);
	vm->tokenizer = bm_model_tokenizer(vm->model);
	for (size_t i = 0; status == VERB_OK && i < o->n_loras; i++)
		status = load_adapter(vm, o->loras[i]);
	return status;
}

float *verb_model_logits(const struct verb_model *vm)
{
	return reallocarray(NULL, (BM_DRAFT_MAX + 1) * sizeof(float),
			    (size_t)bm_model_config(vm->model)->n_vocab + vm->n_extra);
}

int verb_model_uses(const struct verb_model *vm, const int32_t *prompt, size_t n,
		    struct adapter_uses *ret, struct diag *d)
{
	size_t at;

	*ret = (struct adapter_uses){ 0 };
	for (size_t i = 0; i < vm->n_adapters; i++) {
		int r = adapter_uses_add(ret, vm->adapters[i], vm->scales[i]);

		if (r < 0)
			return diag_set(d, r, DIAG_DUP, "--lora", r == -ENOTUNIQ ?
					"two adapters bring tokens" : "the same adapter twice");
	}
	return adapter_uses_place(ret, prompt, n, &at, d);
}

int verb_model_pass(struct verb_model *vm, struct adapter_uses *uses, struct bm_writer *w,
		    float *logits, struct bm_item *item)
{
	size_t rows = adapter_uses_item(uses, w, bm_model_max_batch(vm->model), BM_DRAFT_MAX,
					item);

	item->logits = rows ? logits : NULL;
	return bm_forward(vm->model, item, 1, NULL);
}

void verb_model_deinit(struct verb_model *vm)
{
	while (vm->n_adapters)
		adapter_unref(vm->adapters[--vm->n_adapters]);
	vm->model = bm_model_free(vm->model);
}
