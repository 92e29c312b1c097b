/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/training-order.h"

#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/catalog.h"
#include "util/macro.h"

enum { PATH_LENGTH_MAX = 4096, CONTEXT_MAX = 1 << 20, ROWS_MAX = 4096, EPOCHS_MAX = 1000,
       THREADS_MAX = 64 };

#define FILE_BYTES_MIN (UINT64_C(64) << 20)

/* JSON has no more of an integer that is exact everywhere. */
#define SEED_MAX ((double)(UINT64_C(1) << 53))

enum kind { TEXT, U32, U64, REAL };

#define AT(member) offsetof(struct training_order, member)

static const struct field {
	const char *key;
	enum kind kind;
	size_t offset;
	double min, max;	/* of numbers; bytes of texts */
} fields[] = {
	{ "name", TEXT, AT(name), 1, MANIFEST_MAX_NAME },
	{ "task", TEXT, AT(task), 1, MANIFEST_MAX_NAME },
	{ "style", TEXT, AT(style), 1, MANIFEST_MAX_NAME },
	{ "title", TEXT, AT(title), 1, MANIFEST_MAX_TITLE },
	{ "prompt", TEXT, AT(prompt), 1, MANIFEST_MAX_PROMPT },
	{ "base", TEXT, AT(base), 1, PATH_LENGTH_MAX },
	{ "sequence", U32, AT(sequence), 0, UINT32_MAX },
	{ "rank", U32, AT(rank), 1, ADAPTER_MAX_RANK },
	{ "context", U32, AT(context), 16, CONTEXT_MAX },
	{ "rows", U32, AT(rows), 1, ROWS_MAX },
	{ "epochs", U32, AT(epochs), 1, EPOCHS_MAX },
	{ "threads", U32, AT(threads), 1, THREADS_MAX },
	{ "alpha", REAL, AT(alpha), 0.01, 4096 },
	{ "rate", REAL, AT(rate), 1e-8, 1 },
	{ "seed", U64, AT(seed), 0, SEED_MAX },
};

void training_order_deinit(struct training_order *o)
{
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (fields[i].kind == TEXT)
			free(*(char **)((char *)o + fields[i].offset));
	for (size_t i = 0; i < o->n_languages; i++)
		free(o->languages[i]);
	*o = (struct training_order){ 0 };
}

static int read_text(const struct field *f, char **ret, const json_t *value, struct diag *d)
{
	size_t len = json_string_length(value);

	if (!json_is_string(value))
		return diag_set(d, -EINVAL, DIAG_TYPE, f->key, "expected a text");
	if (len < f->min || len > f->max || strlen(json_string_value(value)) != len)
		return diag_set(d, -EINVAL, DIAG_LIMIT, f->key,
				"%zu bytes, expected %.0f to %.0f, and no NUL", len, f->min,
				f->max);
	free(*ret);
	*ret = strdup(json_string_value(value));
	return *ret ? 0 : -ENOMEM;
}

static int read_number(const struct field *f, void *ret, const json_t *value, struct diag *d)
{
	double v = json_number_value(value);

	if (!(f->kind == REAL ? json_is_number(value) : json_is_integer(value)))
		return diag_set(d, -EINVAL, DIAG_TYPE, f->key, "expected a %s",
				f->kind == REAL ? "number" : "whole number");
	if (!(v >= f->min && v <= f->max))
		return diag_set(d, -EINVAL, DIAG_RANGE, f->key, "%.16g, expected %.16g to %.16g",
				v, f->min, f->max);
	if (f->kind == REAL)
		*(double *)ret = v;
	else if (f->kind == U32)
		*(uint32_t *)ret = (uint32_t)json_integer_value(value);
	else
		*(uint64_t *)ret = (uint64_t)json_integer_value(value);
	return 0;
}

static int read_languages(struct training_order *o, const json_t *list, struct diag *d)
{
	const json_t *language;
	size_t i;

	if (!json_is_array(list) || json_array_size(list) > TRAIN_LANGUAGES_MAX)
		return diag_set(d, -EINVAL, DIAG_TYPE, "languages",
				"expected a list of at most %d texts", TRAIN_LANGUAGES_MAX);
	while (o->n_languages)
		free(o->languages[--o->n_languages]);
	json_array_foreach(list, i, language) {
		if (!json_is_string(language))
			return diag_set(d, -EINVAL, DIAG_TYPE, "languages", "expected texts");
		o->languages[i] = strdup(json_string_value(language));
		if (!o->languages[i])
			return -ENOMEM;
		o->n_languages++;
	}
	return 0;
}

