/* SPDX-License-Identifier: MIT */
#include "base_model/dequantize.h"

void matrix_row(const struct matrix *w, uint32_t row, float *out)
{
	kernels_generic.unpack[w->type](w->data + row * w->row_size, 0, w->cols, out);
}
