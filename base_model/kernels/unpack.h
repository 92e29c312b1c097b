/* SPDX-License-Identifier: MIT */
/* Weights as floats, exactly as decode-types.h says; compiled with the flags of each set. */
#pragma once

#include "base_model/kernels/decode-types.h"

static inline __attribute__((always_inline)) void
spread_block(const struct decoded_block *b, unsigned parts, bool minimum, float *out)
{
	for (unsigned p = 0; p < 2; p++) {
		float d = b->d[parts == 2 ? p : 0], m = minimum ? b->m[parts == 2 ? p : 0] : 0.0f;

		for (unsigned i = p * Q_HALF; i < (p + 1) * Q_HALF; i++) {
			out[i] = d * (float)b->q[i];
			if (minimum)
				out[i] += m;
		}
	}
}

#define UNPACK_FUNCTION(type, function, parts, minimum)                                        \
	static void unpack_##type(const void *row, size_t first, size_t n, float *out)         \
	{                                                                                      \
		struct decoded_block block;                                                    \
                                                                                               \
		for (size_t b = first / Q_BLOCK; n; b++, n -= Q_BLOCK, out += Q_BLOCK) {       \
			function(row, b, &block);                                              \
			spread_block(&block, parts, minimum, out);                             \
		}                                                                              \
	}

DECODE_TYPES(UNPACK_FUNCTION)

static void unpack_F32(const void *row, size_t first, size_t n, float *out)
{
	memcpy(out, (const float *)row + first, n * sizeof(*out));
}

static void unpack_F16(const void *row, size_t first, size_t n, float *out)
{
	for (size_t i = 0; i < n; i++)
		out[i] = f16_to_f32(((const uint16_t *)row)[first + i]);
}

static void unpack_BF16(const void *row, size_t first, size_t n, float *out)
{
	for (size_t i = 0; i < n; i++)
		out[i] = bf16_to_f32(((const uint16_t *)row)[first + i]);
}

#define UNPACK_ENTRY(type, function, parts, minimum) [TENSOR_##type] = unpack_##type,
#define UNPACK_KERNELS                                                                         \
	.unpack = { [TENSOR_F32] = unpack_F32, [TENSOR_F16] = unpack_F16,                      \
		    [TENSOR_BF16] = unpack_BF16, DECODE_TYPES(UNPACK_ENTRY) }
