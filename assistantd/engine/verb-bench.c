/* SPDX-License-Identifier: MIT */
/* bench MODEL …: speed of prompt and generation, beside what the machine could do. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "assistantd/engine/verb-model.h"
#include "assistantd/engine/verbs.h"
#include "util/macro.h"

#define MAX_ROUNDS 100

struct job {
	const char *model;
	struct verb_options options;
	uint64_t prompt, generate, rounds;
	bool as_json;
};

static int usage(void)
{
	fputs("usage: assistant-engine bench MODEL [--lora FILE[:SCALE]]… [-p N] [-n N] [-t N] "
	      "[-r ROUNDS] [--json]\n", stderr);
	return VERB_USAGE;
}

static bool parse(struct job *job, int argc, char **argv)
{
	int took;

	verb_options_init(&job->options);
	job->model = argc > 1 ? argv[1] : NULL;
	for (int i = 2; i < argc; i += took) {
		const char *value = i + 1 < argc ? argv[i + 1] : "";

		took = verb_options_take(&job->options, argc, argv, i);
		if (took < 0)
			return false;
		if (took)
			continue;
		took = strcmp(argv[i], "--json") == 0 ? 1 : 2;
		if (took == 1)
			job->as_json = true;
		else if (strcmp(argv[i], "-p") == 0) {
			if (!verb_number("-p", value, 1, 65536, &job->prompt))
				return false;
		} else if (strcmp(argv[i], "-n") == 0) {
			if (!verb_number("-n", value, 1, 65536, &job->generate))
				return false;
		} else if (strcmp(argv[i], "-r") == 0) {
			if (!verb_number("-r", value, 1, MAX_ROUNDS, &job->rounds))
				return false;
		} else {
			return false;
		}
	}
	return job->model != NULL;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double median(double *values, size_t n)
{
	qsort(values, n, sizeof(*values), compare);
	return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2.0;
}

/* @n tokens in passes of up to @batch; any ids do, speed does not depend on them. */
static int feed(struct verb_model *vm, struct bm_sequence *seq, uint64_t n, uint32_t batch,
		float *logits)
{
	const struct bm_config *c = bm_model_config(vm->model);
	int32_t tokens[4096];
	int r = 0;

	for (uint64_t at = 0; r == 0 && at < n; at += batch) {
		struct bm_item item = { .seq = seq, .tokens = tokens, .logits = logits,
					.n_tokens = MIN((uint64_t)batch, n - at),
					.deltas = vm->deltas, .scales = vm->scales,
					.n_deltas = vm->n_adapters };

		for (size_t i = 0; i < item.n_tokens; i++)
			tokens[i] = (int32_t)((300 + (at + i) * 7919) % c->n_vocab);
		r = bm_forward(vm->model, &item, 1, NULL);
	}
	return r;
}

static int measure(struct job *job, struct verb_model *vm, double *prompt, double *generate)
{
	const struct bm_config *c = bm_model_config(vm->model);
	double prompts[MAX_ROUNDS], generations[MAX_ROUNDS], begin;
	_cleanup_(bm_sequence_freep) struct bm_sequence *seq = NULL;
	_cleanup_free_ float *logits = reallocarray(NULL, c->n_vocab, sizeof(*logits));
	uint32_t room = (uint32_t)(job->prompt + job->generate);
	int r = bm_sequence_new(&seq, vm->model, room, BM_KV_F16);

	if (r == 0 && !logits)
		r = -ENOMEM;
	for (uint64_t i = 0; r == 0 && i < job->rounds; i++) {
		bm_sequence_truncate(seq, 0);
		begin = now();
		r = feed(vm, seq, job->prompt, bm_model_max_batch(vm->model), logits);
		prompts[i] = (double)job->prompt / (now() - begin);
		begin = now();
		if (r == 0)
			r = feed(vm, seq, job->generate, 1, logits);
		generations[i] = (double)job->generate / (now() - begin);
	}
	if (r == 0) {
		*prompt = median(prompts, job->rounds);
		*generate = median(generations, job->rounds);
	}
	return r;
}

static void report(const struct job *job, struct verb_model *vm, double prompt, double generate)
{
	json_t *out = json_pack("{s:s, s:i, s:i, s:i, s:i, s:f, s:f, s:f, s:f}",
				"kernels", bm_model_kernels(vm->model), "threads",
				(int)job->options.threads, "adapters", (int)vm->n_adapters,
				"prompt_tokens", (int)job->prompt, "generated_tokens",
				(int)job->generate, "prompt_tokens_per_s", prompt,
				"generation_tokens_per_s", generate, "read_bytes_per_s",
				bm_peak_read(vm->model), "int8_operations_per_s",
				bm_peak_int8(vm->model));
	const char *key;
	json_t *value;

	if (job->as_json) {
		json_dumpf(out, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
		putchar('\n');
	} else {
		json_object_foreach(out, key, value) {
			char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(6));

			printf("%-26s %s\n", key, text ? text : "");
			free(text);
		}
	}
	json_decref(out);
}

int verb_bench(int argc, char **argv)
{
	struct job job = { .prompt = 256, .generate = 32, .rounds = 3 };
	double prompt = 0.0, generate = 0.0;
	struct verb_model vm;
	int status, r;

	if (!parse(&job, argc, argv))
		return usage();
	status = verb_model_init(&vm, job.model, &job.options);
	if (status == VERB_OK) {
		r = measure(&job, &vm, &prompt, &generate);
		if (r == 0)
			report(&job, &vm, prompt, generate);
		else {
			fprintf(stderr, "error: %s: tokens: %s\n", job.model,
				r == -EINVAL ? "more than the model's context" : strerror(-r));
			status = VERB_BAD_INPUT;
		}
	}
	verb_model_deinit(&vm);
	return status;
}
