/* SPDX-License-Identifier: MIT */
/*
 * Quantised blocks of sixteen rows at once, a lane per row: what avx512.c multiplies. A block of
 * 32 columns becomes eight vectors, each with four consecutive columns of all rows. Rows stand
 * apart in the file, so sixteen bytes of each are transposed.
 */
#pragma once

#include <immintrin.h>
#include <string.h>

#include "base_model/kernels/kernels.h"

#define TILE 16
/* Kept in registers: without it small arrays of vectors are memory. */
#define UNROLL _Pragma("GCC unroll 16")
#define INLINE static inline __attribute__((always_inline))

struct tile {
	const uint8_t *data;
	size_t stride;
	uint32_t begin, n;	/* its first row in the matrix; how many are asked for */
	__mmask16 mask;		/* those */
	const uint8_t *next;	/* what is read after it */
};

/* Codes are unsigned here: the type's offset is still to be taken off. */
struct tile_block {
	__m512i w[8];		/* [four columns][row] */
	__m512 d[2], m[2];	/* by part: weight = d · (code − offset) + m */
};

/* What blocks of one unit share: read when the first of them is decoded. */
struct unit {
	size_t at;		/* its offset in the rows */
	__m512 d, dmin;
	__m512i scales[4], mins[2];
	__m512i bytes[16], high[8];
};

/* What the loops need to know of a type; constants, so that nothing of it is left in them. */
struct layout {
	size_t unit, bytes;	/* blocks that are decoded together, and their bytes in a row */
	int offset;
	int parts;		/* scales of a block: 1, or 2 for halves */
	int minimum;		/* whether m is used */
	/* Block @b of a unit; blocks are decoded in ascending order. */
	void (*decode)(const struct tile *t, struct unit *u, int b, struct tile_block *out);
};

/* Sixteen bytes of rows i, 4 + i, 8 + i and 12 + i. */
INLINE __m512i four_rows(const uint8_t *at, size_t four)
{
	__m512i a = _mm512_castsi128_si512(_mm_loadu_si128((const __m128i *)at));

	/* Broadcasts under a mask do not need the units that shuffle, as insertions do. */
	a = _mm512_mask_broadcast_i32x4(a, 0x00f0, _mm_loadu_si128((const __m128i *)(at + four)));
	a = _mm512_mask_broadcast_i32x4(a, 0x0f00,
					_mm_loadu_si128((const __m128i *)(at + 2 * four)));
	return _mm512_mask_broadcast_i32x4(a, 0xf000,
					   _mm_loadu_si128((const __m128i *)(at + 3 * four)));
}

/* Sixteen bytes at @at of each row, to four vectors of one 32-bit word per row. */
INLINE void transpose(const struct tile *t, size_t at, __m512i out[4])
{
	__m512i a[4], low, high, low2, high2;

	/* a[i] takes rows i, i+4 … where unpacking expects them: lanes come out as rows
	 * 0 1 2 3 | 4 5 6 7 | …, when a[i] holds row 4·lane + i. */
	UNROLL
	for (int i = 0; i < 4; i++)
		a[i] = four_rows(t->data + at + i * t->stride, 4 * t->stride);
	low = _mm512_unpacklo_epi32(a[0], a[1]);
	high = _mm512_unpackhi_epi32(a[0], a[1]);
	low2 = _mm512_unpacklo_epi32(a[2], a[3]);
	high2 = _mm512_unpackhi_epi32(a[2], a[3]);
	out[0] = _mm512_unpacklo_epi64(low, low2);
	out[1] = _mm512_unpackhi_epi64(low, low2);
	out[2] = _mm512_unpacklo_epi64(high, high2);
	out[3] = _mm512_unpackhi_epi64(high, high2);
}

/* Thirty-two bytes, to eight vectors. */
INLINE void transpose2(const struct tile *t, size_t at, __m512i out[8])
{
	transpose(t, at, out);
	transpose(t, at + 16, out + 4);
}

