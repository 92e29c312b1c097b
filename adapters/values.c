/* SPDX-License-Identifier: MIT */
#include "adapters/values.h"

#include <errno.h>
#include <stdint.h>

#include "base_model/base_model.h"

int values_check_type(const struct gguf_tensor *t, struct diag *d)
{
	if (t->type == TENSOR_F32 || t->type == TENSOR_F16 || t->type == TENSOR_BF16)
		return 0;
	return diag_set(d, -EINVAL, DIAG_UNSUP, t->name, "type %s, expected F32, F16 or BF16",
			tensor_type_name(t->type));
}

#define RUN 1024	/* values that are looked at together, as vectors */

/* An exponent whose bits are all set is that of no finite number. */
#define DEFINE_FIRST_NOT_FINITE(type)                                                          \
	static size_t first_not_finite_##type(const type *x, size_t n, type exponent)          \
	{                                                                                      \
		size_t i = 0;                                                                  \
                                                                                               \
		for (type found = 0; i + RUN <= n; i += RUN) {                                 \
			for (size_t k = 0; k < RUN; k++)                                       \
				found |= (type)((x[i + k] & exponent) == exponent);            \
			if (found)                                                             \
				break;                                                         \
		}                                                                              \
		while (i < n && (x[i] & exponent) != exponent)                                 \
			i++;                                                                   \
		return i;                                                                      \
	}

DEFINE_FIRST_NOT_FINITE(uint16_t)
DEFINE_FIRST_NOT_FINITE(uint32_t)

int values_check_finite(const struct gguf_tensor *t, struct diag *d)
{
	size_t n, i;

	if (t->type == TENSOR_F32) {
		n = t->size / sizeof(uint32_t);
		i = first_not_finite_uint32_t(t->data, n, 0x7f800000);
	} else {
		n = t->size / sizeof(uint16_t);
		i = first_not_finite_uint16_t(t->data, n, t->type == TENSOR_F16 ? 0x7c00 : 0x7f80);
	}
	return i == n ? 0 : diag_set(d, -EINVAL, DIAG_RANGE, t->name,
				     "value %zu is not a finite number", i);
}
