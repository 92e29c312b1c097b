/* SPDX-License-Identifier: MIT */
#include "adapters/peft-tokens.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/macro.h"

#define MAX_FILE ((size_t)64 << 20)

void peft_tokens_deinit(struct peft_tokens *t)
{
	for (size_t i = 0; i < ARRAY_SIZE(t->texts); i++)
		free(t->texts[i]);
}

/* @id is a token's, and @text its name. */
static int note(struct peft_tokens *t, const json_t *id, const json_t *text, struct diag *d)
{
	json_int_t number = json_integer_value(id);
	const char *name = json_string_value(text);
	char **slot;

	if (!json_is_integer(id) || !name)
		return diag_set(d, -EINVAL, DIAG_TYPE, "added tokens",
				"expected a text and a whole number for each");
	if (number < t->first)
		return 0;
	if (number - t->first >= TOKENIZER_MAX_EXTRA)
		return diag_set(d, -EINVAL, DIAG_LIMIT, name,
				"its id is %lld, expected %u to %u: at most %d new tokens",
				(long long)number, t->first, t->first + TOKENIZER_MAX_EXTRA - 1,
				TOKENIZER_MAX_EXTRA);
	slot = &t->texts[number - t->first];
	if (*slot && strcmp(*slot, name) != 0)
		return diag_set(d, -EINVAL, DIAG_DUP, name, "its id %lld is that of '%.64s', too",
				(long long)number, *slot);
	if (!*slot)
		*slot = strdup(name);
	return *slot ? 0 : diag_set(d, -ENOMEM, DIAG_SYSTEM, name, "out of memory");
}

/* {text: id} */
static int read_added(struct peft_tokens *t, const json_t *root, struct diag *d)
{
	const char *text;
	json_t *id;
	int r = 0;

	json_object_foreach((json_t *)root, text, id) {
		json_t *name = json_string(text);

		r = note(t, id, name, d);
		json_decref(name);
		if (r < 0)
			return r;
	}
	return r;
}

/* {"added_tokens_decoder": {"id": {"content": text}}} */
static int read_decoder(struct peft_tokens *t, const json_t *root, struct diag *d)
{
	json_t *decoder = json_object_get(root, "added_tokens_decoder"), *token, *id;
	const char *key;
	char *end;
	int r = 0;

	json_object_foreach(decoder, key, token) {
		long long number = strtoll(key, &end, 10);

		id = *key && !*end ? json_integer(number) : NULL;
		r = note(t, id, json_object_get(token, "content"), d);
		json_decref(id);
		if (r < 0)
			return r;
	}
	return r;
}

/* {"added_tokens": [{"id": id, "content": text}]} */
static int read_list(struct peft_tokens *t, const json_t *root, struct diag *d)
{
	const json_t *list = json_object_get(root, "added_tokens"), *token;
	size_t i;
	int r = 0;

	json_array_foreach(list, i, token) {
		r = note(t, json_object_get(token, "id"), json_object_get(token, "content"), d);
		if (r < 0)
			return r;
	}
	return r;
}

int peft_tokens_read(struct peft_tokens *t, const char *name, const char *text, size_t len,
		     struct diag *d)
{
	static const struct {
		const char *name;
		int (*read)(struct peft_tokens *t, const json_t *root, struct diag *d);
	} forms[] = {
		{ "added_tokens.json", read_added },
		{ "tokenizer_config.json", read_decoder },
		{ "tokenizer.json", read_list },
	};
	json_error_t error;
	json_t *root;
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(forms); i++) {
		if (strcmp(name, forms[i].name) != 0)
			continue;
		if (len > MAX_FILE)
			return diag_set(d, -EINVAL, DIAG_LIMIT, "", "%zu bytes, at most %zu", len,
					MAX_FILE);
		root = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
		r = json_is_object(root) ? forms[i].read(t, root, d) :
		    diag_set(d, -EINVAL, DIAG_SYNTAX, "",
			     "expected an object; line %d, column %d: %s", error.line,
			     error.column, root ? "another value" : error.text);
		json_decref(root);
	}
	return r;
}

/*
 * How far a row of the base may be from the row of the checkpoint that it was quantized from,
 * in its own lengths: twice what the worst row of normally distributed weights is off, which
 * is 0.002 (BF16), 0.0066 (Q8_0), 0.021 (Q6_K), 0.052 (Q5), 0.103 (Q4), 0.17 (Q3_K) and 0.33
 * (Q2_K). What training changed by less cannot be told from the base. Of TQ2_0 nothing could:
 * its rows must be equal.
 */
static double tolerance(enum tensor_type type)
{
	switch (type) {
	case TENSOR_F32:
	case TENSOR_F16:
	case TENSOR_BF16:
		/* The folder may have either of the half precisions. */
		return 0.004;
	case TENSOR_Q8_0:
		return 0.013;
	case TENSOR_Q6_K:
		return 0.042;
	case TENSOR_Q5_0:
	case TENSOR_Q5_1:
	case TENSOR_Q5_K:
		return 0.105;
	case TENSOR_Q4_0:
	case TENSOR_Q4_1:
	case TENSOR_Q4_K:
	case TENSOR_IQ4_NL:
	case TENSOR_IQ4_XS:
		return 0.21;
	case TENSOR_Q3_K:
		return 0.35;
	case TENSOR_Q2_K:
		return 0.66;
	case TENSOR_TQ2_0:
		return 0.0;
	}
	return 0.0;
}

