/* SPDX-License-Identifier: MIT */
/*
 * One vector, or a few, with VNNI, by tiles of eight rows: half the width that there is, since
 * what limits them is loading rows and inputs, and a load of half the width costs half.
 */
#include "base_model/kernels/kernels.h"
#include "base_model/kernels/tile-256.h"

#define GROUP AVX512_FEW
#define STREAMED AVX512_FEW
#define BYTES_OFFSET 128

INLINE ints dot(__m256i codes, const int8_t *x, ints sum)
{
	return (ints)_mm256_dpbusd_epi32((__m256i)sum, codes, splat_memory(x));
}

/* Two chains for each vector: one would wait for itself. */
INLINE void dot_codes(const words *w, size_t n_words, int largest, const int8_t *x,
		      size_t stride, size_t n, ints *sums)
{
	UNROLL
	for (size_t i = 0; i < n; i++) {
		ints even = { 0 }, odd = { 0 };

		UNROLL
		for (size_t j = 0; j < n_words; j += 2) {
			even = dot((__m256i)w[j], x + i * stride + 4 * j, even);
			odd = dot((__m256i)w[j + 1], x + i * stride + 4 * j + 4, odd);
		}
		sums[i] = even + odd;
	}
}

/* Unsigned, when they are larger by 128. */
INLINE void dot_bytes(const words *w, size_t n_words, const int8_t *x, size_t stride, size_t n,
		      ints *sums)
{
	words codes[TILE_WORDS];

	UNROLL
	for (size_t j = 0; j < n_words; j++)
		codes[j] = w[j] ^ splat_word(0x80808080);
	dot_codes(codes, n_words, UINT8_MAX, x, stride, n, sums);
}

#include "base_model/kernels/tile-unpack.h"
#include "base_model/kernels/tile-rows.h"

const rows_fn avx512_few[TENSOR_TYPES] = { TILE_ROWS };
