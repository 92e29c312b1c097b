/* SPDX-License-Identifier: MIT */
/* AVX2 with FMA and F16C: tiles of eight rows. */
#include "base_model/kernels/low-rank-portable.h"
#include "base_model/kernels/portable-quantize.h"
#include "base_model/kernels/portable.h"
#include "base_model/kernels/unpack.h"
#include "base_model/kernels/tile-256.h"

#define GROUP 4
#define BYTES_OFFSET 0

INLINE shorts pair_products(words codes, words x)
{
	return (shorts)_mm256_maddubs_epi16((__m256i)codes, (__m256i)x);
}

INLINE ints sum_pairs(shorts v)
{
	return (ints)_mm256_madd_epi16((__m256i)v, _mm256_set1_epi16(1));
}

INLINE words sizes(words w)
{
	return (words)_mm256_abs_epi8((__m256i)w);
}

INLINE words signed_by(words x, words w)
{
	return (words)_mm256_sign_epi8((__m256i)x, (__m256i)w);
}

#include "base_model/kernels/tile-pairs.h"
#include "base_model/kernels/tile-unpack.h"
#include "base_model/kernels/tile-rows.h"

const struct kernels kernels_avx2 = {
	.name = "avx2",
	.attention = &attention_avx2,
	.rows = { PORTABLE_ROWS, TILE_ROWS },
	.quantize = portable_quantize,
	PORTABLE_LOW,
	PORTABLE_KERNELS,
	UNPACK_KERNELS,
};
