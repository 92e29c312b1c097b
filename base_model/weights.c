/* SPDX-License-Identifier: MIT */
#include "base_model/weights.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base_model/family.h"
#include "base_model/matmul.h"
#include "util/macro.h"

static const char *const names[] = {
	[BM_ATTN_Q] = "attn_q",	      [BM_ATTN_K] = "attn_k",	  [BM_ATTN_V] = "attn_v",
	[BM_ATTN_OUTPUT] = "attn_output", [BM_FFN_GATE] = "ffn_gate", [BM_FFN_UP] = "ffn_up",
	[BM_FFN_DOWN] = "ffn_down",   [BM_OUTPUT] = "output",
	[BM_ATTN_QKV] = "attn_qkv",   [BM_FFN_GATE_UP] = "ffn_up",
};

const char *matrix_name(enum bm_matrix matrix)
{
	return names[matrix];
}

unsigned bm_matrix_parts(enum bm_matrix matrix, enum bm_matrix *first)
{
	switch ((int)matrix) {
	case BM_ATTN_QKV:
		*first = BM_ATTN_Q;
		return 3;
	case BM_FFN_GATE_UP:
		*first = BM_FFN_GATE;
		return 2;
	}
	*first = matrix;
	return 1;
}

/* Marks what was bound: what is left over in the file has no place in the model. */
struct binder {
	const struct gguf *g;
	const struct bm_config *c;
	bool *bound;		/* [tensors of the file] */
	uint32_t layer;		/* whose tensors have their turn */
	char name[64];
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

/* The name of a tensor of the layer whose turn it is, valid until the next. */
static const char *layer_name(struct binder *b, const char *what, const char *kind)
{
	snprintf(b->name, sizeof(b->name), "blk.%u.%s.%s", b->layer, what, kind);
	return b->name;
}

/* *@ret is NULL where a file of the family has or needs no such tensor. */
static int bind(struct binder *b, const char *name, enum presence presence, uint64_t cols,
		uint64_t rows, const struct gguf_tensor **ret)
{
	const struct gguf_tensor *t = presence == NEVER ? NULL : gguf_tensor(b->g, name);

	*ret = t;
	if (!t && presence == ALWAYS)
		return diag_set(b->d, -EINVAL, DIAG_SHAPE, name, "missing");
	if (!t)
		return 0;
	b->bound[t - gguf_tensor_at(b->g, 0)] = true;
	return check_shape(t, cols, rows, b->d);
}

static int bind_matrix(struct binder *b, const char *name, enum presence presence, uint32_t cols,
		       uint64_t rows, struct matrix *ret)
{
	const struct gguf_tensor *t;
	int r = bind(b, name, presence, cols, rows, &t);

	if (r == 0 && t && !matrix_of_tensor(ret, t))
		return diag_set(b->d, -EINVAL, DIAG_UNSUP, name, "weight type %s is not supported",
				tensor_type_name(t->type));
	return r;
}

static int bind_floats(struct binder *b, const char *name, enum presence presence, uint64_t n,
		       uint64_t rows, const float **ret)
{
	const struct gguf_tensor *t;
	int r = bind(b, name, presence, n, rows, &t);

	if (r == 0 && t && t->type != TENSOR_F32)
		return diag_set(b->d, -EINVAL, DIAG_UNSUP, name, "type %s, expected F32",
				tensor_type_name(t->type));
	*ret = t ? t->data : NULL;
	return r;
}

/* A norm over the whole vector. */
static int bind_norm(struct binder *b, const char *what, enum presence presence, struct norm *ret)
{
	int r = bind_floats(b, layer_name(b, what, "weight"), presence, b->c->dim, 1, &ret->weight);

	if (r < 0 || !ret->weight || !b->c->family->layer_norm)
		return r;
	return bind_floats(b, layer_name(b, what, "bias"), ALWAYS, b->c->dim, 1, &ret->bias);
}

static int bind_head_norm(struct binder *b, const char *what, uint32_t heads, struct norm *ret)
{
	const struct family *f = b->c->family;
	uint32_t width = b->c->head_dim, rows = f->head_norm == HEAD_NORM_OWN ? heads : 1;

	if (f->head_norm == HEAD_NORM_WHOLE)
		width *= heads;
	return bind_floats(b, layer_name(b, what, "weight"), f->head_norms, width, rows,
			   &ret->weight);
}

static enum presence bias_presence(const struct family *f, enum bm_matrix matrix)
{
	return f->biases & MATRIX_BIT(matrix) ? ALWAYS :
	       f->maybe_biases & MATRIX_BIT(matrix) ? MAYBE : NEVER;
}

/* A matrix of a layer and its bias; the rows may be of several of our matrices. */
static int bind_projection(struct binder *b, enum bm_matrix matrix, uint32_t cols,
			   const uint32_t *rows, struct layer *layer)
{
	enum bm_matrix first;
	unsigned n = bm_matrix_parts(matrix, &first);
	struct matrix whole = { 0 };
	const float *bias;
	uint64_t sum = 0;
	int r;

	for (unsigned i = 0; i < n; i++)
		sum += rows[i];
	r = bind_matrix(b, layer_name(b, names[matrix], "weight"), ALWAYS, cols, sum, &whole);
	if (r < 0)
		return r;
	r = bind_floats(b, layer_name(b, names[matrix], "bias"),
			bias_presence(b->c->family, first), sum, 1, &bias);
	for (unsigned i = 0; i < n; i++) {
		layer->matrices[first + i] = whole;
		layer->matrices[first + i].rows = rows[i];
		layer->biases[first + i] = bias;
		whole.data += rows[i] * whole.row_size;
		bias = bias ? bias + rows[i] : NULL;
	}
	return r;
}

static int bind_attention(struct binder *b, struct layer *layer)
{
	const struct bm_layer_config *l = &b->c->layers[b->layer];
	uint32_t q = l->n_heads * b->c->head_dim, kv = l->n_kv_heads * b->c->head_dim;
	const uint32_t rows[] = { q, kv, kv };
	int r = 0;

	if (gguf_tensor(b->g, layer_name(b, names[BM_ATTN_QKV], "weight")))
		r = bind_projection(b, BM_ATTN_QKV, b->c->dim, rows, layer);
	else
		for (int i = 0; r == 0 && i < 3; i++)
			r = bind_projection(b, BM_ATTN_Q + i, b->c->dim, &rows[i], layer);
	if (r < 0 || (r = bind_head_norm(b, "attn_q_norm", l->n_heads, &layer->q_norm)) < 0 ||
	    (r = bind_head_norm(b, "attn_k_norm", l->n_kv_heads, &layer->k_norm)) < 0)
		return r;
	return bind_projection(b, BM_ATTN_OUTPUT, q, &b->c->dim, layer);
}

static int bind_ffn(struct binder *b, struct layer *layer)
{
	const struct family *f = b->c->family;
	uint32_t dim = b->c->dim, ffn = b->c->layers[b->layer].ffn_dim;
	const uint32_t rows[] = { ffn, ffn };
	int r = 0;

	if (f->fused_gate)
		r = bind_projection(b, BM_FFN_GATE_UP, dim, rows, layer);
	if (r == 0 && !f->fused_gate && f->ffn != FFN_GELU)
		r = bind_projection(b, BM_FFN_GATE, dim, rows, layer);
	if (r == 0 && !f->fused_gate)
		r = bind_projection(b, BM_FFN_UP, dim, rows, layer);
	return r < 0 ? r : bind_projection(b, BM_FFN_DOWN, ffn, &dim, layer);
}

static int bind_layer(struct binder *b, struct layer *layer)
{
	const struct family *f = b->c->family;
	enum presence pre = f->pre_norm ? ALWAYS : NEVER, post = f->post_norm ? ALWAYS : NEVER;
	int r;

	if ((r = bind_norm(b, "attn_norm", pre, &layer->attn_norm)) < 0 ||
	    (r = bind_norm(b, "post_attention_norm", post, &layer->attn_post_norm)) < 0 ||
	    (r = bind_norm(b, "ffn_norm", f->ffn_norm, &layer->ffn_norm)) < 0 ||
	    (r = bind_norm(b, "post_ffw_norm", post, &layer->ffn_post_norm)) < 0 ||
	    (r = bind_attention(b, layer)) < 0)
		return r;
	return bind_ffn(b, layer);
}

static int bind_embedding(struct weights *w, struct bm_config *c, struct binder *b)
{
	static const char name[] = "token_embd.weight";
	const struct gguf_tensor *t = gguf_tensor(b->g, name);
	int r;

	if (t && t->ne[1] > INT32_MAX)
		return diag_set(b->d, -EINVAL, DIAG_SHAPE, name, "%llu rows",
				(unsigned long long)t->ne[1]);
	c->n_vocab = t ? (uint32_t)t->ne[1] : 0;
	if ((r = bind_matrix(b, name, ALWAYS, c->dim, c->n_vocab, &w->embedding)) < 0 ||
	    (r = bind_matrix(b, "output.weight", c->family->output, c->dim, c->n_vocab,
			     &w->output)) < 0)
		return r;
	w->tied = !w->output.data;
	if (w->tied)
		w->output = w->embedding;
	return bind_floats(b, "output.bias", bias_presence(c->family, BM_OUTPUT), c->n_vocab, 1,
			   &w->output_bias);
}

static int bind_output_norm(struct weights *w, struct binder *b)
{
	int r = bind_floats(b, "output_norm.weight", ALWAYS, b->c->dim, 1, &w->output_norm.weight);

	if (r < 0 || !b->c->family->layer_norm)
		return r;
	return bind_floats(b, "output_norm.bias", ALWAYS, b->c->dim, 1, &w->output_norm.bias);
}

/* Long and short factors come in pairs; which of them holds is decided by the context. */
static int bind_rope_factors(struct weights *w, struct binder *b)
{
	static const char long_name[] = "rope_factors_long.weight";
	static const char short_name[] = "rope_factors_short.weight";
	const struct bm_config *c = b->c;
	enum presence some = c->family->rope_factors ? MAYBE : NEVER, pair = NEVER;
	const float *longs, *shorts;
	uint32_t n = c->rope_dim / 2;
	int r;

	if (c->rope_scaling == BM_ROPE_LONG ||
	    (some == MAYBE && (gguf_tensor(b->g, long_name) || gguf_tensor(b->g, short_name))))
		pair = ALWAYS;
	if ((r = bind_floats(b, "rope_freqs.weight", some, n, 1, &w->rope_factors)) < 0 ||
	    (r = bind_floats(b, long_name, pair, n, 1, &longs)) < 0 ||
	    (r = bind_floats(b, short_name, pair, n, 1, &shorts)) < 0)
		return r;
	if (pair == ALWAYS)
		w->rope_factors = c->context > c->rope_original_context ? longs : shorts;
	for (uint32_t i = 0; w->rope_factors && i < n; i++)
		if (!(w->rope_factors[i] > 0.0f && isfinite(w->rope_factors[i])))
			return diag_set(b->d, -EINVAL, DIAG_RANGE, "rope factors",
					"value %u is %g, expected a number above 0", i,
					(double)w->rope_factors[i]);
	return 0;
}

static int refuse_extra(const struct binder *b)
{
	for (size_t i = 0; i < gguf_n_tensors(b->g); i++)
		if (!b->bound[i])
			return diag_set(b->d, -EINVAL, DIAG_SHAPE, gguf_tensor_at(b->g, i)->name,
					"a model of architecture %s has no such tensor",
					b->c->architecture);
	return 0;
}

int weights_bind(struct weights *w, struct bm_config *c, const struct gguf *g, struct diag *d)
{
	_cleanup_free_ bool *bound = calloc(gguf_n_tensors(g) + 1, sizeof(*bound));
	struct binder b = { .g = g, .c = c, .bound = bound, .d = d };
	int r;

	w->layers = calloc(c->n_layers, sizeof(*w->layers));
	if (!w->layers || !bound)
		return diag_set(d, -ENOMEM, DIAG_SYSTEM, "", "out of memory");
	if ((r = bind_embedding(w, c, &b)) < 0 || (r = bind_output_norm(w, &b)) < 0 ||
	    (r = bind_rope_factors(w, &b)) < 0)
		return r;
	for (; b.layer < c->n_layers; b.layer++) {
		r = bind_layer(&b, &w->layers[b.layer]);
		if (r < 0)
			return r;
	}
	return refuse_extra(&b);
}

void weights_deinit(struct weights *w)
{
	free(w->layers);
	w->layers = NULL;
}
