/* SPDX-License-Identifier: MIT */
/*
 * What the bytes of a tile mean: for each type the function that unpacks a unit (a block, or
 * a superblock's eight) of all rows. decode.c is the specification. Codes are left unsigned
 * where they are small; tile_format says what is to be taken off.
 */
#pragma once

#include <stddef.h>

struct tile_format {
	unsigned blocks;	/* of a unit */
	unsigned bytes;		/* of a unit */
	unsigned parts;		/* of a block */
	bool has_minimum;
	/* Codes are unsigned, at most @largest, and mean @offset less; or, where @largest is 0,
	 * they are signed bytes. */
	int largest, offset;
	/* Unit @unit of each row to @out [blocks]. */
	void (*unpack)(const struct tile *t, size_t unit, struct tile_block *out);
};

INLINE words nibbles(words v, int shift)
{
	return v >> shift & splat_word(0x0f0f0f0f);
}

INLINE words pairs(words v, int shift)
{
	return v >> shift & splat_word(0x03030303);
}

/* The bit @bit of each byte, as the bit @to. */
INLINE words move_bit(words v, int bit, int to)
{
	return (bit > to ? v >> (bit - to) : v << (to - bit)) & splat_word(0x01010101u << to);
}

/* The 32 bits at @at of each row, of sixteen bytes that can be read from there … */
INLINE words first_word(const struct tile *t, size_t at)
{
	words v[4];

	transpose(t->rows, at, v);
	return v[0];
}

/* … or that end behind them. */
INLINE words last_word(const struct tile *t, size_t at)
{
	words v[4];

	transpose(t->rows, at - 12, v);
	return v[3];
}

/* Byte @index of each lane, as a float. */
INLINE floats byte_float(words v, int index)
{
	return to_floats((ints)(v << (24 - 8 * index)) >> 24);
}

/* Sixteen bytes: the weights 0–15 and 16–31. */
INLINE void unpack_nibbles(const struct tile *t, size_t at, words w[TILE_WORDS])
{
	words v[4];

	transpose(t->rows, at, v);
	UNROLL
	for (int i = 0; i < 4; i++) {
		w[i] = nibbles(v[i], 0);
		w[i + 4] = nibbles(v[i], 4);
	}
}

INLINE void unpack_q4_0(const struct tile *t, size_t unit, struct tile_block *out)
{
	size_t at = unit * sizeof(struct block_q4_0);

	out->d[0] = halves(first_word(t, at));
	unpack_nibbles(t, at + offsetof(struct block_q4_0, qs), out->w);
}

INLINE void unpack_q4_1(const struct tile *t, size_t unit, struct tile_block *out)
{
	size_t at = unit * sizeof(struct block_q4_1);
	words scales = first_word(t, at);

	out->d[0] = halves(scales);
	out->m[0] = halves(scales >> 16);
	unpack_nibbles(t, at + offsetof(struct block_q4_1, qs), out->w);
}

/* The fifth bit of all weights: bit i of the lane is that of weight i. */
INLINE void add_fifth(words bits, words w[TILE_WORDS])
{
	UNROLL
	for (int i = 0; i < TILE_WORDS; i++) {
		words four = bits >> 4 * i & splat_word(15);

		/* Bits 0–3 to the bits 4 of the four bytes: by 4, 11, 18 and 25. */
		w[i] |= four * splat_word(0x02040810) & splat_word(0x10101010);
	}
}

INLINE void unpack_q5_0(const struct tile *t, size_t unit, struct tile_block *out)
{
	size_t at = unit * sizeof(struct block_q5_0);

	out->d[0] = halves(first_word(t, at));
	unpack_nibbles(t, at + offsetof(struct block_q5_0, qs), out->w);
	add_fifth(first_word(t, at + offsetof(struct block_q5_0, qh)), out->w);
}

