/* SPDX-License-Identifier: MIT */
#define TILE_ROWS 4
#define TILE_BYTES 16
#define TILE_NAME gemm_tile_generic
#include "base_model/kernels/gemm-tile.h"

#define OPS_NAME vector_ops_generic
#include "base_model/kernels/vector-ops.h"
