/* SPDX-License-Identifier: MIT */
/*
 * Tokens that an adapter brings beyond the base's vocabulary: number n_vocab + i is embedded
 * by row i of one matrix, and its logit is the product with row i of the other.
 */
#pragma once

#include "base_model/kernels/kernels.h"
#include "base_model/model.h"

struct token_rows {
	uint32_t n;			/* 0: none */
	struct matrix embedding, output;	/* [n][dim] of floats */
	void *memory;
};

/* As bm_delta_set_tokens(); adds the bytes it takes to @bytes. */
int token_rows_init(struct token_rows *r, const struct bm_model *m,
		    const struct gguf_tensor *embedding, const struct gguf_tensor *output,
		    size_t *bytes);
void token_rows_deinit(struct token_rows *r);
