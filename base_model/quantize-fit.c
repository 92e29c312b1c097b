/* SPDX-License-Identifier: MIT */
#include "base_model/quantize-fit.h"

#include <math.h>
#include <stdbool.h>

#include "base_model/kernels/convert.h"
#include "base_model/kernels/decode.h"
#include "util/macro.h"

enum { CANDIDATES = 9 };	/* to either side of the scale that reaches the largest value */
enum { ROUNDS = 3 };		/* of levels and regression */
static const float candidate_step = 0.025f;

static const int8_t table[16] = IQ4_VALUES;

static float weight_of(const float *importance, int i)
{
	return importance ? importance[i] : 1;
}

/* The one furthest from zero, with its sign. */
static float largest_of(const float *x)
{
	float largest = 0;

	for (int i = 0; i < Q_BLOCK; i++)
		if (fabsf(x[i]) > fabsf(largest))
			largest = x[i];
	return largest;
}

/* The values that levels stand for, before they are scaled: ascending. */
struct scale_type {
	float values[32];
	int n;
};

static int nearest(const struct scale_type *t, float x)
{
	int low = 0, high = t->n - 1;

	while (high - low > 1) {
		int middle = (low + high) / 2;

		*(t->values[middle] <= x ? &low : &high) = middle;
	}
	return x - t->values[low] <= t->values[high] - x ? low : high;
}

/* Levels by @scale; returns the scale that fits them best. */
static float try_scale(const struct scale_type *t, float scale, const float *x,
		       const float *importance, struct quantize_fit *fit)
{
	double up = 0, down = 0;

	fit->error = 0;
	for (int i = 0; i < Q_BLOCK; i++) {
		int level = nearest(t, x[i] / scale);
		double v = (double)t->values[level], w = (double)weight_of(importance, i);
		double off = (double)x[i] - (double)scale * v;

		fit->levels[i] = (uint8_t)level;
		fit->error += w * off * off;
		up += w * v * (double)x[i];
		down += w * v * v;
	}
	return down > 0 ? (float)(up / down) : 0;
}

/* From @scale on, while it becomes better; @best is that of @ret. */
static void follow_scale(const struct scale_type *t, float scale, const float *x,
			 const float *importance, struct quantize_fit *ret, float *best)
{
	struct quantize_fit fit;

	for (int round = 0; round < ROUNDS; round++) {
		float rounded = f16_rounded(scale);

		if (rounded == 0.0f || !isfinite(rounded))
			return;
		scale = try_scale(t, rounded, x, importance, &fit);
		if (fit.error >= ret->error)
			return;
		*ret = fit;
		*best = rounded;
	}
}

static uint16_t fit_scale(const struct scale_type *t, struct quantize_fit *ret, const float *x,
			  const float *importance)
{
	float largest = largest_of(x), best = 0;

	ret->error = INFINITY;
	/* The largest value at the lower end, which reaches further, or at the upper one. */
	for (int k = -CANDIDATES; k <= CANDIDATES; k++) {
		float scale = largest * (1 + candidate_step * (float)k);

		follow_scale(t, scale / t->values[0], x, importance, ret, &best);
		follow_scale(t, scale / t->values[t->n - 1], x, importance, ret, &best);
	}
	/* All zeros, or as good as: no scale. */
	if (isinf(ret->error))
		*ret = (struct quantize_fit){ .error = 0 };
	return f32_to_f16(best);
}

uint16_t quantize_fit_levels(struct quantize_fit *ret, int half, const float *x,
			     const float *importance)
{
	struct scale_type t = { .n = 2 * half };

	for (int i = 0; i < t.n; i++)
		t.values[i] = (float)(i - half);
	return fit_scale(&t, ret, x, importance);
}

uint16_t quantize_fit_table(struct quantize_fit *ret, const float *x, const float *importance)
{
	struct scale_type t = { .n = ARRAY_SIZE(table) };

	for (int i = 0; i < t.n; i++)
		t.values[i] = table[i];
	return fit_scale(&t, ret, x, importance);
}

struct range {
	float scale, minimum;
};

/* Levels by @r, which becomes the range that fits them best; false where none does. */
static bool try_range(int most, struct range *r, const float *x, const float *importance,
		      struct quantize_fit *fit)
{
	double n = 0, l = 0, ll = 0, sum = 0, product = 0, scale;

	fit->error = 0;
	for (int i = 0; i < Q_BLOCK; i++) {
		float at = (x[i] - r->minimum) / r->scale;
		int level = (int)lrintf(CLAMP(at, 0.0f, (float)most));
		double v = (double)r->minimum + (double)r->scale * level;
		double w = (double)weight_of(importance, i), off = (double)x[i] - v;

		fit->levels[i] = (uint8_t)level;
		fit->error += w * off * off;
		n += w;
		l += w * level;
		ll += w * level * level;
		sum += w * (double)x[i];
		product += w * level * (double)x[i];
	}
	if (!(n * ll - l * l > 0))
		return false;
	scale = (n * product - l * sum) / (n * ll - l * l);
	*r = (struct range){ (float)scale, (float)((sum - scale * l) / n) };
	return scale > 0;
}

static void follow_range(int most, struct range r, const float *x, const float *importance,
			 struct quantize_fit *ret, struct range *best)
{
	struct quantize_fit fit;
	bool again = true;

	for (int round = 0; again && round < ROUNDS; round++) {
		struct range rounded = { f16_rounded(r.scale), f16_rounded(r.minimum) };

		if (rounded.scale == 0.0f || !isfinite(rounded.scale + rounded.minimum))
			return;
		r = rounded;
		again = try_range(most, &r, x, importance, &fit);
		if (fit.error >= ret->error)
			return;
		*ret = fit;
		*best = rounded;
	}
}

uint16_t quantize_fit_range(struct quantize_fit *ret, int most, const float *x,
			    const float *importance, uint16_t *minimum)
{
	float low = x[0], high = x[0];
	struct range best = { 0, 0 };

	for (int i = 1; i < Q_BLOCK; i++) {
		low = fminf(low, x[i]);
		high = fmaxf(high, x[i]);
	}
	ret->error = INFINITY;
	for (int k = -CANDIDATES; k <= CANDIDATES; k++) {
		float wide = (high - low) * (1 + candidate_step * (float)k);

		follow_range(most, (struct range){ wide / (float)most, low }, x, importance, ret,
			     &best);
	}
	/* All alike: levels zero at the minimum. */
	if (isinf(ret->error)) {
		*ret = (struct quantize_fit){ .error = 0 };
		best.minimum = low;
	}
	*minimum = f32_to_f16(best.minimum);
	return f32_to_f16(best.scale);
}
