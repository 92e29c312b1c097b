/* SPDX-License-Identifier: MIT */
/*
 * What the bytes of a tile mean: for each type the function that unpacks one block of all rows.
 * decode-types.h is the specification. Codes are left unsigned where they are small; tile_format
 * says what is to be taken off.
 */
#pragma once

#include <stddef.h>

#define RUN SUPER_BLOCKS	/* so many small blocks fill whole pieces of PIECE bytes */
#define PIECE 16

/* What the blocks of a unit share, read with the first one that needs it. */
struct tile_unit {
	size_t at;		/* where it begins in the rows */
	bool run;		/* of small blocks, else one of them, or a superblock */
	floats d, minus;	/* scale, and the scale of minimums negated */
	words scales[4], minimums[2];
	words bytes[2][TILE_WORDS], high[TILE_WORDS];
	words pieces[RUN * sizeof(struct block_q4_0) / 4];	/* of a run, as it stands */
};

struct tile_format {
	unsigned blocks;	/* of a unit */
	unsigned bytes;		/* of a unit */
	unsigned parts;		/* of a block */
	bool has_minimum;
	/* Codes are unsigned, at most @largest, and mean @offset less; or, where @largest is 0,
	 * they are signed bytes. */
	int largest, offset;
	/* Block @b of a unit. Those of one unit are unpacked in ascending order, and @b is a
	 * constant where this is inlined: so what they share stays in registers. */
	void (*unpack)(const struct tile *t, struct tile_unit *u, unsigned b,
		       struct tile_block *out);
};

/* What a minimum of part @part of block @at is multiplied by. */
INLINE floats minimum_factor(const struct tile_format *f, const struct activations *x, size_t at,
			     unsigned part)
{
	return splat(f->parts == 1 ? x->scaled_sums[at] :
				     x->d[at] * (float)x->sums[2 * at + part]);
}

INLINE struct tile_unit unit_at(const struct tile_format *f, size_t index)
{
	return (struct tile_unit){ .at = index * f->bytes, .run = f->blocks == RUN };
}

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

/* Byte @index of each lane, as a float. */
INLINE floats byte_float(words v, int index)
{
	return to_floats((ints)(v << (24 - 8 * index)) >> 24);
}

/* The words of 32 bytes. */
INLINE void read_block(const struct tile *t, size_t at, words v[TILE_WORDS])
{
	transpose(t->rows, at, v);
	transpose(t->rows, at + 16, v + 4);
}

/* Sixteen bytes: the weights 0–15 and 16–31. */
INLINE void spread_nibbles(const words v[4], words w[TILE_WORDS])
{
	UNROLL
	for (int i = 0; i < 4; i++) {
		w[i] = nibbles(v[i], 0);
		w[i + 4] = nibbles(v[i], 4);
	}
}

INLINE void unpack_nibbles(const struct tile *t, size_t at, words w[TILE_WORDS])
{
	words v[4];

	transpose(t->rows, at, v);
	spread_nibbles(v, w);
}

/*
 * To gather the scales of eighteen bytes from as many rows costs as much as their weights. Of a
 * run, whole pieces are transposed one after the other, and the scale of block @b is the half of
 * a word; every second block begins with that, so that its weights stand between two words.
 */
INLINE void unpack_of_run(const struct tile *t, struct tile_unit *u, unsigned b,
			  struct tile_block *out)
{
	const size_t size = sizeof(struct block_q4_0);
	const size_t first = (b * size + PIECE - 1) / PIECE;
	const size_t last = ((b + 1) * size + PIECE - 1) / PIECE;
	const words *word = u->pieces + b * size / 4;
	words v[4];

	UNROLL
	for (size_t i = first; i < last; i++)
		transpose(t->rows, u->at + i * PIECE, u->pieces + i * PIECE / 4);
	out->d[0] = low_halves(word[0] >> b % 2 * 16);
	UNROLL
	for (int i = 0; i < 4; i++)
		v[i] = b % 2 ? word[i + 1] : word[i] >> 16 | word[i + 1] << 16;
	spread_nibbles(v, out->w);
}

INLINE void unpack_q4_0(const struct tile *t, struct tile_unit *u, unsigned b,
			struct tile_block *out)
{
	if (u->run) {
		unpack_of_run(t, u, b, out);
		return;
	}
	out->d[0] = halves(t->rows, u->at + offsetof(struct block_q4_0, d));
	unpack_nibbles(t, u->at + offsetof(struct block_q4_0, qs), out->w);
}