/* The f16 numbers that stand at @at of each row. */
INLINE __m512 load_halves(const struct tile *t, size_t at)
{
	__m128i low = _mm_setzero_si128(), high = low;
	uint16_t h;

#define INSERT(into, lane)                                                                     \
	memcpy(&h, t->data + at + ((lane) + (&into == &high ? 8 : 0)) * t->stride, sizeof(h));  \
	into = _mm_insert_epi16(into, h, lane)
#define INSERT_ALL(into)                                                                       \
	INSERT(into, 0);                                                                       \
	INSERT(into, 1);                                                                       \
	INSERT(into, 2);                                                                       \
	INSERT(into, 3);                                                                       \
	INSERT(into, 4);                                                                       \
	INSERT(into, 5);                                                                       \
	INSERT(into, 6);                                                                       \
	INSERT(into, 7)
	INSERT_ALL(low);
	INSERT_ALL(high);
#undef INSERT
#undef INSERT_ALL
	return _mm512_cvtph_ps(_mm256_set_m128i(high, low));
}

/* Byte @k of every word. */
INLINE __m512i byte_of(__m512i words, int k)
{
	return _mm512_and_si512(_mm512_srli_epi32(words, 8 * k), _mm512_set1_epi32(255));
}

/* d · byte k of the words, less @less. */
INLINE __m512 scaled_byte(__m512 d, __m512i words, int k, int less)
{
	__m512i v = _mm512_sub_epi32(byte_of(words, k), _mm512_set1_epi32(less));

	return _mm512_mul_ps(d, _mm512_cvtepi32_ps(v));
}

INLINE __m512 negated(__m512 x)
{
	return _mm512_xor_ps(x, _mm512_set1_ps(-0.0f));
}

/* Bits @shift to @shift + 7 of every byte, as far as @mask goes. */
INLINE __m512i bits_of(__m512i bytes, int shift, int mask)
{
	return _mm512_and_si512(_mm512_srli_epi16(bytes, shift), _mm512_set1_epi8((char)mask));
}

INLINE __m512i or_shifted(__m512i low, __m512i high, int by)
{
	return _mm512_or_si512(low, _mm512_slli_epi16(high, by));
}

/* Nibbles of sixteen bytes: the low ones are columns 0 to 15, the high ones 16 to 31. */
INLINE void decode_nibbles(const struct tile *t, size_t at, __m512i w[8])
{
	__m512i words[4];

	transpose(t, at, words);
	UNROLL
	for (int i = 0; i < 4; i++) {
		w[i] = bits_of(words[i], 0, 15);
		w[i + 4] = bits_of(words[i], 4, 15);
	}
}

/* Bit 4 of the codes, from 32 bits at @at of each row, a bit per column. */
INLINE void add_fifth_bits(const struct tile *t, size_t at, __m512i w[8])
{
	/* Four bits, each to bit 4 of a byte of its own. */
	const __m512i spread = _mm512_setr_epi32(
		0, 0x10, 0x1000, 0x1010, 0x100000, 0x100010, 0x101000, 0x101010, 0x10000000,
		0x10000010, 0x10001000, 0x10001010, 0x10100000, 0x10100010, 0x10101000, 0x10101010);
	__m512i words[4];

	transpose(t, at, words);
	UNROLL
	for (int i = 0; i < 8; i++)
		w[i] = _mm512_or_si512(
			w[i], _mm512_permutexvar_epi32(_mm512_srli_epi32(words[0], 4 * i), spread));
}

INLINE void decode_q4_0(const struct tile *t, struct unit *u, int b, struct tile_block *out)
{
	out->d[0] = load_halves(t, u->at);
	decode_nibbles(t, u->at + 2, out->w);
}

INLINE void decode_q4_1(const struct tile *t, struct unit *u, int b, struct tile_block *out)
{
	out->d[0] = load_halves(t, u->at);
	out->m[0] = load_halves(t, u->at + 2);
	decode_nibbles(t, u->at + 4, out->w);
}

INLINE void decode_q5_0(const struct tile *t, struct unit *u, int b, struct tile_block *out)
{
	out->d[0] = load_halves(t, u->at);
	decode_nibbles(t, u->at + 6, out->w);
	add_fifth_bits(t, u->at + 2, out->w);
}

INLINE void decode_q5_1(const struct tile *t, struct unit *u, int b, struct tile_block *out)
{
	out->d[0] = load_halves(t, u->at);
	out->m[0] = load_halves(t, u->at + 2);
	decode_nibbles(t, u->at + 8, out->w);
	add_fifth_bits(t, u->at + 4, out->w);
}

