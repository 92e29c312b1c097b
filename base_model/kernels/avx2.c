/* SPDX-License-Identifier: MIT */
/* AVX2 with FMA and F16C: tiles of eight rows. */
#include <immintrin.h>

#define VECTOR_BYTES 32
#include "base_model/kernels/low-rank-portable.h"
#include "base_model/kernels/portable-quantize.h"
#include "base_model/kernels/portable.h"
#include "base_model/kernels/tile.h"

#define GROUP 4
/* Sums are added in the order written: the compiler would make a tree of them, for which
 * there are not enough registers. */
#define HOLD(v) __asm__("" : "+x"(v))

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

INLINE floats halves(words v)
{
	__m256i low = (__m256i)(v & splat_word(0xffff));
	__m256i packed = _mm256_permute4x64_epi64(_mm256_packus_epi32(low, low), 0x08);

	return (floats)_mm256_cvtph_ps(_mm256_castsi256_si128(packed));
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

INLINE __m256i sum_pairs(__m256i v)
{
	return _mm256_madd_epi16(v, _mm256_set1_epi16(1));
}

/* Products of two columns are added in 16 bits as long as they cannot leave them. */
INLINE void dot_codes(const words *w, size_t n_words, int largest, const int8_t *x,
		      size_t stride, size_t n, ints *sums)
{
	const size_t words_in_16_bits = INT16_MAX / (largest * 2 * 128);
	const size_t run = words_in_16_bits < n_words ? words_in_16_bits : n_words;

	UNROLL
	for (size_t k = 0; k < n_words; k += run) {
		__m256i acc[GROUP];

		UNROLL
		for (size_t j = k; j < k + run; j++)
			UNROLL
			for (size_t i = 0; i < n; i++) {
				__m256i two = _mm256_maddubs_epi16(
					(__m256i)w[j], splat_memory(x + i * stride + 4 * j));

				acc[i] = j == k ? two : _mm256_add_epi16(acc[i], two);
				HOLD(acc[i]);
			}
		UNROLL
		for (size_t i = 0; i < n; i++)
			sums[i] = (ints)sum_pairs(acc[i]) + (k ? sums[i] : (ints){ 0 });
	}
}

/* |w| · (x with the sign of w) is the same product, with one side unsigned. */
INLINE void dot_bytes(const words *w, size_t n_words, const int8_t *x, size_t stride, size_t n,
		      ints *sums)
{
	UNROLL
	for (size_t j = 0; j < n_words; j++) {
		__m256i size = _mm256_abs_epi8((__m256i)w[j]);

		UNROLL
		for (size_t i = 0; i < n; i++) {
			__m256i signs = _mm256_sign_epi8(splat_memory(x + i * stride + 4 * j),
							 (__m256i)w[j]);

			ints four = (ints)sum_pairs(_mm256_maddubs_epi16(size, signs));

			sums[i] = j ? sums[i] + four : four;
			HOLD(sums[i]);
		}
	}
}

#include "base_model/kernels/tile-unpack.h"
#include "base_model/kernels/tile-rows.h"

const struct kernels kernels_avx2 = {
	.name = "avx2",
	.attention = &attention_avx2,
	.rows = { PORTABLE_ROWS, TILE_ROWS },
	.quantize = portable_quantize,
	PORTABLE_LOW,
	PORTABLE_KERNELS,
};
