/* SPDX-License-Identifier: MIT */
#include "adapters/values.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>

#include "base_model/base_model.h"

int values_check_type(const struct gguf_tensor *t, struct diag *d)
{
	if (t->type == TENSOR_F32 || t->type == TENSOR_F16 || t->type == TENSOR_BF16)
		return 0;
	return diag_set(d, -EINVAL, DIAG_UNSUP, t->name, "type %s, expected F32, F16 or BF16",
			tensor_type_name(t->type));
}

static int not_finite(const struct gguf_tensor *t, size_t i, struct diag *d)
{
	return diag_set(d, -EINVAL, DIAG_RANGE, t->name, "value %zu is not a finite number", i);
}

/* @exponent: its bits, which are all set in what is no finite number. */
static int check_halves(const struct gguf_tensor *t, uint16_t exponent, struct diag *d)
{
	const uint16_t *x = t->data;

	for (size_t i = 0; i < t->size / sizeof(*x); i++)
		if ((x[i] & exponent) == exponent)
			return not_finite(t, i, d);
	return 0;
}

int values_check_finite(const struct gguf_tensor *t, struct diag *d)
{
	const float *x = t->data;

	if (t->type != TENSOR_F32)
		return check_halves(t, t->type == TENSOR_F16 ? 0x7c00 : 0x7f80, d);
	for (size_t i = 0; i < t->size / sizeof(*x); i++)
		if (!isfinite(x[i]))
			return not_finite(t, i, d);
	return 0;
}
