/* SPDX-License-Identifier: MIT */
/*
 * The inner loop of a matrix product. Operands are packed in panels of @rows or @cols
 * lines: [steps][lines] words of four bytes, a word being @group consecutive elements of
 * k, one float or two bf16 numbers.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base_model/vector.h"

/* @rows x @cols of C, at most a tile: C = add + sum, or the sum alone where @add is NULL. */
struct tile_out {
	float *c;
	const float *add;	/* may be @c itself */
	size_t stride, rows, cols;
};

/* @n lines of @k floats, which stand @step apart, the lines @line apart: into one panel. */
typedef void (*pack_fn)(const float *src, size_t line, size_t step, size_t n, size_t k,
			void *panel);

struct gemm_tile {
	size_t rows, cols, group;
	pack_fn pack_rows, pack_cols;
	void (*run)(size_t steps, const void *a, const void *b, const struct tile_out *out);
	/* The same sums of what stays in the registers; how many operations that were. */
	uint64_t (*operations)(size_t steps);
};

extern const struct gemm_tile gemm_tile_generic, gemm_tile_avx2, gemm_tile_avx512;
extern const struct gemm_tile gemm_tile_avx512_bf16;
extern const struct vector_ops vector_ops_generic, vector_ops_avx2, vector_ops_avx512;
