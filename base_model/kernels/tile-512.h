/* SPDX-License-Identifier: MIT */
/* Tiles of sixteen rows, by AVX-512: how they are read. */
#pragma once

#include <immintrin.h>

#define VECTOR_BYTES 64
#include "base_model/kernels/tile.h"

INLINE __m256i two_rows(const uint8_t *low, const uint8_t *high)
{
	return _mm256_inserti128_si256(
		_mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)low)),
		_mm_loadu_si128((const __m128i *)high), 1);
}

/* Sixteen bytes of rows i, 4 + i, 8 + i and 12 + i. */
INLINE __m512i four_rows(const uint8_t *const rows[LANE_ROWS], int i, size_t at)
{
	__m256i low = two_rows(rows[i] + at, rows[4 + i] + at);

	return _mm512_inserti64x4(_mm512_castsi256_si512(low),
				  two_rows(rows[8 + i] + at, rows[12 + i] + at), 1);
}

INLINE void transpose(const uint8_t *const rows[LANE_ROWS], size_t at, words out[4])
{
	__m512i a[4], low, high, low2, high2;

	UNROLL
	for (int i = 0; i < 4; i++)
		a[i] = four_rows(rows, i, at);
	low = _mm512_unpacklo_epi32(a[0], a[1]);
	high = _mm512_unpackhi_epi32(a[0], a[1]);
	low2 = _mm512_unpacklo_epi32(a[2], a[3]);
	high2 = _mm512_unpackhi_epi32(a[2], a[3]);
	out[0] = (words)_mm512_unpacklo_epi64(low, low2);
	out[1] = (words)_mm512_unpackhi_epi64(low, low2);
	out[2] = (words)_mm512_unpacklo_epi64(high, high2);
	out[3] = (words)_mm512_unpackhi_epi64(high, high2);
}

INLINE floats halves(const uint8_t *const rows[LANE_ROWS], size_t at)
{
	__m256i v = _mm256_setzero_si256();
	uint16_t h[LANE_ROWS];

	UNROLL
	for (int i = 0; i < LANE_ROWS; i++)
		memcpy(&h[i], rows[i] + at, sizeof(h[i]));
	memcpy(&v, h, sizeof(v));
	return (floats)_mm512_cvtph_ps(v);
}

INLINE floats low_halves(words v)
{
	return (floats)_mm512_cvtph_ps(_mm512_cvtepi32_epi16((__m512i)v));
}

INLINE words look_up(words v)
{
	static const int8_t table[16] = IQ4_VALUES;
	__m512i values = _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)table));

	return (words)_mm512_shuffle_epi8(values, (__m512i)v);
}

INLINE floats to_floats(ints v)
{
	return (floats)_mm512_cvtepi32_ps((__m512i)v);
}

INLINE __mmask16 first_lanes(uint32_t n)
{
	return (__mmask16)((1u << n) - 1);
}

/* Four bytes or two halves of a word, as in memory, in every lane. */
INLINE __m512i splat_memory(const void *at)
{
	int32_t word;

	memcpy(&word, at, sizeof(word));
	return _mm512_set1_epi32(word);
}
