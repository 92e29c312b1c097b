/* SPDX-License-Identifier: MIT */
/* AVX2: as written in C, but for the products of bytes, which a compiler does not find. */
#include <immintrin.h>

#include "base_model/kernels/attention-portable.h"

/* Eight lanes' exact sums of 32 products of signed bytes, as in avx2.c. */
static inline __m256i dot_lanes(const struct key_block *b, int half, const int8_t *x)
{
	__m256i sum = _mm256_setzero_si256();

	for (int i = 0; i < Q_BLOCK / 4; i++) {
		__m256i k = _mm256_loadu_si256((const __m256i *)b->q[i][8 * half]);
		int32_t word;
		__m256i pairs;

		memcpy(&word, x + 4 * i, sizeof(word));
		pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(k),
					     _mm256_sign_epi8(_mm256_set1_epi32(word), k));
		sum = _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
	}
	return sum;
}

static void score_row(const struct key_block *b, const struct queries *q, size_t row,
		      float *scores)
{
	size_t n_blocks = q->rows.cols / Q_BLOCK;
	const int8_t *x = q->rows.q + row * q->rows.cols;
	__m256 acc[2] = { _mm256_setzero_ps(), _mm256_setzero_ps() };

	for (size_t k = 0; k < n_blocks; k++, b++, x += Q_BLOCK) {
		__m256 dq = _mm256_set1_ps(q->rows.d[row * n_blocks + k]);

		for (int half = 0; half < 2; half++) {
			__m128i d = _mm_loadu_si128((const __m128i *)(b->d + 8 * half));

			acc[half] = _mm256_fmadd_ps(
				_mm256_cvtepi32_ps(dot_lanes(b, half, x)),
				_mm256_mul_ps(_mm256_cvtph_ps(d), dq), acc[half]);
		}
	}
	_mm256_storeu_ps(scores, acc[0]);
	_mm256_storeu_ps(scores + 8, acc[1]);
}

static void score_q8_0(const struct queries *q, const uint8_t *keys, uint32_t tiles,
		       const uint8_t *next, float *scores)
{
	const struct key_block *tile = (const struct key_block *)keys;

	for (uint32_t t = 0; t < tiles; t++, tile += q->rows.cols / Q_BLOCK)
		for (size_t r = 0; r < q->rows.n; r++)
			score_row(tile, q, r, scores + r * KV_ROW + t * KV_LANES);
}

const struct attention_kernels attention_avx2 = PORTABLE_ATTENTION(score_q8_0);
