/* SPDX-License-Identifier: MIT */
/*
 * What the hot loops are. generic.c is the specification; the other files give the same
 * bits faster. Sums have one order that depends on neither batch, threads nor CPU:
 *
 *   quantised weights  one fp32 chain over the blocks of 32, ascending, and over a block's
 *                      parts (one of 32, or two of 16 where each has a scale):
 *                        acc = fma((float)isum, dw * dx, acc)
 *                      with isum = Σ q·x exact in int32, dw the part's scale rounded to
 *                      f32, and q signed; then, for types with a minimum mw
 *                        acc = fma(mw, s, acc)
 *                      where s is scaled_sums of the block, or dx * (float)sums of the part
 *   float weights      16 chains by column modulo 16, ascending, with fma; the last
 *                      columns padded with zeros; then halves added: 16, 8, 4, 2, 1
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base_model/gguf.h"
#include "base_model/kernels/low-rank.h"

#define Q_BLOCK 32
#define Q_HALF 16

/* A weight matrix in its file form: y = W x, one row per output. */
struct matrix {
	enum tensor_type type;
	uint32_t rows, cols;
	size_t row_size;	/* bytes from one row to the next */
	const uint8_t *data;
	/* What the thread reads after the rows of a call: it may be fetched meanwhile. NULL
	 * when that is not known. */
	const uint8_t *ahead;
};

/* The inputs of a product: @n vectors of @cols. The quantised form (block scale
 * max|x| / 127) stands beside the floats when a quantised matrix is to use it. */
struct activations {
	const float *f;		/* [n][cols] */
	int8_t *q;		/* [n][cols] */
	uint8_t *biased;	/* [n][cols] q + 128, for products that want one unsigned side */
	float *d;		/* [n][cols / Q_BLOCK] scales */
	float *scaled_sums;	/* [n][cols / Q_BLOCK] d · Σ q of the block */
	int16_t *sums;		/* [n][cols / Q_HALF] Σ q of each half of a block */
	size_t n, cols;
};

/* y[t * y_stride + row] for rows first..last-1 of @w and every vector t of @x. */
typedef void (*rows_fn)(const struct matrix *w, uint32_t first, uint32_t last,
			const struct activations *x, float *y, size_t y_stride);

/* In attention.h. */
struct attention_kernels;
/* Of kernels_avx512, for at most AVX512_FEW vectors. */
#define AVX512_FEW 4
extern const rows_fn avx512_few[TENSOR_TYPES];
extern const struct low_kernels low_f16_avx512, low_f32_avx512;
extern const struct attention_kernels attention_generic, attention_avx2, attention_avx512;

/* Weights @first to @first + @n - 1 of a row, whole blocks where the type has any, as floats:
 * exactly the values that the file means. */
typedef void (*unpack_fn)(const void *row, size_t first, size_t n, float *out);

struct kernels {
	const char *name;
	unpack_fn unpack[TENSOR_TYPES];	/* by type, those of rows */
	rows_fn rows[TENSOR_TYPES];	/* by type; NULL for one that we do not compute with */
	/* Fills the quantised form of blocks @first to @last - 1, counted over all vectors. */
	void (*quantize)(const struct activations *x, size_t first, size_t last);
	const struct low_kernels *low_f16, *low_f32;
	/* y += a * x, elementwise with fma. */
	void (*axpy_f32)(float a, const float *x, float *y, size_t n);
	/* gate = silu(gate) * up, gate = gelu(gate) * up, x = gelu(x): silu(x) = x / (1 + e^-x);
	 * gelu with tanh (Hendrycks and Gimpel 2016, arXiv:1606.08415), in half precision. */
	void (*silu_mul)(float *gate, const float *up, size_t n);
	void (*gelu_mul)(float *gate, const float *up, size_t n);
	void (*gelu)(float *x, size_t n);
	/* x = cap · tanh(x / cap) */
	void (*soft_cap)(float *x, size_t n, float cap);
	/* Sum of squares by the 16 chains. */
	float (*square_sum)(const float *x, size_t n);
	const struct attention_kernels *attention;
	/* Reads everything: a plain, prefetched stream. */
	uint64_t (*read_all)(const uint8_t *data, size_t n);
	/* @n rounds of int8 products in the registers; how many operations that were. NULL
	 * where the instruction set has no product of its own for them. */
	uint64_t (*int8_operations)(size_t n);
};

/* Rows of every quantised type, for sets that have nothing faster. */
void generic_rows(const struct matrix *w, uint32_t first, uint32_t last,
		  const struct activations *x, float *y, size_t y_stride);

/* The best set that this CPU and the mask of the environment allow. */
const struct kernels *kernels_choose(void);
/* All of those, the best one last: NULL past it. */
const struct kernels *kernels_at(size_t index);

extern const struct kernels kernels_generic;
extern const struct kernels kernels_avx2;
extern const struct kernels kernels_avx512;
extern const struct kernels kernels_avx512_pairs;
extern const struct kernels kernels_neon;

enum cpu_feature {
	/* x86-64; AVX2 with FMA and F16C, AVX-512 with BW, DQ and VL, and VNNI but for
	 * the last */
	CPU_AVX2 = 1, CPU_AVX512 = 2, CPU_AVX512_BF16 = 4, CPU_AVX512_PAIRS = 8,
	/* 64-bit Arm; the dot product of bytes */
	CPU_NEON_DOT = 1,
};

/* Lets a thread wait without slowing down what shares its core. */
void cpu_relax(void);

/* Features present, less those that the variable ASSISTANTD_CPU_MASK leaves out: it is
 * the sum of the allowed bits of enum cpu_feature, so 0 means the generic kernels. */
unsigned cpu_features(void);
