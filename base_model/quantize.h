/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdint.h>

#include "base_model/gguf.h"

/*
 * @n floats as one row of @type into @out [tensor_row_size()]: F32, F16, or Q8_0 with the
 * scale that maps a block's largest value to 127. 0; -EINVAL for another type, a row of no
 * whole blocks or a value that is not finite.
 */
int bm_quantize_row(enum tensor_type type, const float *x, uint64_t n, void *out);
