/* SPDX-License-Identifier: MIT */
/* Low-rank updates in C that a compiler vectorises; included as portable.h is. */
#pragma once

#include "base_model/kernels/lanes.h"
#include "base_model/kernels/low-rank.h"

#define LOW_VECTORS 4	/* that share one conversion */

#define DEFINE_LOW(name, element, convert)                                                     \
	static inline __attribute__((always_inline)) void                                      \
	name##_chain(const element *m, size_t length, const float *x, size_t x_stride, size_t n, \
		     float sums[LOW_VECTORS][LOW_LANES])                                       \
	{                                                                                      \
		float wide[LOW_LANES];                                                         \
                                                                                               \
		memset(sums, 0, LOW_VECTORS * LOW_LANES * sizeof(float));                      \
		for (size_t c = 0; c < length; c++, m += LOW_LANES) {                          \
			for (int i = 0; i < LOW_LANES; i++)                                    \
				wide[i] = convert(m[i]);                                       \
			for (size_t v = 0; v < n; v++)                                         \
				for (int i = 0; i < LOW_LANES; i++)                            \
					sums[v][i] = fmaf(wide[i], x[v * x_stride + c],        \
							  sums[v][i]);                         \
		}                                                                              \
	}                                                                                      \
                                                                                               \
	static void name##_reduce(const void *a, size_t cols, const float *x, size_t x_stride, \
				  size_t n, float *low, size_t low_stride)                     \
	{                                                                                      \
		float sums[LOW_VECTORS][LOW_LANES];                                            \
                                                                                               \
		for (size_t v = 0; v < n; v += LOW_VECTORS) {                                  \
			size_t some = n - v < LOW_VECTORS ? n - v : LOW_VECTORS;               \
                                                                                               \
			if (some == LOW_VECTORS)                                               \
				name##_chain(a, cols, x + v * x_stride, x_stride, LOW_VECTORS, \
					     sums);                                            \
			else                                                                   \
				name##_chain(a, cols, x + v * x_stride, x_stride, some, sums); \
			for (size_t k = 0; k < some; k++)                                      \
				memcpy(low + (v + k) * low_stride, sums[k], sizeof(sums[k]));  \
		}                                                                              \
	}                                                                                      \
                                                                                               \
	static void name##_expand(const void *b, size_t rank, const float *low,                \
				  size_t low_stride, size_t n, float scale, size_t rows,       \
				  float *y, size_t y_stride)                                   \
	{                                                                                      \
		float sums[LOW_VECTORS][LOW_LANES];                                            \
                                                                                               \
		for (size_t v = 0; v < n; v += LOW_VECTORS) {                                  \
			size_t some = n - v < LOW_VECTORS ? n - v : LOW_VECTORS;               \
                                                                                               \
			name##_chain(b, rank, low + v * low_stride, low_stride, some, sums);   \
			for (size_t k = 0; k < some; k++)                                      \
				for (size_t i = 0; i < rows; i++) {                            \
					float *to = &y[(v + k) * y_stride + i];                \
                                                                                               \
					*to = fmaf(scale, sums[k][i], *to);                    \
				}                                                              \
		}                                                                              \
	}                                                                                      \
                                                                                               \
	static const struct low_kernels name = { name##_reduce, name##_expand };

DEFINE_LOW(portable_low_f16, uint16_t, f16_to_f32)
DEFINE_LOW(portable_low_f32, float, f32_to_f32)

#define PORTABLE_LOW .low_f16 = &portable_low_f16, .low_f32 = &portable_low_f32
