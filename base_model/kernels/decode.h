/* SPDX-License-Identifier: MIT */
/* What the bytes of quantised weights mean: one block of 32 at a time, for every type. */
#pragma once

#include <stdbool.h>

#include "base_model/kernels/kernels.h"

#define IQ4_VALUES { -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113 }

/*
 * Weight i is d * q + m, two rounded operations, with d and m of its part: part i / 16
 * where a block has two. Where it has one, part 0 belongs to all.
 */
struct decoded_block {
	int8_t q[Q_BLOCK];	/* signed: the offset of the type is off */
	float d[2];
	float m[2];		/* only of types with a minimum */
};

struct block_format {
	unsigned parts;		/* 1 or 2 */
	bool has_minimum;
	/* Block @block, counted in 32 weights, of a row. */
	void (*decode)(const void *row, size_t block, struct decoded_block *out);
};

/* NULL for a type that is no quantised one that we compute with. */
const struct block_format *block_format(enum tensor_type type);
