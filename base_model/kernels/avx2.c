/* SPDX-License-Identifier: MIT */
/*
 * AVX2 with FMA: a row at a time, its block unpacked once for up to eight vectors.
 * vpmaddubsw wants one unsigned side: |w| · (x with the sign of w) is the same product,
 * and two of them stay within 16 bits.
 */
#include <immintrin.h>

#include "base_model/kernels/blocks.h"
#include "base_model/kernels/portable.h"

#define GROUP 8

/* Exact sum of 32 products of signed bytes. */
static inline int32_t dot_bytes(__m256i w, __m256i x)
{
	__m256i pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(w), _mm256_sign_epi8(x, w));
	__m256i quads = _mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
	__m128i s = _mm_add_epi32(_mm256_castsi256_si128(quads),
				  _mm256_extracti128_si256(quads, 1));

	s = _mm_add_epi32(s, _mm_shuffle_epi32(s, 0x4e));
	s = _mm_add_epi32(s, _mm_shuffle_epi32(s, 0xb1));
	return _mm_cvtsi128_si32(s);
}

static inline __m256i load_bytes(const int8_t *x)
{
	return _mm256_loadu_si256((const __m256i *)x);
}

static inline __m256i weights_q4_0(const struct block_q4_0 *b)
{
	__m128i bytes = _mm_loadu_si128((const __m128i *)b->qs);
	__m256i both = _mm256_set_m128i(_mm_srli_epi16(bytes, 4), bytes);

	return _mm256_sub_epi8(_mm256_and_si256(both, _mm256_set1_epi8(15)), _mm256_set1_epi8(8));
}

static inline __m256i weights_q8_0(const struct block_q8_0 *b)
{
	return load_bytes(b->qs);
}

#define DEFINE_QUANT_ROWS(name, block, weights)                                                \
	/* Vectors first..first+n-1 against one row. */                                        \
	static void name##_row(const block *w, const struct activations *x, size_t first,      \
			       size_t n, float *sums)                                          \
	{                                                                                      \
		size_t n_blocks = x->cols / Q_BLOCK;                                           \
                                                                                               \
		memset(sums, 0, n * sizeof(*sums));                                            \
		for (size_t b = 0; b < n_blocks; b++) {                                        \
			__m256i wide = weights(&w[b]);                                         \
			float d = f16_to_f32(w[b].d);                                          \
                                                                                               \
			for (size_t i = 0; i < n; i++) {                                       \
				size_t at = (first + i) * n_blocks + b;                        \
				int32_t sum = dot_bytes(wide, load_bytes(x->q + at * Q_BLOCK)); \
                                                                                               \
				sums[i] = fmaf((float)sum, d * x->d[at], sums[i]);             \
			}                                                                      \
		}                                                                              \
	}                                                                                      \
                                                                                               \
	static void name(const struct matrix *w, uint32_t first, uint32_t last,                \
			 const struct activations *x, float *y, size_t y_stride)               \
	{                                                                                      \
		float sums[GROUP];                                                             \
                                                                                               \
		for (uint32_t row = first; row < last; row++) {                                \
			const block *data = (const block *)(w->data + row * w->row_size);      \
                                                                                               \
			for (size_t t = 0; t < x->n; t += GROUP) {                             \
				size_t n = x->n - t < GROUP ? x->n - t : GROUP;                \
                                                                                               \
				name##_row(data, x, t, n, sums);                               \
				for (size_t i = 0; i < n; i++)                                 \
					y[(t + i) * y_stride + row] = sums[i];                 \
			}                                                                      \
		}                                                                              \
	}

DEFINE_QUANT_ROWS(rows_q4_0, struct block_q4_0, weights_q4_0)
DEFINE_QUANT_ROWS(rows_q8_0, struct block_q8_0, weights_q8_0)

const struct kernels kernels_avx2 = {
	.name = "avx2",
	.attention = &attention_avx2,
	.rows = {
		PORTABLE_ROWS, [TENSOR_Q4_0] = rows_q4_0, [TENSOR_Q8_0] = rows_q8_0,
		[TENSOR_Q4_1] = generic_rows, [TENSOR_Q5_0] = generic_rows,
		[TENSOR_Q5_1] = generic_rows, [TENSOR_Q2_K] = generic_rows,
		[TENSOR_Q3_K] = generic_rows, [TENSOR_Q4_K] = generic_rows,
		[TENSOR_Q5_K] = generic_rows, [TENSOR_Q6_K] = generic_rows,
		[TENSOR_IQ4_NL] = generic_rows, [TENSOR_IQ4_XS] = generic_rows,
		[TENSOR_TQ2_0] = generic_rows,
	},
	PORTABLE_KERNELS,
};
