/* SPDX-License-Identifier: MIT */
/*
 * Products of tiles with vectors; kernels.h has the canonical sum. The exact sums of a part,
 * for @n vectors that lie @stride bytes apart, are the set's:
 *
 *   dot_codes(w, n_words, largest, x, stride, n, sums)	unsigned codes up to @largest
 *   dot_bytes(w, n_words, x, stride, n, sums)		signed bytes, each larger by BYTES_OFFSET
 *
 * are @n_words words from @w on times the activations from @x on.
 */
#pragma once

#define CHUNK 32	/* blocks unpacked at once: a part of the first cache */

/* The exact sums of part @part of block @at, in each of @n vectors. */
INLINE void sum_part(const struct tile_format *f, const struct tile_block *w,
		     const struct activations *x, size_t at, unsigned part, size_t n, ints *sums)
{
	const size_t n_words = TILE_WORDS / f->parts, per_vector = x->cols / Q_BLOCK;
	const int8_t *q = x->q + at * Q_BLOCK + part * 4 * n_words;
	const bool first = part == 0, second = part + 1 == f->parts;
	const int offset = f->largest ? f->offset : BYTES_OFFSET;

	if (f->largest)
		dot_codes(w->w + part * n_words, n_words, f->largest, q, x->cols, n, sums);
	else
		dot_bytes(w->w + part * n_words, n_words, q, x->cols, n, sums);
	if (offset == 0)
		return;
	UNROLL
	for (size_t i = 0; i < n; i++)
		sums[i] -= weighted(x->sums + 2 * (at + i * per_vector), first ? offset : 0,
				    second ? offset : 0);
}

/* acc[n] + the products with block @at of @n vectors. */
INLINE void add_block(const struct tile_format *f, const struct tile_block *w,
		      const struct activations *x, size_t at, size_t n, floats *acc)
{
	size_t per_vector = x->cols / Q_BLOCK;

	UNROLL
	for (unsigned p = 0; p < f->parts; p++) {
		ints sums[GROUP];

		sum_part(f, w, x, at, p, n, sums);
		UNROLL
		for (size_t i = 0; i < n; i++) {
			size_t block = at + i * per_vector;

			acc[i] = fused(to_floats(sums[i]), w->d[p] * splat(x->d[block]), acc[i]);
			if (f->has_minimum)
				acc[i] = fused(w->m[p], minimum_factor(f, x, block, p), acc[i]);
		}
	}
}

/* One vector, while the tile is read. */
INLINE void tile_stream(const struct tile_format *f, const struct tile *t,
			const struct activations *x, float *y)
{
	floats acc = { 0 };

	for (size_t unit = 0; unit < x->cols / Q_BLOCK / f->blocks; unit++) {
		struct tile_unit u = unit_at(f, unit);

		UNROLL
		for (unsigned b = 0; b < f->blocks; b++) {
			struct tile_block w;

			tile_prefetch(t, unit, f->bytes, b, f->blocks);
			f->unpack(t, &u, b, &w);
			add_block(f, &w, x, unit * f->blocks + b, 1, &acc);
		}
	}
	store_lanes(y + t->first, acc, t->n);
}

/* @n vectors from @first on against @n_blocks unpacked ones from @at on, from and to the sums
 * so far in y; the vectors' chains are independent. */
INLINE void add_chunk(const struct tile_format *f, const struct tile_block *w, size_t n_blocks,
		      const struct activations *x, size_t at, size_t first, size_t n,
		      const struct tile *t, float *y, size_t y_stride)
{
	size_t per_vector = x->cols / Q_BLOCK;
	floats acc[GROUP];

	y += first * y_stride + t->first;
	UNROLL
	for (size_t i = 0; i < n; i++)
		acc[i] = at ? load_lanes(y + i * y_stride, t->n) : (floats){ 0 };
	for (size_t b = 0; b < n_blocks; b++)
		add_block(f, &w[b], x, first * per_vector + at + b, n, acc);
	UNROLL
	for (size_t i = 0; i < n; i++)
		store_lanes(y + i * y_stride, acc[i], t->n);
}

INLINE void tile_many(const struct tile_format *f, const struct tile *t,
		      const struct activations *x, float *y, size_t y_stride)
{
	size_t n_blocks = x->cols / Q_BLOCK, v;
	struct tile_block unpacked[CHUNK];

	for (size_t at = 0; at < n_blocks; at += CHUNK) {
		size_t n = n_blocks - at < CHUNK ? n_blocks - at : CHUNK;

		for (size_t b = 0; b < n; b += f->blocks) {
			struct tile_unit u = unit_at(f, (at + b) / f->blocks);

			UNROLL
			for (unsigned k = 0; k < f->blocks; k++)
				f->unpack(t, &u, k, &unpacked[b + k]);
		}
		for (v = 0; v + GROUP <= x->n; v += GROUP)
			add_chunk(f, unpacked, n, x, at, v, GROUP, t, y, y_stride);
		for (; v < x->n; v++)
			add_chunk(f, unpacked, n, x, at, v, 1, t, y, y_stride);
	}
}

INLINE void rows_of(const struct tile_format *f, const struct matrix *w, uint32_t first,
		    uint32_t last, const struct activations *x, float *y, size_t y_stride)
{
	struct tile t;

	for (; first < last; first += t.n) {
		tile_init(&t, w, first, last);
		tile_find_pages(&t, w);
		if (x->n == 1)
			tile_stream(f, &t, x, y);
		else
			tile_many(f, &t, x, y, y_stride);
	}
}

#define RUNS 1
#include "base_model/kernels/tile-types.h"
