/* SPDX-License-Identifier: MIT */
/* The tensors of a model, borrowed from the mapping. */
#pragma once

#include "base_model/kernels/kernels.h"
#include "base_model/model.h"

struct norm {
	const float *weight;	/* NULL where there is none */
	const float *bias;	/* or NULL */
};

struct layer {
	struct norm attn_norm, ffn_norm;		/* [dim] before a branch */
	struct norm attn_post_norm, ffn_post_norm;	/* [dim] of what a branch adds */
	struct norm q_norm, k_norm;			/* shape: enum head_norm */
	struct matrix matrices[BM_OUTPUT];		/* by enum bm_matrix; no rows: none */
	const float *biases[BM_OUTPUT];			/* [rows], or NULL */
};

struct weights {
	struct matrix embedding;	/* [n_vocab][dim] */
	struct matrix output;		/* [n_vocab][dim]; the embedding's, where tied */
	bool tied;
	const float *output_bias;	/* [n_vocab], or NULL */
	struct norm output_norm;	/* [dim] */
	const float *rope_factors;	/* [rope_dim / 2], or NULL */
	struct layer *layers;
};

/* Binds exactly the tensors that @c needs and sets c->n_vocab. -EINVAL with the tensor's
 * name in @d for a missing, extra or misshapen one, or a type without a kernel. */
int weights_bind(struct weights *w, struct bm_config *c, const struct gguf *g, struct diag *d);
void weights_deinit(struct weights *w);
/* A tensor as a matrix; false for a type that has no kernel. */
bool matrix_of_tensor(struct matrix *m, const struct gguf_tensor *t);
/* "attn_q" … for enum bm_matrix. */
const char *matrix_name(enum bm_matrix matrix);
