/* SPDX-License-Identifier: MIT */
/* AVX2 with FMA and F16C: tiles of eight rows. */
#include "base_model/kernels/low-rank-portable.h"
#include "base_model/kernels/portable-quantize.h"
#include "base_model/kernels/portable.h"
#include "base_model/kernels/tile-256.h"

#define GROUP 4
#define STREAMED 1
#define BYTES_OFFSET 0
/* Sums are added in the order written: the compiler would make a tree of them, for which
 * there are not enough registers. */
#define HOLD(v) __asm__("" : "+x"(v))

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
