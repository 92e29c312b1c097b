/* SPDX-License-Identifier: MIT */
/* What happens to the heads of a token between their projections and the attention. */
#pragma once

#include "base_model/model-private.h"

/* Token @t of the pass: state.q and k, as a layer's matrices gave them, are made ready in
 * place: rotated. */
void heads_prepare(struct bm_model *m, uint32_t layer, size_t t);
