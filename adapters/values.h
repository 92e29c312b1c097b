/* SPDX-License-Identifier: MIT */
/* The numbers of an adapter's tensors. */
#pragma once

#include "util/diag.h"

struct gguf_tensor;

/* F32, F16 or BF16: 0, or -EINVAL with @d. */
int values_check_type(const struct gguf_tensor *t, struct diag *d);
/* All are finite, of a tensor of one of these types: 0, or -EINVAL with @d. */
int values_check_finite(const struct gguf_tensor *t, struct diag *d);
