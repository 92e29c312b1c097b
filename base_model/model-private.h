/* SPDX-License-Identifier: MIT */
#pragma once

#include "base_model/matmul.h"
#include "base_model/model.h"
#include "base_model/pool.h"
#include "base_model/rope.h"
#include "base_model/tokenizer.h"
#include "base_model/weights.h"

/* What a token is embedded by. */
struct embedding_row {
	const struct matrix *w;
	uint32_t row;
};

/* Scratch of one pass of up to max_batch tokens (B below), taken once. */
struct run_state {
	float *x;		/* [B][dim] the residual stream */
	float *normed;		/* [B][dim] */
	float *branch;		/* [B][dim] what a branch adds to x */
	float *q, *attended;	/* [B][heads · head_dim] */
	float *k, *v;		/* [B][kv heads · head_dim] */
	float *gate, *up;	/* [B][ffn_dim] */
	float *cosines[BM_ROTATE_NONE], *sines[BM_ROTATE_NONE];	/* [B][rope_dim / 2] */
	float *temperatures;	/* [B] factor on the queries */
	void *attention;	/* its scratch */
	float *logits;		/* [HEAD_ROWS][n_vocab] */
	void *quantized;	/* for the widest input */
	struct embedding_row *rows;	/* [B] */
	struct bm_item *wanted;	/* [B] items by the tokens whose logits they want */
	struct token_place *places;	/* [B] */
	void *memory;
	size_t size;
};

#define HEAD_ROWS 16		/* tokens whose logits are computed at once */
#define GROUP_PRODUCTS 3	/* most matrices that share an input: q, k, v */

/* The adapters' updates of the products that are computed at once; grown as passes need it. */
struct delta_scratch {
	struct update *updates;
	float *low;
	size_t n_updates, n_low;
};

struct bm_model {
	struct gguf *gguf;
	struct tokenizer *tokenizer;	/* NULL when the file has none */
	struct bm_config config;
	struct weights weights;
	struct rope ropes[BM_ROTATE_NONE];	/* by enum bm_rotation */
	const struct kernels *kernels;
	struct pool *pool;
	uint32_t max_batch;
	struct run_state state;
	struct delta_scratch updates;
};
