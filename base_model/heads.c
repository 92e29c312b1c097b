/* SPDX-License-Identifier: MIT */
#include "base_model/heads.h"

void heads_prepare(struct bm_model *m, uint32_t layer, size_t t)
{
	const struct bm_config *c = &m->config;
	const struct bm_layer_config *l = &c->layers[layer];
	struct run_state *s = &m->state;
	const float *cosines = s->cosines + t * m->rope.n;
	const float *sines = s->sines + t * m->rope.n;

	for (uint32_t h = 0; h < l->n_heads; h++)
		rope_rotate(&m->rope, cosines, sines, s->q + (t * l->n_heads + h) * c->head_dim);
	for (uint32_t h = 0; h < l->n_kv_heads; h++)
		rope_rotate(&m->rope, cosines, sines, s->k + (t * l->n_kv_heads + h) * c->head_dim);
}
