/* SPDX-License-Identifier: MIT */
#include "adapters/peft-tensors.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/adapters.h"
#include "util/macro.h"

#define MAX_PARTS 3	/* matrices of one tensor */

/* One tensor of the base, and the updates that change rows of it. */
struct target {
	const char *name;
	uint32_t layer;
	enum bm_matrix first;
	unsigned n_parts;
	uint32_t rows[MAX_PARTS], cols;
	const struct peft_pair *pairs[MAX_PARTS];	/* of each part, or NULL */
	uint32_t column[MAX_PARTS];	/* of B, where the pair's begin */
	uint32_t rank;			/* of all pairs together, each once */
	float *row;			/* scratch: the longest */
	struct diag *d;
};

void peft_tensors_deinit(struct peft_tensors *t)
{
	while (t->n)
		free(t->all[--t->n].data);
	free(t->all);
}

struct peft_tensor *peft_tensors_add(struct peft_tensors *t, enum tensor_type type,
				     uint64_t cols, uint64_t rows)
{
	struct peft_tensor *one;
	size_t bytes;

	if (t->n == t->cap) {
		size_t cap = t->cap ? 2 * t->cap : 64;

		one = reallocarray(t->all, cap, sizeof(*one));
		if (!one)
			return NULL;
		t->all = one;
		t->cap = cap;
	}
	if (mul_overflow(tensor_row_size(type, cols), rows, &bytes))
		return NULL;
	one = &t->all[t->n];
	*one = (struct peft_tensor){ .type = type, .ne = { cols, rows }, .data = calloc(1, bytes) };
	if (!one->data)
		return NULL;
	t->n++;
	return one;
}

static const char *bytes_of_row(const struct safetensors_tensor *t, uint64_t row, size_t *size)
{
	*size = t->size / t->shape[0];
	return t->data + row * *size;
}

int peft_read_row(const struct safetensors_tensor *t, uint64_t row, float *out, struct diag *d)
{
	struct gguf_tensor one = { .ne = { t->shape[1], 1, 1, 1 } };
	_cleanup_free_ void *aligned = NULL;
	size_t size;
	const char *bytes = bytes_of_row(t, row, &size);

	aligned = malloc(size);
	if (!aligned)
		return diag_set(d, -ENOMEM, DIAG_SYSTEM, t->name, "out of memory");
	memcpy(aligned, bytes, size);
	one.data = aligned;
	if (!peft_tensor_type(t, &one.type) || !bm_tensor_row(&one, 0, out))
		return diag_set(d, -EINVAL, DIAG_UNSUP, t->name, "dtype %s is not supported",
				safetensors_type_name(t->type));
	for (uint64_t i = 0; i < t->shape[1]; i++)
		if (!isfinite(out[i]))
			return diag_set(d, -EINVAL, DIAG_RANGE, t->name,
					"value %llu of row %llu is not a finite number",
					(unsigned long long)i, (unsigned long long)row);
	return 0;
}

/* The factor on the values of B with which alpha / rank makes strength / rank of the pair. */
static double factor_of(const struct peft_pair *pair, uint32_t rank, double alpha)
{
	return pair->strength * rank / (alpha * pair->rank);
}

/* What all have in common, or F32. */
static enum tensor_type common_type(const struct target *target, bool is_b, double alpha)
{
	enum tensor_type type = TENSOR_F32, own = TENSOR_F32;
	bool first = true;

	for (unsigned i = 0; i < target->n_parts; i++) {
		const struct peft_pair *pair = target->pairs[i];

		if (!pair)
			continue;
		peft_tensor_type(is_b ? pair->b : pair->a, &own);
		if ((!first && own != type) ||
		    (is_b && factor_of(pair, target->rank, alpha) != 1.0))
			return TENSOR_F32;
		type = own;
		first = false;
	}
	return type;
}

/* Row @from of @t behind @at, as it is or as floats by a factor. */
static int put_row(const struct target *target, const struct safetensors_tensor *t, uint64_t from,
		   double factor, enum tensor_type type, uint8_t *at)
{
	enum tensor_type own;
	size_t size;
	const char *bytes = bytes_of_row(t, from, &size);
	int r = peft_read_row(t, from, target->row, target->d);

	if (r < 0)
		return r;
	if (peft_tensor_type(t, &own) && own == type && factor == 1.0) {
		memcpy(at, bytes, size);
		return 0;
	}
	for (uint64_t i = 0; i < t->shape[1]; i++) {
		target->row[i] = (float)(target->row[i] * factor);
		if (!isfinite(target->row[i]))
			return diag_set(target->d, -EINVAL, DIAG_RANGE, t->name,
					"row %llu times its scale is no finite number",
					(unsigned long long)from);
	}
	memcpy(at, target->row, t->shape[1] * sizeof(float));
	return 0;
}

