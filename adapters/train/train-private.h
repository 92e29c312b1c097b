/* SPDX-License-Identifier: MIT */
#pragma once

#include "adapters/train/train.h"
#include "base_model/base_model.h"

/* Pointers into one block of weights, or of gradients, laid out alike. */
struct train_layer {
	float *attn_norm, *q, *k, *v, *o, *ffn_norm, *gate, *up, *down;
};

/* What the backward pass needs of one layer; [n] is rows * context positions. */
struct train_saved {
	float *x, *attn_in, *attn_r;		/* [n][width] twice, [n] */
	float *q, *k, *v;			/* [n][width], [n][kv] twice */
	float *p, *mix;				/* [rows][heads][context][context], [n][width] */
	float *mid, *ffn_in, *ffn_r;		/* as x, attn_in, attn_r */
	float *gate, *up, *hidden;		/* [n][ffn] */
};

struct trainer {
	struct train_shape s;
	size_t rows, n, kv, head;		/* n positions; widths of k and of one head */
	struct gemm *gemm;
	size_t n_weights;
	float *w, *g, *m1, *m2;			/* [n_weights] */
	uint64_t steps;
	float *embd, *out_norm, *g_embd, *g_out_norm;
	struct train_layer *layers, *g_layers;
	struct train_saved *saved;
	void *block;				/* all activations */
	float *last, *out_in, *out_r, *logits;	/* logits [n][vocab] */
	float *dx, *dt, *dq, *dk, *dv, *dmix, *dgate, *dup, *dhidden;
	float *dp;				/* [rows][heads][context] */
	float *cos, *sin;			/* [context][head / 2] */
	double *losses;				/* [n] */
};

void train_forward(struct trainer *t, const int32_t *tokens);
void train_backward(struct trainer *t, const int32_t *tokens);
/* y[n][out] (+)= x[n][in] w[out][in]^T, and what follows from it backward. */
void train_linear(struct trainer *t, const float *x, const float *w, float *y, size_t out,
		  size_t in, bool add);
void train_linear_back(struct trainer *t, const float *dy, const float *x, const float *w,
		       float *dx, float *dw, size_t out, size_t in, bool add);
void train_norm_back(struct trainer *t, const float *x, const float *r, const float *w, float *dw);
void train_attention(struct trainer *t, struct train_saved *a);
void train_attention_back(struct trainer *t, struct train_saved *a);
void train_rope(const struct trainer *t, float *x, size_t heads, bool back);
