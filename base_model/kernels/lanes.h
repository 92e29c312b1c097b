/* SPDX-License-Identifier: MIT */
/* What the kernels on floats have in common: 16 lanes, and functions of one number. */
#pragma once

#include <math.h>
#include <string.h>

#include "base_model/kernels/convert.h"

#define LANES 16

static inline float f32_to_f32(float f)
{
	return f;
}

static inline float reduce_lanes(const float *lanes)
{
	float s[LANES];

	memcpy(s, lanes, sizeof(s));
	for (int half = LANES / 2; half; half /= 2)
		for (int i = 0; i < half; i++)
			s[i] += s[i + half];
	return s[0];
}

/*
 * e^x = 2^n · e^r with |r| ≤ ln 2 / 2 and Taylor's polynomial of degree 6 for e^r: there
 * its error is below 2e-7. Below -87 the result is taken at -87, which is 1.6e-38: nothing
 * to a softmax or a sigmoid.
 */
static inline float exp_of(float x)
{
	float n, r, p, shifted;

	x = x < -87.0f ? -87.0f : x > 88.0f ? 88.0f : x;
	/* Adding and taking away 1.5 · 2^23 rounds to a whole number, which stands in the lowest
	 * bits in between; a NaN has no whole number, but has bits, and stays one. */
	shifted = fmaf(x, 0x1.715476p+0f, 0x1.8p23f);
	n = shifted - 0x1.8p23f;
	/* ln 2 in two parts, the first with zeros at its end, so that n times it is exact. */
	r = fmaf(n, -0x1.62e4p-1f, x);
	r = fmaf(n, -0x1.7f7d1cp-20f, r);
	p = fmaf(r, 0x1.6c16c2p-10f, 0x1.111112p-7f);
	p = fmaf(p, r, 0x1.555556p-5f);
	p = fmaf(p, r, 0x1.555556p-3f);
	p = fmaf(p, r, 0.5f);
	p = fmaf(p, r, 1.0f);
	p = fmaf(p, r, 1.0f);
	return p * float_of_bits((bits_of_float(shifted) + 127) << 23);
}

/* cap · tanh(x / cap); tanh(a) = 1 - 2 / (1 + e^2a): where a is small, its error is that of
 * the 1. */
static inline float soft_cap_of(float x, float cap)
{
	return cap * (1.0f - 2.0f / (1.0f + exp_of(2.0f * x / cap)));
}
