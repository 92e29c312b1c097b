/* SPDX-License-Identifier: MIT */
#pragma once

#include "base_model/model-private.h"

/* One token of the pass: where it stands in which sequence. */
struct token_place {
	struct bm_sequence *seq;
	uint32_t pos;
};

/* Bytes that a model's attention wants as state.attention, for @threads. */
size_t attention_scratch_size(const struct bm_config *c, uint32_t max_batch, unsigned threads);

/*
 * Rotates q and k, stores k and v, and attends: state.q, k, v to state.attended. Tokens of
 * a sequence stand together, their pages are its own.
 */
void attention(struct bm_model *m, uint32_t layer, const struct token_place *places, size_t n);