INLINE void unpack_q4_1(const struct tile *t, struct tile_unit *u, unsigned b,
			struct tile_block *out)
{
	out->d[0] = halves(t->rows, u->at + offsetof(struct block_q4_1, d));
	out->m[0] = halves(t->rows, u->at + offsetof(struct block_q4_1, m));
	unpack_nibbles(t, u->at + offsetof(struct block_q4_1, qs), out->w);
}

/* The fifth bit of all weights: 32 bits at @at, of which bit i is that of weight i. Sixteen
 * bytes can be read from there. */
INLINE void add_fifth(const struct tile *t, size_t at, words w[TILE_WORDS])
{
	words v[4];

	transpose(t->rows, at, v);
	UNROLL
	for (int i = 0; i < TILE_WORDS; i++) {
		words four = v[0] >> 4 * i & splat_word(15);

		/* Bits 0–3 to the bits 4 of the four bytes: by 4, 11, 18 and 25. */
		w[i] |= four * splat_word(0x02040810) & splat_word(0x10101010);
	}
}

INLINE void unpack_q5_0(const struct tile *t, struct tile_unit *u, unsigned b,
			struct tile_block *out)
{
	out->d[0] = halves(t->rows, u->at + offsetof(struct block_q5_0, d));
	unpack_nibbles(t, u->at + offsetof(struct block_q5_0, qs), out->w);
	add_fifth(t, u->at + offsetof(struct block_q5_0, qh), out->w);
}

INLINE void unpack_q5_1(const struct tile *t, struct tile_unit *u, unsigned b,
			struct tile_block *out)
{
	out->d[0] = halves(t->rows, u->at + offsetof(struct block_q5_1, d));
	out->m[0] = halves(t->rows, u->at + offsetof(struct block_q5_1, m));
	unpack_nibbles(t, u->at + offsetof(struct block_q5_1, qs), out->w);
	add_fifth(t, u->at + offsetof(struct block_q5_1, qh), out->w);
}

INLINE void unpack_q8_0(const struct tile *t, struct tile_unit *u, unsigned b,
			struct tile_block *out)
{
	out->d[0] = halves(t->rows, u->at + offsetof(struct block_q8_0, d));
	read_block(t, u->at + offsetof(struct block_q8_0, qs), out->w);
}

INLINE void look_up_all(words w[TILE_WORDS])
{
	UNROLL
	for (int i = 0; i < TILE_WORDS; i++)
		w[i] = look_up(w[i]);
}

INLINE void unpack_iq4_nl(const struct tile *t, struct tile_unit *u, unsigned b,
			  struct tile_block *out)
{
	unpack_q4_0(t, u, b, out);
	look_up_all(out->w);
}

/* 32 bytes whose pairs of bits belong to four blocks. */
INLINE void unpack_pairs(const struct tile *t, struct tile_unit *u, unsigned b, size_t at,
			 words w[TILE_WORDS])
{
	if (b % 4 == 0)
		read_block(t, u->at + at + b / 4 * Q_BLOCK, u->bytes[0]);
	UNROLL
	for (int i = 0; i < TILE_WORDS; i++)
		w[i] = pairs(u->bytes[0][i], 2 * (b % 4));
}

INLINE void unpack_q2_K(const struct tile *t, struct tile_unit *u, unsigned b,
			struct tile_block *out)
{
	if (b == 0) {
		u->d = halves(t->rows, u->at + offsetof(struct block_q2_K, d));
		u->minus = -halves(t->rows, u->at + offsetof(struct block_q2_K, dmin));
		transpose(t->rows, u->at + offsetof(struct block_q2_K, scales), u->scales);
	}
	UNROLL
	for (int p = 0; p < 2; p++) {
		int s = 2 * (b % 2) + p;

		out->d[p] = u->d * byte_float(nibbles(u->scales[b / 2], 0), s);
		out->m[p] = u->minus * byte_float(nibbles(u->scales[b / 2], 4), s);
	}
	unpack_pairs(t, u, b, offsetof(struct block_q2_K, qs), out->w);
}

