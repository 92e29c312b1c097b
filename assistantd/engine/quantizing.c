/* SPDX-License-Identifier: MIT */
#include "assistantd/engine/quantizing.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "adapters/train/model-file.h"
#include "adapters/train/random.h"
#include "util/macro.h"

static const struct {
	enum tensor_type type;
	const char *name;
} types[] = {
	{ TENSOR_IQ4_NL, "IQ4_NL" }, { TENSOR_Q5_0, "Q5_0" }, { TENSOR_Q5_1, "Q5_1" },
	{ TENSOR_Q8_0, "Q8_0" },
};

_Static_assert(ARRAY_SIZE(types) <= PRECISION_TYPES, "room for all types");

struct quantizing_item {
	const struct gguf_tensor *tensor;
	uint32_t layer;
	enum bm_matrix matrix;
	float *importance;	/* [cols] */
};

/* Matrices of the layers, and the output's, also where it is the embedding. */
static bool is_item(const struct quantizing *q, const struct gguf_tensor *t,
		    struct quantizing_item *item)
{
	const struct gguf *g = bm_model_gguf(q->model);

	*item = (struct quantizing_item){ .tensor = t, .matrix = BM_OUTPUT };
	if (t->n_dims != 2 || tensor_row_size(types[0].type, t->ne[0]) == 0)
		return false;
	if (strcmp(t->name, "token_embd.weight") == 0)
		return !gguf_tensor(g, "output.weight");
	return bm_matrix_find(q->model, t->name, &item->layer, &item->matrix) == 0 &&
	       item->matrix <= BM_OUTPUT;
}

static int find_items(struct quantizing *q)
{
	const struct gguf *g = bm_model_gguf(q->model);
	struct quantizing_item item;

	q->items = calloc(gguf_n_tensors(g), sizeof(*q->items));
	q->precisions = calloc(gguf_n_tensors(g), sizeof(*q->precisions));
	if (!q->items || !q->precisions)
		return -ENOMEM;
	for (size_t i = 0; i < gguf_n_tensors(g); i++) {
		if (!is_item(q, gguf_tensor_at(g, i), &item))
			continue;
		item.importance = calloc(item.tensor->ne[0], sizeof(float));
		if (!item.importance)
			return -ENOMEM;
		for (size_t k = 0; k < ARRAY_SIZE(types); k++)
			q->precisions[q->n_items].bytes[k] = item.tensor->ne[1] *
				tensor_row_size(types[k].type, item.tensor->ne[0]);
		q->items[q->n_items++] = item;
	}
	return q->n_items ? 0 : -EINVAL;
}

int quantizing_init(struct quantizing *q, const struct bm_model *m, uint32_t context, size_t rows,
		    unsigned threads, struct diag *d)
{
	size_t n = rows * context;
	int r;

	*q = (struct quantizing){ .model = m, .context = context, .rows = rows };
	r = train_from_model(&q->trainer, m, context, rows, threads, d);
	if (r < 0)
		return r;
	q->tokens = calloc(n, sizeof(*q->tokens));
	q->targets = calloc(n, sizeof(*q->targets));
	q->begins = calloc(n, sizeof(*q->begins));
	r = q->tokens && q->targets && q->begins ? find_items(q) : -ENOMEM;
	return r < 0 ? diag_set(d, r, DIAG_UNSUP, "tensors", "%s",
				r == -EINVAL ? "no matrix whose rows are whole blocks of 32"
					     : strerror(-r)) : 0;
}

void quantizing_deinit(struct quantizing *q)
{
	for (size_t i = 0; i < q->n_items; i++)
		free(q->items[i].importance);
	for (size_t i = 0; i < q->n_data; i++)
		dataset_free(q->data[i]);
	trainer_free(q->trainer);
	free(q->items);
	free(q->precisions);
	free(q->tokens);
	free(q->targets);
	free(q->begins);
}

int quantizing_add_data(struct quantizing *q, int fd, struct diag *d)
{
	int r;

	if (q->n_data == QUANTIZING_DATA)
		return diag_set(d, -E2BIG, DIAG_LIMIT, "--data", "more than %d files",
				QUANTIZING_DATA);
	r = dataset_load(&q->data[q->n_data], bm_model_gguf(q->model), fd, q->context, d);
	if (r == 0)
		q->n_data++;
	return r;
}

static int run_batch(struct quantizing *q, size_t batch, double *loss)
{
	const struct dataset *data = q->data[batch % q->n_data];

	for (size_t row = 0; row < q->rows; row++) {
		size_t at = row * q->context;

		dataset_draw(data, random_hash(batch * q->rows + row), q->tokens + at,
			     q->targets + at, q->begins + at);
	}
	return trainer_loss(q->trainer,
			    &(struct train_batch){ .tokens = q->tokens, .targets = q->targets,
						   .begins = q->begins }, false, loss);
}

int quantizing_loss(struct quantizing *q, double *ret)
{
	size_t batches = QUANTIZING_BATCHES * q->n_data;

	*ret = 0;
	for (size_t i = 0; i < batches; i++) {
		double loss;
		int r = run_batch(q, i, &loss);

		if (r < 0)
			return r;
		*ret += loss / (double)batches;
	}
	return 0;
}

