/* SPDX-License-Identifier: MIT */
#pragma once

#include "adapters/train/train.h"

/* y = x W^T + bias, and beside it, where an adapter is trained, scale · (x A^T) B^T. */
struct train_matrix {
	size_t out, in;
	unsigned parts;			/* from this one on, of one tensor and with one A; or 0 */
	float *w, *g;			/* [out][in]; no gradient where the base is frozen */
	const struct matrix *frozen;	/* of a model, instead of @w */
	const float *bias;		/* [out] of a model, or NULL */
	float *a, *ga, *b, *gb;		/* [rank][in], [out][rank], or NULL */
};

/* Of vectors of @width. */
struct train_norm {
	const float *w;			/* NULL: there is none */
	float *g;			/* NULL where the base is frozen */
	size_t width;
};

struct train_layer {
	struct train_norm norms[BM_NORM_OUTPUT];	/* by enum bm_norm */
	struct train_matrix m[TRAIN_MATRICES];		/* by enum bm_matrix */
};

/* One example: positions of the batch, all of one row. */
struct train_span {
	size_t first, n;
};

/*
 * What the backward pass needs of one layer; [n] is rows * context positions. An _r is what a
 * norm multiplied its vectors by. What a family has no norm for is the same array.
 */
struct train_saved {
	float *x, *attn_in, *attn_r;		/* [n][width] twice, [n] */
	float *q_in, *q_r, *k_in, *k_r;		/* queries and keys before their norms */
	float *q, *k, *v;			/* [n][q], [n][kv] twice */
	float *p, *mix;				/* [rows][heads][context][context], [n][q] */
	float *attn_out, *attn_out_r;		/* [n][width] before the norm of the branch, [n] */
	float *mid, *ffn_in, *ffn_r;		/* as x, attn_in, attn_r */
	float *gate, *up, *hidden;		/* [n][ffn] */
	float *ffn_out, *ffn_out_r;		/* as attn_out */
};

/* What the optimiser changes: the whole base, or an adapter beside it. */
struct train_block {
	float *w, *g, *m1, *m2;
	double *sums;			/* of squares, by chunk of TRAIN_WEIGHTS */
	size_t n;
};

enum { TRAIN_LANES = 4 };

struct trainer {
	struct train_shape s;
	struct bm_config c;			/* the formula: that of family.h */
	const struct bm_model *model;		/* the frozen base, or NULL */
	size_t rows, n, q, kv, head;		/* n positions; widths of q, of k, of one head */
	unsigned threads;
	struct gemm *gemm;
	const struct vector_ops *ops;
	size_t n_weights;
	float *w;				/* a base of our own, [n_weights], or NULL */
	struct train_block trained;		/* its w is the base's, unless rank > 0 */
	uint32_t rank;				/* of the adapter, 0 without one */
	float lora_scale, alpha;
	uint64_t steps;
	struct train_matrix output;		/* of the vocabulary; in a base of our own the */
	struct train_norm out_norm;		/* embedding too */
	struct train_layer *layers;
	struct train_saved *saved;
	bool recompute;				/* layers share all of it but their x */
	void *block;				/* all activations */
	float *last, *out_in, *out_r;
	size_t *picked, n_picked;		/* positions with a target */
	struct train_span *spans;		/* [n_spans], at most one a position */
	size_t n_spans;
	uint32_t *places;			/* [n], from the beginning of the example */
	size_t n_head;				/* positions whose logits are there at once */
	float *head_in, *dhead, *logits;	/* [n_head][width] twice, [n_head][vocab] */
	float *uncapped;			/* [threads][vocab] where logits have a bound */
	float *dx, *dt, *dq, *dk, *dv, *dmix, *dgate, *dup, *dhidden;
	float *dq_in, *dk_in;			/* as q_in, k_in */
	float *branch, *dbranch;		/* [n][width] where a branch is normed or scaled */
	float *xa;				/* [n][rank], x through A */
	float *partial;				/* [chunks][width], sums of chunks of positions */
	float *ds, *scores;			/* [threads][context][context]; of bounded scores */
	void *turns;				/* memory of: */
	float *cos[BM_ROTATE_NONE], *sin[BM_ROTATE_NONE];	/* [context][rope_dim / 2] */
	float *temperatures;			/* [context] factors on the queries, or NULL */
	float *muon;				/* [threads][train_muon_floats()] */
	double *losses;				/* [n] */
	bool has_lanes;				/* which run the passes; t has no activations */
	struct trainer *lanes[TRAIN_LANES];
};

