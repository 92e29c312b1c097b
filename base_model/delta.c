/* SPDX-License-Identifier: MIT */
/*
 * Updates are added after the base's product, never merged into it: the base stays as it is
 * in the file, and each sequence of a batch takes its own. A token's update is summed in the
 * same order whatever else is in the batch: A x by the kernels' 16 chains over the columns,
 * B (A x) by the same over the rank, then one fma into y, adapter after adapter.
 */
#include "base_model/delta.h"

#include <errno.h>
#include <stdlib.h>

#include "base_model/kernels/convert.h"
#include "util/macro.h"

#define TASK_ROWS 128u
#define TASK_TOKENS 16	/* that share one reading of A, or of a part of B */

struct bm_delta {
	const struct bm_model *model;
	size_t bytes;
	struct low_rank updates[];	/* [layers][BM_OUTPUT], then the output's */
};

static size_t update_count(const struct bm_config *c)
{
	return (size_t)c->n_layers * BM_OUTPUT + 1;
}

static size_t update_index(const struct bm_delta *delta, uint32_t layer, enum bm_matrix matrix)
{
	return matrix == BM_OUTPUT ? update_count(&delta->model->config) - 1 :
				     (size_t)layer * BM_OUTPUT + matrix;
}

int bm_delta_new(struct bm_delta **ret, const struct bm_model *m)
{
	size_t n = update_count(&m->config);
	struct bm_delta *delta = calloc(1, sizeof(*delta) + n * sizeof(delta->updates[0]));

	if (!delta)
		return -ENOMEM;
	delta->model = m;
	delta->bytes = sizeof(*delta) + n * sizeof(delta->updates[0]);
	*ret = delta;
	return 0;
}

struct bm_delta *bm_delta_free(struct bm_delta *delta)
{
	if (!delta)
		return NULL;
	for (size_t i = 0; i < update_count(&delta->model->config); i++) {
		free((void *)delta->updates[i].a.data);
		free((void *)delta->updates[i].b.data);
	}
	free(delta);
	return NULL;
}

size_t bm_delta_bytes(const struct bm_delta *delta)
{
	return delta->bytes;
}

static bool fits_f16(const float *x, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (f16_to_f32(f32_to_f16(x[i])) != x[i])
			return false;
	return true;
}

static int matrix_copy(struct matrix *ret, uint32_t rows, uint32_t cols, const float *x,
		       size_t *bytes)
{
	size_t n = (size_t)rows * cols;
	bool half = fits_f16(x, n);
	size_t element = half ? sizeof(uint16_t) : sizeof(float);
	void *data = reallocarray(NULL, n, element);
	uint16_t *halves = data;

	if (!data)
		return -ENOMEM;
	if (half)
		for (size_t i = 0; i < n; i++)
			halves[i] = f32_to_f16(x[i]);
	else
		memcpy(data, x, n * sizeof(*x));
	*ret = (struct matrix){
		.type = half ? TENSOR_F16 : TENSOR_F32,
		.rows = rows,
		.cols = cols,
		.row_size = cols * element,
		.data = data,
	};
	*bytes += n * element;
	return 0;
}

static const struct matrix *base_of(const struct bm_model *m, uint32_t layer,
				    enum bm_matrix matrix)
{
	return matrix == BM_OUTPUT ? &m->weights.output :
				     &m->weights.layers[layer].matrices[matrix];
}

static int set_one(struct bm_delta *delta, uint32_t layer, enum bm_matrix matrix, uint32_t rank,
		   float scale, const float *a, const float *b)
{
	const struct matrix *w = base_of(delta->model, layer, matrix);
	struct low_rank *u = &delta->updates[update_index(delta, layer, matrix)];
	int r;

	if (u->a.rows)
		return -EEXIST;
	r = matrix_copy(&u->a, rank, w->cols, a, &delta->bytes);
	if (r == 0)
		r = matrix_copy(&u->b, w->rows, rank, b, &delta->bytes);
	u->scale = scale;
	return r;
}

int bm_delta_set(struct bm_delta *delta, uint32_t layer, enum bm_matrix matrix, uint32_t rank,
		 float scale, const float *a, const float *b)
{
	const struct bm_model *m = delta->model;
	enum bm_matrix first;
	unsigned n = matrix_parts(matrix, &first);
	int r = 0;

	if (layer >= m->config.n_layers || first >= BM_MATRIX_COUNT || rank < 1 || rank > MAX_RANK)
		return -EINVAL;
	if (matrix == BM_OUTPUT && m->weights.tied)
		return -EINVAL;
	/* Rows of one tensor are parts of B; each has all of A. */
	for (unsigned i = 0; r == 0 && i < n; i++) {
		const struct matrix *w = base_of(m, layer, first + i);

		r = w->rows ? set_one(delta, layer, first + i, rank, scale, a, b) : -EINVAL;
		b += (size_t)w->rows * rank;
	}
	return r;
}