/* From the sums of squares to means; a column that is never used counts a little. */
static int take_importance(struct quantizing *q, struct quantizing_item *item)
{
	size_t n = item->tensor->ne[0];
	_cleanup_free_ double *sums = calloc(n, sizeof(*sums));
	double all = 0, loss;
	int r = sums ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < q->n_data; i++) {
		r = run_batch(q, i, &loss);
		if (r == 0)
			r = trainer_inputs(q->trainer, item->layer, item->matrix, sums);
	}
	for (size_t j = 0; r == 0 && j < n; j++)
		all += sums[j];
	for (size_t j = 0; r == 0 && j < n; j++)
		item->importance[j] = (float)(1e-3 + (all > 0 ? sums[j] / all * (double)n : 1));
	return r;
}

/* The rows of @item as @type into @out. */
static int quantize(const struct quantizing_item *item, enum tensor_type type, uint8_t *out)
{
	const struct gguf_tensor *t = item->tensor;
	size_t size = tensor_row_size(type, t->ne[0]);
	_cleanup_free_ float *row = calloc(t->ne[0], sizeof(*row));

	if (!row)
		return -ENOMEM;
	for (uint64_t i = 0; i < t->ne[1]; i++) {
		int r;

		bm_tensor_row(t, i, row);
		r = bm_quantize_row(type, row, item->importance, t->ne[0], out + i * size);
		if (r < 0)
			return r;
	}
	return 0;
}

/* The loss with one matrix in another type. */
static int try_type(struct quantizing *q, const struct quantizing_item *item,
		    enum tensor_type type, double *loss)
{
	const struct gguf_tensor *t = item->tensor;
	_cleanup_free_ uint8_t *data = calloc(t->ne[1], tensor_row_size(type, t->ne[0]));
	_cleanup_free_ struct matrix *w = NULL;
	int r = data ? quantize(item, type, data) : -ENOMEM;

	if (r < 0)
		return r;
	w = bm_part_new(type, (uint32_t)t->ne[1], (uint32_t)t->ne[0], data);
	if (!w)
		return -ENOMEM;
	trainer_replace(q->trainer, item->layer, item->matrix, w);
	r = quantizing_loss(q, loss);
	trainer_replace(q->trainer, item->layer, item->matrix, NULL);
	return r;
}

int quantizing_measure(struct quantizing *q)
{
	double before;
	int r = quantizing_loss(q, &before);

	for (size_t i = 0; r == 0 && i < q->n_items; i++) {
		struct precision *p = &q->precisions[i];

		r = take_importance(q, &q->items[i]);
		for (size_t k = 0; r == 0 && k < ARRAY_SIZE(types); k++) {
			r = try_type(q, &q->items[i], types[k].type, &p->loss[k]);
			p->loss[k] -= before;
		}
		fprintf(stderr, "%-28s", q->items[i].tensor->name);
		for (size_t k = 0; r == 0 && k < ARRAY_SIZE(types); k++)
			fprintf(stderr, "  %s %+.5f", types[k].name, p->loss[k]);
		fputc('\n', stderr);
	}
	return r;
}

double quantizing_choose(struct quantizing *q, double bits)
{
	double weights = 0;
	uint64_t bytes;

	for (size_t i = 0; i < q->n_items; i++)
		weights += (double)(q->items[i].tensor->ne[0] * q->items[i].tensor->ne[1]);
	bytes = precision_choose(q->precisions, q->n_items, ARRAY_SIZE(types),
				 (uint64_t)(bits * weights / 8));
	for (size_t i = 0; i < q->n_items; i++)
		fprintf(stderr, "%-28s  %s\n", q->items[i].tensor->name,
			types[q->precisions[i].chosen].name);
	return (double)bytes * 8 / weights;
}

/* Adds every tensor; @data, one for each item, stays until the file is written. */
static int add_tensors(const struct quantizing *q, struct gguf_writer *w, uint8_t **data)
{
	const struct gguf *g = bm_model_gguf(q->model);
	size_t item = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < gguf_n_tensors(g); i++) {
		const struct gguf_tensor *t = gguf_tensor_at(g, i);
		const struct precision *p = &q->precisions[item];
		enum tensor_type type = types[p->chosen].type;

		if (item == q->n_items || q->items[item].tensor != t) {
			r = gguf_writer_tensor(w, t->name, t->type, t->n_dims, t->ne, t->data);
			continue;
		}
		data[item] = malloc(p->bytes[p->chosen]);
		r = data[item] ? quantize(&q->items[item], type, data[item]) : -ENOMEM;
		if (r == 0)
			r = gguf_writer_tensor(w, t->name, type, t->n_dims, t->ne, data[item]);
		item++;
	}
	return r;
}

int quantizing_write(struct quantizing *q, int fd)
{
	const struct gguf *g = bm_model_gguf(q->model);
	_cleanup_(gguf_writer_freep) struct gguf_writer *w = NULL;
	uint8_t **data = calloc(q->n_items, sizeof(*data));
	enum gguf_type type;
	const char *key;
	size_t len;
	int r = data ? gguf_writer_new(&w) : -ENOMEM;

	for (size_t i = 0; r == 0 && gguf_key_at(g, i, &key, &len, &type); i++)
		r = gguf_writer_copy_key(w, g, i);
	if (r == 0)
		r = add_tensors(q, w, data);
	if (r == 0)
		r = gguf_writer_write(w, fd);
	for (size_t i = 0; data && i < q->n_items; i++)
		free(data[i]);
	free(data);
	return r;
}
