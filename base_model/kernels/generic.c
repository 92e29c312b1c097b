/* SPDX-License-Identifier: MIT */
/* The specification of every kernel. */
#include "base_model/kernels/decode.h"
#include "base_model/kernels/low-rank-portable.h"
#include "base_model/kernels/portable-quantize.h"
#include "base_model/kernels/portable.h"
#include "base_model/kernels/unpack.h"

static int32_t dot(const int8_t *w, const int8_t *x, size_t n)
{
	int32_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += w[i] * x[i];
	return sum;
}

/* acc + the product of one block with block @at of the activations. */
static float add_block(const struct block_format *format, const struct decoded_block *w,
		       const struct activations *x, size_t at, float acc)
{
	size_t width = Q_BLOCK / format->parts;

	for (size_t p = 0; p < format->parts; p++) {
		int32_t sum = dot(w->q + p * width, x->q + at * Q_BLOCK + p * width, width);

		acc = fmaf((float)sum, w->d[p] * x->d[at], acc);
		if (format->has_minimum)
			acc = fmaf(w->m[p], format->parts == 1 ? x->scaled_sums[at] :
				   x->d[at] * (float)x->sums[2 * at + p], acc);
	}
	return acc;
}

void generic_rows(const struct matrix *w, uint32_t first, uint32_t last,
		  const struct activations *x, float *y, size_t y_stride)
{
	const struct block_format *format = block_format(w->type);
	size_t n_blocks = x->cols / Q_BLOCK;
	struct decoded_block block;

	for (uint32_t row = first; row < last; row++) {
		for (size_t t = 0; t < x->n; t++)
			y[t * y_stride + row] = 0.0f;
		for (size_t b = 0; b < n_blocks; b++) {
			format->decode(w->data + row * w->row_size, b, &block);
			for (size_t t = 0; t < x->n; t++) {
				float *acc = &y[t * y_stride + row];

				*acc = add_block(format, &block, x, t * n_blocks + b, *acc);
			}
		}
	}
}

const struct kernels kernels_generic = {
	.name = "generic",
	.attention = &attention_generic,
	.rows = {
		PORTABLE_ROWS,
		[TENSOR_Q4_0] = generic_rows, [TENSOR_Q4_1] = generic_rows,
		[TENSOR_Q5_0] = generic_rows, [TENSOR_Q5_1] = generic_rows,
		[TENSOR_Q8_0] = generic_rows, [TENSOR_Q2_K] = generic_rows,
		[TENSOR_Q3_K] = generic_rows, [TENSOR_Q4_K] = generic_rows,
		[TENSOR_Q5_K] = generic_rows, [TENSOR_Q6_K] = generic_rows,
		[TENSOR_IQ4_NL] = generic_rows, [TENSOR_IQ4_XS] = generic_rows,
		[TENSOR_TQ2_0] = generic_rows,
	},
	.quantize = portable_quantize,
	PORTABLE_LOW,
	PORTABLE_KERNELS,
	UNPACK_KERNELS,
};
