/* SPDX-License-Identifier: MIT */
#pragma once

#include <stddef.h>

#include "base_model/vector.h"

enum { GEMM_MAX_ROWS = 12, GEMM_MAX_COLS = 32 };

struct gemm_tile {
	size_t rows, cols;
	void (*run)(size_t k, const float *a, const float *b, float *c);
};

extern const struct gemm_tile gemm_tile_generic, gemm_tile_avx2, gemm_tile_avx512;
extern const struct vector_ops vector_ops_generic, vector_ops_avx2, vector_ops_avx512;
