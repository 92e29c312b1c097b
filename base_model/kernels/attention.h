/* SPDX-License-Identifier: MIT */
/*
 * The hot loops of attention, and how keys and values lie in a page of the cache. A page
 * holds, for each head of each layer, the keys of KV_PAGE positions and then their values:
 *
 *   keys    tiles of KV_LANES positions, a lane each
 *     f32, f16  [tile][width][lane]
 *     q8_0      [tile][width / 32] of struct key_block
 *   values  one position behind the other
 *     f32, f16  [position][width]
 *     q8_0      [position][width / 32] of struct block_q8_0
 *
 * width is the head's dimension, padded with zeros (kv_width()).
 *
 * Sums have one order (kernels.h says why). A score of f32 or f16 keys is one fp32 chain of
 * fma over the columns, ascending; of q8_0 keys, where the query is quantised too, an exact
 * int32 per block of 32 and one chain over the blocks. A weighted sum of values is one chain
 * of fma over the positions, ascending; values of q8_0 are products that fp32 holds exactly.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base_model/kernels/kernels.h"
#include "base_model/model.h"

#define KV_PAGE 32
#define KV_LANES 16
#define KV_TILES (KV_PAGE / KV_LANES)
#define KV_CHUNK 256	/* positions whose weights are summed by themselves, then merged */

struct key_block {
	int8_t q[Q_BLOCK / 4][KV_LANES][4];
	uint16_t d[KV_LANES];
};

/* Query vectors that meet the same keys. */
struct queries {
	struct activations rows;	/* [n][width], in their quantised form for q8_0 */
	const float *columns;		/* [width][n], for the others */
};

/* Scores, and the weights that they become, are rows of KV_CHUNK floats, one per query, this
 * far apart: not by a power of two, which would put all rows into the same lines of a cache. */
#define KV_ROW (KV_CHUNK + KV_LANES)

/* Values weighted by exp(score − max): out / sum is their mean. */
struct mixture {
	float max;
	float sum;	/* 0: of none */
	float *out;	/* [width] */
};

struct kv_kernels {
	/*
	 * scores[i][p] = query i · key p for the positions of the page's first @tiles tiles.
	 * @next is what will be read next: it is fetched meanwhile.
	 */
	void (*score)(const struct queries *q, const uint8_t *keys, uint32_t tiles,
		      const uint8_t *next, float *scores);
	/* out[i][width] += Σ weights[i][p] · value p, p from @first to @last - 1. */
	void (*mix)(const uint8_t *values, uint32_t width, uint32_t first, uint32_t last,
		    const uint8_t *next, const float *weights, size_t n, float *out);
	/* Put the vector [dim] of one position into the page; columns beyond stay zero. */
	void (*store_key)(const float *x, uint32_t dim, uint32_t width, uint32_t position,
			  uint8_t *keys);
	void (*store_value)(const float *x, uint32_t dim, uint32_t width, uint32_t position,
			    uint8_t *values);
};

struct attention_kernels {
	struct kv_kernels types[BM_KV_COUNT];
	/*
	 * A row of scores becomes the weights of a softmax before its division: each is
	 * multiplied by @scale; capped as soft_cap() does with @cap above 0; then
	 * exp(score − max). Returns their sum by 16 chains; the largest score in @max.
	 */
	float (*weigh)(float *scores, size_t n, float scale, float cap, float *max);
	/*
	 * Two mixtures become one, over the larger maximum m:
	 * out = fma(from, exp(from.max − m), to · exp(to.max − m)), and sum likewise.
	 */
	void (*merge)(struct mixture *to, const struct mixture *from, size_t width);
};

/* Columns of a head of @dim as the cache holds it. */
static inline uint32_t kv_width(enum bm_kv_type type, uint32_t dim)
{
	uint32_t unit = type == BM_KV_Q8_0 ? Q_BLOCK : KV_LANES;

	return (dim + unit - 1) / unit * unit;
}

/* Bytes of a page's keys of one head, or of its values. */
static inline size_t kv_page_half(enum bm_kv_type type, uint32_t width)
{
	switch (type) {
	case BM_KV_F16:
		return (size_t)KV_PAGE * width * sizeof(uint16_t);
	case BM_KV_F32:
		return (size_t)KV_PAGE * width * sizeof(float);
	case BM_KV_Q8_0:
	case BM_KV_COUNT:
		break;
	}
	return (size_t)KV_TILES * (width / Q_BLOCK) * sizeof(struct key_block);
}
