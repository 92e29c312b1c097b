/* SPDX-License-Identifier: MIT */
/* A base of our own: its weights in one block, and how they begin. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "adapters/train/random.h"
#include "adapters/train/train-private.h"
#include "util/pages.h"

static double uniform(uint64_t *s)
{
	return ((double)(random_next(s) >> 11) + 0.5) * 0x1p-53;
}

/* By Box and Muller. */
void train_draw(float *w, size_t n, float deviation, uint64_t *seed)
{
	for (size_t i = 0; i < n; i++) {
		double r = sqrt(-2 * log(uniform(seed)));

		w[i] = (float)(deviation * r * cos(2 * M_PI * uniform(seed)));
	}
}

static void lay_norm(struct train_norm *norm, size_t width, float *w, float *g, size_t *at)
{
	size_t at_g = *at;

	norm->width = width;
	norm->g = train_take(g, &at_g, width);
	norm->w = train_take(w, at, width);
}

static void lay_matrix(struct train_matrix *m, float *w, float *g, size_t *at)
{
	size_t at_g = *at;

	m->g = train_take(g, &at_g, m->out * m->in);
	m->w = train_take(w, at, m->out * m->in);
}

/* Names the pieces of @w and of @g, blocks of one form; returns their length. */
static size_t lay_base(struct trainer *t, float *w, float *g)
{
	const size_t d = t->s.width;
	size_t at = 0;

	lay_matrix(&t->output, w, g, &at);
	lay_norm(&t->out_norm, d, w, g, &at);
	for (uint32_t i = 0; i < t->s.layers; i++) {
		struct train_layer *l = &t->layers[i];

		for (int m = 0; m < TRAIN_MATRICES; m++) {
			if (m == BM_ATTN_Q)
				lay_norm(&l->norms[BM_NORM_ATTN], d, w, g, &at);
			else if (m == BM_FFN_GATE)
				lay_norm(&l->norms[BM_NORM_FFN], d, w, g, &at);
			lay_matrix(&l->m[m], w, g, &at);
		}
	}
	return at;
}

static void fill_ones(const struct trainer *t, const struct train_norm *norm)
{
	float *w = t->w + (norm->w - t->w);

	for (size_t i = 0; i < norm->width; i++)
		w[i] = 1;
}

static void first_weights(struct trainer *t, uint64_t seed)
{
	size_t d = t->s.width;
	float residual = 1 / sqrtf(2.0f * (float)t->s.layers);

	train_draw(t->w, t->n_weights, 0.02f, &seed);
	fill_ones(t, &t->out_norm);
	for (uint32_t i = 0; i < t->s.layers; i++) {
		struct train_layer *l = &t->layers[i];

		fill_ones(t, &l->norms[BM_NORM_ATTN]);
		fill_ones(t, &l->norms[BM_NORM_FFN]);
		for (size_t j = 0; j < d * d; j++)
			l->m[BM_ATTN_OUTPUT].w[j] *= residual;
		for (size_t j = 0; j < d * t->s.ffn; j++)
			l->m[BM_FFN_DOWN].w[j] *= residual;
	}
}

static void fill_rotations(struct trainer *t)
{
	size_t half = t->head / 2;

	for (size_t p = 0; p < t->s.context; p++)
		for (size_t i = 0; i < half; i++) {
			double f = (double)p *
				pow(t->s.rope_base, -2.0 * (double)i / (double)t->head);

			t->cos[BM_ROTATE][p * half + i] = (float)cos(f);
			t->sin[BM_ROTATE][p * half + i] = (float)sin(f);
		}
}

/* The formula of a plain Llama. */
static int describe(struct trainer *t)
{
	struct bm_config *c = &t->c;
	const char *why;

	t->head = t->s.width / t->s.heads;
	strcpy(c->architecture, "llama");
	c->family = family_find(c->architecture, &why);
	c->layers = calloc(t->s.layers, sizeof(*c->layers));
	c->embedding_scale = c->residual_scale = c->logit_divisor = 1;
	c->attention_scale = 1 / sqrtf((float)t->head);
	c->rope_dim = (uint32_t)t->head;
	return c->layers ? 0 : -ENOMEM;
}

static int begin(struct trainer **ret, const struct train_shape *shape, size_t rows,
		 unsigned threads)
{
	_cleanup_(trainer_freep) struct trainer *t = calloc(1, sizeof(*t));
	int r;

	if (!t)
		return -ENOMEM;
	t->s = *shape;
	if ((r = describe(t)) < 0 || (r = train_prepare(t, rows, threads)) < 0)
		return r;
	t->n_weights = lay_base(t, NULL, NULL);
	*ret = TAKE(t);
	return 0;
}

int train_new_lane(struct trainer **ret, const struct trainer *t, size_t rows, unsigned threads)
{
	struct trainer *lane;
	int r = begin(ret, &t->s, rows, threads);

	if (r < 0)
		return r;
	lane = *ret;
	lane->trained.g = pages_calloc(lane->n_weights, sizeof(float));
	if (!lane->trained.g)
		return -ENOMEM;
	lane->w = lane->trained.w = t->w;
	lane->trained.n = lane->n_weights;
	lay_base(lane, lane->w, lane->trained.g);
	fill_rotations(lane);
	return train_lay_buffers(lane);
}

int trainer_new(struct trainer **ret, const struct train_shape *shape, size_t rows,
		unsigned threads, uint64_t seed)
{
	_cleanup_(trainer_freep) struct trainer *t = NULL;
	int r;

	if (!train_shape_valid(shape, rows) || shape->heads > shape->width ||
	    shape->width % shape->heads != 0 || shape->width / shape->heads % 2 != 0)
		return -EINVAL;
	r = begin(&t, shape, rows, threads);
	if (r == 0)
		r = train_block_init(&t->trained, t->n_weights);
	if (r < 0)
		return r;
	t->w = t->trained.w;
	lay_base(t, t->w, t->trained.g);
	if ((r = train_open_lanes(t)) < 0 || (r = train_lay_buffers(t)) < 0)
		return r;
	first_weights(t, seed);
	fill_rotations(t);
	*ret = TAKE(t);
	return 0;
}