INLINE void unpack_q5_1(const struct tile *t, size_t unit, struct tile_block *out)
{
	size_t at = unit * sizeof(struct block_q5_1);
	words scales = first_word(t, at);

	out->d[0] = halves(scales);
	out->m[0] = halves(scales >> 16);
	unpack_nibbles(t, at + offsetof(struct block_q5_1, qs), out->w);
	add_fifth(first_word(t, at + offsetof(struct block_q5_1, qh)), out->w);
}

INLINE void unpack_q8_0(const struct tile *t, size_t unit, struct tile_block *out)
{
	size_t at = unit * sizeof(struct block_q8_0);

	out->d[0] = halves(first_word(t, at));
	transpose(t->rows, at + offsetof(struct block_q8_0, qs), out->w);
	transpose(t->rows, at + offsetof(struct block_q8_0, qs) + 16, out->w + 4);
}

INLINE void unpack_iq4_nl(const struct tile *t, size_t unit, struct tile_block *out)
{
	size_t at = unit * sizeof(struct block_iq4_nl);

	out->d[0] = halves(first_word(t, at));
	unpack_nibbles(t, at + offsetof(struct block_iq4_nl, qs), out->w);
	UNROLL
	for (int i = 0; i < TILE_WORDS; i++)
		out->w[i] = look_up(out->w[i]);
}

/* 32 bytes whose pairs of bits belong to four blocks. */
INLINE void unpack_pairs(const struct tile *t, size_t at, struct tile_block *out)
{
	UNROLL
	for (int half = 0; half < 2; half++) {
		words v[4];

		transpose(t->rows, at + 16 * half, v);
		UNROLL
		for (int b = 0; b < 4; b++)
			UNROLL
			for (int i = 0; i < 4; i++)
				out[b].w[4 * half + i] = pairs(v[i], 2 * b);
	}
}

INLINE void unpack_q2_K(const struct tile *t, size_t unit, struct tile_block *out)
{
	size_t at = unit * sizeof(struct block_q2_K);
	words both = last_word(t, at + offsetof(struct block_q2_K, d)), scales[4];
	floats d = halves(both), minus = -halves(both >> 16);

	transpose(t->rows, at + offsetof(struct block_q2_K, scales), scales);
	UNROLL
	for (int s = 0; s < 16; s++) {
		out[s / 2].d[s % 2] = d * byte_float(nibbles(scales[s / 4], 0), s % 4);
		out[s / 2].m[s % 2] = minus * byte_float(nibbles(scales[s / 4], 4), s % 4);
	}
	for (int half = 0; half < 2; half++)
		unpack_pairs(t, at + offsetof(struct block_q2_K, qs) + half * Q_BLOCK,
			     out + 4 * half);
}

/* Twelve bytes with six bits for each of sixteen, and d behind them. */
INLINE void scales_q3_K(const struct tile *t, size_t at, struct tile_block *out)
{
	words v[4], low[4], high;
	floats d;

	/* Two bytes early: sixteen from there end where the block does. */
	transpose(t->rows, at - 2, v);
	low[0] = v[0] >> 16 | v[1] << 16;
	low[1] = v[1] >> 16 | v[2] << 16;
	high = v[2] >> 16 | v[3] << 16;
	d = halves(v[3] >> 16);
	low[2] = nibbles(low[0], 4);
	low[3] = nibbles(low[1], 4);
	low[0] = nibbles(low[0], 0);
	low[1] = nibbles(low[1], 0);
	UNROLL
	for (int s = 0; s < 16; s++) {
		words six = low[s / 4] | pairs(high, s / 4 * 2) << 4;

		out[s / 2].d[s % 2] = d * (byte_float(six, s % 4) - 32.0f);
	}
}

INLINE void unpack_q3_K(const struct tile *t, size_t unit, struct tile_block *out)
{
	size_t at = unit * sizeof(struct block_q3_K);

	scales_q3_K(t, at + offsetof(struct block_q3_K, scales), out);
	for (int half = 0; half < 2; half++)
		unpack_pairs(t, at + offsetof(struct block_q3_K, qs) + half * Q_BLOCK,
			     out + 4 * half);
	for (int half = 0; half < 2; half++) {
		words third[4];

		transpose(t->rows, at + offsetof(struct block_q3_K, hmask) + 16 * half, third);
		UNROLL
		for (int b = 0; b < SUPER_BLOCKS; b++)
			UNROLL
			for (int i = 0; i < 4; i++)
				out[b].w[4 * half + i] |= move_bit(third[i], b, 2);
	}
}

