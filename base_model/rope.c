/* SPDX-License-Identifier: MIT */
#include "base_model/rope.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "util/macro.h"

/* YaRN (Peng et al. 2023, arXiv:2309.00071): rotations that turn more than BETA_FAST times
 * in the original context are kept, those below BETA_SLOW are stretched by the factor. */
#define BETA_FAST 32.0
#define BETA_SLOW 1.0

/* The pair that turns @turns times within the original context; section 3.2 there. */
static double yarn_pair(const struct bm_config *c, double turns)
{
	return c->rope_dim * log(c->rope_original_context / (turns * 2.0 * M_PI)) /
	       (2.0 * log(c->rope_base));
}

static double yarn_frequency(const struct bm_config *c, double frequency, uint32_t pair)
{
	double low = MAX(0.0, floor(yarn_pair(c, BETA_FAST)));
	double high = MIN((double)c->rope_dim - 1.0, ceil(yarn_pair(c, BETA_SLOW)));
	double span = MAX(0.001, high - low);
	double ramp = CLAMP((pair - low) / span, 0.0, 1.0);

	return frequency * (1.0 - ramp) + frequency / c->rope_factor * ramp;
}

int rope_init(struct rope *r, const struct bm_config *c, const float *factors)
{
	r->n = c->rope_dim / 2;
	r->magnitude = c->rope_attention;
	r->frequencies = calloc(r->n, sizeof(*r->frequencies));
	if (!r->frequencies)
		return -ENOMEM;
	if (c->rope_scaling == BM_ROPE_YARN)
		r->magnitude *= 1.0f + 0.1f * logf(c->rope_factor);
	for (uint32_t i = 0; i < r->n; i++) {
		double f = pow(c->rope_base, -2.0 * i / c->rope_dim);

		if (factors)
			f /= factors[i];
		if (c->rope_scaling == BM_ROPE_LINEAR)
			f /= c->rope_factor;
		else if (c->rope_scaling == BM_ROPE_YARN)
			f = yarn_frequency(c, f, i);
		r->frequencies[i] = (float)f;
	}
	return 0;
}

void rope_deinit(struct rope *r)
{
	free(r->frequencies);
	r->frequencies = NULL;
}

void rope_angles(const struct rope *r, uint32_t pos, float *cosines, float *sines)
{
	for (uint32_t i = 0; i < r->n; i++) {
		float angle = (float)pos * r->frequencies[i];

		cosines[i] = cosf(angle) * r->magnitude;
		sines[i] = sinf(angle) * r->magnitude;
	}
}

void rope_rotate(const struct rope *r, const float *cosines, const float *sines, float *head)
{
	for (uint32_t i = 0; i < r->n; i++) {
		float a = head[2 * i], b = head[2 * i + 1];

		head[2 * i] = a * cosines[i] - b * sines[i];
		head[2 * i + 1] = a * sines[i] + b * cosines[i];
	}
}
