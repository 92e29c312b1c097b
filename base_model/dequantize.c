/* SPDX-License-Identifier: MIT */
#include "base_model/dequantize.h"

#include <string.h>

#include "base_model/kernels/convert.h"
#include "base_model/kernels/decode.h"

static void floats(enum tensor_type type, const void *row, uint32_t first, uint32_t n, float *out)
{
	const uint16_t *halves = (const uint16_t *)row + first;

	if (type == TENSOR_F32)
		memcpy(out, (const float *)row + first, n * sizeof(*out));
	else if (type == TENSOR_F16)
		for (uint32_t i = 0; i < n; i++)
			out[i] = f16_to_f32(halves[i]);
	else
		for (uint32_t i = 0; i < n; i++)
			out[i] = bf16_to_f32(halves[i]);
}

static void blocks(const struct block_format *format, const void *row, uint32_t first, uint32_t n,
		   float *out)
{
	struct decoded_block block;

	for (uint32_t b = 0; b < n; b += Q_BLOCK, out += Q_BLOCK) {
		format->decode(row, (first + b) / Q_BLOCK, &block);
		for (unsigned i = 0; i < Q_BLOCK; i++) {
			unsigned part = i / (Q_BLOCK / format->parts);

			out[i] = block.d[part] * (float)block.q[i];
			if (format->has_minimum)
				out[i] += block.m[part];
		}
	}
}

void matrix_part(const struct matrix *w, uint32_t row, uint32_t first, uint32_t n, float *out)
{
	const struct block_format *format = block_format(w->type);
	const void *data = w->data + row * w->row_size;

	if (format)
		blocks(format, data, first, n, out);
	else
		floats(w->type, data, first, n, out);
}

void matrix_row(const struct matrix *w, uint32_t row, float *out)
{
	matrix_part(w, row, 0, w->cols, out);
}
