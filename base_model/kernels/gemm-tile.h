/* SPDX-License-Identifier: MIT */
/* The inner loop of a matrix product, compiled once per instruction set: the file that
 * includes this defines TILE_ROWS, TILE_BYTES (of one vector) and TILE_NAME. */
#include "base_model/kernels/gemm.h"

typedef float tile_vec __attribute__((vector_size(TILE_BYTES), aligned(4)));
enum { TILE_LANES = TILE_BYTES / 4, TILE_COLS = 2 * TILE_LANES };

/* @a [k][TILE_ROWS] and @b [k][TILE_COLS] are packed; @c [TILE_ROWS][TILE_COLS]. */
static void tile_run(size_t k, const float *a, const float *b, float *c)
{
	tile_vec sum[TILE_ROWS][2] = { 0 };

	for (size_t i = 0; i < k; i++, a += TILE_ROWS, b += TILE_COLS) {
		const tile_vec left = *(const tile_vec *)b;
		const tile_vec right = *(const tile_vec *)(b + TILE_LANES);

#pragma GCC unroll 12
		for (int r = 0; r < TILE_ROWS; r++) {
			sum[r][0] += a[r] * left;
			sum[r][1] += a[r] * right;
		}
	}
#pragma GCC unroll 12
	for (int r = 0; r < TILE_ROWS; r++) {
		*(tile_vec *)(c + (size_t)r * TILE_COLS) = sum[r][0];
		*(tile_vec *)(c + (size_t)r * TILE_COLS + TILE_LANES) = sum[r][1];
	}
}

const struct gemm_tile TILE_NAME = { TILE_ROWS, TILE_COLS, tile_run };
