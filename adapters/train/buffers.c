/* SPDX-License-Identifier: MIT */
/* The memory of a pass: all activations in one block. */
#include <errno.h>

#include "adapters/train/train-private.h"
#include "util/macro.h"
#include "util/pages.h"

/* Logits that are there at once, where one position has no more. */
enum { MOST_LOGITS = 1 << 25 };

float *train_take(float *base, size_t *at, size_t n)
{
	float *p = base ? base + *at : NULL;

	*at += n;
	return p;
}

/* @wanted, or else what is the same without it. */
static float *take_or(bool wanted, float *other, float *b, size_t *at, size_t n)
{
	return wanted ? train_take(b, at, n) : other;
}

static void lay_heads(const struct trainer *t, const struct train_norm *norm, size_t width,
		      float *b, size_t *at, float **x, float **in, float **r)
{
	*x = train_take(b, at, t->n * width);
	*in = take_or(norm->w, *x, b, at, t->n * width);
	*r = take_or(norm->w, NULL, b, at, norm->w ? t->n * width / norm->width : 0);
}

/* All but a->x. Norms are where the layers have them, alike in all. */
static void lay_layer(const struct trainer *t, float *b, size_t *at, struct train_saved *a)
{
	const struct train_norm *norms = t->layers[0].norms;
	size_t nd = t->n * t->s.width, nf = t->n * t->s.ffn;

	a->attn_in = take_or(norms[BM_NORM_ATTN].w, a->x, b, at, nd);
	a->attn_r = train_take(b, at, t->n);
	lay_heads(t, &norms[BM_NORM_Q], t->q, b, at, &a->q, &a->q_in, &a->q_r);
	lay_heads(t, &norms[BM_NORM_K], t->kv, b, at, &a->k, &a->k_in, &a->k_r);
	a->v = train_take(b, at, t->n * t->kv);
	a->p = train_take(b, at, t->n * t->s.heads * t->s.context);
	a->mix = train_take(b, at, t->n * t->q);
	a->attn_out = take_or(norms[BM_NORM_ATTN_POST].w, t->branch, b, at, nd);
	a->attn_out_r = train_take(b, at, t->n);
	a->mid = train_take(b, at, nd);
	a->ffn_in = take_or(norms[BM_NORM_FFN].w, a->mid, b, at, nd);
	a->ffn_r = train_take(b, at, t->n);
	a->gate = train_take(b, at, nf);
	a->up = train_take(b, at, nf);
	a->hidden = train_take(b, at, nf);
	a->ffn_out = take_or(norms[BM_NORM_FFN_POST].w, t->branch, b, at, nd);
	a->ffn_out_r = train_take(b, at, t->n);
}

static void lay_layers(struct trainer *t, float *b, size_t *at)
{
	size_t shared = 0;

	for (uint32_t i = 0; i < t->s.layers; i++)
		t->saved[i].x = train_take(b, at, t->n * t->s.width);
	for (uint32_t i = 0; i < t->s.layers; i++) {
		size_t begin = *at;

		lay_layer(t, b, t->recompute ? &begin : at, &t->saved[i]);
		shared = begin;
	}
	*at = MAX(*at, shared);
}

static void lay_gradients(struct trainer *t, float *b, size_t *at)
{
	const struct train_norm *norms = t->layers[0].norms;
	size_t nd = t->n * t->s.width, nf = t->n * t->s.ffn;
	float *r;

	t->dx = train_take(b, at, nd);
	t->dt = train_take(b, at, nd);
	lay_heads(t, &norms[BM_NORM_Q], t->q, b, at, &t->dq, &t->dq_in, &r);
	lay_heads(t, &norms[BM_NORM_K], t->kv, b, at, &t->dk, &t->dk_in, &r);
	t->dv = train_take(b, at, t->n * t->kv);
	t->dmix = train_take(b, at, t->n * t->q);
	t->dgate = train_take(b, at, nf);
	t->dup = train_take(b, at, nf);
	t->dhidden = train_take(b, at, nf);
}

static void lay_head(struct trainer *t, float *b, size_t *at)
{
	size_t nd = t->n * t->s.width, most = MAX((size_t)MOST_LOGITS / t->s.vocab, (size_t)1);

	t->n_head = MIN(t->n, most);
	t->last = train_take(b, at, nd);
	t->out_in = train_take(b, at, nd);
	t->out_r = train_take(b, at, t->n);
	t->head_in = train_take(b, at, t->n_head * t->s.width);
	t->dhead = train_take(b, at, t->n_head * t->s.width);
	t->logits = train_take(b, at, t->n_head * t->s.vocab);
	t->uncapped = take_or(t->c.logit_cap > 0, NULL, b, at,
			      (size_t)t->threads * t->s.vocab);
}

static void lay_scratch(struct trainer *t, float *b, size_t *at)
{
	const struct train_norm *norms = t->layers[0].norms;
	size_t squares = (size_t)t->threads * t->s.context * t->s.context;
	bool post = norms[BM_NORM_ATTN_POST].w || norms[BM_NORM_FFN_POST].w;

	t->branch = take_or(post || t->c.residual_scale != 1, NULL, b, at, t->n * t->s.width);
	t->dbranch = take_or(post, NULL, b, at, t->n * t->s.width);
	t->partial = take_or(!t->model, NULL, b, at, train_chunks(t->n) * t->s.width);
	t->ds = train_take(b, at, squares);
	t->scores = take_or(t->c.attention_cap > 0, NULL, b, at, squares);
}

static size_t lay_all(struct trainer *t, float *b)
{
	size_t at = 0;

	t->muon = take_or(!t->model && t->trained.m1, NULL, b, &at,
			  t->threads * train_muon_floats(&t->s));
	if (t->has_lanes)
		return at;
	lay_scratch(t, b, &at);
	lay_layers(t, b, &at);
	lay_head(t, b, &at);
	lay_gradients(t, b, &at);
	return at;
}

size_t train_buffer_floats(struct trainer *t)
{
	return lay_all(t, NULL);
}

int train_lay_buffers(struct trainer *t)
{
	free(t->block);
	t->block = pages_calloc(lay_all(t, NULL), sizeof(float));
	if (!t->block)
		return -ENOMEM;
	lay_all(t, t->block);
	return 0;
}

int trainer_set_recompute(struct trainer *t)
{
	int r = 0;

	t->recompute = true;
	for (size_t i = 0; t->has_lanes && r == 0 && i < TRAIN_LANES; i++)
		r = trainer_set_recompute(t->lanes[i]);
	return r < 0 ? r : train_lay_buffers(t);
}
