/* SPDX-License-Identifier: MIT */
/*
 * B is packed first, by all threads and once. Where the rows of C alone make enough tasks, a
 * task packs its rows of A as it goes, a stretch of k at a time, so that they never leave its
 * core's cache, and fetches the next ones while it multiplies; else A is packed beforehand, too,
 * and a task is a block of C. Scratch grows to the largest product and stays.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

#include "base_model/gemm-private.h"
#include "util/macro.h"
#include "util/pages.h"

enum { BLOCK = 8 };				/* panels of a block, either way */
enum { PACK_STEPS = 4 };			/* of a task that packs */

struct product {
	struct gemm *g;
	const struct gemm_tile *tile;
	struct gemm_args args;		/* with all strides */
	uint32_t *a, *b;		/* by stretches, panel by panel; no A: the tasks pack it */
	size_t steps, stretch;		/* steps in all, and before a block's next tile */
	size_t panels_m, panels_n, block_m, block_n, blocks_n;
};

/* Steps @from to @to of k: the panels of B with them, and those of A from @first on. */
struct stretch {
	size_t from, to, first;
	const uint32_t *a, *b;
};

void gemm_set_inputs(struct gemm *g, enum gemm_inputs inputs)
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
	g->kernels = kernels_choose();
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
	s->words = pages_alloc(words * sizeof(*s->words));
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

/* The steps of @panel of A that are not zero by the arguments. */
static void reach(const struct product *p, size_t panel, size_t *from, size_t *to)
{
	const struct gemm_tile *t = p->tile;

	*from = 0;
	*to = p->steps;
	if (p->args.triangle != GEMM_LOWER_A)
		return;
	if (p->args.a_transposed)
		*from = panel * t->rows / t->group;
	else
		*to = MIN(divide_up((panel + 1) * t->rows, t->group), p->steps);
}

/* Steps @from to @to of a panel of A to @dst, as far as they are within reach. */
static void pack_a(const struct product *p, size_t panel, size_t from, size_t to, uint32_t *dst)
{
	const struct gemm_args *x = &p->args;
	size_t group = p->tile->group, rows = p->tile->rows, row = panel * rows, first, end;
	size_t line = x->a_transposed ? 1 : x->a_stride, step = x->a_transposed ? x->a_stride : 1;

	reach(p, panel, &first, &end);
	first = MAX(first, from);
	end = MIN(end, to);
	if (first < end)
		p->tile->pack_rows(x->a + row * line + first * group * step, line, step,
				   MIN(rows, x->m - row), MIN(end * group, x->k) - first * group,
				   dst + (first - from) * rows);
}

static void pack_b(const struct product *p, size_t panel, size_t from, size_t to, uint32_t *dst)
{
	const struct gemm_args *x = &p->args;
	size_t group = p->tile->group, cols = p->tile->cols, first = panel * cols;
	size_t line = x->b_transposed ? x->b_stride : 1, step = x->b_transposed ? 1 : x->b_stride;

	p->tile->pack_cols(x->b + first * line + from * group * step, line, step,
			   MIN(cols, x->n - first), MIN(to * group, x->k) - from * group, dst);
}

/* What a task packs of a stretch: a few steps of all panels where they stand side by side in
 * memory, all steps of one where they stand behind each other, so that memory is read along its
 * rows. */
struct share {
	size_t panels, steps, slabs, tasks;
};

static struct share share_of(const struct product *p, size_t panels, bool side_by_side)
{
	struct share s = { side_by_side ? panels : 1, side_by_side ? PACK_STEPS : p->stretch };

	s.slabs = divide_up(p->stretch, s.steps);
	s.tasks = divide_up(p->steps, p->stretch) * s.slabs * divide_up(panels, s.panels);
	return s;
}

