/* SPDX-License-Identifier: MIT */
#include "base_model/matmul.h"

#include "util/macro.h"

/* Rows of a task: a few tiles, so that a batch's activations stay in the cache for them. */
#define TASK_ROWS 32

size_t activations_size(size_t n, size_t cols)
{
	return n * (cols / Q_BLOCK) * (2 * sizeof(float) + 2 * sizeof(int16_t) + 2 * Q_BLOCK);
}

void activations_init(struct activations *x, void *memory, size_t n, size_t cols)
{
	size_t blocks = n * (cols / Q_BLOCK);

	*x = (struct activations){ .n = n, .cols = cols };
	x->d = memory;
	x->scaled_sums = x->d + blocks;
	x->sums = (int16_t *)(x->scaled_sums + blocks);
	x->q = (int8_t *)(x->sums + 2 * blocks);
	x->biased = (uint8_t *)(x->q + Q_BLOCK * blocks);
}

bool matrix_is_quantized(const struct matrix *w)
{
	uint32_t weights, bytes;

	return tensor_type_block(w->type, &weights, &bytes) && weights > 1;
}

rows_fn matrix_kernel(const struct kernels *k, const struct matrix *w)
{
	return w->type < TENSOR_TYPES ? k->rows[w->type] : NULL;
}

struct work {
	const struct pool *pool;
	const struct kernels *k;
	const struct product *products;
	size_t n_products;
	struct activations *x;
};

static void quantize_task(void *arg, size_t task, unsigned thread)
{
	struct work *work = arg;

	work->k->quantize(work->x, task);
}

static size_t task_count(const struct matrix *w)
{
	return (w->rows + TASK_ROWS - 1) / TASK_ROWS;
}

/* The product of a task, and its first row; NULL beyond the last task. */
static const struct product *find_task(const struct work *work, size_t task, uint32_t *first)
{
	for (size_t i = 0; i < work->n_products; i++) {
		size_t n = task_count(work->products[i].w);

		if (task < n) {
			*first = (uint32_t)task * TASK_ROWS;
			return &work->products[i];
		}
		task -= n;
	}
	return NULL;
}

static void rows_task(void *arg, size_t task, unsigned thread)
{
	struct work *work = arg;
	uint32_t first = 0, next = 0;
	const struct product *p = find_task(work, task, &first);
	const struct product *following = find_task(work, pool_following(work->pool, thread),
						    &next);
	struct matrix w = *p->w;

	w.ahead = following ? following->w->data + next * following->w->row_size : NULL;
	matrix_kernel(work->k, &w)(&w, first, MIN(first + TASK_ROWS, w.rows), work->x, p->y,
				   w.rows);
}

void matmul(struct pool *pool, const struct kernels *k, const struct product *products,
	    size_t n_products, struct activations *x)
{
	struct work work = { pool, k, products, n_products, x };
	bool quantize = false;
	size_t tasks = 0;

	for (size_t i = 0; i < n_products; i++) {
		quantize |= matrix_is_quantized(products[i].w);
		tasks += task_count(products[i].w);
	}
	if (quantize)
		pool_run(pool, quantize_task, &work, x->n);
	pool_run(pool, rows_task, &work, tasks);
}