INLINE void decode_q8_0(const struct tile *t, struct unit *u, int b, struct tile_block *out)
{
	const __m512i top = _mm512_set1_epi8((char)0x80);

	out->d[0] = load_halves(t, u->at);
	transpose2(t, u->at + 2, out->w);
	UNROLL
	for (int i = 0; i < 8; i++)
		out->w[i] = _mm512_xor_si512(out->w[i], top);
}

/* The codes of IQ4 name one of sixteen values, -127 to 113; 128 is added. */
INLINE void look_up(__m512i w[8])
{
	const __m512i values = _mm512_broadcast_i32x4(_mm_setr_epi8(
		1, 24, 45, 63, 79, 93, 106, 118, (char)129, (char)141, (char)153, (char)166,
		(char)181, (char)197, (char)217, (char)241));

	UNROLL
	for (int i = 0; i < 8; i++)
		w[i] = _mm512_shuffle_epi8(values, w[i]);
}

INLINE void decode_iq4_nl(const struct tile *t, struct unit *u, int b, struct tile_block *out)
{
	decode_q4_0(t, u, b, out);
	look_up(out->w);
}

/* Scales of six bits, split: nibbles behind two high bits each, which follow d. */
INLINE void decode_iq4_xs(const struct tile *t, struct unit *u, int b, struct tile_block *out)
{
	__m512i low, high;

	if (b == 0) {
		u->d = load_halves(t, u->at);
		transpose(t, u->at, u->scales);
	}
	low = _mm512_and_si512(_mm512_srli_epi32(u->scales[1], 4 * b), _mm512_set1_epi32(15));
	high = _mm512_and_si512(_mm512_srli_epi32(u->scales[0], 16 + 2 * b), _mm512_set1_epi32(3));
	out->d[0] = scaled_byte(u->d, _mm512_or_si512(low, _mm512_slli_epi32(high, 4)), 0, 32);
	decode_nibbles(t, u->at + 8 + 16 * b, out->w);
	look_up(out->w);
}

INLINE void decode_tq2_0(const struct tile *t, struct unit *u, int b, struct tile_block *out)
{
	if (b == 0)
		u->d = load_halves(t, u->at + 64);
	if (b % 4 == 0)
		transpose2(t, u->at + 8 * b, u->bytes);
	out->d[0] = u->d;
	UNROLL
	for (int i = 0; i < 8; i++)
		out->w[i] = bits_of(u->bytes[i], 2 * (b % 4), 3);
}

/* Blocks of 2 bits, four of them in the same 32 bytes; scales and minimums of sixteen. */
INLINE void decode_q2_k(const struct tile *t, struct unit *u, int b, struct tile_block *out)
{
	if (b == 0) {
		u->d = load_halves(t, u->at + 80);
		u->dmin = load_halves(t, u->at + 82);
		transpose(t, u->at, u->scales);
	}
	if (b % 4 == 0)
		transpose2(t, u->at + 16 + 8 * b, u->bytes);
	UNROLL
	for (int i = 0; i < 8; i++)
		out->w[i] = bits_of(u->bytes[i], 2 * (b % 4), 3);
	UNROLL
	for (int p = 0; p < 2; p++) {
		__m512i both = u->scales[b / 2];
		int k = 2 * (b % 2) + p;

		out->d[p] = scaled_byte(u->d, bits_of(both, 0, 15), k, 0);
		out->m[p] = negated(scaled_byte(u->dmin, bits_of(both, 4, 15), k, 0));
	}
}

/* Sixteen scales of six bits in twelve bytes, to four words: nibbles, then two bits each. */
INLINE void scales_q3_k(const struct tile *t, size_t at, __m512i scales[4])
{
	__m512i words[4];

	/* From four bytes before: behind the twelve the row may end. */
	transpose(t, at - 4, words);
	UNROLL
	for (int i = 0; i < 4; i++)
		scales[i] = or_shifted(bits_of(words[1 + i % 2], 4 * (i / 2), 15),
				       bits_of(words[3], 2 * i, 3), 4);
}

