/* SPDX-License-Identifier: MIT */
/*
 * Attention in C that a compiler vectorises: included by each instruction set's file and
 * compiled with its flags, as portable.h is.
 */
#pragma once

#include "base_model/kernels/attention.h"
#include "base_model/kernels/blocks.h"
#include "base_model/kernels/lanes.h"

#define ROWS 4		/* queries that share one conversion */
#define SLICE 32	/* columns of values summed at once */
#define INLINE_ALWAYS static inline __attribute__((always_inline))

/* Scores of @n queries, at most ROWS, with one tile of @element keys. */
#define DEFINE_SCORE(name, element, convert)                                                   \
	INLINE_ALWAYS void name##_rows(const element *keys, const struct queries *q,           \
				       size_t first, size_t n, float *scores)                  \
	{                                                                                      \
		float acc[ROWS][KV_LANES] = { { 0 } }, wide[KV_LANES];                         \
		const float *x = q->columns + first;                                           \
                                                                                               \
		for (size_t d = 0; d < q->rows.cols; d++, keys += KV_LANES, x += q->rows.n) {   \
			for (int i = 0; i < KV_LANES; i++)                                     \
				wide[i] = convert(keys[i]);                                    \
			for (size_t r = 0; r < n; r++)                                         \
				for (int i = 0; i < KV_LANES; i++)                             \
					acc[r][i] = fmaf(x[r], wide[i], acc[r][i]);            \
		}                                                                              \
		for (size_t r = 0; r < n; r++)                                                 \
			memcpy(scores + (first + r) * KV_ROW, acc[r], sizeof(acc[r]));       \
	}                                                                                      \
                                                                                               \
	static inline void name(const struct queries *q, const uint8_t *keys, uint32_t tiles,  \
			 const uint8_t *next, float *scores)                                   \
	{                                                                                      \
		const element *tile = (const element *)keys;                                   \
                                                                                               \
		for (uint32_t t = 0; t < tiles; t++, tile += q->rows.cols * KV_LANES) {        \
			size_t r = 0;                                                          \
                                                                                               \
			for (; r + ROWS <= q->rows.n; r += ROWS)                               \
				name##_rows(tile, q, r, ROWS, scores + t * KV_LANES);          \
			for (; r < q->rows.n; r++)                                             \
				name##_rows(tile, q, r, 1, scores + t * KV_LANES);             \
		}                                                                              \
	}

/*
 * @load gives column i of a position's values as floats. The sums of a slice of columns stay
 * in registers for all positions.
 */
#define DEFINE_MIX(name, load, row_size)                                                       \
	INLINE_ALWAYS void name##_slice(const uint8_t *values, uint32_t width, uint32_t first, \
					uint32_t last, const float *weights, uint32_t at,      \
					uint32_t n, float *out)                                \
	{                                                                                      \
		float acc[SLICE];                                                              \
                                                                                               \
		for (uint32_t i = 0; i < n; i++)                                               \
			acc[i] = out[at + i];                                                  \
		for (uint32_t p = first; p < last; p++) {                                      \
			const uint8_t *row = values + p * (row_size);                          \
                                                                                               \
			for (uint32_t i = 0; i < n; i++)                                       \
				acc[i] = fmaf(weights[p], load(row, at, i), acc[i]);           \
		}                                                                              \
		for (uint32_t i = 0; i < n; i++)                                               \
			out[at + i] = acc[i];                                                  \
	}                                                                                      \
                                                                                               \
	static inline void name(const uint8_t *values, uint32_t width, uint32_t first,         \
				uint32_t last, const uint8_t *next, const float *weights,      \
				size_t n, float *out)                                          \
	{                                                                                      \
		for (size_t r = 0; r < n; r++, weights += KV_ROW, out += width) {            \
			uint32_t at = 0;                                                       \
                                                                                               \
			for (; at + SLICE <= width; at += SLICE)                               \
				name##_slice(values, width, first, last, weights, at, SLICE,   \
					     out);                                             \
			if (at < width)                                                        \
				name##_slice(values, width, first, last, weights, at,          \
					     KV_LANES, out);                                   \
		}                                                                              \
	}

INLINE_ALWAYS float value_f32(const uint8_t *row, uint32_t at, uint32_t i)
{
	return ((const float *)row)[at + i];
}

INLINE_ALWAYS float value_f16(const uint8_t *row, uint32_t at, uint32_t i)
{
	return f16_to_f32(((const uint16_t *)row)[at + i]);
}

/* @at is a multiple of 32: a slice is a block. */
INLINE_ALWAYS float value_q8_0(const uint8_t *row, uint32_t at, uint32_t i)
{
	const struct block_q8_0 *b = (const struct block_q8_0 *)row + at / Q_BLOCK;

	return (float)b->qs[i] * f16_to_f32(b->d);
}

DEFINE_SCORE(portable_score_f32, float, f32_to_f32)
DEFINE_SCORE(portable_score_f16, uint16_t, f16_to_f32)
DEFINE_MIX(portable_mix_f32, value_f32, width * sizeof(float))
DEFINE_MIX(portable_mix_f16, value_f16, width * sizeof(uint16_t))
DEFINE_MIX(portable_mix_q8_0, value_q8_0, width / Q_BLOCK * sizeof(struct block_q8_0))

static inline void portable_store_key_f32(const float *x, uint32_t dim, uint32_t width,
					  uint32_t position, uint8_t *keys)
{
	float *tile = (float *)keys + position / KV_LANES * KV_LANES * width;

	for (uint32_t d = 0; d < dim; d++)
		tile[d * KV_LANES + position % KV_LANES] = x[d];
}

