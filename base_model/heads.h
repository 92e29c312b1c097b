/* SPDX-License-Identifier: MIT */
/* What happens to the heads of a token between their projections and the attention. */
#pragma once

#include "base_model/model-private.h"

/* Token @t of the pass: state.q, k and v, as a layer's matrices gave them, are made ready in
 * place: biases added, heads normed, rotated, queries tempered. */
void heads_prepare(struct bm_model *m, uint32_t layer, size_t t);
