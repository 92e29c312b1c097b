/* SPDX-License-Identifier: MIT */
#include <immintrin.h>

#include "base_model/kernels/kernels.h"
#include "util/macro.h"

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 16")
#define VECTORS 8	/* that share one conversion */
#define AHEAD 2048	/* bytes: what is read next lies behind, in this segment or the next */

/* Sixteen elements of either precision. */
INLINE __m512 load_f16(const void *m, size_t at)
{
	_mm_prefetch((const char *)m + 2 * at + AHEAD, _MM_HINT_T0);
	return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)((const uint16_t *)m + at)));
}

INLINE __m512 load_f32(const void *m, size_t at)
{
	_mm_prefetch((const char *)m + 4 * at + AHEAD, _MM_HINT_T0);
	return _mm512_loadu_ps((const float *)m + at);
}

typedef __m512 (*load_fn)(const void *m, size_t at);

/* Chains over @length lines of lanes, for @n vectors. */
INLINE void chain(load_fn load, const void *m, size_t length, const float *x, size_t x_stride,
		  size_t n, __m512 *sums)
{
	UNROLL
	for (size_t v = 0; v < n; v++)
		sums[v] = _mm512_setzero_ps();
	for (size_t c = 0; c < length; c++) {
		const __m512 wide = load(m, c * LOW_LANES);

		UNROLL
		for (size_t v = 0; v < n; v++)
			sums[v] = _mm512_fmadd_ps(wide, _mm512_set1_ps(x[v * x_stride + c]),
						  sums[v]);
	}
}

INLINE void reduce(load_fn load, const void *a, size_t cols, const float *x, size_t x_stride,
		   size_t n, float *low, size_t low_stride)
{
	__m512 sums[VECTORS];
	size_t v = 0;

	for (; v + VECTORS <= n; v += VECTORS) {
		chain(load, a, cols, x + v * x_stride, x_stride, VECTORS, sums);
		UNROLL
		for (size_t k = 0; k < VECTORS; k++)
			_mm512_storeu_ps(low + (v + k) * low_stride, sums[k]);
	}
	for (; v < n; v++) {
		chain(load, a, cols, x + v * x_stride, x_stride, 1, sums);
		_mm512_storeu_ps(low + v * low_stride, sums[0]);
	}
}

INLINE void add(__m512 sum, float scale, __mmask16 rows, float *y)
{
	__m512 old = _mm512_maskz_loadu_ps(rows, y);

	_mm512_mask_storeu_ps(y, rows, _mm512_fmadd_ps(_mm512_set1_ps(scale), sum, old));
}

INLINE void expand(load_fn load, const void *b, size_t rank, const float *low, size_t low_stride,
		   size_t n, float scale, size_t rows, float *y, size_t y_stride)
{
	__mmask16 mask = (__mmask16)((1u << rows) - 1);
	__m512 sums[VECTORS];
	size_t v = 0;

	for (; v + VECTORS <= n; v += VECTORS) {
		chain(load, b, rank, low + v * low_stride, low_stride, VECTORS, sums);
		UNROLL
		for (size_t k = 0; k < VECTORS; k++)
			add(sums[k], scale, mask, y + (v + k) * y_stride);
	}
	for (; v < n; v++) {
		chain(load, b, rank, low + v * low_stride, low_stride, 1, sums);
		add(sums[0], scale, mask, y + v * y_stride);
	}
}

#define DEFINE_LOW(type)                                                                       \
	static void reduce_##type(const void *a, size_t cols, const float *x, size_t x_stride, \
				  size_t n, float *low, size_t low_stride)                     \
	{                                                                                      \
		reduce(load_##type, a, cols, x, x_stride, n, low, low_stride);                 \
	}                                                                                      \
                                                                                               \
	static void expand_##type(const void *b, size_t rank, const float *low,                \
				  size_t low_stride, size_t n, float scale, size_t rows,       \
				  float *y, size_t y_stride)                                   \
	{                                                                                      \
		expand(load_##type, b, rank, low, low_stride, n, scale, rows, y, y_stride);    \
	}                                                                                      \
                                                                                               \
	const struct low_kernels low_##type##_avx512 = { reduce_##type, expand_##type };

DEFINE_LOW(f16)
DEFINE_LOW(f32)
