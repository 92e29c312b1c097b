/* SPDX-License-Identifier: MIT */
#pragma once

#include "base_model/model-private.h"

/* x += bias, where there is one. */
static inline void add_bias(float *x, const float *bias, size_t n)
{
	for (size_t i = 0; bias && i < n; i++)
		x[i] += bias[i];
}

/*
 * y = (x - mean) / deviation · weight + bias, as the model's family norms: by root mean
 * square alone (Zhang and Sennrich 2019, arXiv:1910.07467) or by mean and variance (Ba et
 * al. 2016, arXiv:1607.06450). @n floats; @y may be @x.
 */
void norm_vector(const struct bm_model *m, const struct norm *norm, const float *x, size_t n,
		 float *y);
