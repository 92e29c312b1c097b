/* SPDX-License-Identifier: MIT */
/* Products of inputs rounded to bf16, two to a word, summed in f32. */
#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#define TILE_ROWS 12
#define TILE_GROUP 2
#define TILE_NAME gemm_tile_avx512_bf16
typedef uint32_t tile_word;
typedef __m512 tile_vec;
typedef __m512bh tile_operand;
#define tile_load(p) ((__m512bh)_mm512_loadu_si512(p))
#define tile_broadcast(x) ((__m512bh)_mm512_set1_epi32((int)(x)))
#define tile_fma(a, b, sum) _mm512_dpbf16_ps(sum, a, b)

static __mmask16 first_lanes(size_t n)
{
	return n >= 16 ? 0xffff : (__mmask16)((1u << n) - 1);
}

enum { AHEAD = 16 };	/* rows of memory: of pages that no prefetcher of the hardware enters */

/* Lines side by side in memory: two rows of it, interleaved. */
static inline __attribute__((always_inline)) void
pack_side_by_side(const float *src, size_t step, size_t n, size_t k, uint32_t *dst, size_t width)
{
	const __m512i turns = _mm512_add_epi32(_mm512_set1_epi32(0x100000),
		_mm512_mullo_epi32(_mm512_set1_epi32(0x10001),
				   _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13,
						     14, 15)));

	for (size_t i = 0; i < k; i += 2, dst += width, src += 2 * step)
		for (size_t j = 0; j < width; j += 16) {
			__mmask16 in = first_lanes(n > j ? n - j : 0), odd = i + 1 < k ? in : 0;
			__m512 a = _mm512_maskz_loadu_ps(in, src + j);
			__m512 b = _mm512_maskz_loadu_ps(odd, src + (odd ? step : 0) + j);
			__m512i both = (__m512i)_mm512_cvtne2ps_pbh(b, a);

			__builtin_prefetch(src + AHEAD * step + j);
			__builtin_prefetch(src + (AHEAD + 1) * step + j);
			_mm512_mask_storeu_epi32(dst + j, first_lanes(width - j),
						 _mm512_permutexvar_epi16(turns, both));
		}
}

/* Sixteen lines of sixteen words each, turned. */
static inline __attribute__((always_inline)) void transpose(__m512i r[16])
{
	__m512i t[16];

	/* Within lanes of four words; then the lanes, four by four. */
	for (int i = 0; i < 16; i += 2) {
		t[i] = _mm512_unpacklo_epi32(r[i], r[i + 1]);
		t[i + 1] = _mm512_unpackhi_epi32(r[i], r[i + 1]);
	}
	for (int i = 0; i < 16; i += 4) {
		r[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
		r[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
		r[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
		r[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
	}
	for (int i = 0; i < 4; i++) {
		__m512i a = _mm512_shuffle_i32x4(r[i], r[4 + i], 0x88);
		__m512i b = _mm512_shuffle_i32x4(r[8 + i], r[12 + i], 0x88);
		__m512i c = _mm512_shuffle_i32x4(r[i], r[4 + i], 0xdd);
		__m512i d = _mm512_shuffle_i32x4(r[8 + i], r[12 + i], 0xdd);

		t[i] = _mm512_shuffle_i32x4(a, b, 0x88);
		t[8 + i] = _mm512_shuffle_i32x4(a, b, 0xdd);
		t[4 + i] = _mm512_shuffle_i32x4(c, d, 0x88);
		t[12 + i] = _mm512_shuffle_i32x4(c, d, 0xdd);
	}
	memcpy(r, t, sizeof(t));
}

/* Lines one behind the other: pairs of a line go to one column of the panel. Those of the next
 * panel are fetched meanwhile. */
static inline __attribute__((always_inline)) void
pack_one_by_one(const float *src, size_t line, size_t n, size_t k, uint32_t *dst, size_t width)
{
	for (size_t first = 0; first < width; first += 16) {
		size_t have = n <= first ? 0 : n - first < 16 ? n - first : 16;
		__mmask16 out = first_lanes(width - first);

		for (size_t i = 0; i < k; i += 32) {
			size_t left = k - i, pairs = left < 32 ? (left + 1) / 2 : 16;
			__mmask16 in = first_lanes(left);
			__mmask16 rest = first_lanes(left > 16 ? left - 16 : 0);
			__m512i words[16];

			for (size_t j = 0; j < 16; j++) {
				const float *s = src + (first + j) * line + i;

				__builtin_prefetch(s + width * line);
				__builtin_prefetch(s + width * line + 16);
				words[j] = _mm512_setzero_si512();
				if (j < have)
					words[j] = (__m512i)_mm512_cvtne2ps_pbh(
						_mm512_maskz_loadu_ps(rest, s + 16),
						_mm512_maskz_loadu_ps(in, s));
			}
			transpose(words);
			for (size_t w = 0; w < pairs; w++)
				_mm512_mask_storeu_epi32(dst + (i / 2 + w) * width + first, out,
							 words[w]);
		}
	}
}

static inline __attribute__((always_inline)) void
pack_pairs(const float *src, size_t line, size_t step, size_t n, size_t k, uint32_t *dst,
	   size_t width)
{
	if (line == 1)
		pack_side_by_side(src, step, n, k, dst, width);
	else
		pack_one_by_one(src, line, n, k, dst, width);
}

static void pack_rows(const float *src, size_t line, size_t step, size_t n, size_t k, void *panel)
{
	pack_pairs(src, line, step, n, k, panel, TILE_ROWS);
}

static void pack_cols(const float *src, size_t line, size_t step, size_t n, size_t k, void *panel)
{
	pack_pairs(src, line, step, n, k, panel, 32);
}

#include "base_model/kernels/gemm-tile.h"
