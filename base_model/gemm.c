/* SPDX-License-Identifier: MIT */
/*
 * C is made a stretch of k at a time: all of A and B that the stretch needs is packed into
 * panels, shared by the threads, then blocks of C add what the panels give.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base_model/gemm.h"
#include "base_model/kernels/gemm.h"
#include "base_model/kernels/kernels.h"
#include "base_model/pool.h"
#include "util/macro.h"

enum { STRETCH = 512, BLOCK_PANELS = 8 };

struct gemm {
	struct pool *pool;
	const struct gemm_tile *tile;
	const struct vector_ops *ops;
	size_t lines;
	float *a, *b;		/* panels [lines / width][STRETCH][width] */
};

/* One operand: line i, element k at data[i * line + k * step]. */
struct operand {
	const float *data;
	size_t line, step, n, width, panels;
	float *packed;
};

struct stretch_job {
	const struct gemm *g;
	const struct gemm_args *args;
	struct operand a, b;
	size_t k, len;		/* where the stretch begins, and its length */
};

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

static void choose(struct gemm *g)
{
	g->tile = &gemm_tile_generic;
	g->ops = &vector_ops_generic;
#ifdef ARCH_X86_64
	if (cpu_features() & CPU_AVX512) {
		g->tile = &gemm_tile_avx512;
		g->ops = &vector_ops_avx512;
	} else if (cpu_features() & CPU_AVX2) {
		g->tile = &gemm_tile_avx2;
		g->ops = &vector_ops_avx2;
	}
#endif
}

/* Panels are padded to whole ones, and begin on a cache line. */
static float *new_panels(size_t lines, size_t width)
{
	size_t bytes = ((lines + width - 1) / width * width * STRETCH) * sizeof(float);

	return aligned_alloc(64, (bytes + 63) / 64 * 64);
}

int gemm_new(struct gemm **ret, unsigned threads, size_t lines)
{
	_cleanup_(gemm_freep) struct gemm *g = NULL;
	int r;

	if (lines == 0 || lines > SIZE_MAX / STRETCH / 64)
		return -EINVAL;
	g = calloc(1, sizeof(*g));
	if (!g)
		return -ENOMEM;
	r = pool_new(&g->pool, threads);
	if (r < 0)
		return r;
	choose(g);
	g->lines = lines;
	g->a = new_panels(lines, g->tile->rows);
	g->b = new_panels(lines, g->tile->cols);
	if (!g->a || !g->b)
		return -ENOMEM;
	*ret = TAKE(g);
	return 0;
}

struct gemm *gemm_free(struct gemm *g)
{
	if (!g)
		return NULL;
	pool_free(g->pool);
	free(g->a);
	free(g->b);
	free(g);
	return NULL;
}

void gemm_each(struct gemm *g, gemm_fn fn, void *arg, size_t n_tasks)
{
	pool_run(g->pool, fn, arg, n_tasks);
}

const struct vector_ops *gemm_ops(const struct gemm *g)
{
	return g->ops;
}

/* One panel, [len][width]; lines beyond the last are zeros. */
static void pack(const struct operand *o, size_t panel, size_t k, size_t len)
{
	size_t first = panel * o->width, have = smaller(o->width, o->n - first);
	float *dst = o->packed + panel * o->width * STRETCH;
	const float *src = o->data + first * o->line + k * o->step;

	if (have < o->width)
		memset(dst, 0, o->width * len * sizeof(float));
	if (o->step == 1) {
		for (size_t j = 0; j < have; j++)
			for (size_t i = 0; i < len; i++)
				dst[i * o->width + j] = src[j * o->line + i];
	} else {
		for (size_t i = 0; i < len; i++)
			memcpy(dst + i * o->width, src + i * o->step, have * sizeof(float));
	}
}

static void pack_panel(void *arg, size_t task, unsigned thread)
{
	const struct stretch_job *job = arg;

	(void)thread;
	if (task < job->a.panels)
		pack(&job->a, task, job->k, job->len);
	else
		pack(&job->b, task - job->a.panels, job->k, job->len);
}

static void store_tile(const float *sum, size_t stride, size_t rows, size_t cols, float *c,
		       size_t n, bool add)
{
	for (size_t i = 0; i < rows; i++, c += n, sum += stride) {
		if (!add)
			memcpy(c, sum, cols * sizeof(float));
		else
			for (size_t j = 0; j < cols; j++)
				c[j] += sum[j];
	}
}

/* A square of panels of A and B, so that both stay in the cache. */
static void run_block(void *arg, size_t task, unsigned thread)
{
	const struct stretch_job *job = arg;
	const struct gemm_args *p = job->args;
	const struct gemm_tile *t = job->g->tile;
	size_t across = (job->b.panels + BLOCK_PANELS - 1) / BLOCK_PANELS;
	size_t first_a = task / across * BLOCK_PANELS, first_b = task % across * BLOCK_PANELS;
	size_t end_a = smaller(first_a + BLOCK_PANELS, job->a.panels);
	size_t end_b = smaller(first_b + BLOCK_PANELS, job->b.panels);
	float sum[GEMM_MAX_ROWS * GEMM_MAX_COLS] __attribute__((aligned(64)));

	(void)thread;
	for (size_t j = first_b; j < end_b; j++)
		for (size_t i = first_a; i < end_a; i++) {
			size_t row = i * t->rows, col = j * t->cols;

			t->run(job->len, job->a.packed + row * STRETCH,
			       job->b.packed + col * STRETCH, sum);
			store_tile(sum, t->cols, smaller(t->rows, p->m - row),
				   smaller(t->cols, p->n - col), p->c + row * p->n + col, p->n,
				   p->add || job->k > 0);
		}
}

static struct operand operand(const float *data, size_t line, size_t step, size_t n,
			      size_t width, float *packed)
{
	return (struct operand){ data, line, step, n, width, (n + width - 1) / width, packed };
}

void gemm_run(struct gemm *g, const struct gemm_args *p)
{
	struct stretch_job job = {
		.g = g,
		.args = p,
		.a = operand(p->a, p->a_transposed ? 1 : p->k, p->a_transposed ? p->m : 1, p->m,
			     g->tile->rows, g->a),
		.b = operand(p->b, p->b_transposed ? p->k : 1, p->b_transposed ? 1 : p->n, p->n,
			     g->tile->cols, g->b),
	};
	size_t blocks = (job.a.panels + BLOCK_PANELS - 1) / BLOCK_PANELS *
			((job.b.panels + BLOCK_PANELS - 1) / BLOCK_PANELS);

	for (; job.k < p->k; job.k += STRETCH) {
		job.len = smaller(STRETCH, p->k - job.k);
		pool_run(g->pool, pack_panel, &job, job.a.panels + job.b.panels);
		pool_run(g->pool, run_block, &job, blocks);
	}
}