/* d, dmin and the scales and minimums of eight blocks: sixteen bytes. */
INLINE void scales_q4_K(const struct tile *t, size_t at, struct tile_block *out)
{
	const words six = splat_word(0x3f3f3f3f), two = splat_word(0x30303030);
	words v[4], scales[2], minimums[2];
	floats d, minus;

	transpose(t->rows, at, v);
	d = halves(v[0]);
	minus = -halves(v[0] >> 16);
	scales[0] = v[1] & six;
	scales[1] = nibbles(v[3], 0) | (v[1] >> 2 & two);
	minimums[0] = v[2] & six;
	minimums[1] = nibbles(v[3], 4) | (v[2] >> 2 & two);
	UNROLL
	for (int b = 0; b < SUPER_BLOCKS; b++) {
		out[b].d[0] = d * byte_float(scales[b / 4], b % 4);
		out[b].m[0] = minus * byte_float(minimums[b / 4], b % 4);
	}
}

/* 32 bytes for each two blocks: low and high nibbles. */
INLINE void nibbles_q4_K(const struct tile *t, size_t at, struct tile_block *out)
{
	for (int b = 0; b < SUPER_BLOCKS; b += 2, at += Q_BLOCK) {
		words v[TILE_WORDS];

		transpose(t->rows, at, v);
		transpose(t->rows, at + 16, v + 4);
		UNROLL
		for (int i = 0; i < TILE_WORDS; i++) {
			out[b].w[i] = nibbles(v[i], 0);
			out[b + 1].w[i] = nibbles(v[i], 4);
		}
	}
}

INLINE void unpack_q4_K(const struct tile *t, size_t unit, struct tile_block *out)
{
	size_t at = unit * sizeof(struct block_q4_K);

	scales_q4_K(t, at, out);
	nibbles_q4_K(t, at + offsetof(struct block_q4_K, qs), out);
}

INLINE void unpack_q5_K(const struct tile *t, size_t unit, struct tile_block *out)
{
	size_t at = unit * sizeof(struct block_q5_K);

	scales_q4_K(t, at, out);
	nibbles_q4_K(t, at + offsetof(struct block_q5_K, qs), out);
	for (int half = 0; half < 2; half++) {
		words fifth[4];

		transpose(t->rows, at + offsetof(struct block_q5_K, qh) + 16 * half, fifth);
		UNROLL
		for (int b = 0; b < SUPER_BLOCKS; b++)
			UNROLL
			for (int i = 0; i < 4; i++)
				out[b].w[4 * half + i] |= move_bit(fifth[i], b, 4);
	}
}

/* Half of each of four blocks: sixteen columns. */
INLINE void unpack_six_bits(const struct tile *t, size_t low_at, size_t high_at, int word,
			    struct tile_block *out)
{
	words low[4], low2[4], high[4];

	transpose(t->rows, low_at, low);
	transpose(t->rows, low_at + Q_BLOCK, low2);
	transpose(t->rows, high_at, high);
	UNROLL
	for (int i = 0; i < 4; i++) {
		out[0].w[word + i] = nibbles(low[i], 0) | pairs(high[i], 0) << 4;
		out[1].w[word + i] = nibbles(low2[i], 0) | pairs(high[i], 2) << 4;
		out[2].w[word + i] = nibbles(low[i], 4) | pairs(high[i], 4) << 4;
		out[3].w[word + i] = nibbles(low2[i], 4) | pairs(high[i], 6) << 4;
	}
}

