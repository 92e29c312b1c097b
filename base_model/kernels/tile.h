/* SPDX-License-Identifier: MIT */
/*
 * Quantised rows by tiles, for every instruction set with vectors: a lane is a row. A block
 * of 32 columns becomes eight vectors, each with four consecutive columns of all rows, to be
 * multiplied by the same four activations; so each lane sums its row in the canonical order.
 *
 * The file of a set defines VECTOR_BYTES, includes this, and defines:
 *   transpose()        sixteen bytes of each row to four vectors of one 32-bit word per row
 *   halves()           the f16 at an offset of each row, as floats
 *   low_halves()       the f16 in the low half of each lane, as floats
 *   look_up()          bytes 0–15 of each lane by a table of sixteen bytes
 *   to_floats()        of signed integers
 *   fused()            a * b + c, rounded once
 *   load_lanes(), store_lanes()	the first n lanes of floats
 *   weighted()         a · first + b · second of two int16 at an address, in every lane
 *   dot_codes(), dot_bytes(), BYTES_OFFSET	see tile-rows.h
 *   GROUP              vectors of a batch that share one reading of a tile
 * Then it includes tile-unpack.h (what the types' bytes mean) and tile-rows.h (products).
 */
#pragma once

#include <string.h>

#include "base_model/kernels/blocks.h"
#include "base_model/kernels/decode.h"

#define LANE_ROWS (VECTOR_BYTES / 4)
#define TILE_WORDS (Q_BLOCK / 4)
#define SUPER_BLOCKS (Q_SUPER / Q_BLOCK)
#define SMALL_PAGE 4096
#define INLINE static inline __attribute__((always_inline))
/* Kept in registers: without it the sums of a group are an array in memory. */
#define UNROLL _Pragma("GCC unroll 16")

typedef uint32_t words __attribute__((vector_size(VECTOR_BYTES)));
typedef int32_t ints __attribute__((vector_size(VECTOR_BYTES)));
typedef int16_t shorts __attribute__((vector_size(VECTOR_BYTES)));
typedef float floats __attribute__((vector_size(VECTOR_BYTES)));

struct tile {
	const uint8_t *rows[LANE_ROWS];
	const uint8_t *next;	/* what is read after it */
	uint32_t first, n;	/* rows of the matrix; a short tile repeats its last */
};

/* A block of all rows: codes as the format says, scales and minimums by part. */
struct tile_block {
	words w[TILE_WORDS];
	floats d[2], m[2];
};

INLINE words splat_word(uint32_t x)
{
	return x - (words){ 0 };
}

INLINE floats splat(float x)
{
	return x - (floats){ 0 };
}

/* The tile of row @first, up to @last. */
INLINE void tile_init(struct tile *t, const struct matrix *w, uint32_t first, uint32_t last)
{
	t->first = first;
	t->n = last - first < LANE_ROWS ? last - first : LANE_ROWS;
	for (uint32_t i = 0; i < LANE_ROWS; i++) {
		uint32_t row = first + (i < t->n ? i : t->n - 1);

		t->rows[i] = w->data + row * w->row_size;
	}
	if (last - first > LANE_ROWS)
		t->next = w->data + (first + LANE_ROWS) * w->row_size;
	else
		t->next = w->ahead ? w->ahead : t->rows[0];
}

/* A file is mapped by small pages, and to find one takes as long as to read a dozen lines: so
 * each is touched before its lines are fetched, half a tile ahead of them. */
INLINE void tile_find_pages(const struct tile *t, const struct matrix *w)
{
	const size_t bytes = LANE_ROWS * w->row_size;

	for (size_t at = bytes / 2; at < bytes / 2 + bytes; at += SMALL_PAGE)
		__builtin_prefetch(t->next + at, 0, 2);
}

/* As many streams at once are more than the hardware follows by itself: with each block of a unit
 * as much of the next tile is fetched, into the second cache, since two tiles fill the first.
 * What finds no room to wait in is dropped, so the compiler must not gather a unit's lines. */
INLINE void tile_prefetch(const struct tile *t, size_t unit, size_t bytes, unsigned b,
			  unsigned blocks)
{
	const uint8_t *at = t->next + unit * LANE_ROWS * bytes;
	const size_t lines = (LANE_ROWS * bytes + 63) / 64;

	for (size_t line = b * lines / blocks; line < (b + 1) * lines / blocks; line++)
		__builtin_prefetch(at + 64 * line, 0, 2);
	__asm__ volatile("" : : : "memory");
}
