/* SPDX-License-Identifier: MIT */
/* Tiles of eight rows, by AVX2, FMA and F16C: what tile.h asks for but the products. */
#pragma once

#include <immintrin.h>

#define VECTOR_BYTES 32
#include "base_model/kernels/tile.h"

INLINE __m256i two_rows(const uint8_t *low, const uint8_t *high)
{
	return _mm256_inserti128_si256(
		_mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)low)),
		_mm_loadu_si128((const __m128i *)high), 1);
}

INLINE void transpose(const uint8_t *const rows[LANE_ROWS], size_t at, words out[4])
{
	__m256i a[4], low, high, low2, high2;

	UNROLL
	for (int i = 0; i < 4; i++)
		a[i] = two_rows(rows[i] + at, rows[4 + i] + at);
	low = _mm256_unpacklo_epi32(a[0], a[1]);
	high = _mm256_unpackhi_epi32(a[0], a[1]);
	low2 = _mm256_unpacklo_epi32(a[2], a[3]);
	high2 = _mm256_unpackhi_epi32(a[2], a[3]);
	out[0] = (words)_mm256_unpacklo_epi64(low, low2);
	out[1] = (words)_mm256_unpackhi_epi64(low, low2);
	out[2] = (words)_mm256_unpacklo_epi64(high, high2);
	out[3] = (words)_mm256_unpackhi_epi64(high, high2);
}

INLINE floats halves(const uint8_t *const rows[LANE_ROWS], size_t at)
{
	__m128i v = _mm_setzero_si128();
	uint16_t h;

#define INSERT(row)                                                                            \
	memcpy(&h, rows[row] + at, sizeof(h));                                                 \
	v = _mm_insert_epi16(v, h, row)
	INSERT(0);
	INSERT(1);
	INSERT(2);
	INSERT(3);
	INSERT(4);
	INSERT(5);
	INSERT(6);
	INSERT(7);
#undef INSERT
	return (floats)_mm256_cvtph_ps(v);
}

INLINE floats low_halves(words v)
{
	__m256i low = _mm256_and_si256((__m256i)v, _mm256_set1_epi32(0xffff));

	return (floats)_mm256_cvtph_ps(_mm_packus_epi32(_mm256_castsi256_si128(low),
							_mm256_extracti128_si256(low, 1)));
}

INLINE words look_up(words v)
{
	static const int8_t table[16] = IQ4_VALUES;
	__m256i values = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)table));

	return (words)_mm256_shuffle_epi8(values, (__m256i)v);
}

INLINE floats to_floats(ints v)
{
	return (floats)_mm256_cvtepi32_ps((__m256i)v);
}

INLINE floats fused(floats a, floats b, floats c)
{
	return (floats)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
}

INLINE __m256i first_lanes(uint32_t n)
{
	return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n),
				  _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

INLINE floats load_lanes(const float *from, uint32_t n)
{
	return (floats)_mm256_maskload_ps(from, first_lanes(n));
}

INLINE void store_lanes(float *to, floats v, uint32_t n)
{
	_mm256_maskstore_ps(to, first_lanes(n), (__m256)v);
}

/* Two bytes or two halves of a word, as in memory, in every lane. */
INLINE __m256i splat_memory(const void *at)
{
	int32_t word;

	memcpy(&word, at, sizeof(word));
	return _mm256_set1_epi32(word);
}

INLINE ints weighted(const int16_t *pair, int first, int second)
{
	__m256i factors = _mm256_set1_epi32((first & 0xffff) | (int)((uint32_t)second << 16));

	return (ints)_mm256_madd_epi16(splat_memory(pair), factors);
}
