/* SPDX-License-Identifier: MIT */
/*
 * Both operands are packed first, by all threads and once, then a task is one block of C.
 * Scratch grows to the largest product and stays.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

#include "base_model/dequantize.h"
#include "base_model/gemm-private.h"
#include "util/macro.h"

enum { MAX_BLOCK = 8 };		/* panels of a block, either way */

struct product {
	const struct gemm_tile *tile;
	struct gemm_args args;		/* with all strides */
	uint32_t *a, *b;		/* panels, one behind the other */
	size_t steps, panels_m, panels_n, block_m, block_n, blocks_n;
};

void gemm_set_inputs(struct gemm *g, enum gemm_inputs inputs)
{
	g->tile = &gemm_tile_generic;
	g->ops = &vector_ops_generic;
	g->unpack = matrix_part;
#ifdef ARCH_X86_64
	if (cpu_features() & CPU_AVX512) {
		g->tile = &gemm_tile_avx512;
		g->ops = &vector_ops_avx512;
	} else if (cpu_features() & CPU_AVX2) {
		g->tile = &gemm_tile_avx2;
		g->ops = &vector_ops_avx2;
	}
	if (inputs == GEMM_BF16 && g->tile == &gemm_tile_avx512 && cpu_features() & CPU_AVX512_BF16)
		g->tile = &gemm_tile_avx512_bf16;
#endif
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
	gemm_set_inputs(g, GEMM_BF16);
	*ret = TAKE(g);
	return 0;
}

struct gemm *gemm_free(struct gemm *g)
{
	if (!g)
		return NULL;
	pool_free(g->pool);
	free(g->shared.words);
	for (size_t i = 0; i < ARRAY_SIZE(g->alone); i++)
		free(g->alone[i].words);
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

int gemm_error(const struct gemm *g)
{
	return atomic_load(&g->failed) ? -ENOMEM : 0;
}

bool gemm_reserve(struct gemm *g, struct gemm_scratch *s, size_t words)
{
	if (words <= s->cap)
		return true;
	free(s->words);
	s->words = aligned_alloc(64, divide_up(words * sizeof(*s->words), 64) * 64);
	s->cap = s->words ? words : 0;
	if (!s->words)
		atomic_store(&g->failed, true);
	return s->words;
}

void gemm_complete(struct gemm_args *args)
{
	if (!args->a_stride)
		args->a_stride = args->a_transposed ? args->m : args->k;
	if (!args->b_stride)
		args->b_stride = args->b_transposed ? args->k : args->n;
	if (!args->c_stride)
		args->c_stride = args->n;
}

static bool start(struct gemm *g, struct product *p, const struct gemm_args *args,
		  struct gemm_scratch *s)
{
	const struct gemm_tile *t = g->tile;
	size_t words_a;

	*p = (struct product){ .tile = t, .args = *args };
	gemm_complete(&p->args);
	p->steps = divide_up(args->k, t->group);
	p->panels_m = divide_up(args->m, t->rows);
	p->panels_n = divide_up(args->n, t->cols);
	p->block_m = MIN(p->panels_m, (size_t)MAX_BLOCK);
	p->block_n = MIN(p->panels_n, (size_t)MAX_BLOCK);
	words_a = divide_up(p->panels_m * t->rows * p->steps, 16) * 16;
	if (!gemm_reserve(g, s, words_a + p->panels_n * t->cols * p->steps))
		return false;
	p->a = s->words;
	p->b = s->words + words_a;
	return true;
}

/* Panels of A, then those of B. */
static void pack_panel(void *arg, size_t task, unsigned thread)
{
	const struct product *p = arg;
	const struct gemm_args *x = &p->args;
	const struct gemm_tile *t = p->tile;
	size_t line, step, first, width;

	(void)thread;
	if (task < p->panels_m) {
		line = x->a_transposed ? 1 : x->a_stride;
		step = x->a_transposed ? x->a_stride : 1;
		width = t->rows;
		first = task * width;
		t->pack_rows(x->a + first * line, line, step, MIN(width, x->m - first), x->k,
			     p->a + first * p->steps);
		return;
	}
	line = x->b_transposed ? x->b_stride : 1;
	step = x->b_transposed ? 1 : x->b_stride;
	width = t->cols;
	first = (task - p->panels_m) * width;
	t->pack_cols(x->b + first * line, line, step, MIN(width, x->n - first), x->k,
		     p->b + first * p->steps);
}

static void run_tile(const struct product *p, size_t panel_m, size_t panel_n, size_t step,
		     size_t n)
{
	const struct gemm_tile *t = p->tile;
	const struct gemm_args *x = &p->args;
	size_t i = panel_m * t->rows, j = panel_n * t->cols, at = i * x->c_stride + j;
	struct tile_out out = { .c = x->c + at, .stride = x->c_stride,
				.rows = MIN(t->rows, x->m - i), .cols = MIN(t->cols, x->n - j) };

	out.add = step ? out.c : x->add ? x->add + at : NULL;
	t->run(n, p->a + i * p->steps + step * t->rows, p->b + j * p->steps + step * t->cols,
	       &out);
}

static void run_block(void *arg, size_t task, unsigned thread)
{
	const struct product *p = arg;
	size_t m = task / p->blocks_n * p->block_m, n = task % p->blocks_n * p->block_n;
	size_t end_m = MIN(m + p->block_m, p->panels_m), end_n = MIN(n + p->block_n, p->panels_n);

	(void)thread;
	for (size_t step = 0; step < p->steps; step += GEMM_STRETCH)
		for (size_t j = n; j < end_n; j++)
			for (size_t i = m; i < end_m; i++)
				run_tile(p, i, j, step,
					 MIN((size_t)GEMM_STRETCH, p->steps - step));
}

/* Smaller blocks where there would be too few to share out. */
static size_t share_out(struct product *p, unsigned threads)
{
	for (;;) {
		size_t *larger = p->block_m > p->block_n ? &p->block_m : &p->block_n;

		p->blocks_n = divide_up(p->panels_n, p->block_n);
		if (divide_up(p->panels_m, p->block_m) * p->blocks_n >= (size_t)6 * threads ||
		    *larger == 1)
			return divide_up(p->panels_m, p->block_m) * p->blocks_n;
		*larger = (*larger + 1) / 2;
	}
}

void gemm_run(struct gemm *g, const struct gemm_args *args)
{
	struct product p;

	if (args->weights) {
		gemm_run_weights(g, args);
		return;
	}
	if (!start(g, &p, args, &g->shared))
		return;
	pool_run(g->pool, pack_panel, &p, p.panels_m + p.panels_n);
	pool_run(g->pool, run_block, &p, share_out(&p, pool_threads(g->pool)));
}

void gemm_run_alone(struct gemm *g, const struct gemm_args *args, unsigned thread)
{
	struct product p;

	if (!start(g, &p, args, &g->alone[thread]))
		return;
	p.blocks_n = divide_up(p.panels_n, p.block_n);
	for (size_t i = 0; i < p.panels_m + p.panels_n; i++)
		pack_panel(&p, i, thread);
	for (size_t i = 0; i < divide_up(p.panels_m, p.block_m) * p.blocks_n; i++)
		run_block(&p, i, thread);
}
