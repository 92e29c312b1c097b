/* SPDX-License-Identifier: MIT */
#include "base_model/parts.h"

#include <math.h>
#include <stdlib.h>

#include "base_model/dequantize.h"
#include "base_model/model-private.h"

struct matrix *bm_part_new(enum tensor_type type, uint32_t rows, uint32_t cols, const void *data)
{
	struct matrix *w = malloc(sizeof(*w));

	if (w)
		*w = (struct matrix){ type, rows, cols, tensor_row_size(type, cols), data, NULL };
	return w;
}

const struct matrix *bm_part_matrix(const struct bm_model *m, uint32_t layer,
				    enum bm_matrix matrix)
{
	const struct matrix *w = matrix == BM_OUTPUT ? &m->weights.output :
						       &m->weights.layers[layer].matrices[matrix];

	return w->rows ? w : NULL;
}

const float *bm_part_bias(const struct bm_model *m, uint32_t layer, enum bm_matrix matrix)
{
	return matrix == BM_OUTPUT ? m->weights.output_bias :
				     m->weights.layers[layer].biases[matrix];
}

const float *bm_part_norm(const struct bm_model *m, uint32_t layer, enum bm_norm norm)
{
	const struct layer *l = &m->weights.layers[layer];

	switch (norm) {
	case BM_NORM_ATTN:
		return l->attn_norm.weight;
	case BM_NORM_ATTN_POST:
		return l->attn_post_norm.weight;
	case BM_NORM_Q:
		return l->q_norm.weight;
	case BM_NORM_K:
		return l->k_norm.weight;
	case BM_NORM_FFN:
		return l->ffn_norm.weight;
	case BM_NORM_FFN_POST:
		return l->ffn_post_norm.weight;
	case BM_NORM_OUTPUT:
		break;
	}
	return m->weights.output_norm.weight;
}

void bm_part_embedding(const struct bm_model *m, uint32_t token, float *out)
{
	matrix_row(&m->weights.embedding, token, out);
	for (uint32_t i = 0; i < m->config.dim; i++)
		out[i] *= m->config.embedding_scale;
}

void bm_part_angles(const struct bm_model *m, enum bm_rotation rotation, uint32_t pos,
		    float *cosines, float *sines)
{
	rope_angles(&m->ropes[rotation], pos, cosines, sines);
}

float bm_part_temperature(const struct bm_model *m, uint32_t pos)
{
	const struct bm_config *c = &m->config;

	return 1.0f + c->attention_temperature * logf(1.0f + (float)(pos / c->temperature_length));
}
