/* SPDX-License-Identifier: MIT */
/* What the bytes of the types mean, for decode.c, and for unpack.h to be compiled into each set. */
#pragma once

#include "base_model/kernels/blocks.h"
#include "base_model/kernels/convert.h"
#include "base_model/kernels/decode.h"

static const int8_t iq4_values[16] = IQ4_VALUES;

static inline void low_and_high_nibbles(const uint8_t *qs, int offset, int8_t *q)
{
	for (int i = 0; i < Q_BLOCK / 2; i++) {
		q[i] = (int8_t)((qs[i] & 15) - offset);
		q[i + Q_BLOCK / 2] = (int8_t)((qs[i] >> 4) - offset);
	}
}

static inline void one_bit(const uint8_t *qh, int8_t *q)
{
	for (int i = 0; i < Q_BLOCK; i++)
		q[i] = (int8_t)(q[i] + (qh[i / 8] >> i % 8 & 1) * 16);
}

/* Two bits of block @block of a superblock. */
static inline void two_bits(const uint8_t *qs, size_t block, int offset, int8_t *q)
{
	const uint8_t *from = qs + block / 4 * Q_BLOCK;
	unsigned shift = 2 * (block % 4);

	for (int i = 0; i < Q_BLOCK; i++)
		q[i] = (int8_t)((from[i] >> shift & 3) - offset);
}

/* One nibble of block @block of a superblock of q4_K or q5_K. */
static inline void one_nibble(const uint8_t *qs, size_t block, int8_t *q)
{
	const uint8_t *from = qs + block / 2 * Q_BLOCK;
	unsigned shift = 4 * (block % 2);

	for (int i = 0; i < Q_BLOCK; i++)
		q[i] = (int8_t)(from[i] >> shift & 15);
}

static inline void look_up_nibbles(const uint8_t *qs, int8_t *q)
{
	for (int i = 0; i < Q_BLOCK / 2; i++) {
		q[i] = iq4_values[qs[i] & 15];
		q[i + Q_BLOCK / 2] = iq4_values[qs[i] >> 4];
	}
}

static inline void decode_q4_0(const void *row, size_t block, struct decoded_block *out)
{
	const struct block_q4_0 *b = (const struct block_q4_0 *)row + block;

	low_and_high_nibbles(b->qs, 8, out->q);
	out->d[0] = f16_to_f32(b->d);
}

static inline void decode_q4_1(const void *row, size_t block, struct decoded_block *out)
{
	const struct block_q4_1 *b = (const struct block_q4_1 *)row + block;

	low_and_high_nibbles(b->qs, 0, out->q);
	out->d[0] = f16_to_f32(b->d);
	out->m[0] = f16_to_f32(b->m);
}

static inline void decode_q5_0(const void *row, size_t block, struct decoded_block *out)
{
	const struct block_q5_0 *b = (const struct block_q5_0 *)row + block;

	low_and_high_nibbles(b->qs, 16, out->q);
	one_bit(b->qh, out->q);
	out->d[0] = f16_to_f32(b->d);
}

static inline void decode_q5_1(const void *row, size_t block, struct decoded_block *out)
{
	const struct block_q5_1 *b = (const struct block_q5_1 *)row + block;

	low_and_high_nibbles(b->qs, 0, out->q);
	one_bit(b->qh, out->q);
	out->d[0] = f16_to_f32(b->d);
	out->m[0] = f16_to_f32(b->m);
}

static inline void decode_q8_0(const void *row, size_t block, struct decoded_block *out)
{
	const struct block_q8_0 *b = (const struct block_q8_0 *)row + block;

	memcpy(out->q, b->qs, sizeof(out->q));
	out->d[0] = f16_to_f32(b->d);
}

static inline void decode_iq4_nl(const void *row, size_t block, struct decoded_block *out)
{
	const struct block_iq4_nl *b = (const struct block_iq4_nl *)row + block;

	look_up_nibbles(b->qs, out->q);
	out->d[0] = f16_to_f32(b->d);
}

static inline void decode_q2_K(const void *row, size_t block, struct decoded_block *out)
{
	const struct block_q2_K *b = (const struct block_q2_K *)row + block / 8;
	float d = f16_to_f32(b->d), dmin = f16_to_f32(b->dmin);

	block %= 8;
	two_bits(b->qs, block, 0, out->q);
	for (size_t p = 0; p < 2; p++) {
		uint8_t scale = b->scales[2 * block + p];

		out->d[p] = d * (float)(scale & 15);
		out->m[p] = -(dmin * (float)(scale >> 4));
	}
}

