/* SPDX-License-Identifier: MIT */
/*
 * AVX-512 with VNNI. As many sums stay in registers as there are: several queries by one or
 * two tiles of keys, or by a slice of a value's columns, so that a conversion serves them
 * all. With few queries the cache's bytes are the limit, and what comes next is fetched, into
 * the second level: the first waits for no more than two dozen lines at once.
 */
#include <immintrin.h>

#include "base_model/kernels/attention-portable.h"

#define UNROLL _Pragma("GCC unroll 16")
#define ROWS_MAX 12
#define LINE 64

typedef __m512 (*load_fn)(const uint8_t *from, uint32_t i);

INLINE_ALWAYS __m512 load_f32(const uint8_t *from, uint32_t i)
{
	return _mm512_loadu_ps((const float *)from + i);
}

INLINE_ALWAYS __m512 load_f16(const uint8_t *from, uint32_t i)
{
	return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)((const uint16_t *)from + i)));
}

/* @i is a multiple of 16 in a row of values: half a block. */
INLINE_ALWAYS __m512 load_q8_0(const uint8_t *from, uint32_t i)
{
	const struct block_q8_0 *b = (const struct block_q8_0 *)from + i / Q_BLOCK;
	__m128i q = _mm_loadu_si128((const __m128i *)(b->qs + i % Q_BLOCK));

	return _mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(q)),
			     _mm512_set1_ps(_cvtsh_ss(b->d)));
}

/* @n queries by @tiles tiles of keys; both are constants where this is expanded. */
INLINE_ALWAYS void score_some(load_fn load, size_t element, const struct queries *q, size_t first,
			      size_t n, const uint8_t *keys, uint32_t tiles, const uint8_t *next,
			      float *scores)
{
	const float *x = q->columns + first;
	__m512 acc[ROWS_MAX][KV_TILES];

	UNROLL
	for (size_t r = 0; r < n; r++)
		UNROLL
		for (uint32_t t = 0; t < tiles; t++)
			acc[r][t] = _mm512_setzero_ps();
	for (size_t d = 0; d < q->rows.cols; d++, x += q->rows.n) {
		__m512 k[KV_TILES];

		UNROLL
		for (uint32_t t = 0; t < tiles; t++)
			k[t] = load(keys, (t * q->rows.cols + d) * KV_LANES);
		_mm_prefetch(next + d * tiles * KV_LANES * element, _MM_HINT_T1);
		UNROLL
		for (size_t r = 0; r < n; r++)
			UNROLL
			for (uint32_t t = 0; t < tiles; t++)
				acc[r][t] = _mm512_fmadd_ps(_mm512_set1_ps(x[r]), k[t], acc[r][t]);
	}
	UNROLL
	for (size_t r = 0; r < n; r++)
		UNROLL
		for (uint32_t t = 0; t < tiles; t++)
			_mm512_storeu_ps(scores + (first + r) * KV_ROW + t * KV_LANES, acc[r][t]);
}

INLINE_ALWAYS void score_tiles(load_fn load, size_t element, const struct queries *q,
			       const uint8_t *keys, uint32_t tiles, const uint8_t *next,
			       float *scores)
{
	size_t r = 0;

	for (; r + 12 <= q->rows.n; r += 12)
		score_some(load, element, q, r, 12, keys, tiles, next, scores);
	for (; r + 6 <= q->rows.n; r += 6)
		score_some(load, element, q, r, 6, keys, tiles, next, scores);
	for (; r + 4 <= q->rows.n; r += 4)
		score_some(load, element, q, r, 4, keys, tiles, next, scores);
	for (; r + 3 <= q->rows.n; r += 3)
		score_some(load, element, q, r, 3, keys, tiles, next, scores);
	for (; r < q->rows.n; r++)
		score_some(load, element, q, r, 1, keys, tiles, next, scores);
}

