/* SPDX-License-Identifier: MIT */
/*
 * Grouped-query attention (Ainslie et al. 2023, arXiv:2305.13245): the heads of a group
 * share the keys and values of one head. A token's sums run over positions in ascending
 * order, so they do not depend on what else is in the pass.
 */
#include "base_model/attention.h"

#include <string.h>

#include "base_model/heads.h"
#include "base_model/sequence.h"
#include "util/macro.h"

struct work {
	struct bm_model *m;
	uint32_t layer;
	const struct token_place *places;
};

static void store_task(void *arg, size_t t, unsigned thread)
{
	struct work *work = arg;
	const struct bm_config *c = &work->m->config;
	struct run_state *s = &work->m->state;
	const struct token_place *place = &work->places[t];
	size_t kv = (size_t)c->layers[work->layer].n_kv_heads * c->head_dim;

	heads_prepare(work->m, work->layer, t);
	sequence_store(place->seq, place->seq->keys, work->layer, place->pos, s->k + t * kv, kv);
	sequence_store(place->seq, place->seq->values, work->layer, place->pos, s->v + t * kv, kv);
}

/* One head's keys or values of positions first..pos as a matrix over the cache. */
static struct matrix head_matrix(const struct bm_sequence *seq, uint8_t *half, uint32_t layer,
				 uint32_t head, uint32_t head_dim, uint32_t first, uint32_t pos)
{
	return (struct matrix){
		.type = seq->type == BM_KV_F32 ? TENSOR_F32 : TENSOR_F16,
		.rows = pos + 1 - first,
		.cols = head_dim,
		.row_size = seq->width * seq->element,
		.data = sequence_at(seq, half, layer, first) +
			(size_t)head * head_dim * seq->element,
	};
}

/* First position that the token at @pos sees. */
static uint32_t window_begin(const struct bm_layer_config *l, uint32_t pos)
{
	return l->window && pos >= l->window ? pos + 1 - l->window : 0;
}

static float largest(const float *x, size_t n)
{
	float max = x[0];

	for (size_t i = 1; i < n; i++)
		max = MAX(max, x[i]);
	return max;
}

/* out += Σ weight[t] · value[t], then divided by @sum. */
static void mix_values(const struct kernels *k, const struct matrix *v, const float *weights,
		       float sum, float *out)
{
	memset(out, 0, v->cols * sizeof(*out));
	for (uint32_t t = 0; t < v->rows; t++) {
		const void *row = v->data + t * v->row_size;

		if (v->type == TENSOR_F32)
			k->axpy_f32(weights[t], row, out, v->cols);
		else
			k->axpy_f16(weights[t], row, out, v->cols);
	}
	for (uint32_t i = 0; i < v->cols; i++)
		out[i] /= sum;
}

/* Task: one token, one group of heads. */
static void attend_task(void *arg, size_t task, unsigned thread)
{
	struct work *work = arg;
	const struct bm_config *c = &work->m->config;
	const struct bm_layer_config *l = &c->layers[work->layer];
	const struct kernels *k = work->m->kernels;
	struct run_state *s = &work->m->state;
	size_t t = task / l->n_kv_heads;
	uint32_t group = l->n_heads / l->n_kv_heads, kv_head = task % l->n_kv_heads;
	const struct token_place *place = &work->places[t];
	uint32_t begin = window_begin(l, place->pos);
	struct matrix keys = head_matrix(place->seq, place->seq->keys, work->layer, kv_head,
					 c->head_dim, begin, place->pos);
	struct matrix values = head_matrix(place->seq, place->seq->values, work->layer, kv_head,
					   c->head_dim, begin, place->pos);
	size_t first = (t * l->n_heads + (size_t)kv_head * group) * c->head_dim;
	struct activations q = { .f = s->q + first, .n = group, .cols = c->head_dim };
	float *scores = s->scores + (size_t)thread * group * c->context;

	matrix_kernel(k, &keys)(&keys, 0, keys.rows, &q, scores, c->context);
	for (uint32_t g = 0; g < group; g++) {
		float *row = scores + (size_t)g * c->context, sum;

		for (uint32_t i = 0; i < keys.rows; i++)
			row[i] *= c->attention_scale;
		if (c->attention_cap > 0.0f)
			k->soft_cap(row, keys.rows, c->attention_cap);
		sum = k->exp_sum(row, keys.rows, largest(row, keys.rows));
		mix_values(k, &values, row, sum, s->attended + first + (size_t)g * c->head_dim);
	}
}

void attention(struct bm_model *m, uint32_t layer, const struct token_place *places, size_t n)
{
	struct work work = { .m = m, .layer = layer, .places = places };

	/* Every key of the pass is stored before a later token of its sequence reads it. */
	pool_run(m->pool, store_task, &work, n);
	pool_run(m->pool, attend_task, &work, n * m->config.layers[layer].n_kv_heads);
}
