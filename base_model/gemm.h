/* SPDX-License-Identifier: MIT */
/* Products of f32 matrices for training. Sums run along k in ascending order, so a result
 * does not depend on the number of threads; it may differ in the last bits between CPUs. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base_model/vector.h"
#include "util/cleanup.h"

struct gemm;

/* C[m][n] = op(A)[m][k] op(B)[k][n], added to C when @add. Row-major and dense:
 * A is stored [k][m] when @a_transposed, B is stored [n][k] when @b_transposed. */
struct gemm_args {
	const float *a, *b;
	float *c;
	size_t m, n, k;
	bool a_transposed, b_transposed, add;
};

typedef void (*gemm_fn)(void *arg, size_t task, unsigned thread);

/* Threads and scratch for products of at most @lines rows, and columns, of the result: 0,
 * -EINVAL (@threads not 1 to 64, no lines, or sizes past the address space), -ENOMEM. */
int gemm_new(struct gemm **ret, unsigned threads, size_t lines);
struct gemm *gemm_free(struct gemm *g);
DEFINE_CLEANUP(struct gemm *, gemm_free)

void gemm_run(struct gemm *g, const struct gemm_args *args);
/* Calls @fn once for every task below @n_tasks on the same threads. */
void gemm_each(struct gemm *g, gemm_fn fn, void *arg, size_t n_tasks);
/* The vector loops for the same CPU. */
const struct vector_ops *gemm_ops(const struct gemm *g);
