/* SPDX-License-Identifier: MIT */
/*
 * A task is one block of C. It packs its own pieces of A and B by thread, a stretch of k at
 * a time, so that tasks share nothing; packing is read again by many tiles of the block.
 */
#include <errno.h>
#include <stdlib.h>

#include "base_model/gemm.h"
#include "base_model/kernels/gemm.h"
#include "base_model/kernels/kernels.h"
#include "base_model/pool.h"
#include "util/macro.h"

enum { BLOCK_M = 96, BLOCK_N = 128, BLOCK_K = 256 };
enum { SCRATCH = (BLOCK_M + BLOCK_N) * BLOCK_K };

struct gemm {
	struct pool *pool;
	const struct gemm_tile *tile;
	float *scratch;		/* [threads][SCRATCH] */
};

struct block_job {
	const struct gemm *g;
	const struct gemm_args *args;
	size_t blocks_n;
};

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

static const struct gemm_tile *choose_tile(void)
{
#ifdef ARCH_X86_64
	unsigned features = cpu_features();

	if (features & CPU_AVX512)
		return &gemm_tile_avx512;
	if (features & CPU_AVX2)
		return &gemm_tile_avx2;
#endif
	return &gemm_tile_generic;
}

int gemm_new(struct gemm **ret, unsigned threads)
{
	_cleanup_(gemm_freep) struct gemm *g = calloc(1, sizeof(*g));
	int r;

	if (!g)
		return -ENOMEM;
	r = pool_new(&g->pool, threads);
	if (r < 0)
		return r;
	g->tile = choose_tile();
	g->scratch = calloc(threads, SCRATCH * sizeof(float));
	if (!g->scratch)
		return -ENOMEM;
	*ret = TAKE(g);
	return 0;
}

struct gemm *gemm_free(struct gemm *g)
{
	if (!g)
		return NULL;
	pool_free(g->pool);
	free(g->scratch);
	free(g);
	return NULL;
}

void gemm_each(struct gemm *g, gemm_fn fn, void *arg, size_t n_tasks)
{
	pool_run(g->pool, fn, arg, n_tasks);
}

/* @n lines of @k elements into panels [k][width]; the last panel is padded with zeros. */
static void pack(const float *src, size_t line, size_t step, size_t n, size_t k, size_t width,
		 float *dst)
{
	for (size_t first = 0; first < n; first += width) {
		size_t have = smaller(width, n - first);

		for (size_t i = 0; i < k; i++, dst += width) {
			const float *s = src + first * line + i * step;

			for (size_t j = 0; j < have; j++)
				dst[j] = s[j * line];
			for (size_t j = have; j < width; j++)
				dst[j] = 0;
		}
	}
}

static void store_tile(const float *sum, size_t stride, size_t rows, size_t cols, float *c,
		       size_t n, bool add)
{
	for (size_t i = 0; i < rows; i++)
		for (size_t j = 0; j < cols; j++)
			c[i * n + j] = (add ? c[i * n + j] : 0) + sum[i * stride + j];
}

static void run_tiles(const struct gemm_tile *t, const float *a, const float *b, size_t rows,
		      size_t cols, size_t k, float *c, size_t n, bool add)
{
	float sum[GEMM_MAX_ROWS * GEMM_MAX_COLS];

	for (size_t j = 0; j < cols; j += t->cols)
		for (size_t i = 0; i < rows; i += t->rows) {
			t->run(k, a + i * k, b + j * k, sum);
			store_tile(sum, t->cols, smaller(t->rows, rows - i),
				   smaller(t->cols, cols - j), c + i * n + j, n, add);
		}
}

static void run_block(void *arg, size_t task, unsigned thread)
{
	const struct block_job *job = arg;
	const struct gemm_args *p = job->args;
	const struct gemm_tile *t = job->g->tile;
	size_t i = task / job->blocks_n * BLOCK_M, j = task % job->blocks_n * BLOCK_N;
	size_t rows = smaller(BLOCK_M, p->m - i), cols = smaller(BLOCK_N, p->n - j);
	size_t a_line = p->a_transposed ? 1 : p->k, a_step = p->a_transposed ? p->m : 1;
	size_t b_line = p->b_transposed ? p->k : 1, b_step = p->b_transposed ? 1 : p->n;
	float *a = job->g->scratch + (size_t)thread * SCRATCH, *b = a + BLOCK_M * BLOCK_K;

	for (size_t k = 0; k < p->k; k += BLOCK_K) {
		size_t len = smaller(BLOCK_K, p->k - k);

		pack(p->a + i * a_line + k * a_step, a_line, a_step, rows, len, t->rows, a);
		pack(p->b + j * b_line + k * b_step, b_line, b_step, cols, len, t->cols, b);
		run_tiles(t, a, b, rows, cols, len, p->c + i * p->n + j, p->n, p->add || k > 0);
	}
}

void gemm_run(struct gemm *g, const struct gemm_args *args)
{
	size_t blocks_m = (args->m + BLOCK_M - 1) / BLOCK_M;
	struct block_job job = { g, args, (args->n + BLOCK_N - 1) / BLOCK_N };

	pool_run(g->pool, run_block, &job, blocks_m * job.blocks_n);
}
