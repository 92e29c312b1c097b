/* SPDX-License-Identifier: MIT */
#include "base_model/kernels/decode-types.h"

#define FORMAT(type, function, parts, minimum) [TENSOR_##type] = { parts, minimum, function },

static const struct block_format formats[TENSOR_TYPES] = { DECODE_TYPES(FORMAT) };

const struct block_format *block_format(enum tensor_type type)
{
	return type < TENSOR_TYPES && formats[type].decode ? &formats[type] : NULL;
}