/* The tasks of B, then those of A. */
static void pack_some(void *arg, size_t task, unsigned thread)
{
	const struct product *p = arg;
	struct share s = share_of(p, p->panels_n, !p->args.b_transposed);
	bool of_b = task < s.tasks;
	size_t panels = of_b ? p->panels_n : p->panels_m, width, groups, begin, end, from, to;
	uint32_t *dst;

	(void)thread;
	if (!of_b) {
		task -= s.tasks;
		s = share_of(p, p->panels_m, p->args.a_transposed);
	}
	width = of_b ? p->tile->cols : p->tile->rows;
	groups = divide_up(panels, s.panels);
	begin = task / (s.slabs * groups) * p->stretch;
	end = MIN(begin + p->stretch, p->steps);
	from = begin + task / groups % s.slabs * s.steps;
	to = MIN(from + s.steps, end);
	dst = (of_b ? p->b : p->a) + (begin * panels + (from - begin)) * width;
	for (size_t i = task % groups; from < to && i < panels; i += groups)
		(of_b ? pack_b : pack_a)(p, i, from, to, dst + i * (end - begin) * width);
}

static size_t packing_tasks(const struct product *p)
{
	size_t tasks = share_of(p, p->panels_n, !p->args.b_transposed).tasks;

	return p->a ? tasks + share_of(p, p->panels_m, p->args.a_transposed).tasks : tasks;
}

/* What is packed next: lines of memory, and how many of them each tile before then fetches. */
struct ahead {
	const float *src;
	size_t lines, line, floats, tiles;
};

/* The rows of A from panel @first to @end, for steps from @step on. */
static struct ahead look_ahead(const struct product *p, size_t first, size_t end, size_t step)
{
	const struct gemm_args *x = &p->args;
	size_t row = first * p->tile->rows, rows = MIN(end * p->tile->rows, x->m) - row;
	size_t k = step * p->tile->group;
	size_t n = MIN((step + p->stretch) * p->tile->group, x->k) - k;

	if (x->a_transposed)
		return (struct ahead){ x->a + k * x->a_stride + row, n, x->a_stride, rows };
	return (struct ahead){ x->a + row * x->a_stride + k, rows, x->a_stride, n };
}

static inline void fetch(const struct ahead *a, size_t tile)
{
	size_t end = a->lines * (tile + 1) / a->tiles;

	for (size_t i = a->lines * tile / a->tiles; i < end; i++)
		for (size_t j = 0; j < a->floats; j += 16)
			__builtin_prefetch(a->src + i * a->line + j, 0, 2);
}

static void run_tile(const struct product *p, size_t i, size_t j, const struct stretch *s)
{
	const struct gemm_tile *t = p->tile;
	const struct gemm_args *x = &p->args;
	size_t row = i * t->rows, col = j * t->cols, at = row * x->c_stride + col, from, to;
	struct tile_out out = { .c = x->c + at, .stride = x->c_stride,
				.rows = MIN(t->rows, x->m - row),
				.cols = MIN(t->cols, x->n - col) };

	if (x->triangle == GEMM_LOWER_C && col >= row + t->rows)
		return;
	reach(p, i, &from, &to);
	out.add = from < s->from ? out.c : x->add ? x->add + at : NULL;
	from = MAX(from, s->from);
	to = MIN(to, s->to);
	if (from < to)
		t->run(to - from,
		       s->a + ((i - s->first) * (s->to - s->from) + from - s->from) * t->rows,
		       s->b + (j * (s->to - s->from) + from - s->from) * t->cols, &out);
}

/* Where the panels of the stretch are; of A, from the block's first panel on. */
static void find_panels(const struct product *p, struct stretch *s, uint32_t *own, size_t end)
{
	size_t rows = p->tile->rows, steps = s->to - s->from;

	s->b = p->b + s->from * p->panels_n * p->tile->cols;
	s->a = p->a ? p->a + (s->from * p->panels_m + s->first * steps) * rows : own;
	for (size_t i = s->first; !p->a && i < end; i++)
		pack_a(p, i, s->from, s->to, own + (i - s->first) * steps * rows);
}

/* After steps @step on: the next ones, or the first of the task after this one. */
static struct ahead find_next(const struct product *p, size_t task, size_t step, unsigned thread)
{
	size_t m;

	if (p->a)
		return (struct ahead){ 0 };
	step += p->stretch;
	if (step >= p->steps) {
		step = 0;
		task = pool_following(p->g->pool, thread);
	}
	m = task * p->block_m;
	return m < p->panels_m ? look_ahead(p, m, MIN(m + p->block_m, p->panels_m), step)
			       : (struct ahead){ 0 };
}

