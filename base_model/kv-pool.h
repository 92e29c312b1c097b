/* SPDX-License-Identifier: MIT */
/*
 * Memory of KV caches: pages of KV_PAGE positions, shared by sequences that have the same
 * tokens before them. Layers that see everything and layers that see a window have pages of
 * their own, so that those of the latter can go when no window reaches them any more.
 *
 * Bytes are promised before they are taken: what a pool has given out and promised together
 * never exceeds its limit.
 */
#pragma once

#include "base_model/kernels/attention.h"
#include "base_model/model.h"

enum kv_kind { KV_ALL, KV_WINDOW, KV_KINDS };

struct kv_page {
	unsigned refs;
	uint8_t *data;
};

/* Where a layer's part stands in the pages of its kind: [kv heads]{ keys, values }. */
struct kv_layer {
	enum kv_kind kind;
	uint32_t width;		/* kv_width() */
	size_t offset;
	size_t half;		/* bytes of one head's keys, and of its values */
};

struct bm_kv_pool {
	unsigned refs;
	enum bm_kv_type type;
	uint32_t context;
	uint32_t window;	/* the widest of any layer; 0: none has one */
	uint32_t max_batch;
	size_t page_size[KV_KINDS];	/* 0: no layer is of this kind */
	size_t limit, used;		/* used: given out or promised */
	bm_kv_full_fn full;
	void *arg;
	struct kv_layer layers[];
};

/* Promises @n pages; asks full() for room first where there is none. 0 or -ENOSPC. */
int kv_pool_promise(struct bm_kv_pool *p, enum kv_kind kind, uint32_t n);
void kv_pool_forgive(struct bm_kv_pool *p, enum kv_kind kind, uint32_t n);
/* Takes a promised page, all zeros, with one reference: 0 or -ENOMEM. */
int kv_page_new(struct kv_page **ret, const struct bm_kv_pool *p, enum kv_kind kind);
/* True when that was the last reference: the page is a promise to the caller again. Its
 * memory has gone back to the system, and what stood in it with it. */
bool kv_page_unref(struct kv_page *page, const struct bm_kv_pool *p, enum kv_kind kind);
