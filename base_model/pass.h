/* SPDX-License-Identifier: MIT */
/* One forward pass: tokens of some sequences, layer after layer. */
#pragma once

#include "base_model/attention.h"
#include "base_model/model-private.h"

struct pass {
	struct bm_model *m;
	const struct bm_item *items;
	size_t n_items;
	size_t n;		/* tokens of all items */
	uint32_t layer;
};

/* After the last layer, which leaves tokens whose logits are wanted: those of each. */
void pass_logits(struct pass *p);
