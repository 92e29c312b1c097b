/* SPDX-License-Identifier: MIT */
/*
 * What one family of models does differently from the next. The forward pass is one; it asks
 * here (and in struct bm_config for what a file says in numbers) what to do at each step:
 *
 *   x = embedding · embedding_scale
 *   each layer:  a = attention(rotate(norm(Wq n), norm(Wk n)), Wv n)    n = norm(x)
 *                x += post_norm(Wo a) · residual_scale
 *                x += post_norm(Wdown (act(Wgate n) ⊙ Wup n)) · residual_scale    n = norm(x)
 *                (the second n before the first sum where the branches are parallel)
 *   logits = cap(Woutput norm(x) / logit_divisor)
 */
#pragma once

#include <stdbool.h>

#include "base_model/model.h"

/* Whether the files of a family have a tensor. */
enum presence { NEVER, MAYBE, ALWAYS };

enum head_norm {
	HEAD_NORM_NONE,
	HEAD_NORM_SHARED,	/* every head by itself, with the same weights [head_dim] */
	HEAD_NORM_OWN,		/* every head with weights of its own [heads][head_dim] */
	HEAD_NORM_WHOLE,	/* all heads as one vector [heads · head_dim] */
};

/* What stands between up and down. */
enum ffn { FFN_SILU_GATE, FFN_GELU_GATE, FFN_GELU };

/* Which components of a head are rotated together. */
enum rope_pairs { ROPE_ADJACENT, ROPE_HALVES };

/* Set of matrices: bit by enum bm_matrix. */
#define MATRIX_BIT(m) (1u << (m))

struct family {
	const char *name;		/* general.architecture */

	bool layer_norm;		/* mean and bias too; else root mean square alone */
	bool pre_norm, post_norm;	/* of what a branch reads, of what it adds */
	enum presence ffn_norm;		/* none beside pre_norm: the branches share one */
	bool parallel_by_key;		/* files say whether both read the same x */
	enum head_norm head_norm;
	enum presence head_norms;	/* norms of queries and of keys */

	enum ffn ffn;
	bool fused_gate;		/* ffn_up has the rows of gate and up */

	enum rope_pairs pairs;
	uint32_t unrotated_every;	/* every so manieth layer has no positions; 0: none */
	bool rope_factors;		/* files may divide the frequencies */
	bool window_rope;		/* windowed layers rotate unscaled, by their own base */

	bool windows;			/* knows attention.sliding_window */
	uint32_t window_period;		/* every so manieth layer sees all; 0: none does */

	enum presence output;		/* a matrix beside the embedding */
	unsigned biases, maybe_biases;	/* sets of matrices */

	/* Numbers that a file of the family may leave out. */
	void (*defaults)(struct bm_config *c);
};

/* The family of an architecture's name, or NULL with the reason in @why: what it is that we
 * do not run. */
const struct family *family_find(const char *name, const char **why);