static inline void portable_store_key_f16(const float *x, uint32_t dim, uint32_t width,
					  uint32_t position, uint8_t *keys)
{
	uint16_t *tile = (uint16_t *)keys + position / KV_LANES * KV_LANES * width;

	for (uint32_t d = 0; d < dim; d++)
		tile[d * KV_LANES + position % KV_LANES] = f32_to_f16(x[d]);
}

/* @n numbers, at most a block, as the cache holds them: the scale is a half, and they are
 * counted in it. */
static inline uint16_t quantize_block(const float *from, uint32_t n, int8_t *q)
{
	float x[Q_BLOCK] = { 0 }, max = 0.0f, d, inverse;
	uint16_t half;

	memcpy(x, from, (n < Q_BLOCK ? n : Q_BLOCK) * sizeof(*x));
	for (int i = 0; i < Q_BLOCK; i++) {
		float a = fabsf(x[i]);

		max = a > max ? a : max;
	}
	half = f32_to_f16(max / 127.0f);
	d = f16_to_f32(half);
	inverse = d > 0.0f ? 1.0f / d : 0.0f;
	for (int i = 0; i < Q_BLOCK; i++) {
		float scaled = x[i] * inverse;

		/* Rounding the scale down may put the largest beyond the range. */
		scaled = scaled > 127.0f ? 127.0f : scaled < -127.0f ? -127.0f : scaled;
		/* To the nearest, by the rounding of an addition; of a NaN, some number. */
		q[i] = (int8_t)bits_of_float(scaled + 0x1.8p23f);
	}
	return half;
}

static inline void portable_store_key_q8_0(const float *x, uint32_t dim, uint32_t width,
					   uint32_t position, uint8_t *keys)
{
	struct key_block *b = (struct key_block *)keys + position / KV_LANES * (width / Q_BLOCK);
	uint32_t lane = position % KV_LANES;
	int8_t q[Q_BLOCK];

	for (uint32_t at = 0; at < dim; at += Q_BLOCK, b++) {
		b->d[lane] = quantize_block(x + at, dim - at, q);
		for (int i = 0; i < Q_BLOCK / 4; i++)
			memcpy(b->q[i][lane], q + 4 * i, 4);
	}
}

static inline void portable_store_value_f32(const float *x, uint32_t dim, uint32_t width,
					    uint32_t position, uint8_t *values)
{
	memcpy((float *)values + position * width, x, dim * sizeof(*x));
}

static inline void portable_store_value_f16(const float *x, uint32_t dim, uint32_t width,
					    uint32_t position, uint8_t *values)
{
	uint16_t *row = (uint16_t *)values + position * width;

	for (uint32_t i = 0; i < dim; i++)
		row[i] = f32_to_f16(x[i]);
}

static inline void portable_store_value_q8_0(const float *x, uint32_t dim, uint32_t width,
					     uint32_t position, uint8_t *values)
{
	struct block_q8_0 *row = (struct block_q8_0 *)values + position * (width / Q_BLOCK);

	for (uint32_t at = 0; at < dim; at += Q_BLOCK, row++)
		row->d = quantize_block(x + at, dim - at, row->qs);
}

static inline float largest(const float *x, size_t n)
{
	float most[KV_LANES], m;
	size_t i = 0;

	for (int k = 0; k < KV_LANES; k++)
		most[k] = x[0];
	for (; i + KV_LANES <= n; i += KV_LANES)
		for (int k = 0; k < KV_LANES; k++)
			most[k] = x[i + k] > most[k] ? x[i + k] : most[k];
	for (m = most[0]; i < n; i++)
		m = x[i] > m ? x[i] : m;
	for (int k = 1; k < KV_LANES; k++)
		m = most[k] > m ? most[k] : m;
	return m;
}

static inline float portable_weigh(float *scores, size_t n, float scale, float cap, float *max)
{
	float sums[KV_LANES] = { 0 }, most;
	size_t i = 0;

	for (size_t k = 0; k < n; k++)
		scores[k] *= scale;
	for (size_t k = 0; k < n && cap > 0.0f; k++)
		scores[k] = soft_cap_of(scores[k], cap);
	most = largest(scores, n);
	for (size_t k = 0; k < n; k++)
		scores[k] = exp_of(scores[k] - most);
	for (; i + KV_LANES <= n; i += KV_LANES)
		for (int k = 0; k < KV_LANES; k++)
			sums[k] += scores[i + k];
	for (int k = 0; i < n; i++, k++)
		sums[k] += scores[i];
	*max = most;
	return reduce_lanes(sums);
}

static inline void portable_merge(struct mixture *to, const struct mixture *from, size_t width)
{
	float max = to->max > from->max ? to->max : from->max, a, b;

	if (from->sum == 0.0f)
		return;
	if (to->sum == 0.0f) {
		to->max = from->max;
		to->sum = from->sum;
		memcpy(to->out, from->out, width * sizeof(*to->out));
		return;
	}
	a = exp_of(to->max - max);
	b = exp_of(from->max - max);
	to->max = max;
	to->sum = fmaf(from->sum, b, to->sum * a);
	for (size_t i = 0; i < width; i++)
		to->out[i] = fmaf(from->out[i], b, to->out[i] * a);
}

/* A set that has only the products of bytes of its own. */
#define PORTABLE_ATTENTION(score)                                                              \
	{                                                                                      \
		.types = {                                                                     \
			[BM_KV_F16] = { portable_score_f16, portable_mix_f16,                  \
					portable_store_key_f16, portable_store_value_f16 },    \
			[BM_KV_F32] = { portable_score_f32, portable_mix_f32,                  \
					portable_store_key_f32, portable_store_value_f32 },    \
			[BM_KV_Q8_0] = { score, portable_mix_q8_0, portable_store_key_q8_0,    \
					 portable_store_value_q8_0 },                          \
		},                                                                             \
		.weigh = portable_weigh, .merge = portable_merge,                              \
	}
