/* SPDX-License-Identifier: MIT */
#include "base_model/weights.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base_model/matmul.h"
#include "util/macro.h"

static const char *const names[BM_MATRIX_COUNT] = {
	[BM_ATTN_Q] = "attn_q",	      [BM_ATTN_K] = "attn_k",	  [BM_ATTN_V] = "attn_v",
	[BM_ATTN_OUTPUT] = "attn_output", [BM_FFN_GATE] = "ffn_gate", [BM_FFN_UP] = "ffn_up",
	[BM_FFN_DOWN] = "ffn_down",   [BM_OUTPUT] = "output",
};

const char *matrix_name(enum bm_matrix matrix)
{
	return names[matrix];
}

/* Counts what was bound: what is left over in the file has no place in the model. */
struct binder {
	const struct gguf *g;
	size_t bound;
	struct diag *d;
};

bool matrix_of_tensor(struct matrix *m, const struct gguf_tensor *t)
{
	*m = (struct matrix){
		.type = t->type,
		.rows = (uint32_t)t->ne[1],
		.cols = (uint32_t)t->ne[0],
		.row_size = tensor_row_size(t->type, t->ne[0]),
		.data = t->data,
	};
	return matrix_kernel(&kernels_generic, m) != NULL;
}

static int check_shape(const struct gguf_tensor *t, uint64_t cols, uint64_t rows, struct diag *d)
{
	if (t->ne[0] == cols && t->ne[1] == rows && t->ne[2] == 1 && t->ne[3] == 1)
		return 0;
	return diag_set(d, -EINVAL, DIAG_SHAPE, t->name,
			"[%llu, %llu, %llu, %llu], expected [%llu, %llu]",
			(unsigned long long)t->ne[0], (unsigned long long)t->ne[1],
			(unsigned long long)t->ne[2], (unsigned long long)t->ne[3],
			(unsigned long long)cols, (unsigned long long)rows);
}

/* GGUF_E_ABSENT without a word in @d: the caller knows whether that is wrong. */
static int bind_matrix(struct binder *b, const char *name, uint32_t cols, uint32_t rows,
		       struct matrix *ret)
{
	const struct gguf_tensor *t = gguf_tensor(b->g, name);
	int r;

	if (!t)
		return GGUF_E_ABSENT;
	r = check_shape(t, cols, rows, b->d);
	if (r < 0)
		return r;
	if (!matrix_of_tensor(ret, t))
		return diag_set(b->d, -EINVAL, DIAG_UNSUP, name, "weight type %s is not supported",
				tensor_type_name(t->type));
	b->bound++;
	return 0;
}

static int bind_vector(struct binder *b, const char *name, uint32_t n, const float **ret)
{
	const struct gguf_tensor *t = gguf_tensor(b->g, name);
	int r;

	if (!t)
		return GGUF_E_ABSENT;
	r = check_shape(t, n, 1, b->d);
	if (r < 0)
		return r;
	if (t->type != TENSOR_F32)
		return diag_set(b->d, -EINVAL, DIAG_UNSUP, name, "type %s, expected F32",
				tensor_type_name(t->type));
	*ret = t->data;
	b->bound++;
	return 0;
}

static int required(int r, const char *name, struct diag *d)
{
	return r == GGUF_E_ABSENT ? diag_set(d, -EINVAL, DIAG_SHAPE, name, "missing") : r;
}

static int bind_layer(struct binder *b, const struct bm_config *c, uint32_t index,
		      struct layer *layer)
{
	uint32_t q = c->n_heads * c->head_dim, kv = c->n_kv_heads * c->head_dim;
	const uint32_t shapes[BM_OUTPUT][2] = {
		[BM_ATTN_Q] = { c->dim, q },	    [BM_ATTN_K] = { c->dim, kv },
		[BM_ATTN_V] = { c->dim, kv },	    [BM_ATTN_OUTPUT] = { q, c->dim },
		[BM_FFN_GATE] = { c->dim, c->ffn_dim }, [BM_FFN_UP] = { c->dim, c->ffn_dim },
		[BM_FFN_DOWN] = { c->ffn_dim, c->dim },
	};
	char name[64];
	int r;

