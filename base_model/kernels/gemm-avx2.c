/* SPDX-License-Identifier: MIT */
#define TILE_ROWS 6
#define TILE_BYTES 32
#define TILE_NAME gemm_tile_avx2
#include "base_model/kernels/gemm-tile.h"

#define OPS_NAME vector_ops_avx2
#include "base_model/kernels/vector-ops.h"
