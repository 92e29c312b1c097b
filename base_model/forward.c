/* SPDX-License-Identifier: MIT */
/*
 * The forward pass of every family, layer by layer: family.h has the formula. All tokens of
 * all items go through a layer together, so its weights are read once. What is done token
 * by token is a task of the pool.
 */
#include <errno.h>
#include <string.h>

#include "base_model/attention.h"
#include "base_model/delta.h"
#include "base_model/dequantize.h"
#include "base_model/family.h"
#include "base_model/norm.h"
#include "base_model/parts.h"
#include "base_model/pass.h"
#include "base_model/sequence.h"
#include "util/macro.h"

#define TASK_COLUMNS 1024	/* of an activation */

static int check_item(const struct bm_model *m, const struct bm_item *item)
{
	size_t n;
	const struct token_rows *extra = delta_tokens(item, &n);
	uint32_t n_extra = extra ? extra->n : 0;

	if (n > 1 || (item->logits && item->n_extra > n_extra))
		return -EINVAL;
	for (size_t i = 0; i < item->n_tokens; i++)
		if (item->tokens[i] < 0 || (uint32_t)item->tokens[i] >= m->config.n_vocab + n_extra)
			return -EINVAL;
	if (item->n_tokens > item->seq->capacity - item->seq->length)
		return -ENOSPC;
	return item->n_tokens ? 0 : -EINVAL;
}

static int check_items(const struct bm_model *m, const struct bm_item *items, size_t n_items,
		       size_t *n_tokens)
{
	int r;

	*n_tokens = 0;
	for (size_t i = 0; i < n_items; i++) {
		r = check_item(m, &items[i]);
		if (r < 0)
			return r;
		if (items[i].n_tokens > m->max_batch - *n_tokens)
			return -E2BIG;
		*n_tokens += items[i].n_tokens;
		r = sequence_prepare(items[i].seq, (uint32_t)items[i].n_tokens);
		if (r < 0)
			return r;
	}
	return *n_tokens ? 0 : -EINVAL;
}

/* x as the layer's first branch reads it. */
static void begin_layer(const struct pass *p, uint32_t layer, size_t t)
{
	struct run_state *s = &p->m->state;
	size_t dim = p->m->config.dim;

	if (layer < p->m->config.n_layers && p->m->config.family->pre_norm)
		norm_vector(p->m, &p->m->weights.layers[layer].attn_norm, s->x + t * dim, dim,
			    s->normed + t * dim);
}

/* Embeds a token, and computes what its position asks for in every layer. */
static void embed_task(void *arg, size_t t, unsigned thread)
{
	struct pass *p = arg;
	struct bm_model *m = p->m;
	const struct bm_config *c = &m->config;
	struct run_state *s = &m->state;
	float *x = s->x + t * c->dim;
	uint32_t pos = s->places[t].pos;

	matrix_row(s->rows[t].w, s->rows[t].row, x);
	for (size_t i = 0; i < c->dim; i++)
		x[i] *= c->embedding_scale;
	for (int i = 0; i < BM_ROTATE_NONE; i++)
		rope_angles(&m->ropes[i], pos, s->cosines[i] + t * m->ropes[i].n,
			    s->sines[i] + t * m->ropes[i].n);
	s->temperatures[t] = bm_part_temperature(m, pos);
	begin_layer(p, 0, t);
}

static struct embedding_row row_of(const struct bm_model *m, const struct token_rows *extra,
				   uint32_t token)
{
	if (token < m->config.n_vocab)
		return (struct embedding_row){ &m->weights.embedding, token };
	return (struct embedding_row){ &extra->embedding, token - m->config.n_vocab };
}

static void embed(struct pass *p)
{
	struct run_state *s = &p->m->state;
	size_t t = 0, n;

	for (const struct bm_item *it = p->items; it < p->items + p->n_items; it++) {
		const struct token_rows *extra = delta_tokens(it, &n);

		for (size_t k = 0; k < it->n_tokens; k++, t++) {
			s->places[t] = (struct token_place){ it->seq,
							     it->seq->length + (uint32_t)k };
			s->rows[t] = row_of(p->m, extra, (uint32_t)it->tokens[k]);
		}
	}
	pool_run(p->m->pool, embed_task, p, p->n);
}

