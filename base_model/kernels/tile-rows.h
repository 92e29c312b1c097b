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

/* What a minimum of part @part is multiplied by. */
INLINE floats minimum_factor(const struct tile_format *f, const struct activations *x, size_t at,
			     unsigned part)
{
	if (f->parts == 1)
		return splat(x->scaled_sums[at]);
	return splat(x->d[at]) * to_floats(weighted(x->sums + 2 * at, part == 0, part == 1));
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

/* All @n vectors, while the tile is read. */
INLINE void tile_stream(const struct tile_format *f, const struct tile *t,
			const struct activations *x, size_t n, float *y, size_t y_stride)
{
	size_t per_vector = x->cols / Q_BLOCK;
	floats acc[GROUP] = { { 0 } };

	for (size_t unit = 0; unit < per_vector / f->blocks; unit++) {
		struct tile_unit u = { .at = unit * f->bytes };

		UNROLL
		for (unsigned b = 0; b < f->blocks; b++) {
			struct tile_block w;

			tile_prefetch(t, unit, f->bytes, b, f->blocks);
			f->unpack(t, &u, b, &w);
			add_block(f, &w, x, unit * f->blocks + b, n, acc);
		}
	}
	UNROLL
	for (size_t i = 0; i < n; i++)
		store_lanes(y + i * y_stride + t->first, acc[i], t->n);
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
			struct tile_unit u = { .at = (at + b) / f->blocks * f->bytes };

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

/* By a constant number of vectors, so that their sums stay in registers. */
INLINE void tile_product(const struct tile_format *f, const struct tile *t,
			 const struct activations *x, float *y, size_t y_stride)
{
	if (x->n == 1)
		tile_stream(f, t, x, 1, y, y_stride);
	else if (x->n == 2 && STREAMED >= 2)
		tile_stream(f, t, x, 2, y, y_stride);
	else if (x->n == 3 && STREAMED >= 3)
		tile_stream(f, t, x, 3, y, y_stride);
	else if (x->n == 4 && STREAMED >= 4)
		tile_stream(f, t, x, 4, y, y_stride);
	else if (x->n > STREAMED)
		tile_many(f, t, x, y, y_stride);
}

#define DEFINE_TILE_ROWS(type)                                                                 \
	static void tile_rows_##type(const struct matrix *w, uint32_t first, uint32_t last,    \
				     const struct activations *x, float *y, size_t y_stride)   \
	{                                                                                      \
		struct tile t;                                                                 \
                                                                                               \
		for (; first < last; first += t.n) {                                           \
			tile_init(&t, w, first, last);                                         \
			tile_find_pages(&t, w);                                                \
			tile_product(&format_##type, &t, x, y, y_stride);                      \
		}                                                                              \
	}

DEFINE_TILE_ROWS(q4_0)
DEFINE_TILE_ROWS(q4_1)
DEFINE_TILE_ROWS(q5_0)
DEFINE_TILE_ROWS(q5_1)
DEFINE_TILE_ROWS(q8_0)
DEFINE_TILE_ROWS(iq4_nl)
DEFINE_TILE_ROWS(q2_K)
DEFINE_TILE_ROWS(q3_K)
DEFINE_TILE_ROWS(q4_K)
DEFINE_TILE_ROWS(q5_K)
DEFINE_TILE_ROWS(q6_K)
DEFINE_TILE_ROWS(iq4_xs)
DEFINE_TILE_ROWS(tq2_0)

/* In the table by type. */
#define TILE_ROWS                                                                              \
	[TENSOR_Q4_0] = tile_rows_q4_0, [TENSOR_Q4_1] = tile_rows_q4_1,                        \
	[TENSOR_Q5_0] = tile_rows_q5_0, [TENSOR_Q5_1] = tile_rows_q5_1,                        \
	[TENSOR_Q8_0] = tile_rows_q8_0, [TENSOR_Q2_K] = tile_rows_q2_K,                        \
	[TENSOR_Q3_K] = tile_rows_q3_K, [TENSOR_Q4_K] = tile_rows_q4_K,                        \
	[TENSOR_Q5_K] = tile_rows_q5_K, [TENSOR_Q6_K] = tile_rows_q6_K,                        \
	[TENSOR_IQ4_NL] = tile_rows_iq4_nl, [TENSOR_IQ4_XS] = tile_rows_iq4_xs,                \
	[TENSOR_TQ2_0] = tile_rows_tq2_0
