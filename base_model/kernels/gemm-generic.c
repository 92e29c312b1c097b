/* SPDX-License-Identifier: MIT */
#include <string.h>

#define TILE_ROWS 4
#define TILE_GROUP 1
#define TILE_NAME gemm_tile_generic
typedef float tile_word;
typedef float tile_vec __attribute__((vector_size(16), aligned(4)));
typedef tile_vec tile_operand;

static inline tile_vec tile_load(const float *p)
{
	return *(const tile_vec *)p;
}

#define tile_broadcast(x) ((tile_vec){ 0 } + (x))
#define tile_fma(a, b, sum) ((sum) + (a) * (b))
#include "base_model/kernels/gemm-tile.h"

#define TILE_BYTES 16
#define OPS_NAME vector_ops_generic
#include "base_model/kernels/vector-ops.h"
