/* SPDX-License-Identifier: MIT */
/* The end of a pass: the vocabulary's logits. */
#include <string.h>

#include "base_model/delta.h"
#include "base_model/norm.h"
#include "base_model/pass.h"
#include "util/macro.h"

#define TASK_LOGITS 4096u

/* A token and where its logits go. */
struct wanted {
	size_t token;		/* in the batch */
	size_t item;
	float *logits;
};

/* Up to HEAD_ROWS of them at once. */
struct head {
	struct bm_model *m;
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

/* Task: a part of the vocabulary, for one token. */
static void finish_task(void *arg, size_t task, unsigned thread)
{
	struct head *h = arg;
	const struct bm_config *c = &h->m->config;
	const float *bias = h->m->weights.output_bias;
	size_t i = task / parts_of(c), first = task % parts_of(c) * TASK_LOGITS;
	size_t n = MIN((size_t)TASK_LOGITS, c->n_vocab - first);
	const float *product = h->m->state.logits + i * c->n_vocab + first;
	float *logits = h->wanted[i].logits + first, scale = 1.0f / c->logit_divisor;

	for (size_t k = 0; k < n; k++)
		logits[k] = (product[k] + (bias ? bias[first + k] : 0.0f)) * scale;
	if (c->logit_cap > 0.0f)
		h->m->kernels->soft_cap(logits, n, c->logit_cap);
}

/* Their adapters see the tokens as items of one token each. */
static void run_head(const struct pass *p, const struct wanted *wanted, size_t n)
{
	static const enum bm_matrix output[] = { BM_OUTPUT };
	struct bm_model *m = p->m;
	struct product product = { .w = &m->weights.output, .y = m->state.logits };
	struct head h = { m, wanted, n };
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
}

void pass_logits(struct pass *p)
{
	struct wanted wanted[HEAD_ROWS];
	size_t n = 0, token = 0;

	for (size_t i = 0; i < p->n_items; i++)
		for (size_t k = 0; k < p->items[i].n_tokens; k++) {
			wanted[n++] = (struct wanted){
				token++, i, p->items[i].logits + k * p->m->config.n_vocab,
			};
			if (n == MIN((size_t)HEAD_ROWS, (size_t)p->m->max_batch)) {
				run_head(p, wanted, n);
				n = 0;
			}
		}
	if (n)
		run_head(p, wanted, n);
}
