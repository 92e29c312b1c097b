/* SPDX-License-Identifier: MIT */
/*
 * Updates are added after the base's product, never merged into it: the base stays as it is
 * in the file, and each sequence of a batch takes its own, adapter after adapter. A token's
 * update is summed in the same order whatever else is in the batch (kernels/low-rank.h).
 */
#include "base_model/delta.h"

#include <errno.h>
#include <stdlib.h>

#include "util/macro.h"

struct bm_delta {
	const struct bm_model *model;
	size_t bytes;
	uint32_t width, cols;		/* the largest of its updates */
	struct token_rows tokens;
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
	for (size_t i = 0; i < update_count(&delta->model->config); i++)
		low_rank_deinit(&delta->updates[i]);
	token_rows_deinit(&delta->tokens);
	free(delta);
	return NULL;
}

size_t bm_delta_bytes(const struct bm_delta *delta)
{
	return delta->bytes;
}

static const struct matrix *base_of(const struct bm_model *m, uint32_t layer,
				    enum bm_matrix matrix)
{
	return matrix == BM_OUTPUT ? &m->weights.output :
				     &m->weights.layers[layer].matrices[matrix];
}

static int set_one(struct bm_delta *delta, uint32_t layer, enum bm_matrix matrix, uint32_t rank,
		   float scale, struct bm_values a, struct bm_values b)
{
	const struct matrix *w = base_of(delta->model, layer, matrix);
	struct low_rank *u = &delta->updates[update_index(delta, layer, matrix)];
	int r;

	if (u->rank)
		return -EEXIST;
	r = low_rank_init(u, w->rows, w->cols, rank, scale, a, b, &delta->bytes);
	if (r < 0) {
		low_rank_deinit(u);
		return r;
	}
	delta->width = MAX(delta->width, u->width);
	delta->cols = MAX(delta->cols, u->cols);
	return 0;
}

int bm_delta_set(struct bm_delta *delta, uint32_t layer, enum bm_matrix matrix, uint32_t rank,
		 float scale, struct bm_values a, struct bm_values b)
{
	const struct bm_model *m = delta->model;
	enum bm_matrix first;
	unsigned n = bm_matrix_parts(matrix, &first);
	int r = 0;

	if (layer >= m->config.n_layers || first >= BM_MATRIX_COUNT || rank < 1 ||
	    rank > LOW_MAX_RANK)
		return -EINVAL;
	if (matrix == BM_OUTPUT && m->weights.tied)
		return -EINVAL;
	/* Rows of one tensor are parts of B; each has all of A. */
	for (unsigned i = 0; r == 0 && i < n; i++) {
		const struct matrix *w = base_of(m, layer, first + i);

		r = w->rows ? set_one(delta, layer, first + i, rank, scale, a, b) : -EINVAL;
		b = values_from(b, (size_t)w->rows * rank);
	}
	return r;
}

const struct low_rank *delta_of(const struct bm_delta *delta, uint32_t layer,
				enum bm_matrix matrix)
{
	const struct low_rank *u = &delta->updates[update_index(delta, layer, matrix)];

	return u->rank ? u : NULL;
}

int bm_delta_set_tokens(struct bm_delta *delta, const struct gguf_tensor *embedding,
			const struct gguf_tensor *output)
{
	if (delta->tokens.n)
		return -EEXIST;
	return token_rows_init(&delta->tokens, delta->model, embedding, output, &delta->bytes);
}

uint32_t bm_delta_tokens(const struct bm_delta *delta)
{
	return delta->tokens.n;
}

const struct token_rows *delta_tokens(const struct bm_item *item, size_t *n)
{
	const struct token_rows *found = NULL;

	*n = 0;
	for (size_t k = 0; k < item->n_deltas; k++) {
		if (item->scales[k] == 0.0f || !item->deltas[k]->tokens.n)
			continue;
		found = &item->deltas[k]->tokens;
		++*n;
	}
	return found;
}

/* Those that an item's adapters bring; the scale 0 is as if there were none. */
static size_t count_updates(const struct bm_item *item, size_t n_tokens, size_t *n_low)
{
	size_t n = 0;

	for (size_t k = 0; k < item->n_deltas; k++) {
		const struct bm_delta *delta = item->deltas[k];

		if (item->scales[k] == 0.0f)
			continue;
		n += GROUP_PRODUCTS;
		*n_low += GROUP_PRODUCTS * update_low_size(delta->width, delta->cols, n_tokens);
	}
	return n;
}

/* Adapters are checked when they are loaded: their sizes are those of the model. */
int delta_reserve(struct bm_model *m, const struct bm_item *items, size_t n_items)
{
	struct delta_scratch *s = &m->updates;
	size_t n = 0, n_low = 0;

	for (size_t i = 0; i < n_items; i++) {
		size_t head_low = 0;
		size_t in_head = HEAD_ROWS * count_updates(&items[i], 1, &head_low);

		n = MAX(n + count_updates(&items[i], items[i].n_tokens, &n_low), in_head);
		n_low = MAX(n_low, HEAD_ROWS * head_low);
	}
	if (n > s->n_updates) {
		free(s->updates);
		s->updates = calloc(n, sizeof(*s->updates));
		s->n_updates = s->updates ? n : 0;
	}
	if (n_low > s->n_low) {
		free(s->low);
		s->low = reallocarray(NULL, n_low, sizeof(float));
		s->n_low = s->low ? n_low : 0;
	}
	return n <= s->n_updates && n_low <= s->n_low ? 0 : -ENOMEM;
}

void delta_scratch_deinit(struct delta_scratch *s)
{
	free(s->updates);
	free(s->low);
}

void delta_plan(struct bm_model *m, const struct bm_item *items, size_t n_items, uint32_t layer,
		const enum bm_matrix *matrices, struct product *products, size_t n_products)
{
	struct update *next = m->updates.updates;
	float *low = m->updates.low;

	for (size_t p = 0; p < n_products; p++) {
		size_t first = 0;

		products[p].updates = next;
		for (size_t i = 0; i < n_items; first += items[i++].n_tokens)
			for (size_t k = 0; k < items[i].n_deltas; k++) {
				const struct low_rank *u = delta_of(items[i].deltas[k], layer,
								    matrices[p]);

				if (!u || items[i].scales[k] == 0.0f)
					continue;
				update_init(next++, u, items[i].scales[k], first,
					    items[i].n_tokens, low);
				low += update_low_size(u->width, u->cols, items[i].n_tokens);
			}
		products[p].n_updates = (size_t)(next - products[p].updates);
	}
}