/* Pairs one above the other. */
static int make_a(struct peft_tensors *t, const struct target *target)
{
	enum tensor_type type = common_type(target, false, t->alpha);
	struct peft_tensor *out = peft_tensors_add(t, type, target->cols, target->rank);
	uint8_t *at;
	int r = 0;

	if (!out)
		return diag_set(target->d, -ENOMEM, DIAG_SYSTEM, target->name, "out of memory");
	snprintf(out->name, sizeof(out->name), "%s.lora_a", target->name);
	for (unsigned i = 0; r == 0 && i < target->n_parts; i++) {
		const struct peft_pair *pair = target->pairs[i];

		at = pair ? (uint8_t *)out->data + target->column[i] *
				    tensor_row_size(type, target->cols) : NULL;
		for (uint32_t row = 0; r == 0 && pair && row < pair->rank; row++)
			r = put_row(target, pair->a, row, 1.0, type,
				    at + row * tensor_row_size(type, target->cols));
	}
	return r;
}

/* Each part's rows have values in the columns of its pair, and zeros beside. */
static int make_b(struct peft_tensors *t, const struct bm_model *m, const struct target *target)
{
	enum tensor_type type = common_type(target, true, t->alpha);
	size_t row_size = tensor_row_size(type, target->rank);
	uint64_t rows = 0;
	struct peft_tensor *out;
	uint8_t *at;
	int r = 0;

	for (unsigned i = 0; i < target->n_parts; i++)
		rows += target->rows[i];
	out = peft_tensors_add(t, type, target->rank, rows);
	if (!out)
		return diag_set(target->d, -ENOMEM, DIAG_SYSTEM, target->name, "out of memory");
	snprintf(out->name, sizeof(out->name), "%s.lora_b", target->name);
	at = out->data;
	for (unsigned i = 0; i < target->n_parts; at += target->rows[i++] * row_size) {
		const struct peft_pair *pair = target->pairs[i];

		for (uint32_t row = 0; r == 0 && pair && row < target->rows[i]; row++)
			r = put_row(target, pair->b,
				    peft_source_row(m, &pair->module, target->layer,
						    target->first + i, row),
				    factor_of(pair, target->rank, t->alpha), type,
				    at + row * row_size +
				    tensor_row_size(type, target->column[i]));
	}
	return r;
}

/* Gives every pair its columns; parts of one module share theirs. */
static void place_pairs(struct target *target, const struct bm_model *m,
			const struct peft_pairs *pairs)
{
	for (unsigned i = 0; i < target->n_parts; i++) {
		const struct peft_pair *pair =
			peft_pairs_find(pairs, target->layer, target->first + i);

		bm_matrix_shape(m, target->layer, target->first + i, &target->rows[i],
				&target->cols);
		target->pairs[i] = pair;
		target->column[i] = target->rank;
		for (unsigned k = 0; k < i; k++)
			if (pair && target->pairs[k] == pair)
				target->column[i] = target->column[k];
		if (pair && target->column[i] == target->rank)
			target->rank += pair->rank;
	}
}

static int make_target(struct peft_tensors *t, const struct bm_model *m,
		       const struct peft_pairs *pairs, const char *name, struct diag *d)
{
	struct target target = { .name = name, .d = d };
	_cleanup_free_ float *row = NULL;
	enum bm_matrix matrix;
	int r;

	if (bm_matrix_find(m, name, &target.layer, &matrix) != 0)
		return 0;
	target.n_parts = bm_matrix_parts(matrix, &target.first);
	place_pairs(&target, m, pairs);
	if (target.rank == 0)
		return 0;
	if (target.rank > ADAPTER_MAX_RANK)
		return diag_set(d, -EINVAL, DIAG_SHAPE, name,
				"its modules' ranks are %u together, at most %d", target.rank,
				ADAPTER_MAX_RANK);
	t->rank = MAX(t->rank, target.rank);
	target.row = row = reallocarray(NULL, MAX(target.cols, target.rank), sizeof(*row));
	if (!row)
		return diag_set(d, -ENOMEM, DIAG_SYSTEM, name, "out of memory");
	r = make_a(t, &target);
	return r < 0 ? r : make_b(t, m, &target);
}

int peft_tensors_make(struct peft_tensors *t, const struct bm_model *m,
		      const struct peft_pairs *pairs, struct diag *d)
{
	/* A file has those of one tensor or of its parts, never both. */
	static const char *const names[] = { "attn_qkv", "attn_q", "attn_k", "attn_v",
					     "attn_output", "ffn_gate", "ffn_up", "ffn_down" };
	char name[GGUF_MAX_NAME + 1];
	int r = 0;

	t->alpha = pairs->all[0].strength;
	for (uint32_t layer = 0; layer < bm_model_config(m)->n_layers; layer++)
		for (size_t i = 0; r == 0 && i < ARRAY_SIZE(names); i++) {
			snprintf(name, sizeof(name), "blk.%u.%s.weight", layer, names[i]);
			r = make_target(t, m, pairs, name, d);
		}
	return r < 0 ? r : make_target(t, m, pairs, "output.weight", d);
}
