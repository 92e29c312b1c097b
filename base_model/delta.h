/* SPDX-License-Identifier: MIT */
#pragma once

#include "base_model/model-private.h"
#include "base_model/token-rows.h"

/* The update of one matrix, or NULL. */
const struct low_rank *delta_of(const struct bm_delta *delta, uint32_t layer,
				enum bm_matrix matrix);

/* What the adapters of @item bring, or NULL; *@n is how many of them do. A scale of 0 is as if
 * there were none. */
const struct token_rows *delta_tokens(const struct bm_item *item, size_t *n);

/* Room for all updates of a pass of @items. 0 or -ENOMEM. */
int delta_reserve(struct bm_model *m, const struct bm_item *items, size_t n_items);
void delta_scratch_deinit(struct delta_scratch *s);
/* Gives the products the updates of their items. @matrices names them; valid until the next
 * call. */
void delta_plan(struct bm_model *m, const struct bm_item *items, size_t n_items, uint32_t layer,
		const enum bm_matrix *matrices, struct product *products, size_t n_products);
