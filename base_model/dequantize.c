/* SPDX-License-Identifier: MIT */
#include "base_model/dequantize.h"

#include <string.h>

#include "base_model/kernels/convert.h"
#include "base_model/kernels/decode.h"

static void float_row(enum tensor_type type, const void *data, uint32_t cols, float *out)
{
	const uint16_t *halves = data;

	if (type == TENSOR_F32)
		memcpy(out, data, cols * sizeof(*out));
	else if (type == TENSOR_F16)
		for (uint32_t i = 0; i < cols; i++)
			out[i] = f16_to_f32(halves[i]);
	else
		for (uint32_t i = 0; i < cols; i++)
			out[i] = bf16_to_f32(halves[i]);
}

static void quantized_row(const struct block_format *format, const void *data, uint32_t cols,
			  float *out)
{
	struct decoded_block block;

	for (uint32_t b = 0; b < cols / Q_BLOCK; b++, out += Q_BLOCK) {
		format->decode(data, b, &block);
		for (unsigned i = 0; i < Q_BLOCK; i++) {
			unsigned part = i / (Q_BLOCK / format->parts);

			out[i] = block.d[part] * (float)block.q[i];
			if (format->has_minimum)
				out[i] += block.m[part];
		}
	}
}

void matrix_row(const struct matrix *w, uint32_t row, float *out)
{
	const struct block_format *format = block_format(w->type);
	const void *data = w->data + row * w->row_size;

	if (format)
		quantized_row(format, data, w->cols, out);
	else
		float_row(w->type, data, w->cols, out);
}
