/* SPDX-License-Identifier: MIT */
#include "base_model/matmul.h"

#include "util/macro.h"

#define TASK_ROWS 32u	/* whole tiles of every kernel, and of updates */
#define FEW 4		/* vectors: reading the weights takes longer than the products */
#define TASK_BLOCKS 64	/* of the input, to be quantised */

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
	const struct matrix *next;
	bool quantize;
};

static size_t quantize_tasks(const struct work *work)
{
	size_t blocks = work->x->n * (work->x->cols / Q_BLOCK);

	return work->quantize ? (blocks + TASK_BLOCKS - 1) / TASK_BLOCKS : 0;
}

/* What the products start from: the quantised input, and of each update A x. */
static void input_task(void *arg, size_t task, unsigned thread)
{
	struct work *work = arg;
	size_t blocks = work->x->n * (work->x->cols / Q_BLOCK), n = quantize_tasks(work);

	if (task < n) {
		work->k->quantize(work->x, task * TASK_BLOCKS,
				  MIN((task + 1) * TASK_BLOCKS, blocks));
		return;
	}
	task -= n;
	for (size_t i = 0; i < work->n_products; i++)
		for (size_t u = 0; u < work->products[i].n_updates; u++) {
			struct update *update = &work->products[i].updates[u];

			n = update_tasks(update);
			if (task < n) {
				update_reduce(work->k, update, work->x, task);
				return;
			}
			task -= n;
		}
}

static size_t task_count(const struct work *work, const struct matrix *w)
{
	return (w->rows + TASK_ROWS - 1) / TASK_ROWS;
}

/* The product of a task, and its first row; NULL beyond the last task. */
static const struct product *find_task(const struct work *work, size_t task, uint32_t *first)
{
	for (size_t i = 0; i < work->n_products; i++) {
		size_t n = task_count(work, work->products[i].w);

		if (task < n) {
			*first = (uint32_t)task * TASK_ROWS;
			return &work->products[i];
		}
		task -= n;
	}
	return NULL;
}

/* Where thread @thread may begin in the next call: which task it gets is not known yet. */
static const uint8_t *next_ahead(const struct work *work, unsigned thread)
{
	const struct matrix *next = work->next;
	size_t row = (size_t)thread * TASK_ROWS;

	return next && row < next->rows ? next->data + row * next->row_size : NULL;
}

static void rows_task(void *arg, size_t task, unsigned thread)
{
	struct work *work = arg;
	uint32_t first = 0, next = 0;
	const struct product *p = find_task(work, task, &first);
	const struct product *following = find_task(work, pool_following(work->pool, thread),
						    &next);
	uint32_t last = MIN(first + TASK_ROWS, p->w->rows);
	struct matrix w = *p->w;

	w.ahead = following ? following->w->data + next * following->w->row_size :
			      next_ahead(work, thread);
	for (size_t i = 0; i < p->n_updates; i++)
		update_prefetch(&p->updates[i], first, last);
	matrix_kernel(work->k, &w)(&w, first, last, work->x, p->y, w.rows);
	for (size_t i = 0; i < p->n_updates; i++)
		update_expand(work->k, &p->updates[i], first, last, p->y, w.rows);
}

void matmul(struct pool *pool, const struct kernels *k, const struct product *products,
	    size_t n_products, struct activations *x, const struct matrix *next)
{
	struct work work = { .pool = pool, .k = k, .products = products,
			     .n_products = n_products, .x = x, .next = next };
	size_t tasks = 0, inputs;

	for (size_t i = 0; i < n_products; i++) {
		work.quantize |= matrix_is_quantized(products[i].w);
		tasks += task_count(&work, products[i].w);
	}
	inputs = quantize_tasks(&work);
	for (size_t i = 0; i < n_products; i++)
		for (size_t u = 0; u < products[i].n_updates; u++)
			inputs += update_tasks(&products[i].updates[u]);
	pool_run(pool, input_task, &work, inputs);
	if (x->n > FEW)
		pool_run(pool, rows_task, &work, tasks);
	else
		pool_run_ahead(pool, rows_task, &work, tasks);
}
