/* SPDX-License-Identifier: MIT */
/* AVX-512 without VNNI, as the first CPUs had it: AVX2's products for sixteen rows. */
#include "base_model/kernels/low-rank-portable.h"
#include "base_model/kernels/portable-quantize.h"
#include "base_model/kernels/portable.h"
#include "base_model/kernels/unpack.h"
#include "base_model/kernels/tile-512.h"

#define GROUP 4
#define BYTES_OFFSET 0

INLINE floats fused(floats a, floats b, floats c)
{
	return (floats)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
}

INLINE floats load_lanes(const float *from, uint32_t n)
{
	return (floats)_mm512_maskz_loadu_ps(first_lanes(n), from);
}

INLINE void store_lanes(float *to, floats v, uint32_t n)
{
	_mm512_mask_storeu_ps(to, first_lanes(n), (__m512)v);
}

INLINE ints weighted(const int16_t *pair, int first, int second)
{
	__m512i factors = _mm512_set1_epi32((first & 0xffff) | (int)((uint32_t)second << 16));

	return (ints)_mm512_madd_epi16(splat_memory(pair), factors);
}

INLINE shorts pair_products(words codes, words x)
{
	return (shorts)_mm512_maddubs_epi16((__m512i)codes, (__m512i)x);
}

INLINE ints sum_pairs(shorts v)
{
	return (ints)_mm512_madd_epi16((__m512i)v, _mm512_set1_epi16(1));
}

INLINE words sizes(words w)
{
	return (words)_mm512_abs_epi8((__m512i)w);
}

INLINE words signed_by(words x, words w)
{
	return (words)_mm512_mask_sub_epi8((__m512i)x, _mm512_movepi8_mask((__m512i)w),
					   _mm512_setzero_si512(), (__m512i)x);
}

#include "base_model/kernels/tile-pairs.h"
#include "base_model/kernels/tile-unpack.h"
#include "base_model/kernels/tile-rows.h"

const struct kernels kernels_avx512_pairs = {
	.name = "avx512-pairs",
	.attention = &attention_avx2,
	.rows = { PORTABLE_ROWS, TILE_ROWS },
	.quantize = portable_quantize,
	PORTABLE_LOW,
	PORTABLE_KERNELS,
	UNPACK_KERNELS,
};