enum { TRAIN_CHUNK = 64, TRAIN_WEIGHTS = 16384 };	/* positions, weights of one task */

/* What a trainer of shape t->s and formula t->c needs beside weights and activations; layers
 * and output get their shapes. 0, -EINVAL (@threads), -ENOMEM. */
int train_prepare(struct trainer *t, size_t rows, unsigned threads);
/* Bounds that keep every product below 2^64; memory is then what calloc() can give. */
bool train_shape_valid(const struct train_shape *s, size_t rows);
/* New memory for activations, as t->recompute says: 0 or -ENOMEM; and how much that is. */
int train_lay_buffers(struct trainer *t);
size_t train_buffer_floats(struct trainer *t);
/* Hands out @base in order; with NULL it only counts. */
float *train_take(float *base, size_t *at, size_t n);
int train_block_init(struct train_block *b, size_t n);
void train_block_deinit(struct train_block *b);
/* Normal with a deviation; the same for the same seed. */
void train_draw(float *w, size_t n, float deviation, uint64_t *seed);

/* A trainer with the weights of @t and gradients, but no moments, of its own. */
int train_new_lane(struct trainer **ret, const struct trainer *t, size_t rows, unsigned threads);
/* Lanes for @t, a base of our own, where its rows can be shared out: 0 or -ENOMEM. */
int train_open_lanes(struct trainer *t);
void train_close_lanes(struct trainer *t);
/* trainer_loss() of a batch that was taken. */
int train_run_lanes(struct trainer *t, const struct train_batch *batch, bool backward,
		    double *loss);
/* Checks it, and finds its examples and the positions with a target: 0 or -EINVAL. */
int train_take_batch(struct trainer *t, const struct train_batch *batch);
/* The mean loss of what the layers left in t->last; with @backward, t->dx is its gradient. */
double train_head(struct trainer *t, const struct train_batch *batch, bool backward);
void train_attention(struct trainer *t, uint32_t layer, struct train_saved *a);
void train_attention_back(struct trainer *t, uint32_t layer, struct train_saved *a);
/* y = add + x W^T; @add may be NULL. */
void train_linear(struct trainer *t, const struct train_matrix *m, const float *x,
		  const float *add, float *y);
void train_linear_back(struct trainer *t, const struct train_matrix *m, const float *dy,
		       const float *x, float *dx, bool add);
/* The product with the base alone, and backward, of any number of positions. */
void train_product(struct trainer *t, const struct train_matrix *m, size_t n, const float *x,
		   const float *add, float *y);
void train_product_back(struct trainer *t, const struct train_matrix *m, size_t n,
			const float *dy, const float *x, float *dx, bool add);
size_t train_chunks(size_t n);
size_t train_muon_floats(const struct train_shape *s);
/* Changes the matrices of the base's layers, and clears their gradients. */
void train_muon(struct trainer *t, float rate, float decay);

/* The position-wise loops, each over all positions by chunks. */
void train_norm(struct trainer *t, const struct train_norm *norm, size_t n, const float *x,
		float *y, float *r);
/* dx += what @dy, the gradient of y, comes to. */
void train_norm_back(struct trainer *t, const struct train_norm *norm, size_t n, const float *x,
		     const float *r, const float *dy, float *dx);
void train_activate(struct trainer *t, const struct train_saved *a);
void train_activate_back(struct trainer *t, const struct train_saved *a);
void train_rope(struct trainer *t, uint32_t layer, float *x, size_t heads, bool back);
/* Queries, or their gradient, by the factors of their positions. */
void train_temper(struct trainer *t, float *q);
/* y = add + by x, [n][width]; @add may be NULL. */
void train_add(struct trainer *t, size_t width, const float *add, float by, const float *x,
	       float *y);
/* Each of [n][width] += bias */
void train_add_bias(struct trainer *t, size_t width, const float *bias, float *y);
