/* SPDX-License-Identifier: MIT */
/* The adapter that is trained: two small matrices beside each matrix of a layer. */
#include <errno.h>
#include <math.h>

#include "adapters/train/train-private.h"

/* One A, and B for the rows of each part: as the tensor is one, so is its adapter. */
static void lay_update(const struct trainer *t, struct train_matrix *m, float *w, float *g,
		       size_t *at)
{
	size_t at_g = *at;
	float *a = train_take(w, at, t->rank * m->in), *ga = train_take(g, &at_g, t->rank * m->in);

	for (unsigned i = 0; i < m->parts; i++) {
		m[i].a = a;
		m[i].ga = ga;
		m[i].b = train_take(w, at, m[i].out * t->rank);
		m[i].gb = train_take(g, &at_g, m[i].out * t->rank);
	}
}

/* Names the pieces of the weights and of their gradients; returns the length of either. */
static size_t lay_lora(struct trainer *t, float *w, float *g)
{
	size_t at = 0;

	for (uint32_t i = 0; i < t->s.layers; i++)
		for (int k = 0; k < TRAIN_MATRICES; k++)
			lay_update(t, &t->layers[i].m[k], w, g, &at);
	return at;
}

/* The base stays; nothing of it is learnt any more. */
static void freeze(struct trainer *t)
{
	struct train_block base = t->trained;

	base.w = NULL;
	train_block_deinit(&base);
	t->trained = (struct train_block){ 0 };
	t->output.g = t->out_norm.g = NULL;
	for (uint32_t i = 0; i < t->s.layers; i++) {
		struct train_layer *l = &t->layers[i];

		for (int k = 0; k < BM_NORM_OUTPUT; k++)
			l->norms[k].g = NULL;
		for (int k = 0; k < TRAIN_MATRICES; k++)
			l->m[k].g = NULL;
	}
}

int trainer_add_lora(struct trainer *t, uint32_t rank, float alpha, uint64_t seed)
{
	int r;

	if (t->rank || t->steps || rank < 1 || rank > 256 || !(alpha > 0) || alpha > 4096)
		return -EINVAL;
	if (t->has_lanes) {
		train_close_lanes(t);
		r = train_lay_buffers(t);
		if (r < 0)
			return r;
	}
	freeze(t);
	t->rank = rank;
	t->alpha = alpha;
	t->lora_scale = alpha / (float)rank;
	t->xa = calloc(t->n * rank, sizeof(float));
	r = train_block_init(&t->trained, lay_lora(t, NULL, NULL));
	if (r < 0 || !t->xa)
		return -ENOMEM;
	lay_lora(t, t->trained.w, t->trained.g);
	/* B begins as zero, so that the first step starts from the base itself. */
	for (uint32_t i = 0; i < t->s.layers; i++)
		for (int k = 0; k < TRAIN_MATRICES; k++) {
			struct train_matrix *m = &t->layers[i].m[k];

			if (m->parts)
				train_draw(m->a, rank * m->in, 1 / sqrtf((float)m->in), &seed);
		}
	return 0;
}