/* What is multiplied after the matrices that @first begins. */
static const struct matrix *next_matrix(const struct pass *p, enum bm_matrix first)
{
	const struct weights *w = &p->m->weights;
	const struct layer *layer = &w->layers[p->layer];

	switch (first) {
	case BM_ATTN_Q:
		return &layer->matrices[BM_ATTN_OUTPUT];
	case BM_ATTN_OUTPUT:
		return &layer->matrices[BM_FFN_UP];
	case BM_FFN_UP:
		return &layer->matrices[BM_FFN_DOWN];
	default:
		return p->layer + 1 < p->m->config.n_layers ? &layer[1].matrices[BM_ATTN_Q] :
							      &w->output;
	}
}

/* Matrices of a layer that share an input, with their adapters. */
static void project(struct pass *p, const enum bm_matrix *matrices, float *const *outputs,
		    size_t n, const float *input)
{
	struct bm_model *m = p->m;
	struct layer *layer = &m->weights.layers[p->layer];
	struct product products[GROUP_PRODUCTS];
	struct activations x;

	for (size_t i = 0; i < n; i++)
		products[i] = (struct product){ .w = &layer->matrices[matrices[i]],
						.y = outputs[i] };
	activations_init(&x, m->state.quantized, p->n, products[0].w->cols);
	x.f = input;
	delta_plan(m, p->items, p->n_items, p->layer, matrices, products, n);
	matmul(m->pool, m->kernels, products, n, &x, next_matrix(p, matrices[0]));
}

/* x += what a branch computed. */
static void add_branch(struct pass *p, size_t t, const float *bias, const struct norm *post_norm)
{
	const struct bm_config *c = &p->m->config;
	float *x = p->m->state.x + t * c->dim, *y = p->m->state.branch + t * c->dim;

	add_bias(y, bias, c->dim);
	if (post_norm->weight)
		norm_vector(p->m, post_norm, y, c->dim, y);
	p->m->kernels->axpy_f32(c->residual_scale, y, x, c->dim);
}

/* Where the second branch has no norm of its own, it reads what the first one read. */
static void between_branches_task(void *arg, size_t t, unsigned thread)
{
	struct pass *p = arg;
	const struct bm_config *c = &p->m->config;
	struct run_state *s = &p->m->state;
	const struct layer *layer = &p->m->weights.layers[p->layer];
	bool parallel = c->parallel || (c->family->pre_norm && !layer->ffn_norm.weight);

	if (!parallel)
		add_branch(p, t, layer->biases[BM_ATTN_OUTPUT], &layer->attn_post_norm);
	if (layer->ffn_norm.weight)
		norm_vector(p->m, &layer->ffn_norm, s->x + t * c->dim, c->dim,
			    s->normed + t * c->dim);
	if (parallel)
		add_branch(p, t, layer->biases[BM_ATTN_OUTPUT], &layer->attn_post_norm);
}

static size_t activation_parts(const struct pass *p)
{
	return (p->m->config.layers[p->layer].ffn_dim + TASK_COLUMNS - 1) / TASK_COLUMNS;
}

/* Task: some columns of one token. */
static void activate_task(void *arg, size_t task, unsigned thread)
{
	struct pass *p = arg;
	const struct kernels *k = p->m->kernels;
	const struct layer *layer = &p->m->weights.layers[p->layer];
	size_t ffn = p->m->config.layers[p->layer].ffn_dim, parts = activation_parts(p);
	size_t first = task % parts * TASK_COLUMNS, n = MIN((size_t)TASK_COLUMNS, ffn - first);
	float *gate = p->m->state.gate + task / parts * ffn + first;
	float *up = p->m->state.up + task / parts * ffn + first;
	const float *up_bias = layer->biases[BM_FFN_UP], *gate_bias = layer->biases[BM_FFN_GATE];

	add_bias(up, up_bias ? up_bias + first : NULL, n);
	add_bias(gate, gate_bias ? gate_bias + first : NULL, n);
	switch (p->m->config.family->ffn) {
	case FFN_SILU_GATE:
		k->silu_mul(gate, up, n);
		break;
	case FFN_GELU_GATE:
		k->gelu_mul(gate, up, n);
		break;
	case FFN_GELU:
		k->gelu(up, n);
		break;
	}
}

