/* SPDX-License-Identifier: MIT */
#include "base_model/heads.h"

#include "base_model/family.h"
#include "base_model/norm.h"

/* @x is of @heads heads, one after the other. */
static void norm_heads(const struct bm_model *m, struct norm norm, uint32_t heads, float *x)
{
	size_t width = m->config.head_dim, count = heads;

	if (!norm.weight)
		return;
	if (m->config.family->head_norm == HEAD_NORM_WHOLE) {
		width *= heads;
		count = 1;
	}
	for (size_t i = 0; i < count; i++) {
		norm_vector(m, &norm, x + i * width, width, x + i * width);
		if (m->config.family->head_norm == HEAD_NORM_OWN)
			norm.weight += width;
	}
}

static void rotate_heads(const struct bm_model *m, enum bm_rotation rotation, size_t t,
			 uint32_t heads, float *x)
{
	const struct rope *r = &m->ropes[rotation];
	const float *cosines = m->state.cosines[rotation] + t * r->n;
	const float *sines = m->state.sines[rotation] + t * r->n;

	for (uint32_t h = 0; h < heads; h++)
		rope_rotate(r, cosines, sines, x + (size_t)h * m->config.head_dim);
}

void heads_prepare(struct bm_model *m, uint32_t layer, size_t t)
{
	const struct bm_layer_config *l = &m->config.layers[layer];
	const struct layer *w = &m->weights.layers[layer];
	size_t q_width = (size_t)l->n_heads * m->config.head_dim;
	size_t kv_width = (size_t)l->n_kv_heads * m->config.head_dim;
	float *q = m->state.q + t * q_width, *k = m->state.k + t * kv_width;

	add_bias(q, w->biases[BM_ATTN_Q], q_width);
	add_bias(k, w->biases[BM_ATTN_K], kv_width);
	add_bias(m->state.v + t * kv_width, w->biases[BM_ATTN_V], kv_width);
	norm_heads(m, w->q_norm, l->n_heads, q);
	norm_heads(m, w->k_norm, l->n_kv_heads, k);
	if (l->rotation != BM_ROTATE_NONE) {
		rotate_heads(m, l->rotation, t, l->n_heads, q);
		rotate_heads(m, l->rotation, t, l->n_kv_heads, k);
	}
	for (size_t i = 0; m->state.temperatures[t] != 1.0f && i < q_width; i++)
		q[i] *= m->state.temperatures[t];
}
