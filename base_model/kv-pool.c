/* SPDX-License-Identifier: MIT */
#include "base_model/kv-pool.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "util/macro.h"

/* What the system calls a huge page: reading through them misses the TLB less often. */
#define HUGE ((size_t)2 << 20)
/* A page is made of whole ones where that costs this part of it at most. */
#define HUGE_WASTE 8

static int place_layers(struct bm_kv_pool *p, const struct bm_config *c)
{
	for (uint32_t i = 0; i < c->n_layers; i++) {
		const struct bm_layer_config *l = &c->layers[i];
		struct kv_layer *to = &p->layers[i];
		size_t bytes;

		to->kind = l->window ? KV_WINDOW : KV_ALL;
		to->width = kv_width(p->type, c->head_dim);
		to->offset = p->page_size[to->kind];
		to->half = kv_page_half(p->type, to->width);
		p->window = MAX(p->window, l->window);
		if (mul_overflow(2 * to->half, (size_t)l->n_kv_heads, &bytes) ||
		    add_overflow(to->offset, bytes, &p->page_size[to->kind]))
			return -EOVERFLOW;
	}
	for (int k = 0; k < KV_KINDS; k++) {
		size_t size = p->page_size[k], rest = (HUGE - size % HUGE) % HUGE;

		if (rest <= size / HUGE_WASTE && add_overflow(size, rest, &p->page_size[k]))
			return -EOVERFLOW;
	}
	return 0;
}

int bm_kv_pool_new(struct bm_kv_pool **ret, const struct bm_model *m, enum bm_kv_type type,
		   size_t limit)
{
	const struct bm_config *c = bm_model_config(m);
	_cleanup_free_ struct bm_kv_pool *p = NULL;
	int r;

	p = calloc(1, sizeof(*p) + c->n_layers * sizeof(p->layers[0]));
	if (!p)
		return -ENOMEM;
	p->refs = 1;
	p->type = type;
	p->context = c->context;
	p->max_batch = bm_model_max_batch(m);
	p->limit = limit;
	r = place_layers(p, c);
	if (r == 0)
		*ret = TAKE(p);
	return r;
}

struct bm_kv_pool *bm_kv_pool_ref(struct bm_kv_pool *p)
{
	p->refs++;
	return p;
}

struct bm_kv_pool *bm_kv_pool_unref(struct bm_kv_pool *p)
{
	if (p && --p->refs == 0)
		free(p);
	return NULL;
}

void bm_kv_pool_on_full(struct bm_kv_pool *p, bm_kv_full_fn full, void *arg)
{
	p->full = full;
	p->arg = arg;
}

void bm_kv_pool_set_limit(struct bm_kv_pool *p, size_t limit)
{
	p->limit = limit;
}

size_t bm_kv_pool_used(const struct bm_kv_pool *p)
{
	return p->used;
}

static bool has_room(const struct bm_kv_pool *p, size_t bytes)
{
	return p->used <= p->limit && bytes <= p->limit - p->used;
}

int kv_pool_promise(struct bm_kv_pool *p, enum kv_kind kind, uint32_t n)
{
	size_t bytes;

	if (mul_overflow(p->page_size[kind], (size_t)n, &bytes))
		return -ENOSPC;
	if (!has_room(p, bytes) && p->full)
		p->full(p->arg, bytes);
	if (!has_room(p, bytes))
		return -ENOSPC;
	p->used += bytes;
	return 0;
}

void kv_pool_forgive(struct bm_kv_pool *p, enum kv_kind kind, uint32_t n)
{
	p->used -= n * p->page_size[kind];
}

/* Zeros; aligned so that huge pages fit where @size is made of them. */
static void *map(size_t size)
{
	size_t align = size % HUGE ? 0 : HUGE, before;
	uint8_t *data = mmap(NULL, size + align, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (data == MAP_FAILED || !align)
		return data;
	before = (align - (uintptr_t)data % align) % align;
	if (before)
		munmap(data, before);
	if (before < align)
		munmap(data + before + size, align - before);
	/* A wish only. */
	(void)madvise(data + before, size, MADV_HUGEPAGE);
	return data + before;
}

int kv_page_new(struct kv_page **ret, const struct bm_kv_pool *p, enum kv_kind kind)
{
	size_t size = p->page_size[kind];
	struct kv_page *page = malloc(sizeof(*page));
	void *data;

	if (!page)
		return -ENOMEM;
	data = map(size);
	if (data == MAP_FAILED) {
		free(page);
		return -ENOMEM;
	}
	*page = (struct kv_page){ .refs = 1, .data = data };
	*ret = page;
	return 0;
}

bool kv_page_unref(struct kv_page *page, const struct bm_kv_pool *p, enum kv_kind kind)
{
	if (--page->refs > 0)
		return false;
	munmap(page->data, p->page_size[kind]);
	free(page);
	return true;
}
