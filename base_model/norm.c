/* SPDX-License-Identifier: MIT */
#include "base_model/norm.h"

#include <math.h>

#include "base_model/family.h"
#include "base_model/kernels/lanes.h"

/* By the 16 chains of the kernels, which a compiler makes vectors of. */
static float mean_of(const float *x, size_t n)
{
	float sums[LANES] = { 0 };
	size_t i = 0;

	for (; i + LANES <= n; i += LANES)
		for (int k = 0; k < LANES; k++)
			sums[k] += x[i + k];
	for (int k = 0; i < n; i++, k++)
		sums[k] += x[i];
	return reduce_lanes(sums) / (float)n;
}

void norm_vector(const struct bm_model *m, const struct norm *norm, const float *x, size_t n,
		 float *y)
{
	float scale;

	if (m->config.family->layer_norm) {
		float mean = mean_of(x, n);

		for (size_t i = 0; i < n; i++)
			y[i] = x[i] - mean;
		x = y;
	}
	scale = 1.0f / sqrtf(m->kernels->square_sum(x, n) / (float)n + m->config.norm_eps);
	for (size_t i = 0; i < n; i++)
		y[i] = x[i] * scale * norm->weight[i];
	add_bias(y, norm->bias, n);
}
