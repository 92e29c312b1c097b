/* SPDX-License-Identifier: MIT */
/* How fast each kernel of each set is by itself, on one thread and from the cache. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct bm_kernel_speed {
	const char *set;	/* "generic", "avx2", "avx512" */
	/* A weight type ("Q4_0"), a loop of attention by type of cache ("score f16"), or an
	 * elementwise kernel ("silu_mul"). */
	const char *kernel;
	uint32_t rows, cols;	/* of the matrix; attention: positions, width of a head;
				 * elementwise: one row */
	uint32_t vectors;	/* that are multiplied at once; attention: queries */
	double seconds;		/* median of one call */
	double operations;	/* of that call: two per weight and vector, one per element */
	double bytes;		/* of weights, of keys or values, or of the vector */
};

typedef int (*bm_kernel_speed_fn)(void *arg, const struct bm_kernel_speed *speed);

/*
 * Measures every set that this CPU runs with every weight type on matrices of @rows x @cols
 * and some numbers of vectors, attention over a chunk of positions, and the elementwise
 * kernels on @cols elements. @tell gets each
 * result; what it returns other than 0 ends the run and is the result. -EINVAL for no rows
 * or columns that are no multiple of 256; -ENOMEM.
 */
int bm_kernel_speeds(uint32_t rows, uint32_t cols, bm_kernel_speed_fn tell, void *arg);
