/* SPDX-License-Identifier: MIT */
/* Products of weight matrices with the activations of all tokens of a pass. */
#pragma once

#include "base_model/low-rank.h"
#include "base_model/pool.h"

struct product {
	const struct matrix *w;
	float *y;	/* [n][w->rows] */
	struct update *updates;		/* added in this order */
	size_t n_updates;
};

/* Bytes of the quantised form of @n vectors of @cols. */
size_t activations_size(size_t n, size_t cols);
/* Lays the quantised form into @memory, of that size and aligned for floats. */
void activations_init(struct activations *x, void *memory, size_t n, size_t cols);

/* True for a type that multiplies quantised activations. */
bool matrix_is_quantized(const struct matrix *w);
/* The kernel of the matrix's type, or NULL when there is none. */
rows_fn matrix_kernel(const struct kernels *k, const struct matrix *w);

/*
 * y = W x, and the updates added, for each product, all of the same columns: x->f is the
 * input, its quantised form is filled when a matrix needs it. Every matrix has a kernel.
 * @next is what the next call begins with, or NULL: a thread that is done begins to fetch it.
 */
void matmul(struct pool *pool, const struct kernels *k, const struct product *products,
	    size_t n_products, struct activations *x, const struct matrix *next);
