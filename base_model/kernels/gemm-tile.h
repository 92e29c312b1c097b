/* SPDX-License-Identifier: MIT */
/* The inner loop of a matrix product, compiled once per instruction set: the file that
 * includes this defines TILE_ROWS, TILE_NAME, TILE_GROUP, tile_word and tile_operand (what
 * is multiplied), tile_vec (of floats), tile_load(), tile_broadcast() and tile_fma(). */
#include "base_model/kernels/gemm.h"

#ifdef __aarch64__
#define TILE_REGISTER(x) "+w"(x)
#else
#define TILE_REGISTER(x) "+v"(x)
#endif

enum { TILE_LANES = sizeof(tile_vec) / sizeof(float), TILE_COLS = 2 * TILE_LANES };

static inline __attribute__((always_inline)) void
tile_store(const float *sum, const struct tile_out *o)
{
	for (size_t i = 0; i < o->rows; i++)
		for (size_t j = 0; j < o->cols; j++)
			o->c[i * o->stride + j] = (o->add ? o->add[i * o->stride + j] : 0) +
				sum[i * TILE_COLS + j];
}

/* Meanwhile the products hide what it takes. */
static inline __attribute__((always_inline)) void fetch_out(const struct tile_out *o)
{
	for (size_t r = 0; r < o->rows; r++) {
		__builtin_prefetch(o->c + r * o->stride, 1);
		__builtin_prefetch(o->c + r * o->stride + o->cols - 1, 1);
		if (!o->add || o->add == o->c)
			continue;
		__builtin_prefetch(o->add + r * o->stride);
		__builtin_prefetch(o->add + r * o->stride + o->cols - 1);
	}
}

static void tile_run(size_t steps, const void *left, const void *right, const struct tile_out *o)
{
	tile_vec sum[TILE_ROWS][2] = { 0 };
	const tile_word *a = left, *b = right;

	fetch_out(o);
	for (size_t i = 0; i < steps; i++, a += TILE_ROWS, b += TILE_COLS) {
		const tile_operand b0 = tile_load(b), b1 = tile_load(b + TILE_LANES);

#pragma GCC unroll 12
		for (int r = 0; r < TILE_ROWS; r++) {
			const tile_operand x = tile_broadcast(a[r]);

			sum[r][0] = tile_fma(x, b0, sum[r][0]);
			sum[r][1] = tile_fma(x, b1, sum[r][1]);
		}
	}
	if (o->rows < TILE_ROWS || o->cols < TILE_COLS) {
		float edge[TILE_ROWS * TILE_COLS];

		memcpy(edge, sum, sizeof(edge));
		tile_store(edge, o);
		return;
	}
#pragma GCC unroll 12
	for (int r = 0; r < TILE_ROWS; r++) {
		tile_vec add[2] = { 0 };

		if (o->add)
			memcpy(add, o->add + (size_t)r * o->stride, sizeof(add));
		add[0] += sum[r][0];
		add[1] += sum[r][1];
		memcpy(o->c + (size_t)r * o->stride, add, sizeof(add));
	}
}

static uint64_t tile_operations(size_t steps)
{
	tile_vec sum[TILE_ROWS][2] = { 0 };
	static const tile_word words[TILE_COLS];
	const tile_operand b0 = tile_load(words), b1 = tile_load(words + TILE_LANES);

	for (size_t i = 0; i < steps; i++) {
#pragma GCC unroll 12
		for (int r = 0; r < TILE_ROWS; r++) {
			sum[r][0] = tile_fma(b1, b0, sum[r][0]);
			sum[r][1] = tile_fma(b0, b1, sum[r][1]);
		}
		/* They are needed, whatever they are. */
#pragma GCC unroll 12
		for (int r = 0; r < TILE_ROWS; r++)
			__asm__ volatile("" : TILE_REGISTER(sum[r][0]),
					 TILE_REGISTER(sum[r][1]));
	}
	return (uint64_t)steps * TILE_ROWS * TILE_COLS * TILE_GROUP * 2;
}

#if TILE_GROUP == 1
static inline __attribute__((always_inline)) void
pack_floats(const float *src, size_t line, size_t step, size_t n, size_t k, float *dst,
	    size_t width)
{
	if (n < width)
		memset(dst, 0, k * width * sizeof(float));
	if (line == 1 && n == width) {
		for (size_t i = 0; i < k; i++)
			memcpy(dst + i * width, src + i * step, width * sizeof(float));
		return;
	}
	for (size_t j = 0; j < n; j++)
		for (size_t i = 0; i < k; i++)
			dst[i * width + j] = src[j * line + i * step];
}

static void pack_rows(const float *src, size_t line, size_t step, size_t n, size_t k, void *panel)
{
	pack_floats(src, line, step, n, k, panel, TILE_ROWS);
}

static void pack_cols(const float *src, size_t line, size_t step, size_t n, size_t k, void *panel)
{
	pack_floats(src, line, step, n, k, panel, TILE_COLS);
}
#endif

const struct gemm_tile TILE_NAME = {
	TILE_ROWS, TILE_COLS, TILE_GROUP, pack_rows, pack_cols, tile_run, tile_operations,
};
