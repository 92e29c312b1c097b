/* SPDX-License-Identifier: MIT */
#define TILE_ROWS 12
#define TILE_BYTES 64
#define TILE_NAME gemm_tile_avx512
#include "base_model/kernels/gemm-tile.h"

#define OPS_NAME vector_ops_avx512
#include "base_model/kernels/vector-ops.h"
