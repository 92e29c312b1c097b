/* SPDX-License-Identifier: MIT */
/* The end of a pass: the vocabulary's logits. */
#include <string.h>

#include "base_model/delta.h"
#include "base_model/norm.h"
#include "base_model/pass.h"
#include "util/macro.h"

#define TASK_LOGITS 4096u
#define TASK_EXTRA 64u	/* rows of an adapter's tokens */

/* A token and where its logits go. */
struct wanted {
	size_t token;		/* in the batch */
	size_t item;
	float *logits;
};

/* Up to HEAD_ROWS of them at once. */
struct head {
	struct bm_model *m;
	const struct bm_item *items;
	const struct wanted *wanted;
	size_t n;
};

static void norm_task(void *arg, size_t i, unsigned thread)
{
	struct head *h = arg;
	struct run_state *s = &h->m->state;
	size_t dim = h->m->config.dim;

	norm_vector(h->m, &h->m->weights.output_norm, s->x + h->wanted[i].token * dim, dim,
		    s->normed + i * dim);
}

static size_t parts_of(const struct bm_config *c)
{
	return (c->n_vocab + TASK_LOGITS - 1) / TASK_LOGITS;
}

/* What is done to the products, elementwise. */
static void finish(const struct bm_model *m, const float *products, const float *bias, size_t n,
		   float *logits)
{
	float scale = 1.0f / m->config.logit_divisor;

	for (size_t k = 0; k < n; k++)
		logits[k] = (products[k] + (bias ? bias[k] : 0.0f)) * scale;
	if (m->config.logit_cap > 0.0f)
		m->kernels->soft_cap(logits, n, m->config.logit_cap);
}

/* Task: a part of the vocabulary, for one token. */
static void finish_task(void *arg, size_t task, unsigned thread)
{
	struct head *h = arg;
	const struct bm_config *c = &h->m->config;
	const float *bias = h->m->weights.output_bias;
	size_t i = task / parts_of(c), first = task % parts_of(c) * TASK_LOGITS;
	size_t n = MIN((size_t)TASK_LOGITS, c->n_vocab - first);

	finish(h->m, h->m->state.logits + i * c->n_vocab + first, bias ? bias + first : NULL, n,
	       h->wanted[i].logits + first);
}

static size_t extra_parts(const struct head *h)
{
	uint32_t most = 0;

	for (size_t i = 0; i < h->n; i++)
		most = MAX(most, h->items[h->wanted[i].item].n_extra);
	return (most + TASK_EXTRA - 1) / TASK_EXTRA;
}

/* Task: some of the tokens that adapters bring, for one token of the pass. */
static void extra_task(void *arg, size_t task, unsigned thread)
{
	struct head *h = arg;
	const struct wanted *wanted = &h->wanted[task / extra_parts(h)];
	const struct bm_item *item = &h->items[wanted->item];
	uint32_t first = (uint32_t)(task % extra_parts(h)) * TASK_EXTRA;
	uint32_t last = MIN(first + TASK_EXTRA, item->n_extra), dim = h->m->config.dim;
	float *logits = wanted->logits + h->m->config.n_vocab;
	struct activations x = {
		.f = h->m->state.normed + (size_t)(wanted - h->wanted) * dim, .n = 1, .cols = dim,
	};
	const struct matrix *w;
	size_t n;

	if (first >= last)
		return;
	w = &delta_tokens(item, &n)->output;
	matrix_kernel(h->m->kernels, w)(w, first, last, &x, logits, w->rows);
	finish(h->m, logits + first, NULL, last - first, logits + first);
}

/* Their adapters see the tokens as items of one token each. */
static void run_head(const struct pass *p, const struct wanted *wanted, size_t n)
{
	static const enum bm_matrix output[] = { BM_OUTPUT };
	struct bm_model *m = p->m;
	struct product product = { .w = &m->weights.output, .y = m->state.logits };
	struct head h = { m, p->items, wanted, n };
	struct bm_item items[HEAD_ROWS];
	struct activations x;

	for (size_t i = 0; i < n; i++) {
		items[i] = p->items[wanted[i].item];
		items[i].n_tokens = 1;
	}
	pool_run(m->pool, norm_task, &h, n);
	activations_init(&x, m->state.quantized, n, m->config.dim);
	x.f = m->state.normed;
	delta_plan(m, items, n, 0, output, &product, 1);
	matmul(m->pool, m->kernels, &product, 1, &x, NULL);
	pool_run(m->pool, finish_task, &h, n * parts_of(&m->config));
	pool_run(m->pool, extra_task, &h, n * extra_parts(&h));
}

void pass_logits(struct pass *p)
{
	struct wanted wanted[HEAD_ROWS];
	size_t n = 0, token = 0;

	for (size_t i = 0; i < p->n_items; i++)
		for (size_t k = 0; k < p->items[i].n_tokens; k++) {
			size_t n_logits = p->m->config.n_vocab + p->items[i].n_extra;

			wanted[n++] = (struct wanted){
				token++, i, p->items[i].logits + k * n_logits,
			};
			if (n == MIN((size_t)HEAD_ROWS, (size_t)p->m->max_batch)) {
				run_head(p, wanted, n);
				n = 0;
			}
		}
	if (n)
		run_head(p, wanted, n);
}
