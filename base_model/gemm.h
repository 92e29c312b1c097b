/* SPDX-License-Identifier: MIT */
/* Products of f32 matrices for training. Sums run along k in ascending order, so a result
 * does not depend on the number of threads; it may differ in the last bits between CPUs. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base_model/vector.h"
#include "util/cleanup.h"

struct gemm;
struct matrix;

/* How inputs are read: rounded to bf16, eight bits of significand, where the CPU has products
 * of such numbers, or as they are. Sums are f32 in either case. */
enum gemm_inputs { GEMM_BF16, GEMM_F32 };

/* What triangles spare: of C only what stands at or below its diagonal is wanted (the rest is
 * left alone or overwritten), or the stored A is zero above its diagonal. */
enum gemm_triangle { GEMM_SQUARE, GEMM_LOWER_C, GEMM_LOWER_A };

/*
 * C[m][n] = add + op(A)[m][k] op(B)[k][n]. Row-major: A is stored [k][m] when
 * @a_transposed, B is stored [n][k] when @b_transposed. The strides are the floats from one
 * stored row to the next, 0 for dense; @add has the stride of C, may be C, and NULL is zero.
 * @weights, where they are not NULL, are B, whatever the type: gemm_run() alone takes them.
 */
struct gemm_args {
	const float *a, *b, *add;
	const struct matrix *weights;	/* of parts.h */
	float *c;
	size_t m, n, k;
	size_t a_stride, b_stride, c_stride;
	bool a_transposed, b_transposed;
	enum gemm_triangle triangle;
};

typedef void (*gemm_fn)(void *arg, size_t task, unsigned thread);

/* Threads and scratch of one computation: 0, -EINVAL (@threads not 1 to 64), -ENOMEM. */
int gemm_new(struct gemm **ret, unsigned threads);
struct gemm *gemm_free(struct gemm *g);
DEFINE_CLEANUP(struct gemm *, gemm_free)

/* GEMM_BF16 at first. */
void gemm_set_inputs(struct gemm *g, enum gemm_inputs inputs);
void gemm_run(struct gemm *g, const struct gemm_args *args);
/* Calls @fn once for every task below @n_tasks on the same threads. */
void gemm_each(struct gemm *g, gemm_fn fn, void *arg, size_t n_tasks);
/* A product within a task of gemm_each(), by that task's @thread alone. */
void gemm_run_alone(struct gemm *g, const struct gemm_args *args, unsigned thread);
/* 0, or -ENOMEM once a product got no scratch and was not computed; asked after a pass. */
int gemm_error(const struct gemm *g);
/* Multiplications and additions of all gemm_run() so far, two to a term. */
double gemm_operations(const struct gemm *g);
/* What its threads could do of them at most, per second: in the registers, with its inputs. */
double gemm_peak(struct gemm *g);
/* The vector loops for the same CPU. */
const struct vector_ops *gemm_ops(const struct gemm *g);