/* Twelve bytes with six bits for each of sixteen: nibbles, and behind them the high pairs. */
INLINE void read_scales_q3_K(const struct tile *t, struct tile_unit *u)
{
	words v[4];

	/* Four bytes early: sixteen from there end where the scales do. */
	transpose(t->rows, u->at + offsetof(struct block_q3_K, scales) - 4, v);
	UNROLL
	for (int i = 0; i < 4; i++)
		u->scales[i] = nibbles(v[1 + i % 2], i / 2 * 4) | pairs(v[3], 2 * i) << 4;
}

INLINE void unpack_q3_K(const struct tile *t, struct tile_unit *u, unsigned b,
			struct tile_block *out)
{
	if (b == 0) {
		u->d = halves(t->rows, u->at + offsetof(struct block_q3_K, d));
		read_scales_q3_K(t, u);
		read_block(t, u->at + offsetof(struct block_q3_K, hmask), u->high);
	}
	UNROLL
	for (int p = 0; p < 2; p++)
		out->d[p] = u->d *
			    (byte_float(u->scales[b / 2], 2 * (b % 2) + p) - splat(32.0f));
	unpack_pairs(t, u, b, offsetof(struct block_q3_K, qs), out->w);
	UNROLL
	for (int i = 0; i < TILE_WORDS; i++)
		out->w[i] |= move_bit(u->high[i], (int)b, 2);
}

/* Scales and minimums of eight blocks, six bits each, in twelve bytes. */
INLINE void read_scales_q4_K(const struct tile *t, struct tile_unit *u, size_t at)
{
	const words six = splat_word(0x3f3f3f3f), two = splat_word(0x30303030);
	words v[4];

	transpose(t->rows, u->at + at, v);
	u->scales[0] = v[0] & six;
	u->scales[1] = nibbles(v[2], 0) | (v[0] >> 2 & two);
	u->minimums[0] = v[1] & six;
	u->minimums[1] = nibbles(v[2], 4) | (v[1] >> 2 & two);
}

/* Block @b by the scales read before; 32 bytes from @at hold the nibbles of two blocks. */
INLINE void unpack_two(const struct tile *t, struct tile_unit *u, unsigned b, size_t at,
		       struct tile_block *out)
{
	if (b % 2 == 0)
		read_block(t, u->at + at + b / 2 * Q_BLOCK, u->bytes[0]);
	out->d[0] = u->d * byte_float(u->scales[b / 4], b % 4);
	out->m[0] = u->minus * byte_float(u->minimums[b / 4], b % 4);
	UNROLL
	for (int i = 0; i < TILE_WORDS; i++)
		out->w[i] = nibbles(u->bytes[0][i], b % 2 * 4);
}

INLINE void unpack_q4_K(const struct tile *t, struct tile_unit *u, unsigned b,
			struct tile_block *out)
{
	if (b == 0) {
		u->d = halves(t->rows, u->at + offsetof(struct block_q4_K, d));
		u->minus = -halves(t->rows, u->at + offsetof(struct block_q4_K, dmin));
		read_scales_q4_K(t, u, offsetof(struct block_q4_K, scales));
	}
	unpack_two(t, u, b, offsetof(struct block_q4_K, qs), out);
}

INLINE void unpack_q5_K(const struct tile *t, struct tile_unit *u, unsigned b,
			struct tile_block *out)
{
	if (b == 0) {
		u->d = halves(t->rows, u->at + offsetof(struct block_q5_K, d));
		u->minus = -halves(t->rows, u->at + offsetof(struct block_q5_K, dmin));
		read_scales_q4_K(t, u, offsetof(struct block_q5_K, scales));
		read_block(t, u->at + offsetof(struct block_q5_K, qh), u->high);
	}
	unpack_two(t, u, b, offsetof(struct block_q5_K, qs), out);
	UNROLL
	for (int i = 0; i < TILE_WORDS; i++)
		out->w[i] |= move_bit(u->high[i], (int)b, 4);
}

/* Of four blocks, the first and the third have their nibbles in the same 32 bytes, the second
 * and the fourth too; the high pairs of all of them stand together. */
INLINE void unpack_q6_K(const struct tile *t, struct tile_unit *u, unsigned b,
			struct tile_block *out)
{
	const unsigned k = b % 4;

