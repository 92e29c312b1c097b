/* SPDX-License-Identifier: MIT */
/*
 * The Llama architecture (Touvron et al. 2023, arXiv:2302.13971), layer by layer:
 *   x += Wo · attention(RMSnorm(x)),   x += Wdown · (silu(Wgate · n) ⊙ Wup · n), n = RMSnorm(x)
 * All tokens of all items go through a layer together, so its weights are read once.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base_model/attention.h"
#include "base_model/delta.h"
#include "base_model/dequantize.h"
#include "base_model/model-private.h"
#include "base_model/sequence.h"
#include "util/macro.h"

struct pass {
	struct bm_model *m;
	const struct bm_item *items;
	size_t n_items;
	struct token_place *places;	/* [n] */
	size_t n;
	uint32_t layer;
};

static int check_item(const struct bm_model *m, const struct bm_item *item)
{
	for (size_t i = 0; i < item->n_tokens; i++)
		if (item->tokens[i] < 0 || (uint32_t)item->tokens[i] >= m->config.n_vocab)
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
	}
	return *n_tokens ? 0 : -EINVAL;
}

/* Embeds the tokens and computes their angles. */
static void embed(struct pass *p)
{
	struct bm_model *m = p->m;
	size_t t = 0;

	for (size_t i = 0; i < p->n_items; i++)
		for (size_t k = 0; k < p->items[i].n_tokens; k++, t++) {
			struct token_place *place = &p->places[t];

			place->seq = p->items[i].seq;
			place->pos = place->seq->length + (uint32_t)k;
			matrix_row(&m->weights.embedding, (uint32_t)p->items[i].tokens[k],
				   m->state.x + t * m->config.dim);
			rope_angles(&m->rope, place->pos, m->state.cosines + t * m->rope.n,
				    m->state.sines + t * m->rope.n);
		}
}

/* y = x / rms(x) · weight (Zhang and Sennrich 2019, arXiv:1910.07467). */
static void rms_norm(const struct bm_model *m, const float *x, const float *weight, float *y)
{
	uint32_t n = m->config.dim;
	float mean = m->kernels->square_sum(x, n) / (float)n;
	float scale = 1.0f / sqrtf(mean + m->config.norm_eps);

	for (uint32_t i = 0; i < n; i++)
		y[i] = x[i] * scale * weight[i];
}

static void norm_all(struct pass *p, const float *weight)
{
	struct run_state *s = &p->m->state;
	size_t dim = p->m->config.dim;

	for (size_t t = 0; t < p->n; t++)
		rms_norm(p->m, s->x + t * dim, weight, s->normed + t * dim);
}

static void add_bias(const struct pass *p, const float *bias, const struct product *product)
{
	size_t rows = product->w->rows;

	for (size_t t = 0; bias && t < p->n; t++)
		for (size_t i = 0; i < rows; i++)
			product->y[t * rows + i] += bias[i];
}

/* Matrices of a layer that share an input, with their adapters and biases. */
static void project(struct pass *p, const enum bm_matrix *matrices, float *const *outputs,
		    size_t n, const float *input)
{
	struct bm_model *m = p->m;
	struct layer *layer = &m->weights.layers[p->layer];
	struct product products[GROUP_PRODUCTS];
	struct activations x;

	for (size_t i = 0; i < n; i++)
		products[i] = (struct product){ &layer->matrices[matrices[i]], outputs[i] };
	activations_init(&x, m->state.quantized, p->n, products[0].w->cols);
	x.f = input;
	matmul(m->pool, m->kernels, products, n, &x);
	delta_apply(m, p->items, p->n_items, p->layer, matrices, products, n, &x);
	for (size_t i = 0; i < n; i++)
		add_bias(p, layer->biases[matrices[i]], &products[i]);
}

static void add_residual(struct pass *p, const float *y)
{
	float *x = p->m->state.x;

	for (size_t i = 0; i < p->n * p->m->config.dim; i++)
		x[i] += y[i];
}

static void silu_task(void *arg, size_t t, unsigned thread)
{
	struct pass *p = arg;
	struct run_state *s = &p->m->state;
	size_t n = p->m->config.ffn_dim;

	p->m->kernels->silu_mul(s->gate + t * n, s->up + t * n, n);
}