	snprintf(name, sizeof(name), "blk.%u.attn_norm.weight", index);
	r = required(bind_vector(b, name, c->dim, &layer->attn_norm), name, b->d);
	if (r < 0)
		return r;
	snprintf(name, sizeof(name), "blk.%u.ffn_norm.weight", index);
	r = required(bind_vector(b, name, c->dim, &layer->ffn_norm), name, b->d);
	for (int i = 0; r == 0 && i < BM_OUTPUT; i++) {
		snprintf(name, sizeof(name), "blk.%u.%s.weight", index, names[i]);
		r = required(bind_matrix(b, name, shapes[i][0], shapes[i][1], &layer->matrices[i]),
			     name, b->d);
		if (r < 0)
			return r;
		snprintf(name, sizeof(name), "blk.%u.%s.bias", index, names[i]);
		r = bind_vector(b, name, shapes[i][1], &layer->biases[i]);
		r = r == GGUF_E_ABSENT ? 0 : r;
	}
	return r;
}

static int bind_embedding(struct weights *w, struct bm_config *c, struct binder *b)
{
	static const char name[] = "token_embd.weight";
	const struct gguf_tensor *t = gguf_tensor(b->g, name);
	int r;

	if (!t)
		return diag_set(b->d, -EINVAL, DIAG_SHAPE, name, "missing");
	if (t->ne[1] > INT32_MAX)
		return diag_set(b->d, -EINVAL, DIAG_SHAPE, name, "%llu rows",
				(unsigned long long)t->ne[1]);
	c->n_vocab = (uint32_t)t->ne[1];
	r = bind_matrix(b, name, c->dim, c->n_vocab, &w->embedding);
	if (r < 0)
		return r;
	r = bind_matrix(b, "output.weight", c->dim, c->n_vocab, &w->output);
	w->tied = r == GGUF_E_ABSENT;
	if (w->tied)
		w->output = w->embedding;
	return w->tied ? 0 : r;
}

static int bind_rest(struct weights *w, struct bm_config *c, struct binder *b)
{
	int r = required(bind_vector(b, "output_norm.weight", c->dim, &w->output_norm),
			 "output_norm.weight", b->d);

	if (r < 0)
		return r;
	r = bind_vector(b, "rope_freqs.weight", c->rope_dim / 2, &w->rope_factors);
	return r == GGUF_E_ABSENT ? 0 : r;
}

static bool is_bound(const struct weights *w, const struct bm_config *c, const void *data)
{
	if (data == w->embedding.data || data == w->output.data ||
	    data == (const void *)w->output_norm || data == (const void *)w->rope_factors)
		return true;
	for (uint32_t l = 0; l < c->n_layers; l++) {
		const struct layer *layer = &w->layers[l];

		if (data == (const void *)layer->attn_norm || data == (const void *)layer->ffn_norm)
			return true;
		for (int i = 0; i < BM_OUTPUT; i++)
			if (data == layer->matrices[i].data ||
			    data == (const void *)layer->biases[i])
				return true;
	}
	return false;
}

static int name_extra(const struct weights *w, const struct bm_config *c, const struct binder *b)
{
	for (size_t i = 0; i < gguf_n_tensors(b->g); i++) {
		const struct gguf_tensor *t = gguf_tensor_at(b->g, i);

		if (!is_bound(w, c, t->data))
			return diag_set(b->d, -EINVAL, DIAG_SHAPE, t->name,
					"a model of architecture %s has no such tensor",
					c->architecture);
	}
	return 0;
}

int weights_bind(struct weights *w, struct bm_config *c, const struct gguf *g, struct diag *d)
{
	struct binder b = { .g = g, .d = d };
	int r;

	w->layers = calloc(c->n_layers, sizeof(*w->layers));
	if (!w->layers)
		return diag_set(d, -ENOMEM, DIAG_SYSTEM, "", "out of memory");
	if ((r = bind_embedding(w, c, &b)) < 0 || (r = bind_rest(w, c, &b)) < 0)
		return r;
	for (uint32_t i = 0; i < c->n_layers; i++) {
		r = bind_layer(&b, c, i, &w->layers[i]);
		if (r < 0)
			return r;
	}
	return b.bound == gguf_n_tensors(g) ? 0 : name_extra(w, c, &b);
}

void weights_deinit(struct weights *w)
{
	free(w->layers);
	w->layers = NULL;
}
