/* SPDX-License-Identifier: MIT */
/*
 * What a model is made of, for who computes with it in another way than bm_forward() does:
 * training. All of it is the model's; the formula that it belongs to is in family.h.
 */
#pragma once

#include "base_model/model.h"

/* A matrix in its file's form; gemm.h multiplies by it. */
struct matrix;

/* By layer, but for the last. */
enum bm_norm { BM_NORM_ATTN, BM_NORM_ATTN_POST, BM_NORM_Q, BM_NORM_K, BM_NORM_FFN,
	       BM_NORM_FFN_POST, BM_NORM_OUTPUT };

/* A matrix over @data, borrowed, [rows][tensor_row_size()]; to be freed. NULL: no memory. */
struct matrix *bm_part_new(enum tensor_type type, uint32_t rows, uint32_t cols, const void *data);
/* NULL where the model has none. The output's matrix belongs to no layer. */
const struct matrix *bm_part_matrix(const struct bm_model *m, uint32_t layer,
				    enum bm_matrix matrix);
const float *bm_part_bias(const struct bm_model *m, uint32_t layer, enum bm_matrix matrix);
const float *bm_part_norm(const struct bm_model *m, uint32_t layer, enum bm_norm norm);
/* What the first layer reads for @token, below n_vocab: [dim] */
void bm_part_embedding(const struct bm_model *m, uint32_t token, float *out);
/* [rope_dim / 2] cosines and sines of position @pos, not for BM_ROTATE_NONE. */
void bm_part_angles(const struct bm_model *m, enum bm_rotation rotation, uint32_t pos,
		    float *cosines, float *sines);
/* What the queries of position @pos grow by. */
float bm_part_temperature(const struct bm_model *m, uint32_t pos);
