/* SPDX-License-Identifier: MIT */
/*
 * The logits of a model of float weights, computed plainly: in double precision, token by
 * token, without a cache of anything. It reads from the file which tensors there are, and
 * from its own description what they mean; it shares no code with the forward pass.
 */
#pragma once

#include "base_model/base_model.h"

enum { ORACLE_PAIRS = 8 };

struct oracle {
	uint32_t layers, heads[2], kv_heads[2], ffn[2];	/* [1]: of the second layer alone */
	bool layer_norm, parallel, gelu, halves;
	double eps, embedding, residual, logits;	/* factors; 0: 1 */
	double attention, cap, logit_cap;	/* attention: factor, 0: 1 / √(components) */
	double temperature, temperature_length;
	uint32_t pairs;		/* rotated */
	double frequencies[ORACLE_PAIRS], magnitude;
	double window_frequencies[ORACLE_PAIRS];	/* magnitude 1 */
	uint32_t window, windowed;	/* the latter by bit: layers that have the window */
	uint32_t unrotated;		/* by bit: layers without positions */
};

/* Logits [n][vocabulary] of the tokens. */
void oracle_logits(const struct oracle *o, const struct gguf *g, const int32_t *tokens, size_t n,
		   double *logits);
