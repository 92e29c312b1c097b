/* SPDX-License-Identifier: MIT */
/*
 * For each type the function of its rows, by the set's
 *
 *   rows_of(f, w, first, last, x, y, y_stride)
 *
 * with a constant format, so that it is compiled for each. RUNS: rows of whole runs are read
 * by them.
 */
#pragma once

#define DEFINE_TYPE(type)                                                                      \
	static void rows_##type(const struct matrix *w, uint32_t first, uint32_t last,         \
				const struct activations *x, float *y, size_t y_stride)        \
	{                                                                                      \
		rows_of(&format_##type, w, first, last, x, y, y_stride);                       \
	}

#define DEFINE_SMALL_TYPE(type)                                                                \
	static void rows_##type(const struct matrix *w, uint32_t first, uint32_t last,         \
				const struct activations *x, float *y, size_t y_stride)        \
	{                                                                                      \
		if (RUNS && x->cols % Q_SUPER == 0)                                            \
			rows_of(&run_##type, w, first, last, x, y, y_stride);                  \
		else                                                                           \
			rows_of(&format_##type, w, first, last, x, y, y_stride);               \
	}

DEFINE_SMALL_TYPE(q4_0)
DEFINE_TYPE(q4_1)
DEFINE_TYPE(q5_0)
DEFINE_TYPE(q5_1)
DEFINE_TYPE(q8_0)
DEFINE_SMALL_TYPE(iq4_nl)
DEFINE_TYPE(q2_K)
DEFINE_TYPE(q3_K)
DEFINE_TYPE(q4_K)
DEFINE_TYPE(q5_K)
DEFINE_TYPE(q6_K)
DEFINE_TYPE(iq4_xs)
DEFINE_TYPE(tq2_0)

/* In the table by type. */
#define TILE_ROWS                                                                              \
	[TENSOR_Q4_0] = rows_q4_0, [TENSOR_Q4_1] = rows_q4_1, [TENSOR_Q5_0] = rows_q5_0,       \
	[TENSOR_Q5_1] = rows_q5_1, [TENSOR_Q8_0] = rows_q8_0, [TENSOR_IQ4_NL] = rows_iq4_nl,   \
	[TENSOR_Q2_K] = rows_q2_K, [TENSOR_Q3_K] = rows_q3_K, [TENSOR_Q4_K] = rows_q4_K,       \
	[TENSOR_Q5_K] = rows_q5_K, [TENSOR_Q6_K] = rows_q6_K, [TENSOR_IQ4_XS] = rows_iq4_xs,   \
	[TENSOR_TQ2_0] = rows_tq2_0
