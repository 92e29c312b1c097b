/* SPDX-License-Identifier: MIT */
#pragma once

#include "base_model/model-private.h"

struct low_rank {
	struct matrix a;	/* [rank][cols]; rank 0: no update */
	struct matrix b;	/* [rows][rank] */
	float scale;
};

/* The update of one matrix, or NULL. */
const struct low_rank *delta_of(const struct bm_delta *delta, uint32_t layer,
				enum bm_matrix matrix);

/* Adds the items' updates to products that were just computed from @x->f: y[t] +=
 * scale · B (A x[t]) for the tokens of each item. @matrices names the products. */
void delta_apply(struct bm_model *m, const struct bm_item *items, size_t n_items, uint32_t layer,
		 const enum bm_matrix *matrices, const struct product *products,
		 size_t n_products, const struct activations *x);
