/* SPDX-License-Identifier: MIT */
/*
 * The kernels on floats, in C that a compiler vectorises: included by each instruction
 * set's file and compiled with its flags. Every operation is one correctly rounded IEEE
 * operation in a written order (contraction is off), so all of them give the same bits.
 */
#pragma once

#include <math.h>
#include <string.h>

#include "base_model/kernels/kernels.h"
#include "base_model/kernels/lanes.h"

#define TOKENS 4	/* vectors that share one conversion of a row */

/* acc += w * x over the lanes, for one vector. */
static inline void fma_lanes(const float *w, const float *x, float *acc)
{
	for (int i = 0; i < LANES; i++)
		acc[i] = fmaf(w[i], x[i], acc[i]);
}

#define DEFINE_ROWS(name, element, convert)                                                    \
	static inline __attribute__((always_inline)) void                                      \
	name##_dots(const element *w, size_t cols, const float *x, size_t n, float *sums)      \
	{                                                                                      \
		float acc[TOKENS][LANES] = { { 0 } }, wide[LANES], tail[LANES];                \
		size_t k = 0;                                                                  \
                                                                                               \
		for (; k + LANES <= cols; k += LANES) {                                        \
			for (int i = 0; i < LANES; i++)                                        \
				wide[i] = convert(w[k + i]);                                   \
			for (size_t t = 0; t < n; t++)                                         \
				fma_lanes(wide, x + t * cols + k, acc[t]);                     \
		}                                                                              \
		for (size_t t = 0; t < n; t++) {                                               \
			for (size_t i = 0; i < LANES && k < cols; i++) {                       \
				wide[i] = k + i < cols ? convert(w[k + i]) : 0.0f;             \
				tail[i] = k + i < cols ? x[t * cols + k + i] : 0.0f;           \
			}                                                                      \
			if (k < cols)                                                          \
				fma_lanes(wide, tail, acc[t]);                                 \
			sums[t] = reduce_lanes(acc[t]);                                        \
		}                                                                              \
	}                                                                                      \
                                                                                               \
	static void name(const struct matrix *w, uint32_t first, uint32_t last,                \
			 const struct activations *x, float *y, size_t y_stride)               \
	{                                                                                      \
		float sums[TOKENS];                                                            \
                                                                                               \
		for (uint32_t row = first; row < last; row++) {                                \
			const element *data = (const element *)(w->data + row * w->row_size);  \
			size_t t = 0;                                                          \
                                                                                               \
			for (; t + TOKENS <= x->n; t += TOKENS) {                              \
				name##_dots(data, x->cols, x->f + t * x->cols, TOKENS, sums);  \
				for (size_t i = 0; i < TOKENS; i++)                            \
					y[(t + i) * y_stride + row] = sums[i];                 \
			}                                                                      \
			for (; t < x->n; t++)                                                  \
				name##_dots(data, x->cols, x->f + t * x->cols, 1,              \
					    &y[t * y_stride + row]);                           \
		}                                                                              \
	}

DEFINE_ROWS(portable_rows_f32, float, f32_to_f32)
DEFINE_ROWS(portable_rows_f16, uint16_t, f16_to_f32)
DEFINE_ROWS(portable_rows_bf16, uint16_t, bf16_to_f32)

static void portable_axpy_f32(float a, const float *x, float *y, size_t n)
{
	for (size_t i = 0; i < n; i++)
		y[i] = fmaf(a, x[i], y[i]);
}

static void portable_silu_mul(float *gate, const float *up, size_t n)
{
	for (size_t i = 0; i < n; i++)
		gate[i] = gate[i] / (1.0f + exp_of(-gate[i])) * up[i];
}

/* Of half precision within 10 of 0, else as it is. */
static inline float half_within_10(float f)
{
	uint32_t bits = bits_of_float(f);
	uint32_t wide = -(uint32_t)((bits & 0x7fffffffu) >= 0x41200000u);

	return float_of_bits((bits & wide) | (bits_of_float(f16_rounded(f)) & ~wide));
}

/*
 * x / 2 · (1 + tanh(u)) = x / (1 + e^-2u) with u = √(2/π) (x + 0.044715 x³). Within 10 of 0,
 * x and the result are those of half precision: the reference engine takes them from a table
 * of all of it, and its logits differ from exact ones by more than anything else here.
 */
static inline float gelu_of(float x)
{
	float h = half_within_10(x);
	float u = 0x1.988454p-1f * fmaf(0.044715f * h * h, h, h);

	return half_within_10(h / (1.0f + exp_of(-2.0f * u)));
}

static void portable_gelu_mul(float *gate, const float *up, size_t n)
{
	for (size_t i = 0; i < n; i++)
		gate[i] = gelu_of(gate[i]) * up[i];
}

static void portable_gelu(float *x, size_t n)
{
	for (size_t i = 0; i < n; i++)
		x[i] = gelu_of(x[i]);
}

static void portable_soft_cap(float *x, size_t n, float cap)
{
	for (size_t i = 0; i < n; i++)
		x[i] = soft_cap_of(x[i], cap);
}

static float portable_square_sum(const float *x, size_t n)
{
	float acc[LANES] = { 0 };
	size_t k = 0;

	for (; k + LANES <= n; k += LANES)
		fma_lanes(x + k, x + k, acc);
	for (int i = 0; k < n; k++, i++)
		acc[i] = fmaf(x[k], x[k], acc[i]);
	return reduce_lanes(acc);
}

static uint64_t portable_read_all(const uint8_t *data, size_t n)
{
	uint64_t sums[8] = { 0 }, words[8];

	for (size_t i = 0; i + sizeof(words) <= n; i += sizeof(words)) {
		__builtin_prefetch(data + i + 8192);
		memcpy(words, data + i, sizeof(words));
		for (int k = 0; k < 8; k++)
			sums[k] += words[k];
	}
	return sums[0] + sums[1] + sums[2] + sums[3] + sums[4] + sums[5] + sums[6] + sums[7];
}

/* In the table by type. */
#define PORTABLE_ROWS                                                                          \
	[TENSOR_F32] = portable_rows_f32, [TENSOR_F16] = portable_rows_f16,                    \
	[TENSOR_BF16] = portable_rows_bf16

#define PORTABLE_KERNELS                                                                       \
	.axpy_f32 = portable_axpy_f32,                                                         \
	.silu_mul = portable_silu_mul,                                                         \
	.gelu_mul = portable_gelu_mul, .gelu = portable_gelu, .soft_cap = portable_soft_cap,   \
	.square_sum = portable_square_sum, .read_all = portable_read_all