static int read_field(struct training_order *o, const char *key, const json_t *value,
		      struct diag *d)
{
	if (strcmp(key, "languages") == 0)
		return read_languages(o, value, d);
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		void *at = (char *)o + fields[i].offset;

		if (strcmp(key, fields[i].key) == 0)
			return fields[i].kind == TEXT ? read_text(&fields[i], at, value, d)
						      : read_number(&fields[i], at, value, d);
	}
	return diag_set(d, -EINVAL, DIAG_RANGE, key, "unknown option of this method");
}

int training_order_read(struct training_order *o, const json_t *object, struct diag *d)
{
	const char *key;
	json_t *value;
	int r = 0;

	if (!json_is_object(object))
		return diag_set(d, -EINVAL, DIAG_TYPE, "order", "expected an object");
	json_object_foreach((json_t *)object, key, value) {
		r = read_field(o, key, value, d);
		if (r < 0)
			return r;
	}
	return 0;
}

static json_t *field_to_json(const struct training_order *o, const struct field *f)
{
	const void *at = (const char *)o + f->offset;

	switch (f->kind) {
	case TEXT:
		return *(char *const *)at ? json_string(*(char *const *)at) : NULL;
	case U32:
		return *(const uint32_t *)at ? json_integer(*(const uint32_t *)at) : NULL;
	case U64:
		return *(const uint64_t *)at ? json_integer((json_int_t)*(const uint64_t *)at)
					     : NULL;
	case REAL:
		break;
	}
	return *(const double *)at > 0 ? json_real(*(const double *)at) : NULL;
}

json_t *training_order_write(const struct training_order *o)
{
	json_auto_t *object = json_object();
	json_t *languages = json_array();
	int r = json_object_set_new(object, "languages", languages);

	/* What is as by default is left out. */
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(fields); i++) {
		json_t *value = field_to_json(o, &fields[i]);

		if (value)
			r = json_object_set_new(object, fields[i].key, value);
	}
	for (size_t i = 0; r == 0 && i < o->n_languages; i++)
		r = json_array_append_new(languages, json_string(o->languages[i]));
	return r == 0 ? json_incref(object) : NULL;
}

/* The same words are read that the package will have. */
int training_order_check(const struct training_order *o, struct diag *d)
{
	static const struct digest none;
	const struct manifest m = {
		.name = o->name, .task = o->task, .style = o->style,
		.title = o->title ? o->title : o->name,
		.prompt = o->prompt ? o->prompt : "{{ text }}",
		.languages = (const char *const *)o->languages, .n_languages = o->n_languages,
		.sequence = MAX(o->sequence, 1u), .rank = MAX(o->rank, 1u), .scale = 1,
		.bases = &none, .n_bases = 1,
	};
	_cleanup_(manifest_file_freep) struct manifest_file *f = NULL;
	_cleanup_(buf_deinit) struct buf text = BUF_NULL;
	int r = manifest_write(&m, &text);

	return r < 0 ? r : manifest_parse(&f, text.data, text.len, d);
}

uint64_t training_order_file_bytes(uint32_t rank, uint64_t base_bytes)
{
	double sides = 3.2 * sqrt(7 * 128 * 4 * (double)base_bytes);

	rank = rank ? rank : TRAIN_USUAL_RANK;
	/* Its other files are the package, which is smaller, and the report. */
	return FILE_BYTES_MIN + (uint64_t)((double)rank * sides * 4 * sizeof(float) * 2);
}

int training_order_put(const struct training_order *o, struct train_begin *v)
{
	const struct {
		const char *text;
		struct buf *to;
	} texts[] = { { o->name, &v->name }, { o->task, &v->task }, { o->style, &v->style },
		      { o->title, &v->title }, { o->prompt, &v->prompt } };
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(texts); i++)
		if (texts[i].text)
			r = buf_append_str(texts[i].to, texts[i].text);
	for (size_t i = 0; r == 0 && i < o->n_languages; i++)
		r = buf_append_str(&v->languages[v->n_languages++], o->languages[i]);
	v->sequence = o->sequence;
	v->rank = o->rank;
	v->context = o->context;
	v->rows = o->rows;
	v->epochs = o->epochs;
	v->threads = o->threads;
	v->alpha = (float)o->alpha;
	v->rate = (float)o->rate;
	v->seed = o->seed;
	return r;
}
