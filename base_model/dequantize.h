/* SPDX-License-Identifier: MIT */
#pragma once

#include "base_model/kernels/kernels.h"

/* Row @row as floats, exactly the values that the file means; of a type with a kernel. */
void matrix_row(const struct matrix *w, uint32_t row, float *out);