static void end_layer_task(void *arg, size_t t, unsigned thread)
{
	struct pass *p = arg;
	const struct layer *layer = &p->m->weights.layers[p->layer];

	add_branch(p, t, layer->biases[BM_FFN_DOWN], &layer->ffn_post_norm);
	begin_layer(p, p->layer + 1, t);
}

/* Token @from stands at @to from now on. */
static void move_token(struct pass *p, size_t from, size_t to)
{
	const struct bm_config *c = &p->m->config;
	size_t width = (size_t)c->layers[p->layer].n_heads * c->head_dim;
	struct run_state *s = &p->m->state;

	if (from == to)
		return;
	memcpy(s->x + to * c->dim, s->x + from * c->dim, c->dim * sizeof(float));
	memcpy(s->normed + to * c->dim, s->normed + from * c->dim, c->dim * sizeof(float));
	memcpy(s->attended + to * width, s->attended + from * width, width * sizeof(float));
}

/* Leaves those tokens whose logits somebody wants: of the others, the last layer's keys and
 * values are all that is needed. */
static void narrow(struct pass *p)
{
	struct bm_item *wanted = p->m->state.wanted;
	size_t n = 0, n_items = 0, first = 0;

	for (size_t i = 0; i < p->n_items; first += p->items[i++].n_tokens) {
		size_t skip = p->items[i].all_logits ? 0 : p->items[i].n_tokens - 1;

		if (!p->items[i].logits)
			continue;
		for (size_t k = skip; k < p->items[i].n_tokens; k++)
			move_token(p, first + k, n++);
		wanted[n_items] = p->items[i];
		wanted[n_items++].n_tokens -= skip;
	}
	p->items = wanted;
	p->n_items = n_items;
	p->n = n;
}

static void run_layer(struct pass *p)
{
	static const enum bm_matrix qkv[] = { BM_ATTN_Q, BM_ATTN_K, BM_ATTN_V };
	static const enum bm_matrix output[] = { BM_ATTN_OUTPUT };
	static const enum bm_matrix up_gate[] = { BM_FFN_UP, BM_FFN_GATE };
	static const enum bm_matrix down[] = { BM_FFN_DOWN };
	const struct family *f = p->m->config.family;
	struct run_state *s = &p->m->state;
	const float *input = f->pre_norm ? s->normed : s->x;
	bool gated = f->ffn != FFN_GELU;

	project(p, qkv, (float *[]){ s->q, s->k, s->v }, 3, input);
	attention(p->m, p->layer, s->places, p->n);
	if (p->layer + 1 == p->m->config.n_layers)
		narrow(p);
	if (p->n == 0)
		return;
	project(p, output, (float *[]){ s->branch }, 1, s->attended);
	pool_run(p->m->pool, between_branches_task, p, p->n);
	project(p, up_gate, (float *[]){ s->up, s->gate }, gated ? 2 : 1, input);
	pool_run(p->m->pool, activate_task, p, p->n * activation_parts(p));
	project(p, down, (float *[]){ s->branch }, 1, gated ? s->gate : s->up);
	pool_run(p->m->pool, end_layer_task, p, p->n);
}

int bm_forward(struct bm_model *m, const struct bm_item *items, size_t n_items,
	       const atomic_bool *cancel)
{
	struct pass p = { .m = m, .items = items, .n_items = n_items };
	int r = check_items(m, items, n_items, &p.n);

	if (r == 0)
		r = delta_reserve(m, items, n_items);
	if (r < 0)
		return r;
	embed(&p);
	for (; p.layer < m->config.n_layers; p.layer++) {
		if (cancel && atomic_load_explicit(cancel, memory_order_relaxed))
			return -ECANCELED;
		run_layer(&p);
	}
	pass_logits(&p);
	for (size_t i = 0; i < n_items; i++)
		sequence_advance(items[i].seq, (uint32_t)items[i].n_tokens);
	return 0;
}
