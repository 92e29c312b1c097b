/* SPDX-License-Identifier: MIT */
#pragma once

#include "base_model/model-private.h"

/* One token of the pass: where it stands in which sequence. */
struct token_place {
	struct bm_sequence *seq;
	uint32_t pos;
};

/* Rotates q and k, stores k and v, and attends: state.q, k, v to state.attended. */
void attention(struct bm_model *m, uint32_t layer, const struct token_place *places, size_t n);
