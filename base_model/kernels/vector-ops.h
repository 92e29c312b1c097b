/* SPDX-License-Identifier: MIT */
/* The loops of base_model/vector.h, compiled once per instruction set: the file that includes
 * this defines TILE_BYTES (of one vector) and OPS_NAME. */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base_model/kernels/gemm.h"

typedef float ops_vec __attribute__((vector_size(TILE_BYTES), aligned(4)));
typedef int32_t ops_int __attribute__((vector_size(TILE_BYTES), aligned(4)));
enum { LANES = TILE_BYTES / 4 };

static inline ops_vec load(const float *p)
{
	return *(const ops_vec *)p;
}

static inline void store(float *p, ops_vec v)
{
	*(ops_vec *)p = v;
}

static inline float sum_lanes(ops_vec v)
{
	float sum = 0;

	for (int i = 0; i < LANES; i++)
		sum += v[i];
	return sum;
}

/* 2^n · e^r with |r| <= ln 2 / 2; Taylor's series to the sixth power is exact to 2e-7. */
static inline float exponential(float x)
{
	const float shift = 0x1.8p23f;
	float t, r, y;
	uint32_t bits;

	x = x < -87.0f ? -87.0f : x;
	x = x > 88.0f ? 88.0f : x;
	t = x * 0x1.715476p0f + shift;
	memcpy(&bits, &t, 4);
	t -= shift;
	r = x - t * 0x1.62e4p-1f;
	r -= t * 0x1.7f7d1cp-20f;
	y = 1.0f / 720;
	y = y * r + 1.0f / 120;
	y = y * r + 1.0f / 24;
	y = y * r + 1.0f / 6;
	y = y * r + 0.5f;
	y = y * r + 1.0f;
	y = y * r + 1.0f;
	bits = (bits + 127) << 23;
	memcpy(&t, &bits, 4);
	return y * t;
}

static float ops_dot(const float *a, const float *b, size_t n)
{
	ops_vec sum = { 0 };
	float rest = 0;
	size_t i = 0;

	for (; i + LANES <= n; i += LANES)
		sum += load(a + i) * load(b + i);
	for (; i < n; i++)
		rest += a[i] * b[i];
	return sum_lanes(sum) + rest;
}

static float ops_dot3(const float *w, const float *dy, const float *x, size_t n)
{
	ops_vec sum = { 0 };
	float rest = 0;
	size_t i = 0;

	for (; i + LANES <= n; i += LANES)
		sum += load(w + i) * load(dy + i) * load(x + i);
	for (; i < n; i++)
		rest += w[i] * dy[i] * x[i];
	return sum_lanes(sum) + rest;
}

static void ops_softmax_back(const float *p, float *dp, size_t n, float scale)
{
	float sum = ops_dot(p, dp, n);

	for (size_t j = 0; j < n; j++)
		dp[j] = p[j] * (dp[j] - sum) * scale;
}

static float largest(const float *p, size_t n)
{
	float max = p[0];
	size_t i = 0;

	if (n >= LANES) {
		ops_vec m = load(p);

		for (; i + LANES <= n; i += LANES) {
			ops_vec v = load(p + i);
			ops_int more = v > m;

			m = (ops_vec)((more & (ops_int)v) | (~more & (ops_int)m));
		}
		for (int k = 0; k < LANES; k++)
			max = m[k] > max ? m[k] : max;
	}
	for (; i < n; i++)
		max = p[i] > max ? p[i] : max;
	return max;
}

/* A vector's worth of exp(p − max), added to the sums. */
static inline void exponentials(float *p, float max, ops_vec *sums)
{
	for (int k = 0; k < LANES; k++)
		p[k] = exponential(p[k] - max);
	*sums += load(p);
}

static float ops_exponentials(float *p, size_t n, float *max)
{
	float m = largest(p, n), rest[LANES];
	ops_vec sums = { 0 };
	size_t i = 0;

	*max = m;
	for (; i + LANES <= n; i += LANES)
		exponentials(p + i, m, &sums);
	if (i < n) {
		/* As a whole vector, of which the rest is next to nothing. */
		for (size_t k = 0; k < LANES; k++)
			rest[k] = i + k < n ? p[i + k] : -INFINITY;
		exponentials(rest, m, &sums);
		memcpy(p + i, rest, (n - i) * sizeof(float));
	}
	return sum_lanes(sums);
}

static void ops_scale(float *p, size_t n, float by)
{
	for (size_t i = 0; i < n; i++)
		p[i] *= by;
}