static void run_block(void *arg, size_t task, unsigned thread)
{
	const struct product *p = arg;
	struct gemm_scratch *own = &p->g->alone[thread];
	size_t m = task / p->blocks_n * p->block_m, n = task % p->blocks_n * p->block_n;
	size_t end_m = MIN(m + p->block_m, p->panels_m), end_n = MIN(n + p->block_n, p->panels_n);

	if (!p->a && !gemm_reserve(p->g, own, p->block_m * p->tile->rows * p->stretch))
		return;
	for (size_t step = 0; step < p->steps; step += p->stretch) {
		struct stretch s = { .first = m, .from = step,
				     .to = MIN(step + p->stretch, p->steps) };
		struct ahead next = find_next(p, task, step, thread);
		size_t tile = 0;

		next.tiles = (end_m - m) * (end_n - n);
		find_panels(p, &s, own->words, end_m);
		for (size_t j = n; j < end_n; j++)
			for (size_t i = m; i < end_m; i++) {
				fetch(&next, tile++);
				run_tile(p, i, j, &s);
			}
	}
}

static void start(struct product *p, struct gemm *g, const struct gemm_args *args)
{
	const struct gemm_tile *t = g->tile;

	*p = (struct product){ .g = g, .tile = t, .args = *args };
	gemm_complete(&p->args);
	p->steps = divide_up(args->k, t->group);
	p->stretch = MIN(p->steps, (size_t)GEMM_STRETCH);
	p->panels_m = divide_up(args->m, t->rows);
	p->panels_n = divide_up(args->n, t->cols);
	p->block_m = p->panels_m;
	p->block_n = p->panels_n;
	p->blocks_n = 1;
}

/* Room for panels of B, and of A where they are packed beforehand. */
static bool reserve(struct product *p, struct gemm_scratch *s, bool with_a)
{
	size_t b = divide_up(p->panels_n * p->tile->cols * p->steps, 16) * 16;

	if (!gemm_reserve(p->g, s, b + (with_a ? p->panels_m * p->tile->rows * p->steps : 0)))
		return false;
	p->b = s->words;
	p->a = with_a ? s->words + b : NULL;
	return true;
}

static size_t blocks(const struct product *p)
{
	return divide_up(p->panels_m, p->block_m) * p->blocks_n;
}

/* Smaller blocks where there would be too few to share out. */
static void share_out(struct product *p, size_t tasks)
{
	p->block_m = MIN(p->panels_m, (size_t)BLOCK);
	p->block_n = MIN(p->panels_n, (size_t)BLOCK);
	for (;;) {
		size_t *larger = p->block_m > p->block_n ? &p->block_m : &p->block_n;

		p->blocks_n = divide_up(p->panels_n, p->block_n);
		if (blocks(p) >= tasks || *larger == 1)
			return;
		*larger = (*larger + 1) / 2;
	}
}

void gemm_run(struct gemm *g, const struct gemm_args *args)
{
	struct product p;
	unsigned threads = pool_threads(g->pool);
	size_t tasks = threads > 1 ? (size_t)6 * threads : 1;	/* alone, nobody waits */
	bool by_rows;

	g->operations += 2.0 * (double)args->m * (double)args->n * (double)args->k;
	if (args->weights) {
		gemm_run_weights(g, args);
		return;
	}
	start(&p, g, args);
	by_rows = p.panels_m >= tasks * BLOCK;
	if (!reserve(&p, &g->shared, !by_rows))
		return;
	if (by_rows)
		p.block_m = BLOCK;
	else
		share_out(&p, tasks);
	pool_run(g->pool, pack_some, &p, packing_tasks(&p));
	pool_run(g->pool, run_block, &p, blocks(&p));
}

void gemm_run_alone(struct gemm *g, const struct gemm_args *args, unsigned thread)
{
	struct product p;

	start(&p, g, args);
	if (!reserve(&p, &g->alone[thread], true))
		return;
	for (size_t i = 0; i < packing_tasks(&p); i++)
		pack_some(&p, i, thread);
	run_block(&p, 0, thread);
}
