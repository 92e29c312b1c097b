/* SPDX-License-Identifier: MIT */
#include "base_model/likelihood.h"

#include <math.h>

#include "base_model/kernels/attention.h"
#include "base_model/kernels/kernels.h"
#include "base_model/model-private.h"

double bm_log_sum(const struct bm_model *m, float *logits, size_t n)
{
	float most, sum = m->kernels->attention->weigh(logits, n, 1.0f, 0.0f, &most);

	return (double)most + log((double)sum);
}