static void ops_swiglu(const float *gate, const float *up, float *hidden, size_t n)
{
	for (size_t i = 0; i < n; i++)
		hidden[i] = gate[i] / (1 + exponential(-gate[i])) * up[i];
}

static void ops_swiglu_back(const float *gate, const float *up, const float *dhidden,
			    float *restrict dgate, float *restrict dup, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		float x = gate[i], s = 1 / (1 + exponential(-x));

		dup[i] = dhidden[i] * x * s;
		dgate[i] = dhidden[i] * up[i] * s * (1 + x * (1 - s));
	}
}

/* gelu(x) = x σ(2 u), since (1 + tanh u) / 2 = σ(2 u). */
static inline float gelu_gate(float x)
{
	return 1 / (1 + exponential(-2 * 0x1.988454p-1f * (x + 0.044715f * x * x * x)));
}

static void ops_geglu(const float *gate, const float *up, float *hidden, size_t n)
{
	for (size_t i = 0; i < n; i++)
		hidden[i] = gate[i] * gelu_gate(gate[i]) * up[i];
}

static void ops_geglu_back(const float *gate, const float *up, const float *dhidden,
			   float *restrict dgate, float *restrict dup, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		float x = gate[i], s = gelu_gate(x);
		float slope = 2 * 0x1.988454p-1f * (1 + 3 * 0.044715f * x * x);

		dup[i] = dhidden[i] * x * s;
		dgate[i] = dhidden[i] * up[i] * s * (1 + x * (1 - s) * slope);
	}
}

static void ops_turn(float *restrict x, const float *restrict cos, const float *restrict sin,
		     size_t pairs, float way)
{
	for (size_t i = 0; i < pairs; i++) {
		float a = x[2 * i], b = x[2 * i + 1], s = sin[i] * way;

		x[2 * i] = a * cos[i] - b * s;
		x[2 * i + 1] = a * s + b * cos[i];
	}
}

static void ops_turn_halves(float *restrict x, const float *restrict cos,
			    const float *restrict sin, size_t pairs, float way)
{
	for (size_t i = 0; i < pairs; i++) {
		float a = x[i], b = x[pairs + i], s = sin[i] * way;

		x[i] = a * cos[i] - b * s;
		x[pairs + i] = a * s + b * cos[i];
	}
}

static void ops_norm(const float *x, const float *w, float r, float *y, size_t n)
{
	for (size_t i = 0; i < n; i++)
		y[i] = x[i] * r * w[i];
}

static void ops_norm_back(const float *dy, const float *x, const float *w, float r, float sub,
			  float *restrict dx, float *restrict dw, size_t n)
{
	for (size_t i = 0; i < n; i++)
		dx[i] += w[i] * dy[i] * r - x[i] * sub;
	for (size_t i = 0; dw && i < n; i++)
		dw[i] += dy[i] * x[i] * r;
}

static void ops_adamw(float *restrict w, float *restrict g, float *restrict m1,
		      float *restrict m2, size_t n, const struct adamw_rates *rates)
{
	const struct adamw_rates a = *rates;

	for (size_t i = 0; i < n; i++) {
		float d = g[i] * a.clip;

		m1[i] = a.beta1 * m1[i] + (1 - a.beta1) * d;
		m2[i] = a.beta2 * m2[i] + (1 - a.beta2) * d * d;
		w[i] -= a.rate * (m1[i] * a.correct1 /
				  (__builtin_sqrtf(m2[i] * a.correct2) + a.epsilon) +
				  a.shrink * w[i]);
		g[i] = 0;
	}
}

static void ops_lean(float *restrict g, float *restrict mean, float *restrict x, size_t n,
		     float momentum)
{
	for (size_t i = 0; i < n; i++) {
		mean[i] = momentum * mean[i] + (1 - momentum) * g[i];
		x[i] = momentum * mean[i] + (1 - momentum) * g[i];
		g[i] = 0;
	}
}

static void ops_blend(float *restrict y, const float *restrict x, size_t n, float a, float b)
{
	for (size_t i = 0; i < n; i++)
		y[i] = a * y[i] + b * x[i];
}

const struct vector_ops OPS_NAME = {
	ops_dot, ops_softmax_back, ops_exponentials, ops_scale, ops_swiglu,
	ops_swiglu_back, ops_geglu, ops_geglu_back, ops_norm, ops_norm_back, ops_dot3, ops_adamw,
	ops_lean, ops_blend, ops_turn, ops_turn_halves,
};