static inline void decode_q3_K(const void *row, size_t block, struct decoded_block *out)
{
	const struct block_q3_K *b = (const struct block_q3_K *)row + block / 8;
	float d = f16_to_f32(b->d);

	block %= 8;
	two_bits(b->qs, block, 4, out->q);
	for (int i = 0; i < Q_BLOCK; i++)
		out->q[i] = (int8_t)(out->q[i] + (b->hmask[i] >> block & 1) * 4);
	for (size_t p = 0; p < 2; p++) {
		size_t s = 2 * block + p;
		int low = s < 8 ? b->scales[s] & 15 : b->scales[s - 8] >> 4;
		int high = b->scales[8 + s % 4] >> 2 * (s / 4) & 3;

		out->d[p] = d * (float)((high << 4 | low) - 32);
	}
}

/* Scale and minimum of block @block of a superblock of q4_K or q5_K. */
static inline void six_bits(const uint8_t *scales, size_t block, float d, float dmin,
		     struct decoded_block *out)
{
	int scale, minimum;

	if (block < 4) {
		scale = scales[block] & 63;
		minimum = scales[block + 4] & 63;
	} else {
		scale = (scales[block + 4] & 15) | scales[block - 4] >> 6 << 4;
		minimum = scales[block + 4] >> 4 | scales[block] >> 6 << 4;
	}
	out->d[0] = d * (float)scale;
	out->m[0] = -(dmin * (float)minimum);
}

static inline void decode_q4_K(const void *row, size_t block, struct decoded_block *out)
{
	const struct block_q4_K *b = (const struct block_q4_K *)row + block / 8;

	block %= 8;
	one_nibble(b->qs, block, out->q);
	six_bits(b->scales, block, f16_to_f32(b->d), f16_to_f32(b->dmin), out);
}

static inline void decode_q5_K(const void *row, size_t block, struct decoded_block *out)
{
	const struct block_q5_K *b = (const struct block_q5_K *)row + block / 8;

	block %= 8;
	one_nibble(b->qs, block, out->q);
	for (int i = 0; i < Q_BLOCK; i++)
		out->q[i] = (int8_t)(out->q[i] + (b->qh[i] >> block & 1) * 16);
	six_bits(b->scales, block, f16_to_f32(b->d), f16_to_f32(b->dmin), out);
}

static inline void decode_q6_K(const void *row, size_t block, struct decoded_block *out)
{
	const struct block_q6_K *b = (const struct block_q6_K *)row + block / 8;
	const uint8_t *ql, *qh;
	unsigned high, low;

	block %= 8;
	ql = b->ql + block / 4 * 2 * Q_BLOCK + block % 2 * Q_BLOCK;
	qh = b->qh + block / 4 * Q_BLOCK;
	low = block % 4 / 2 * 4;
	high = 2 * (block % 4);
	for (int i = 0; i < Q_BLOCK; i++)
		out->q[i] = (int8_t)((ql[i] >> low & 15) + (qh[i] >> high & 3) * 16 - 32);
	for (size_t p = 0; p < 2; p++)
		out->d[p] = f16_to_f32(b->d) * (float)b->scales[2 * block + p];
}

static inline void decode_iq4_xs(const void *row, size_t block, struct decoded_block *out)
{
	const struct block_iq4_xs *b = (const struct block_iq4_xs *)row + block / 8;
	int low, high;

	block %= 8;
	look_up_nibbles(b->qs + block * Q_BLOCK / 2, out->q);
	low = b->scales_l[block / 2] >> 4 * (block % 2) & 15;
	high = b->scales_h >> 2 * block & 3;
	out->d[0] = f16_to_f32(b->d) * (float)((high << 4 | low) - 32);
}

static inline void decode_tq2_0(const void *row, size_t block, struct decoded_block *out)
{
	const struct block_tq2_0 *b = (const struct block_tq2_0 *)row + block / 8;

	two_bits(b->qs, block % 8, 1, out->q);
	out->d[0] = f16_to_f32(b->d);
}

/* Each type: its function, parts of a block, and whether it has minimums. */
#define DECODE_TYPES(TYPE)                                                                     \
	TYPE(Q4_0, decode_q4_0, 1, false)                                                      \
	TYPE(Q4_1, decode_q4_1, 1, true)                                                       \
	TYPE(Q5_0, decode_q5_0, 1, false)                                                      \
	TYPE(Q5_1, decode_q5_1, 1, true)                                                       \
	TYPE(Q8_0, decode_q8_0, 1, false)                                                      \
	TYPE(Q2_K, decode_q2_K, 2, true)                                                       \
	TYPE(Q3_K, decode_q3_K, 2, false)                                                      \
	TYPE(Q4_K, decode_q4_K, 1, true)                                                       \
	TYPE(Q5_K, decode_q5_K, 1, true)                                                       \
	TYPE(Q6_K, decode_q6_K, 2, false)                                                      \
	TYPE(IQ4_NL, decode_iq4_nl, 1, false)                                                  \
	TYPE(IQ4_XS, decode_iq4_xs, 1, false)                                                  \
	TYPE(TQ2_0, decode_tq2_0, 1, false)