INLINE void decode_q3_k(const struct tile *t, struct unit *u, int b, struct tile_block *out)
{
	if (b == 0) {
		u->d = load_halves(t, u->at + 108);
		scales_q3_k(t, u->at + 96, u->scales);
		transpose2(t, u->at, u->high);
	}
	if (b % 4 == 0)
		transpose2(t, u->at + 32 + 8 * b, u->bytes);
	UNROLL
	for (int i = 0; i < 8; i++)
		out->w[i] = or_shifted(bits_of(u->bytes[i], 2 * (b % 4), 3),
				       bits_of(u->high[i], b, 1), 2);
	UNROLL
	for (int p = 0; p < 2; p++)
		out->d[p] = scaled_byte(u->d, u->scales[b / 2], 2 * (b % 2) + p, 32);
}

/* Eight scales and eight minimums of six bits in twelve bytes: the first four of each in the
 * low bits of eight bytes, the others' nibbles in the last four and high bits in the first. */
INLINE void begin_q4_k(const struct tile *t, struct unit *u)
{
	__m512i words[4];

	u->d = load_halves(t, u->at);
	u->dmin = load_halves(t, u->at + 2);
	transpose(t, u->at + 4, words);
	u->scales[0] = bits_of(words[0], 0, 63);
	u->mins[0] = bits_of(words[1], 0, 63);
	u->scales[1] = or_shifted(bits_of(words[2], 0, 15), bits_of(words[0], 6, 3), 4);
	u->mins[1] = or_shifted(bits_of(words[2], 4, 15), bits_of(words[1], 6, 3), 4);
}

/* The nibbles of block @b, two blocks in the same 32 bytes from @at on. */
INLINE void decode_q4_k_from(const struct tile *t, struct unit *u, int b, size_t at,
			     struct tile_block *out)
{
	if (b == 0)
		begin_q4_k(t, u);
	if (b % 2 == 0)
		transpose2(t, u->at + at + 16 * b, u->bytes);
	UNROLL
	for (int i = 0; i < 8; i++)
		out->w[i] = bits_of(u->bytes[i], 4 * (b % 2), 15);
	out->d[0] = scaled_byte(u->d, u->scales[b / 4], b % 4, 0);
	out->m[0] = negated(scaled_byte(u->dmin, u->mins[b / 4], b % 4, 0));
}

INLINE void decode_q4_k(const struct tile *t, struct unit *u, int b, struct tile_block *out)
{
	decode_q4_k_from(t, u, b, 16, out);
}

INLINE void decode_q5_k(const struct tile *t, struct unit *u, int b, struct tile_block *out)
{
	if (b == 0)
		transpose2(t, u->at + 16, u->high);
	decode_q4_k_from(t, u, b, 48, out);
	UNROLL
	for (int i = 0; i < 8; i++)
		out->w[i] = or_shifted(out->w[i], bits_of(u->high[i], b, 1), 4);
}

/* In each half of 128: blocks 0 and 2 share their nibbles' bytes, 1 and 3 too; the high two bits
 * of all four are in the same 32 bytes. */
INLINE void decode_q6_k(const struct tile *t, struct unit *u, int b, struct tile_block *out)
{
	const int k = b % 4;
	__m512i *low = u->bytes + 8 * (k % 2);

	if (b == 0) {
		u->d = load_halves(t, u->at + 208);
		transpose(t, u->at + 192, u->scales);
		/* They are signed: made unsigned by 128. */
		UNROLL
		for (int i = 0; i < 4; i++)
			u->scales[i] = _mm512_xor_si512(u->scales[i],
							_mm512_set1_epi8((char)0x80));
	}
	if (k == 0)
		transpose2(t, u->at + 128 + 8 * b, u->high);
	if (k < 2)
		transpose2(t, u->at + 16 * (b - k) + 32 * k, low);
	UNROLL
	for (int i = 0; i < 8; i++)
		out->w[i] = or_shifted(bits_of(low[i], 4 * (k / 2), 15),
				       bits_of(u->high[i], 2 * k, 3), 4);
	UNROLL
	for (int p = 0; p < 2; p++)
		out->d[p] = scaled_byte(u->d, u->scales[b / 2], 2 * (b % 2) + p, 128);
}
