/* SPDX-License-Identifier: MIT */
/*
 * Products with a matrix of a model as its file has it. A task is some columns of C: it unpacks
 * what it multiplies by, a stretch of k at a time, into panels that stay in the cache, and goes
 * through all rows of A with them. So a weight is unpacked once for a product, and nothing but
 * the packed A is as large as a matrix.
 */
#include "base_model/gemm-private.h"
#include "util/macro.h"

enum { COLUMNS = 128 };		/* of a task, whole blocks and whole panels */
enum { LINES = 64, PIECE = 128 };	/* floats between unpacking and packing: LINES * COLUMNS */

_Static_assert((size_t)LINES * COLUMNS >= 32 * PIECE, "a panel's piece is as large at most");

struct product {
	struct gemm *g;
	struct gemm_args args;		/* with all strides */
	const uint32_t *a;		/* panels, one behind the other */
	size_t steps;
	unpack_fn unpack;		/* of the weights' type */
};

static void pack_panel(void *arg, size_t task, unsigned thread)
{
	const struct product *p = arg;
	const struct gemm_args *x = &p->args;
	const struct gemm_tile *t = p->g->tile;
	size_t line = x->a_transposed ? 1 : x->a_stride;
	size_t step = x->a_transposed ? x->a_stride : 1, first = task * t->rows;

	(void)thread;
	t->pack_rows(x->a + first * line, line, step, MIN(t->rows, x->m - first), x->k,
		     (uint32_t *)p->a + first * p->steps);
}

/* Panel @panel of the task's columns; what stands in it begins at a step of the stretch. */
static uint32_t *panel_at(const struct gemm_tile *t, uint32_t *panels, size_t panel, size_t k)
{
	return panels + (panel * GEMM_STRETCH + k / t->group) * t->cols;
}

static const uint8_t *row_at(const struct product *p, size_t row)
{
	return p->args.weights->data + row * p->args.weights->row_size;
}

/* Rows of the matrix are columns of the product. */
static void unpack_rows(const struct product *p, size_t first, size_t n, size_t k, size_t end,
			float *piece, uint32_t *panels)
{
	const struct gemm_tile *t = p->g->tile;

	for (size_t panel = 0; panel * t->cols < n; panel++)
		for (size_t at = k; at < end; at += PIECE) {
			size_t have = MIN((size_t)PIECE, end - at), row = panel * t->cols;
			size_t rows = MIN(t->cols, n - row);

			for (size_t i = 0; i < rows; i++)
				p->unpack(row_at(p, first + row + i), at, have, piece + i * PIECE);
			t->pack_cols(piece, PIECE, 1, rows, have,
				     panel_at(t, panels, panel, at - k));
		}
}

/* Columns of the matrix are columns of the product. */
static void unpack_columns(const struct product *p, size_t first, size_t n, size_t k, size_t end,
			   float *piece, uint32_t *panels)
{
	const struct gemm_tile *t = p->g->tile;

	for (size_t at = k; at < end; at += LINES) {
		size_t have = MIN((size_t)LINES, end - at);

		for (size_t i = 0; i < have; i++)
			p->unpack(row_at(p, at + i), first, n, piece + i * COLUMNS);
		for (size_t panel = 0; panel * t->cols < n; panel++)
			t->pack_cols(piece + panel * t->cols, 1, COLUMNS,
				     MIN(t->cols, n - panel * t->cols), have,
				     panel_at(t, panels, panel, at - k));
	}
}

static void run_stretch(const struct product *p, size_t first, size_t n, size_t step,
			uint32_t *panels)
{
	const struct gemm_args *x = &p->args;
	const struct gemm_tile *t = p->g->tile;
	size_t steps = MIN((size_t)GEMM_STRETCH, p->steps - step);

	for (size_t i = 0; i < x->m; i += t->rows)
		for (size_t j = 0; j < n; j += t->cols) {
			size_t at = i * x->c_stride + first + j;
			struct tile_out out = { .c = x->c + at, .stride = x->c_stride,
						.rows = MIN(t->rows, x->m - i),
						.cols = MIN(t->cols, n - j) };

			out.add = step ? out.c : x->add ? x->add + at : NULL;
			t->run(steps, p->a + i * p->steps + step * t->rows,
			       panel_at(t, panels, j / t->cols, 0), &out);
		}
}

static void run_columns(void *arg, size_t task, unsigned thread)
{
	const struct product *p = arg;
	const struct gemm_tile *t = p->g->tile;
	size_t first = task * COLUMNS, n = MIN((size_t)COLUMNS, p->args.n - first);
	struct gemm_scratch *s = &p->g->alone[thread];
	float *piece;

	if (!gemm_reserve(p->g, s, (LINES + GEMM_STRETCH) * (size_t)COLUMNS))
		return;
	piece = (float *)s->words + GEMM_STRETCH * COLUMNS;
	for (size_t step = 0; step < p->steps; step += GEMM_STRETCH) {
		size_t k = step * t->group, end = MIN(k + GEMM_STRETCH * t->group, p->args.k);

		if (p->args.b_transposed)
			unpack_rows(p, first, n, k, end, piece, s->words);
		else
			unpack_columns(p, first, n, k, end, piece, s->words);
		run_stretch(p, first, n, step, s->words);
	}
}

void gemm_run_weights(struct gemm *g, const struct gemm_args *args)
{
	struct product p = { .g = g, .args = *args, .steps = divide_up(args->k, g->tile->group),
			     .unpack = g->kernels->unpack[args->weights->type] };
	size_t panels = divide_up(args->m, g->tile->rows);

	gemm_complete(&p.args);
	if (!gemm_reserve(g, &g->shared, panels * g->tile->rows * p.steps))
		return;
	p.a = g->shared.words;
	pool_run(g->pool, pack_panel, &p, panels);
	pool_run(g->pool, run_columns, &p, divide_up(args->n, COLUMNS));
}
