/* SPDX-License-Identifier: MIT */
#pragma once

#include "adapters/train/train.h"
#include "base_model/base_model.h"

/* y = x W^T, and beside it, where an adapter is trained, scale · (x A^T) B^T. */
struct train_matrix {
	size_t out, in;
	float *w, *g;			/* [out][in]; no gradient where the base is frozen */
	float *a, *ga, *b, *gb;		/* [rank][in], [out][rank], or NULL */
};

struct train_layer {
	float *attn_norm, *ffn_norm, *g_attn_norm, *g_ffn_norm;
	struct train_matrix m[TRAIN_MATRICES];
};

/* One example: positions of the batch, all of one row. */
struct train_span {
	size_t first, n;
};

/* What the backward pass needs of one layer; [n] is rows * context positions. */
struct train_saved {
	float *x, *attn_in, *attn_r;		/* [n][width] twice, [n] */
	float *q, *k, *v;			/* [n][width], [n][kv] twice */
	float *p, *mix;				/* [rows][heads][context][context], [n][width] */
	float *mid, *ffn_in, *ffn_r;		/* as x, attn_in, attn_r */
	float *gate, *up, *hidden;		/* [n][ffn] */
};

/* What the optimiser changes: the whole base, or an adapter beside it. */
struct train_block {
	float *w, *g, *m1, *m2;
	double *sums;			/* of squares, by chunk of TRAIN_WEIGHTS */
	size_t n;
};

struct trainer {
	struct train_shape s;
	size_t rows, n, kv, head;		/* n positions; widths of k and of one head */
	unsigned threads;
	struct gemm *gemm;
	const struct vector_ops *ops;
	size_t n_weights;
	float *w;				/* the base, [n_weights] */
	struct train_block trained;		/* its w is the base's, unless rank > 0 */
	uint32_t rank;				/* of the adapter, 0 without one */
	float lora_scale, alpha;
	uint64_t steps;
	float *embd, *out_norm, *g_embd, *g_out_norm;
	struct train_layer *layers;
	struct train_saved *saved;
	void *block;				/* all activations */
	float *last, *out_in, *out_r;
	size_t *picked, n_picked;		/* positions with a target */
	struct train_span *spans;		/* [n_spans], at most one a position */
	size_t n_spans;
	uint32_t *places;			/* [n], from the beginning of the example */
	float *head_in, *dhead, *logits;	/* of those: [n][width] twice, [n][vocab] */
	float *dx, *dt, *dq, *dk, *dv, *dmix, *dgate, *dup, *dhidden;
	float *xa;				/* [n][rank], x through A */
	float *partial;				/* [chunks][width], sums of chunks of positions */
	float *ds;				/* [threads][context][context] */
	float *cos, *sin;			/* [context][head / 2] */
	float *muon;				/* [train_muon_floats()], of one matrix */
	double *losses;				/* [n] */
};

enum { TRAIN_CHUNK = 64, TRAIN_WEIGHTS = 16384 };	/* positions, weights of one task */

/* Checks it, and finds its examples and the positions with a target: 0 or -EINVAL. */
int train_take_batch(struct trainer *t, const struct train_batch *batch);
void train_forward(struct trainer *t, const int32_t *tokens);
void train_backward(struct trainer *t, const int32_t *tokens);
void train_attention(struct trainer *t, struct train_saved *a);
void train_attention_back(struct trainer *t, struct train_saved *a);
/* y = add + x W^T; @add may be NULL. */
void train_linear(struct trainer *t, const struct train_matrix *m, const float *x,
		  const float *add, float *y);
void train_linear_back(struct trainer *t, const struct train_matrix *m, const float *dy,
		       const float *x, float *dx, bool add);
size_t train_chunks(const struct trainer *t);
size_t train_muon_floats(const struct train_shape *s);
/* Changes @m, a matrix of a layer of the base, and clears its gradient. */
void train_muon(struct trainer *t, const struct train_matrix *m, float rate, float decay);

/* The position-wise loops, each over all positions by chunks. */
void train_norm(struct trainer *t, const float *x, const float *w, float *y, float *r);
void train_norm_back(struct trainer *t, const float *x, const float *r, const float *w,
		     float *dw);
void train_activate(struct trainer *t, const struct train_saved *a);
void train_activate_back(struct trainer *t, const struct train_saved *a);
void train_rope(struct trainer *t, float *x, size_t heads, bool back);