static void run_layer(struct pass *p)
{
	static const enum bm_matrix qkv[] = { BM_ATTN_Q, BM_ATTN_K, BM_ATTN_V };
	static const enum bm_matrix output[] = { BM_ATTN_OUTPUT };
	static const enum bm_matrix gate_up[] = { BM_FFN_GATE, BM_FFN_UP };
	static const enum bm_matrix down[] = { BM_FFN_DOWN };
	struct run_state *s = &p->m->state;
	const struct layer *layer = &p->m->weights.layers[p->layer];

	norm_all(p, layer->attn_norm);
	project(p, qkv, (float *[]){ s->q, s->k, s->v }, 3, s->normed);
	attention(p->m, p->layer, p->places, p->n);
	project(p, output, (float *[]){ s->normed }, 1, s->attended);
	add_residual(p, s->normed);

	norm_all(p, layer->ffn_norm);
	project(p, gate_up, (float *[]){ s->gate, s->up }, 2, s->normed);
	pool_run(p->m->pool, silu_task, p, p->n);
	project(p, down, (float *[]){ s->normed }, 1, s->gate);
	add_residual(p, s->normed);
}

/* A token whose logits somebody wants. */
struct wanted {
	size_t token;		/* in the batch */
	size_t item;
	float *logits;
};

/* Logits of up to HEAD_ROWS tokens. Their adapters see them as items of one token each. */
static void run_head(struct pass *p, const struct wanted *wanted, size_t n)
{
	static const enum bm_matrix output[] = { BM_OUTPUT };
	struct bm_model *m = p->m;
	struct product product = { &m->weights.output, m->state.logits };
	size_t dim = m->config.dim, vocab = m->config.n_vocab;
	struct bm_item items[HEAD_ROWS];
	struct activations x;

	for (size_t i = 0; i < n; i++) {
		rms_norm(m, m->state.x + wanted[i].token * dim, m->weights.output_norm,
			 m->state.normed + i * dim);
		items[i] = p->items[wanted[i].item];
		items[i].n_tokens = 1;
	}
	activations_init(&x, m->state.quantized, n, dim);
	x.f = m->state.normed;
	matmul(m->pool, m->kernels, &product, 1, &x);
	delta_apply(m, items, n, 0, output, &product, 1, &x);
	for (size_t i = 0; i < n; i++)
		memcpy(wanted[i].logits, m->state.logits + i * vocab, vocab * sizeof(float));
}

static void compute_logits(struct pass *p)
{
	struct wanted wanted[HEAD_ROWS];
	size_t n = 0, token = 0;

	for (size_t i = 0; i < p->n_items; i++) {
		const struct bm_item *item = &p->items[i];
		size_t first = item->all_logits ? 0 : item->n_tokens - 1;

		for (size_t k = first; item->logits && k < item->n_tokens; k++) {
			wanted[n++] = (struct wanted){
				token + k, i, item->logits + (k - first) * p->m->config.n_vocab,
			};
			if (n == MIN((size_t)HEAD_ROWS, (size_t)p->m->max_batch)) {
				run_head(p, wanted, n);
				n = 0;
			}
		}
		token += item->n_tokens;
	}
	if (n)
		run_head(p, wanted, n);
}

int bm_forward(struct bm_model *m, const struct bm_item *items, size_t n_items,
	       const atomic_bool *cancel)
{
	struct pass p = { .m = m, .items = items, .n_items = n_items };
	_cleanup_free_ struct token_place *places = NULL;
	int r = check_items(m, items, n_items, &p.n);

	if (r < 0)
		return r;
	places = calloc(p.n, sizeof(*places));
	if (!places)
		return -ENOMEM;
	p.places = places;
	embed(&p);
	for (p.layer = 0; p.layer < m->config.n_layers; p.layer++) {
		if (cancel && atomic_load_explicit(cancel, memory_order_relaxed))
			return -ECANCELED;
		run_layer(&p);
	}
	compute_logits(&p);
	for (size_t i = 0; i < n_items; i++)
		items[i].seq->length += (uint32_t)items[i].n_tokens;
	return 0;
}