const struct low_rank *delta_of(const struct bm_delta *delta, uint32_t layer,
				enum bm_matrix matrix)
{
	const struct low_rank *u = &delta->updates[update_index(delta, layer, matrix)];

	return u->a.rows ? u : NULL;
}

/* The updates of one item by one adapter, for all products of a group. */
struct work {
	struct bm_model *m;
	const struct low_rank *updates[GROUP_PRODUCTS];
	const struct product *products;
	size_t n_products;
	struct activations x;	/* the item's tokens */
	size_t first;		/* of them in the batch */
	float scale;
};

static float *low_of(const struct work *work, size_t product)
{
	return work->m->state.low + product * work->m->max_batch * MAX_RANK;
}

static size_t token_groups(const struct work *work)
{
	return (work->x.n + TASK_TOKENS - 1) / TASK_TOKENS;
}

/* Task: some tokens of one product. */
static void low_task(void *arg, size_t task, unsigned thread)
{
	struct work *work = arg;
	size_t product = task / token_groups(work), t = task % token_groups(work) * TASK_TOKENS;
	const struct low_rank *u = work->updates[product];
	struct activations some = { .f = work->x.f + t * work->x.cols, .cols = work->x.cols,
				    .n = MIN((size_t)TASK_TOKENS, work->x.n - t) };

	if (u)
		matrix_kernel(work->m->kernels, &u->a)(&u->a, 0, u->a.rows, &some,
						       low_of(work, product) + t * u->a.rows,
						       u->a.rows);
}

static size_t task_count(const struct matrix *w)
{
	return (w->rows + TASK_ROWS - 1) / TASK_ROWS;
}

static void add_rows(const struct work *work, size_t product, uint32_t first)
{
	const struct low_rank *u = work->updates[product];
	const struct product *p = &work->products[product];
	const struct kernels *k = work->m->kernels;
	struct matrix part = u->b;
	float sums[TASK_TOKENS * TASK_ROWS];

	part.rows = MIN(TASK_ROWS, part.rows - first);
	part.data += first * part.row_size;
	for (size_t t = 0; t < work->x.n; t += TASK_TOKENS) {
		struct activations low = { .f = low_of(work, product) + t * u->a.rows,
					   .n = MIN((size_t)TASK_TOKENS, work->x.n - t),
					   .cols = u->a.rows };

		matrix_kernel(k, &part)(&part, 0, part.rows, &low, sums, part.rows);
		for (size_t i = 0; i < low.n; i++)
			k->axpy_f32(work->scale * u->scale, sums + i * part.rows,
				    p->y + (work->first + t + i) * p->w->rows + first, part.rows);
	}
}

/* Task: some rows of one product, for all tokens. */
static void add_task(void *arg, size_t task, unsigned thread)
{
	struct work *work = arg;
	size_t product = 0;

	while (task >= task_count(work->products[product].w))
		task -= task_count(work->products[product++].w);
	if (work->updates[product])
		add_rows(work, product, (uint32_t)task * TASK_ROWS);
}

static void apply_one(struct work *work)
{
	size_t tasks = 0;

	for (size_t i = 0; i < work->n_products; i++)
		tasks += task_count(work->products[i].w);
	pool_run(work->m->pool, low_task, work, work->n_products * token_groups(work));
	pool_run(work->m->pool, add_task, work, tasks);
}

void delta_apply(struct bm_model *m, const struct bm_item *items, size_t n_items, uint32_t layer,
		 const enum bm_matrix *matrices, const struct product *products,
		 size_t n_products, const struct activations *x)
{
	struct work work = { .m = m, .products = products, .n_products = n_products };

	for (size_t i = 0; i < n_items; work.first += items[i++].n_tokens)
		for (size_t k = 0; k < items[i].n_deltas; k++) {
			bool any = false;

			for (size_t p = 0; p < n_products; p++) {
				work.updates[p] = delta_of(items[i].deltas[k], layer, matrices[p]);
				any |= work.updates[p] != NULL;
			}
			work.scale = items[i].scales[k];
			if (!any || work.scale == 0.0f)
				continue;
			work.x = (struct activations){ .f = x->f + work.first * x->cols,
						       .n = items[i].n_tokens, .cols = x->cols };
			apply_one(&work);
		}
}
