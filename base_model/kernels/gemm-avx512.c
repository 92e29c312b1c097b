/* SPDX-License-Identifier: MIT */
#include <immintrin.h>
#include <string.h>

#define TILE_ROWS 12
#define TILE_GROUP 1
#define TILE_NAME gemm_tile_avx512
typedef float tile_word;
typedef __m512 tile_vec, tile_operand;
#define tile_load(p) _mm512_loadu_ps(p)
#define tile_broadcast(x) _mm512_set1_ps(x)
#define tile_fma(a, b, sum) _mm512_fmadd_ps(a, b, sum)
#include "base_model/kernels/gemm-tile.h"

#define TILE_BYTES 64
#define OPS_NAME vector_ops_avx512
#include "base_model/kernels/vector-ops.h"
