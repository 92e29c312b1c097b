/* SPDX-License-Identifier: MIT */
#include "base_model/quantize.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "base_model/kernels/blocks.h"
#include "base_model/kernels/convert.h"

static void quantize_q8_0(const float *x, uint64_t n, struct block_q8_0 *out)
{
	for (uint64_t b = 0; b < n / Q_BLOCK; b++, x += Q_BLOCK) {
		float largest = 0, inverse;

		for (int i = 0; i < Q_BLOCK; i++)
			largest = fmaxf(largest, fabsf(x[i]));
		out[b].d = f32_to_f16(largest / 127);
		inverse = largest > 0 ? 127 / largest : 0;
		for (int i = 0; i < Q_BLOCK; i++)
			out[b].qs[i] = (int8_t)lrintf(x[i] * inverse);
	}
}

int bm_quantize_row(enum tensor_type type, const float *x, uint64_t n, void *out)
{
	uint16_t *halves = out;

	for (uint64_t i = 0; i < n; i++)
		if (!isfinite(x[i]))
			return -EINVAL;
	if (tensor_row_size(type, n) == 0)
		return -EINVAL;
	switch (type) {
	case TENSOR_F32:
		memcpy(out, x, n * sizeof(*x));
		return 0;
	case TENSOR_F16:
		for (uint64_t i = 0; i < n; i++)
			halves[i] = f32_to_f16(x[i]);
		return 0;
	case TENSOR_Q8_0:
		quantize_q8_0(x, n, out);
		return 0;
	default:
		return -EINVAL;
	}
}
