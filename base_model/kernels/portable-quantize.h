/* SPDX-License-Identifier: MIT */
/* Rounding of inputs to eight bits, for instruction sets without a loop of their own. */
#pragma once

#include <math.h>

#include "base_model/kernels/convert.h"
#include "base_model/kernels/kernels.h"

static void portable_quantize(const struct activations *to, size_t first, size_t last)
{
	for (size_t b = first; b < last; b++) {
		const float *x = to->f + b * Q_BLOCK;
		int8_t *q = to->q + b * Q_BLOCK;
		uint8_t *biased = to->biased + b * Q_BLOCK;
		float max = 0.0f, inverse;
		int32_t sums[2] = { 0 };

		for (int i = 0; i < Q_BLOCK; i++) {
			float a = fabsf(x[i]);

			max = a > max ? a : max;
		}
		to->d[b] = max / 127.0f;
		/* A block too small to have a reciprocal counts as zero. */
		inverse = max > 0x1p-110f ? 127.0f / max : 0.0f;
		for (int i = 0; i < Q_BLOCK; i++) {
			/* To the nearest whole number, by the rounding of an addition, whose
			 * lowest bits it is. Of a NaN, some number. */
			q[i] = (int8_t)bits_of_float(x[i] * inverse + 0x1.8p23f);
			biased[i] = (uint8_t)(q[i] + 128);
			sums[i / Q_HALF] += q[i];
		}
		to->sums[2 * b] = (int16_t)sums[0];
		to->sums[2 * b + 1] = (int16_t)sums[1];
		to->scaled_sums[b] = to->d[b] * (float)(sums[0] + sums[1]);
	}
}