#define DEFINE_FLOAT_SCORE(name, load, element)                                                \
	static void name(const struct queries *q, const uint8_t *keys, uint32_t tiles,         \
			 const uint8_t *next, float *scores)                                   \
	{                                                                                      \
		if (tiles == KV_TILES)                                                         \
			score_tiles(load, sizeof(element), q, keys, KV_TILES, next, scores);   \
		else                                                                           \
			score_tiles(load, sizeof(element), q, keys, 1, next, scores);          \
	}

DEFINE_FLOAT_SCORE(score_f32, load_f32, float)
DEFINE_FLOAT_SCORE(score_f16, load_f16, uint16_t)

INLINE_ALWAYS int32_t block_sum(const struct activations *x, size_t block)
{
	return x->sums[2 * block] + x->sums[2 * block + 1];
}

/* One tile: vpdpbusd takes unsigned keys, so they get 128 more, which is taken off again. */
INLINE_ALWAYS void score_bytes(const struct queries *q, size_t first, size_t n,
			       const struct key_block *b, const uint8_t *next, float *scores)
{
	const __m512i top = _mm512_set1_epi8((char)0x80);
	size_t n_blocks = q->rows.cols / Q_BLOCK, from = first * n_blocks;
	__m512 acc[ROWS_MAX];

	UNROLL
	for (size_t r = 0; r < n; r++)
		acc[r] = _mm512_setzero_ps();
	for (size_t k = 0; k < n_blocks; k++, b++, from++) {
		__m512 d = _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)b->d));
		__m512i sum[ROWS_MAX];

		UNROLL
		for (size_t r = 0; r < n; r++)
			sum[r] = _mm512_set1_epi32(-128 * block_sum(&q->rows, from + r * n_blocks));
		UNROLL
		for (int i = 0; i < Q_BLOCK / 4; i++) {
			__m512i keys = _mm512_xor_si512(_mm512_loadu_si512(b->q[i]), top);

			_mm_prefetch(next + k * sizeof(*b) + i * LINE, _MM_HINT_T1);
			UNROLL
			for (size_t r = 0; r < n; r++) {
				int32_t word;

				memcpy(&word,
				       q->rows.q + (from + r * n_blocks) * Q_BLOCK + 4 * i,
				       sizeof(word));
				sum[r] = _mm512_dpbusd_epi32(sum[r], keys,
							     _mm512_set1_epi32(word));
			}
		}
		UNROLL
		for (size_t r = 0; r < n; r++)
			acc[r] = _mm512_fmadd_ps(
				_mm512_cvtepi32_ps(sum[r]),
				_mm512_mul_ps(d, _mm512_set1_ps(q->rows.d[from + r * n_blocks])),
				acc[r]);
	}
	UNROLL
	for (size_t r = 0; r < n; r++)
		_mm512_storeu_ps(scores + (first + r) * KV_ROW, acc[r]);
}

static void score_q8_0(const struct queries *q, const uint8_t *keys, uint32_t tiles,
		       const uint8_t *next, float *scores)
{
	const struct key_block *tile = (const struct key_block *)keys;
	size_t n_blocks = q->rows.cols / Q_BLOCK;

	for (uint32_t t = 0; t < tiles; t++, tile += n_blocks, scores += KV_LANES) {
		size_t r = 0;

		for (; r + 8 <= q->rows.n; r += 8)
			score_bytes(q, r, 8, tile, next, scores);
		for (; r + 4 <= q->rows.n; r += 4)
			score_bytes(q, r, 4, tile, next, scores);
		for (; r + 3 <= q->rows.n; r += 3)
			score_bytes(q, r, 3, tile, next, scores);
		for (; r < q->rows.n; r++)
			score_bytes(q, r, 1, tile, next, scores);
		next += n_blocks * sizeof(*tile);
	}
}

/* What a call of mix works on. */
struct mix {
	const uint8_t *values, *next;
	size_t row_size;
	uint32_t width, first, last;
	const float *weights;
	float *out;
};

