/* SPDX-License-Identifier: MIT */
/*
 * The loops of an adapter's low-rank update, y += scale · B (A x) (Hu et al. 2021,
 * arXiv:2106.09685), a lane per rank in A and per row in B:
 *
 *   A  [group of LOW_LANES ranks][column][lane]
 *   B  [tile of LOW_LANES rows][rank][lane]
 *
 * with zeros in lanes beyond the last, in half or single precision. Sums have one order: of
 * A x one fma chain over the columns of each LOW_SEGMENT, the segments then added ascending;
 * of B one fma chain over the ranks; then y = fma(scale, sum, y).
 */
#pragma once

#include <stddef.h>

#define LOW_LANES 16
#define LOW_SEGMENT 256

struct low_kernels {
	/* low[i][lane] = Σ a[c][lane] · x[i][c] over @cols columns, at most a segment, for
	 * @n vectors. */
	void (*reduce)(const void *a, size_t cols, const float *x, size_t x_stride, size_t n,
		       float *low, size_t low_stride);
	/* y[i][lane] = fma(scale, Σ b[r][lane] · low[i][r], y[i][lane]) for @rows lanes. */
	void (*expand)(const void *b, size_t rank, const float *low, size_t low_stride, size_t n,
		       float scale, size_t rows, float *y, size_t y_stride);
};
