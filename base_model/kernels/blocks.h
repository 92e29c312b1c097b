/* SPDX-License-Identifier: MIT */
/*
 * Quantised blocks as ggml lays them out: github.com/ggml-org/ggml, src/ggml-common.h and
 * the dequantize_row functions of src/ggml-quants.c. Scales are f16. What a weight is, is
 * said by decode-types.h.
 */
#pragma once

#include <stdint.h>

#include "base_model/kernels/kernels.h"

/* Weights of a superblock (the K types, IQ4_XS and TQ2_0): eight blocks. */
#define Q_SUPER 256

/* Low nibbles are the weights 0–15, high ones 16–31. */
struct block_q4_0 {
	uint16_t d;
	uint8_t qs[Q_BLOCK / 2];
};

struct block_q4_1 {
	uint16_t d, m;
	uint8_t qs[Q_BLOCK / 2];
};

/* Bit i of qh is the fifth of weight i. */
struct block_q5_0 {
	uint16_t d;
	uint8_t qh[4];
	uint8_t qs[Q_BLOCK / 2];
};

struct block_q5_1 {
	uint16_t d, m;
	uint8_t qh[4];
	uint8_t qs[Q_BLOCK / 2];
};

struct block_q8_0 {
	uint16_t d;
	int8_t qs[Q_BLOCK];
};

/* Nibbles as in q4_0; each stands for an entry of iq4_values. */
struct block_iq4_nl {
	uint16_t d;
	uint8_t qs[Q_BLOCK / 2];
};

/* A byte of qs holds two bits of four blocks, 128 weights have 32 bytes. A byte of scales
 * belongs to 16 weights: scale below, minimum above. */
struct block_q2_K {
	uint8_t scales[Q_SUPER / 16];
	uint8_t qs[Q_SUPER / 4];
	uint16_t d, dmin;
};

/* Two bits as in q2_K; bit b of hmask[i] is the third of weight i of block b. Scales have
 * six bits: four in the first eight bytes, two in the last four. */
struct block_q3_K {
	uint8_t hmask[Q_SUPER / 8];
	uint8_t qs[Q_SUPER / 4];
	uint8_t scales[12];
	uint16_t d;
};

/* 32 bytes of qs are two blocks, low nibbles and high nibbles. Scales and minimums of the
 * eight blocks have six bits. */
struct block_q4_K {
	uint16_t d, dmin;
	uint8_t scales[12];
	uint8_t qs[Q_SUPER / 2];
};

/* As q4_K; bit b of qh[i] is the fifth of weight i of block b. */
struct block_q5_K {
	uint16_t d, dmin;
	uint8_t scales[12];
	uint8_t qh[Q_SUPER / 8];
	uint8_t qs[Q_SUPER / 2];
};

/* 128 weights have 64 bytes of ql (blocks 0 and 1 in the low nibbles, 2 and 3 in the high
 * ones) and 32 of qh, two bits for each of the four blocks. A scale belongs to 16 weights. */
struct block_q6_K {
	uint8_t ql[Q_SUPER / 2];
	uint8_t qh[Q_SUPER / 4];
	int8_t scales[Q_SUPER / 16];
	uint16_t d;
};

/* Nibbles as in iq4_nl; the scale of a block has four bits in scales_l, two in scales_h. */
struct block_iq4_xs {
	uint16_t d, scales_h;
	uint8_t scales_l[Q_SUPER / 64];
	uint8_t qs[Q_SUPER / 2];
};

/* Two bits as in q2_K. */
struct block_tq2_0 {
	uint8_t qs[Q_SUPER / 4];
	uint16_t d;
};

_Static_assert(sizeof(struct block_q4_0) == 18, "q4_0 has no padding");
_Static_assert(sizeof(struct block_q4_1) == 20, "q4_1 has no padding");
_Static_assert(sizeof(struct block_q5_0) == 22, "q5_0 has no padding");
_Static_assert(sizeof(struct block_q5_1) == 24, "q5_1 has no padding");
_Static_assert(sizeof(struct block_q8_0) == 34, "q8_0 has no padding");
_Static_assert(sizeof(struct block_iq4_nl) == 18, "iq4_nl has no padding");
_Static_assert(sizeof(struct block_q2_K) == 84, "q2_K has no padding");
_Static_assert(sizeof(struct block_q3_K) == 110, "q3_K has no padding");
_Static_assert(sizeof(struct block_q4_K) == 144, "q4_K has no padding");
_Static_assert(sizeof(struct block_q5_K) == 176, "q5_K has no padding");
_Static_assert(sizeof(struct block_q6_K) == 210, "q6_K has no padding");
_Static_assert(sizeof(struct block_iq4_xs) == 136, "iq4_xs has no padding");
_Static_assert(sizeof(struct block_tq2_0) == 66, "tq2_0 has no padding");
