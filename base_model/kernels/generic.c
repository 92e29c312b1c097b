/* SPDX-License-Identifier: MIT */
/* The specification of every kernel. */
#include "base_model/kernels/blocks.h"
#include "base_model/kernels/portable.h"

static int32_t dot_q4_0(const struct block_q4_0 *w, const int8_t *x)
{
	int32_t sum = 0;

	for (int i = 0; i < Q_BLOCK / 2; i++) {
		sum += ((w->qs[i] & 15) - 8) * x[i];
		sum += ((w->qs[i] >> 4) - 8) * x[i + Q_BLOCK / 2];
	}
	return sum;
}

static int32_t dot_q8_0(const struct block_q8_0 *w, const int8_t *x)
{
	int32_t sum = 0;

	for (int i = 0; i < Q_BLOCK; i++)
		sum += w->qs[i] * x[i];
	return sum;
}

#define DEFINE_QUANT_ROWS(name, block, dot)                                                    \
	static void name(const struct matrix *w, uint32_t first, uint32_t last,                \
			 const struct activations *x, float *y, size_t y_stride)               \
	{                                                                                      \
		size_t n_blocks = x->cols / Q_BLOCK;                                           \
                                                                                               \
		for (uint32_t row = first; row < last; row++) {                                \
			const block *data = (const block *)(w->data + row * w->row_size);      \
                                                                                               \
			for (size_t t = 0; t < x->n; t++) {                                    \
				const int8_t *q = x->q + t * x->cols;                          \
				const float *d = x->d + t * n_blocks;                          \
				float acc = 0.0f;                                              \
                                                                                               \
				for (size_t b = 0; b < n_blocks; b++)                          \
					acc = fmaf((float)dot(&data[b], q + b * Q_BLOCK),      \
						   f16_to_f32(data[b].d) * d[b], acc);         \
				y[t * y_stride + row] = acc;                                   \
			}                                                                      \
		}                                                                              \
	}

DEFINE_QUANT_ROWS(rows_q4_0, struct block_q4_0, dot_q4_0)
DEFINE_QUANT_ROWS(rows_q8_0, struct block_q8_0, dot_q8_0)

const struct kernels kernels_generic = {
	.name = "generic",
	.rows = { PORTABLE_ROWS, [TENSOR_Q4_0] = rows_q4_0, [TENSOR_Q8_0] = rows_q8_0 },
	PORTABLE_KERNELS,
};
