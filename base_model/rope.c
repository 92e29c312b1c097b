/* SPDX-License-Identifier: MIT */
#include "base_model/rope.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base_model/family.h"
#include "util/macro.h"

/*
 * YaRN (Peng et al. 2023, arXiv:2309.00071): rotations that turn more than yarn_fast times
 * in the original context are kept, those below yarn_slow are stretched by the factor. The
 * pair that turns @turns times; section 3.2 there.
 */
static double yarn_pair(const struct bm_config *c, double turns)
{
	return c->rope_dim * log(c->rope_original_context / (turns * 2.0 * M_PI)) /
	       (2.0 * log(c->rope_base));
}

static double yarn_frequency(const struct bm_config *c, double frequency, uint32_t pair)
{
	double low = MAX(0.0, floor(yarn_pair(c, c->yarn_fast)));
	double high = MIN((double)c->rope_dim - 1.0, ceil(yarn_pair(c, c->yarn_slow)));
	double span = MAX(0.001, high - low);
	double ramp = CLAMP((pair - low) / span, 0.0, 1.0);

	return frequency * (1.0 - ramp) + frequency / c->rope_factor * ramp;
}

/* What vectors grow by, so that their products are as spread as before; section 3.4 there.
 * The multiplier is what DeepSeek's variant divides by (mscale and mscale_all_dim there). */
static float yarn_magnitude(const struct bm_config *c)
{
	float growth = c->rope_factor > 1.0f ? 0.1f * logf(c->rope_factor) : 0.0f;

	return (1.0f + growth) / (1.0f + c->yarn_log_multiplier * growth);
}

static double scaled(const struct bm_config *c, double frequency, uint32_t pair)
{
	switch (c->rope_scaling) {
	case BM_ROPE_LINEAR:
		return frequency / c->rope_factor;
	case BM_ROPE_YARN:
		return yarn_frequency(c, frequency, pair);
	case BM_ROPE_NONE:
	case BM_ROPE_LONG:	/* its factors are the file's */
		break;
	}
	return frequency;
}

int rope_init(struct rope *r, const struct bm_config *c, enum bm_rotation rotation,
	      const float *factors)
{
	bool window = rotation == BM_ROTATE_WINDOW;
	double base = window ? c->window_rope_base : c->rope_base;

	r->n = c->rope_dim / 2;
	r->halves = c->family->pairs == ROPE_HALVES;
	r->magnitude = window ? 1.0f : c->rope_attention;
	if (!window && c->rope_scaling == BM_ROPE_YARN)
		r->magnitude *= yarn_magnitude(c);
	r->frequencies = calloc(r->n, sizeof(*r->frequencies));
	if (!r->frequencies)
		return -ENOMEM;
	for (uint32_t i = 0; i < r->n; i++) {
		double f = pow(base, -2.0 * i / c->rope_dim);

		if (factors && !window)
			f /= factors[i];
		r->frequencies[i] = (float)(window ? f : scaled(c, f, i));
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

static void rotate_halves(const struct rope *r, const float *cosines, const float *sines,
			  float *head)
{
	float *other = head + r->n;

	for (uint32_t i = 0; i < r->n; i++) {
		float a = head[i], b = other[i];

		head[i] = a * cosines[i] - b * sines[i];
		other[i] = a * sines[i] + b * cosines[i];
	}
}

static void rotate_adjacent(const struct rope *r, const float *cosines, const float *sines,
			    float *head)
{
	for (uint32_t i = 0; i < r->n; i++) {
		float a = head[2 * i], b = head[2 * i + 1];

		head[2 * i] = a * cosines[i] - b * sines[i];
		head[2 * i + 1] = a * sines[i] + b * cosines[i];
	}
}

void rope_rotate(const struct rope *r, const float *cosines, const float *sines, float *head)
{
	if (r->halves)
		rotate_halves(r, cosines, sines, head);
	else
		rotate_adjacent(r, cosines, sines, head);
}