/* @n queries by @vectors vectors of columns from @at on; constants where expanded. */
INLINE_ALWAYS void mix_some(load_fn load, const struct mix *m, size_t row, size_t n, uint32_t at,
			    uint32_t vectors)
{
	/* Once for all columns and queries. */
	size_t ahead = row == 0 && at == 0 ? m->row_size : 0;
	const float *weights = m->weights + row * KV_ROW;
	float *out = m->out + row * m->width + at;
	__m512 acc[ROWS_MAX][8];

	UNROLL
	for (size_t r = 0; r < n; r++)
		UNROLL
		for (uint32_t v = 0; v < vectors; v++)
			acc[r][v] = _mm512_loadu_ps(out + r * m->width + v * KV_LANES);
	for (uint32_t p = m->first; p < m->last; p++) {
		const uint8_t *value = m->values + p * m->row_size;
		const uint8_t *next = m->next + p * m->row_size;
		__m512 x[8];

		UNROLL
		for (uint32_t v = 0; v < vectors; v++)
			x[v] = load(value, at + v * KV_LANES);
		for (size_t i = 0; i < ahead; i += LINE)
			_mm_prefetch(next + i, _MM_HINT_T1);
		UNROLL
		for (size_t r = 0; r < n; r++)
			UNROLL
			for (uint32_t v = 0; v < vectors; v++)
				acc[r][v] = _mm512_fmadd_ps(
					_mm512_set1_ps(weights[r * KV_ROW + p]), x[v], acc[r][v]);
	}
	UNROLL
	for (size_t r = 0; r < n; r++)
		UNROLL
		for (uint32_t v = 0; v < vectors; v++)
			_mm512_storeu_ps(out + r * m->width + v * KV_LANES, acc[r][v]);
}

/* All columns for @n queries, @vectors vectors at a time, then one at a time. */
INLINE_ALWAYS void mix_rows(load_fn load, const struct mix *m, size_t row, size_t n,
			    uint32_t vectors)
{
	uint32_t at = 0;

	for (; at + vectors * KV_LANES <= m->width; at += vectors * KV_LANES)
		mix_some(load, m, row, n, at, vectors);
	for (; at < m->width; at += KV_LANES)
		mix_some(load, m, row, n, at, 1);
}

#define DEFINE_MIX_512(name, load, size)                                                       \
	static void name(const uint8_t *values, uint32_t width, uint32_t first, uint32_t last, \
			 const uint8_t *next, const float *weights, size_t n, float *out)      \
	{                                                                                      \
		struct mix m = { values, next, size, width, first, last, weights, out };       \
		size_t r = 0;                                                                  \
                                                                                               \
		for (; r + 12 <= n; r += 12)                                                   \
			mix_rows(load, &m, r, 12, 2);                                          \
		for (; r + 6 <= n; r += 6)                                                     \
			mix_rows(load, &m, r, 6, 4);                                           \
		for (; r + 4 <= n; r += 4)                                                     \
			mix_rows(load, &m, r, 4, 4);                                           \
		for (; r + 3 <= n; r += 3)                                                     \
			mix_rows(load, &m, r, 3, 4);                                           \
		for (; r < n; r++)                                                             \
			mix_rows(load, &m, r, 1, 8);                                           \
	}

DEFINE_MIX_512(mix_f32, load_f32, width * sizeof(float))
DEFINE_MIX_512(mix_f16, load_f16, width * sizeof(uint16_t))
DEFINE_MIX_512(mix_q8_0, load_q8_0, width / Q_BLOCK * sizeof(struct block_q8_0))

const struct attention_kernels attention_avx512 = {
	.types = {
		[BM_KV_F16] = { score_f16, mix_f16, portable_store_key_f16,
				portable_store_value_f16 },
		[BM_KV_F32] = { score_f32, mix_f32, portable_store_key_f32,
				portable_store_value_f32 },
		[BM_KV_Q8_0] = { score_q8_0, mix_q8_0, portable_store_key_q8_0,
				 portable_store_value_q8_0 },
	},
	.weigh = portable_weigh,
	.merge = portable_merge,
};