static int compare_row(const struct gguf_tensor *base, const struct safetensors_tensor *t,
		       uint64_t row, float *ours, float *theirs, struct diag *d)
{
	double bound = tolerance(base->type), distance = 0.0, length = 0.0;
	int r = peft_read_row(t, row, theirs, d);

	if (r < 0)
		return r;
	if (!bm_tensor_row(base, row, ours))
		return diag_set(d, -EINVAL, DIAG_UNSUP, base->name, "cannot be read");
	for (uint64_t i = 0; i < base->ne[0]; i++) {
		double difference = (double)ours[i] - theirs[i];

		distance += difference * difference;
		length += (double)ours[i] * ours[i];
	}
	if (distance <= bound * bound * length)
		return 0;
	return diag_set(d, -EINVAL, DIAG_RANGE, t->name,
			"row %llu is not the base's, which an adapter cannot change: %.3g of its "
			"length away, expected at most %g", (unsigned long long)row,
			sqrt(distance / MAX(length, 1e-30)), bound);
}

/* The rows of the base's own tokens. */
static int compare(const struct bm_model *m, const char *name, const struct safetensors_tensor *t,
		   struct diag *d)
{
	const struct gguf_tensor *base = gguf_tensor(bm_model_gguf(m), name);
	_cleanup_free_ float *ours = NULL, *theirs = NULL;
	uint32_t n_vocab = bm_model_config(m)->n_vocab;
	int r = 0;

	ours = reallocarray(NULL, bm_model_config(m)->dim, sizeof(*ours));
	theirs = reallocarray(NULL, bm_model_config(m)->dim, sizeof(*theirs));
	if (!ours || !theirs)
		return diag_set(d, -ENOMEM, DIAG_SYSTEM, t->name, "out of memory");
	for (uint32_t row = 0; r == 0 && row < n_vocab; row++)
		r = compare_row(base, t, row, ours, theirs, d);
	return r;
}

static int check_shape(const struct bm_model *m, const struct safetensors_tensor *t,
		       struct diag *d)
{
	const struct bm_config *c = bm_model_config(m);
	enum tensor_type type;

	if (!peft_tensor_type(t, &type))
		return diag_set(d, -EINVAL, DIAG_UNSUP, t->name,
				"dtype %s, expected F32, F16 or BF16",
				safetensors_type_name(t->type));
	if (t->n_dims == 2 && t->shape[1] == c->dim && t->shape[0] >= c->n_vocab &&
	    t->shape[0] - c->n_vocab <= TOKENIZER_MAX_EXTRA)
		return 0;
	return diag_set(d, -EINVAL, DIAG_SHAPE, t->name,
			"[%llu, %llu], expected %u columns, the base's %u rows and at most %d more",
			(unsigned long long)t->shape[0], (unsigned long long)t->shape[1], c->dim,
			c->n_vocab, TOKENIZER_MAX_EXTRA);
}

/* Rows and names belong together. */
static int check_names(struct peft_tokens *t, const char *rows, struct diag *d)
{
	for (uint32_t i = 0; i < TOKENIZER_MAX_EXTRA; i++) {
		if (i < t->n && !t->texts[i])
			return diag_set(d, -EINVAL, DIAG_PAIR, rows,
					"row %u has no name: expected one in added_tokens.json",
					t->first + i);
		if (i >= t->n && t->texts[i])
			return diag_set(d, -EINVAL, DIAG_PAIR, t->texts[i],
					"the new token %u has no row in the embedding",
					t->first + i);
	}
	return 0;
}

static int add_rows(struct peft_tensors *out, const char *name, uint32_t first, uint32_t n,
		    const struct safetensors_tensor *t, struct diag *d)
{
	struct peft_tensor *rows = peft_tensors_add(out, TENSOR_F32, t->shape[1], n);
	int r = 0;

	if (!rows)
		return diag_set(d, -ENOMEM, DIAG_SYSTEM, t->name, "out of memory");
	snprintf(rows->name, sizeof(rows->name), "%s", name);
	for (uint32_t i = 0; r == 0 && i < n; i++)
		r = peft_read_row(t, first + i, (float *)rows->data + i * t->shape[1], d);
	return r;
}

int peft_tokens_add(struct peft_tokens *t, struct peft_tensors *out, const struct bm_model *m,
		    const struct peft_pairs *pairs, struct diag *d)
{
	const struct safetensors_tensor *embedding = pairs->embedding, *output = pairs->output;
	bool tied = !gguf_tensor(bm_model_gguf(m), "output.weight");
	int r;

	if (embedding && (r = check_shape(m, embedding, d)) < 0)
		return r;
	if (output && (r = check_shape(m, output, d)) < 0)
		return r;
	t->n = embedding ? (uint32_t)(embedding->shape[0] - t->first) : 0;
	if (output && output->shape[0] - t->first != t->n)
		return diag_set(d, -EINVAL, DIAG_PAIR, output->name,
				"%llu rows, expected %u, as many as of the embedding",
				(unsigned long long)output->shape[0], t->first + t->n);
	if (t->n && !output && !tied)
		return diag_set(d, -EINVAL, DIAG_PAIR, embedding->name,
				"new tokens without rows of the output");
	if ((r = check_names(t, embedding ? embedding->name : "", d)) < 0 ||
	    (embedding && (r = compare(m, "token_embd.weight", embedding, d)) < 0) ||
	    (output && (r = compare(m, tied ? "token_embd.weight" : "output.weight", output,
				    d)) < 0))
		return r;
	if (t->n == 0)
		return 0;
	r = add_rows(out, "token_embd.extra", t->first, t->n, embedding, d);
	return r < 0 || !output ? r : add_rows(out, "output.extra", t->first, t->n, output, d);
}