	if (b == 0) {
		u->d = halves(t->rows, u->at + offsetof(struct block_q6_K, d));
		transpose(t->rows, u->at + offsetof(struct block_q6_K, scales), u->scales);
	}
	if (k == 0)
		read_block(t, u->at + offsetof(struct block_q6_K, qh) + b / 4 * Q_BLOCK, u->high);
	if (k < 2)
		read_block(t, u->at + offsetof(struct block_q6_K, ql) + (b / 4 * 2 + k) * Q_BLOCK,
			   u->bytes[k]);
	UNROLL
	for (int p = 0; p < 2; p++)
		out->d[p] = u->d * byte_float(u->scales[b / 2], 2 * (b % 2) + p);
	UNROLL
	for (int i = 0; i < TILE_WORDS; i++)
		out->w[i] = nibbles(u->bytes[k % 2][i], k / 2 * 4) | pairs(u->high[i], 2 * k) << 4;
}

INLINE void unpack_iq4_xs(const struct tile *t, struct tile_unit *u, unsigned b,
			  struct tile_block *out)
{
	words scale;

	/* d and the scales' high pairs are the first word, their nibbles the second. */
	if (b == 0) {
		u->d = halves(t->rows, u->at + offsetof(struct block_iq4_xs, d));
		transpose(t->rows, u->at, u->scales);
	}
	scale = (u->scales[1] >> 4 * b & splat_word(15)) |
		(u->scales[0] >> (16 + 2 * b) & splat_word(3)) << 4;
	out->d[0] = u->d * (to_floats((ints)scale) - splat(32.0f));
	unpack_nibbles(t, u->at + offsetof(struct block_iq4_xs, qs) + b * Q_BLOCK / 2, out->w);
	look_up_all(out->w);
}

INLINE void unpack_tq2_0(const struct tile *t, struct tile_unit *u, unsigned b,
			 struct tile_block *out)
{
	if (b == 0)
		u->d = halves(t->rows, u->at + offsetof(struct block_tq2_0, d));
	out->d[0] = u->d;
	unpack_pairs(t, u, b, 0, out->w);
}

#define DEFINE_FORMAT(type, ...)                                                               \
	static const struct tile_format format_##type = {                                      \
		.bytes = sizeof(struct block_##type), .unpack = unpack_##type, __VA_ARGS__     \
	}

/* Of these there is a format of one block and one of a run. */
#define DEFINE_SMALL(type, ...)                                                                \
	DEFINE_FORMAT(type, .blocks = 1, __VA_ARGS__);                                         \
	static const struct tile_format run_##type = {                                         \
		.blocks = RUN, .bytes = RUN * sizeof(struct block_##type),                     \
		.unpack = unpack_##type, __VA_ARGS__                                           \
	}

DEFINE_SMALL(q4_0, .parts = 1, .largest = 15, .offset = 8);
DEFINE_FORMAT(q4_1, .blocks = 1, .parts = 1, .largest = 15, .has_minimum = true);
DEFINE_FORMAT(q5_0, .blocks = 1, .parts = 1, .largest = 31, .offset = 16);
DEFINE_FORMAT(q5_1, .blocks = 1, .parts = 1, .largest = 31, .has_minimum = true);
DEFINE_FORMAT(q8_0, .blocks = 1, .parts = 1);
DEFINE_SMALL(iq4_nl, .parts = 1);
DEFINE_FORMAT(q2_K, .blocks = SUPER_BLOCKS, .parts = 2, .largest = 3, .has_minimum = true);
DEFINE_FORMAT(q3_K, .blocks = SUPER_BLOCKS, .parts = 2, .largest = 7, .offset = 4);
DEFINE_FORMAT(q4_K, .blocks = SUPER_BLOCKS, .parts = 1, .largest = 15, .has_minimum = true);
DEFINE_FORMAT(q5_K, .blocks = SUPER_BLOCKS, .parts = 1, .largest = 31, .has_minimum = true);
DEFINE_FORMAT(q6_K, .blocks = SUPER_BLOCKS, .parts = 2, .largest = 63, .offset = 32);
DEFINE_FORMAT(iq4_xs, .blocks = SUPER_BLOCKS, .parts = 1);
DEFINE_FORMAT(tq2_0, .blocks = SUPER_BLOCKS, .parts = 1, .largest = 3, .offset = 1);
