/* SPDX-License-Identifier: MIT */
/* Quantised blocks as ggml lays them out: 32 weights, an f16 scale before them. */
#pragma once

#include <stdint.h>

#include "base_model/kernels/kernels.h"

/* Weight i is d * ((qs[i] & 15) - 8), weight i + 16 is d * ((qs[i] >> 4) - 8). */
struct block_q4_0 {
	uint16_t d;
	uint8_t qs[Q_BLOCK / 2];
};

/* Weight i is d * qs[i]. */
struct block_q8_0 {
	uint16_t d;
	int8_t qs[Q_BLOCK];
};

_Static_assert(sizeof(struct block_q4_0) == 18, "q4_0 has no padding");
_Static_assert(sizeof(struct block_q8_0) == 34, "q8_0 has no padding");
