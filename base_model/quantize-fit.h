/* SPDX-License-Identifier: MIT */
/*
 * Scales of one block of Q_BLOCK weights. A candidate gives levels, the levels give the scale
 * with the least squared error (a regression), and so on while it becomes better; the best of
 * all is kept. @importance may be NULL. What is returned is the scale as f16.
 */
#pragma once

#include <stdint.h>

#include "base_model/kernels/kernels.h"

struct quantize_fit {
	uint8_t levels[Q_BLOCK];
	double error;		/* squared, by importance */
};

/* Weight = scale (level - @half), levels 0 to 2 @half - 1. */
uint16_t quantize_fit_levels(struct quantize_fit *ret, int half, const float *x,
			     const float *importance);
/* Weight = minimum + scale level, levels 0 to @most. */
uint16_t quantize_fit_range(struct quantize_fit *ret, int most, const float *x,
			    const float *importance, uint16_t *minimum);
/* Weight = scale table[level], of the sixteen values of IQ4_NL. */
uint16_t quantize_fit_table(struct quantize_fit *ret, const float *x, const float *importance);
