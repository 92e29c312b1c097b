/* SPDX-License-Identifier: MIT */
/* One timeline: a page table for each kind of layers. */
#pragma once

#include "base_model/kv-pool.h"

struct kv_table {
	struct kv_page **pages;		/* [pages of the capacity] */
	uint32_t first, end;		/* it holds the pages first..end-1 */
	uint32_t promised;		/* pages that it may take without asking */
};

struct bm_sequence {
	struct bm_kv_pool *pool;
	uint32_t capacity, length;
	struct kv_table tables[KV_KINDS];
};

/*
 * Makes room for @n tokens more, which the capacity has: pages of its own from the one that
 * they begin in. 0; -ENOSPC beyond what was promised when the pool is full; -ENOMEM.
 */
int sequence_prepare(struct bm_sequence *s, uint32_t n);
/* After a pass: the sequence has @n tokens more, and gives back what no window reaches. */
void sequence_advance(struct bm_sequence *s, uint32_t n);

/* Keys of a head in the page of position @pos; its values stand kv_layer.half behind. */
static inline uint8_t *sequence_keys(const struct bm_sequence *s, uint32_t layer, uint32_t head,
				     uint32_t pos)
{
	const struct kv_layer *l = &s->pool->layers[layer];

	return s->tables[l->kind].pages[pos / KV_PAGE]->data + l->offset + 2 * l->half * head;
}