INLINE void unpack_q6_K(const struct tile *t, size_t unit, struct tile_block *out)
{
	size_t at = unit * sizeof(struct block_q6_K);
	floats d = halves(last_word(t, at + offsetof(struct block_q6_K, d) - 2) >> 16);
	words scales[4];

	transpose(t->rows, at + offsetof(struct block_q6_K, scales), scales);
	UNROLL
	for (int s = 0; s < 16; s++)
		out[s / 2].d[s % 2] = d * byte_float(scales[s / 4], s % 4);
	for (int b = 0; b < SUPER_BLOCKS; b += 4) {
		size_t low = at + offsetof(struct block_q6_K, ql) + b * 16;
		size_t high = at + offsetof(struct block_q6_K, qh) + b * 8;

		unpack_six_bits(t, low, high, 0, out + b);
		unpack_six_bits(t, low + 16, high + 16, 4, out + b);
	}
}

INLINE void unpack_iq4_xs(const struct tile *t, size_t unit, struct tile_block *out)
{
	size_t at = unit * sizeof(struct block_iq4_xs);
	words v[4];
	floats d;

	transpose(t->rows, at, v);
	d = halves(v[0]);
	UNROLL
	for (int b = 0; b < SUPER_BLOCKS; b++) {
		words scale = (v[1] >> 4 * b & splat_word(15)) |
			      (v[0] >> (16 + 2 * b) & splat_word(3)) << 4;

		out[b].d[0] = d * (to_floats((ints)scale) - 32.0f);
	}
	for (int b = 0; b < SUPER_BLOCKS; b++) {
		unpack_nibbles(t, at + offsetof(struct block_iq4_xs, qs) + b * Q_BLOCK / 2,
			       out[b].w);
		UNROLL
		for (int i = 0; i < TILE_WORDS; i++)
			out[b].w[i] = look_up(out[b].w[i]);
	}
}

INLINE void unpack_tq2_0(const struct tile *t, size_t unit, struct tile_block *out)
{
	size_t at = unit * sizeof(struct block_tq2_0);
	floats d = halves(last_word(t, at + offsetof(struct block_tq2_0, d) - 2) >> 16);

	UNROLL
	for (int b = 0; b < SUPER_BLOCKS; b++)
		out[b].d[0] = d;
	for (int half = 0; half < 2; half++)
		unpack_pairs(t, at + half * Q_BLOCK, out + 4 * half);
}

#define DEFINE_FORMAT(type, ...)                                                               \
	static const struct tile_format format_##type = {                                      \
		.bytes = sizeof(struct block_##type), .unpack = unpack_##type, __VA_ARGS__     \
	}

DEFINE_FORMAT(q4_0, .blocks = 1, .parts = 1, .largest = 15, .offset = 8);
DEFINE_FORMAT(q4_1, .blocks = 1, .parts = 1, .largest = 15, .has_minimum = true);
DEFINE_FORMAT(q5_0, .blocks = 1, .parts = 1, .largest = 31, .offset = 16);
DEFINE_FORMAT(q5_1, .blocks = 1, .parts = 1, .largest = 31, .has_minimum = true);
DEFINE_FORMAT(q8_0, .blocks = 1, .parts = 1);
DEFINE_FORMAT(iq4_nl, .blocks = 1, .parts = 1);
DEFINE_FORMAT(q2_K, .blocks = SUPER_BLOCKS, .parts = 2, .largest = 3, .has_minimum = true);
DEFINE_FORMAT(q3_K, .blocks = SUPER_BLOCKS, .parts = 2, .largest = 7, .offset = 4);
DEFINE_FORMAT(q4_K, .blocks = SUPER_BLOCKS, .parts = 1, .largest = 15, .has_minimum = true);
DEFINE_FORMAT(q5_K, .blocks = SUPER_BLOCKS, .parts = 1, .largest = 31, .has_minimum = true);
DEFINE_FORMAT(q6_K, .blocks = SUPER_BLOCKS, .parts = 2, .largest = 63, .offset = 32);
DEFINE_FORMAT(iq4_xs, .blocks = SUPER_BLOCKS, .parts = 1);
DEFINE_FORMAT(tq2_0, .blocks = SUPER_BLOCKS, .parts = 1, .largest = 3, .offset = 1);
