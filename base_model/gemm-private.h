/* SPDX-License-Identifier: MIT */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

#include "base_model/gemm.h"
#include "base_model/kernels/gemm.h"
#include "base_model/kernels/kernels.h"
#include "base_model/pool.h"

enum { GEMM_STRETCH = 160 };	/* steps that a block goes before its next tile */

struct gemm_scratch {
	uint32_t *words;
	size_t cap;
};

struct gemm {
	struct pool *pool;
	const struct gemm_tile *tile;
	const struct vector_ops *ops;
	const struct kernels *kernels;
	struct gemm_scratch shared, alone[POOL_MAX_THREADS];
	atomic_bool failed;
	double operations;
};

static inline size_t divide_up(size_t n, size_t by)
{
	return (n + by - 1) / by;
}

/* Grows @s to @words; false, and gemm_error() from now on, where there is no memory. */
bool gemm_reserve(struct gemm *g, struct gemm_scratch *s, size_t words);
/* Sets the strides of dense matrices. */
void gemm_complete(struct gemm_args *args);
/* gemm_run() of a matrix of a model. */
void gemm_run_weights(struct gemm *g, const struct gemm_args *args);
