/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdint.h>

#include "base_model/gguf.h"

/*
 * @n floats as one row of @type into @out [tensor_row_size()]: F32, F16, Q4_0, Q4_1, Q5_0, Q5_1,
 * IQ4_NL, or Q8_0 with the scale that maps a block's largest value to 127. In blocks of fewer
 * bits the scale, or scale and minimum, are searched for: of those around the one that reaches
 * the largest value, the one with the least squared error, where each weight counts by
 * @importance [n], above 0 (NULL: all alike). 0; -EINVAL for another type, a row of no whole
 * blocks or a value that is not finite.
 */
int bm_quantize_row(enum tensor_type type, const float *x, const float *importance, uint64_t n,
		    void *out);
