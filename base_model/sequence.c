/* SPDX-License-Identifier: MIT */
#include "base_model/sequence.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/macro.h"

static uint32_t page_count(uint32_t tokens)
{
	return tokens / KV_PAGE + (tokens % KV_PAGE != 0);
}

/* Most pages of a kind that a sequence has of its own at once, of @n still to be written. */
static uint32_t most_pages(const struct bm_kv_pool *p, enum kv_kind kind, uint32_t n)
{
	uint64_t reach = (uint64_t)p->window + BM_SEQUENCE_BACK + p->max_batch;

	if (!p->page_size[kind])
		return 0;
	return kind == KV_ALL ? n : (uint32_t)MIN((uint64_t)n, reach / KV_PAGE + 2);
}

/* First page that a token at @length may look at. */
static uint32_t first_page(const struct bm_kv_pool *p, enum kv_kind kind, uint32_t length)
{
	return kind == KV_WINDOW && length >= p->window ? (length + 1 - p->window) / KV_PAGE : 0;
}

size_t bm_kv_pool_need(const struct bm_kv_pool *p, uint32_t n_ctx)
{
	size_t bytes = 0;

	for (int k = 0; k < KV_KINDS; k++)
		bytes += p->page_size[k] * most_pages(p, k, page_count(n_ctx));
	return bytes;
}

/* Gives a page back; while pages are still to be written, the promise is kept. */
static void drop_page(struct bm_sequence *s, enum kv_kind kind, uint32_t i)
{
	struct kv_table *t = &s->tables[kind];
	uint32_t total = page_count(s->capacity), rest = total > t->end ? total - t->end : 0;

	if (!kv_page_unref(TAKE(t->pages[i]), s->pool, kind))
		return;
	if (t->promised < most_pages(s->pool, kind, rest))
		t->promised++;
	else
		kv_pool_forgive(s->pool, kind, 1);
}

static int share_pages(struct bm_sequence *s, const struct bm_sequence *from, enum kv_kind kind)
{
	struct kv_table *t = &s->tables[kind];
	uint32_t total = page_count(s->capacity), own = total - s->length / KV_PAGE, n;
	int r;

	t->pages = calloc(total, sizeof(*t->pages));
	if (!t->pages)
		return -ENOMEM;
	n = most_pages(s->pool, kind, own);
	r = kv_pool_promise(s->pool, kind, n);
	if (r < 0)
		return r;
	t->promised = n;
	t->first = t->end = s->length ? from->tables[kind].first : 0;
	for (; t->end < page_count(s->length) && s->pool->page_size[kind]; t->end++) {
		t->pages[t->end] = from->tables[kind].pages[t->end];
		t->pages[t->end]->refs++;
	}
	return 0;
}

static int make(struct bm_sequence **ret, struct bm_kv_pool *pool, const struct bm_sequence *from,
		uint32_t length, uint32_t n_ctx)
{
	_cleanup_(bm_sequence_freep) struct bm_sequence *s = NULL;
	int r = 0;

	if (n_ctx < 1 || n_ctx > pool->context || n_ctx < length)
		return -EINVAL;
	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->pool = bm_kv_pool_ref(pool);
	s->capacity = n_ctx;
	s->length = length;
	for (int k = 0; r == 0 && k < KV_KINDS; k++)
		r = share_pages(s, from, k);
	if (r == 0)
		*ret = TAKE(s);
	return r;
}

int bm_sequence_in(struct bm_sequence **ret, struct bm_kv_pool *pool, uint32_t n_ctx)
{
	return make(ret, pool, NULL, 0, n_ctx);
}

int bm_sequence_new(struct bm_sequence **ret, const struct bm_model *m, uint32_t n_ctx,
		    enum bm_kv_type type)
{
	struct bm_kv_pool *pool;
	int r = bm_kv_pool_new(&pool, m, type, SIZE_MAX);

	if (r < 0)
		return r;
	r = bm_sequence_in(ret, pool, n_ctx);
	bm_kv_pool_unref(pool);
	return r;
}

bool bm_sequence_covers(const struct bm_sequence *s, uint32_t length)
{
	if (length > s->length)
		return false;
	return length == 0 ||
	       first_page(s->pool, KV_WINDOW, length) >= s->tables[KV_WINDOW].first;
}

int bm_sequence_fork(struct bm_sequence **ret, const struct bm_sequence *from, uint32_t length,
		     uint32_t n_ctx)
{
	if (!bm_sequence_covers(from, length))
		return -ERANGE;
	return make(ret, from->pool, from, length, n_ctx);
}

struct bm_sequence *bm_sequence_free(struct bm_sequence *s)
{
	if (!s)
		return NULL;
	bm_sequence_seal(s);
	s->capacity = 0;
	for (int k = 0; k < KV_KINDS; k++) {
		struct kv_table *t = &s->tables[k];

		while (t->end > t->first)
			drop_page(s, k, --t->end);
		free(t->pages);
	}
	bm_kv_pool_unref(s->pool);
	free(s);
	return NULL;
}

uint32_t bm_sequence_length(const struct bm_sequence *s)
{
	return s->length;
}

uint32_t bm_sequence_capacity(const struct bm_sequence *s)
{
	return s->capacity;
}

int bm_sequence_truncate(struct bm_sequence *s, uint32_t length)
{
	uint32_t keep = page_count(length);

	if (length >= s->length)
		return 0;
	if (!bm_sequence_covers(s, length))
		return -ERANGE;
	s->length = length;
	for (int k = 0; k < KV_KINDS; k++) {
		struct kv_table *t = &s->tables[k];

		while (t->end > MAX(keep, t->first))
			drop_page(s, k, --t->end);
		if (length == 0)
			t->first = t->end = 0;
	}
	return 0;
}

void bm_sequence_seal(struct bm_sequence *s)
{
	s->capacity = s->length;
	for (int k = 0; k < KV_KINDS; k++) {
		struct kv_table *t = &s->tables[k];

		kv_pool_forgive(s->pool, k, t->promised);
		t->promised = 0;
		while (t->end > MAX(page_count(s->length), t->first))
			drop_page(s, k, --t->end);
	}
}

static int take_page(struct bm_sequence *s, enum kv_kind kind, struct kv_page **ret)
{
	struct kv_table *t = &s->tables[kind];
	int r = t->promised ? 0 : kv_pool_promise(s->pool, kind, 1);

	if (r < 0)
		return r;
	if (t->promised)
		t->promised--;
	r = kv_page_new(ret, s->pool, kind);
	if (r < 0)
		kv_pool_forgive(s->pool, kind, 1);
	return r;
}

/* The page that the next token goes to, when others have it too and it is partly filled. */
static int own_last_page(struct bm_sequence *s, enum kv_kind kind)
{
	struct kv_table *t = &s->tables[kind];
	uint32_t i = s->length / KV_PAGE;
	struct kv_page *copy;
	int r;

	if (i >= t->end || t->pages[i]->refs == 1)
		return 0;
	r = take_page(s, kind, &copy);
	if (r < 0)
		return r;
	memcpy(copy->data, t->pages[i]->data, s->pool->page_size[kind]);
	t->pages[i]->refs--;
	t->pages[i] = copy;
	return 0;
}

int sequence_prepare(struct bm_sequence *s, uint32_t n)
{
	for (int k = 0; k < KV_KINDS; k++) {
		struct kv_table *t = &s->tables[k];
		int r = 0;

		if (!s->pool->page_size[k])
			continue;
		r = own_last_page(s, k);
		for (; r == 0 && t->end < page_count(s->length + n); t->end += r == 0)
			r = take_page(s, k, &t->pages[t->end]);
		if (r < 0)
			return r;
	}
	return 0;
}

void sequence_advance(struct bm_sequence *s, uint32_t n)
{
	struct kv_table *t = &s->tables[KV_WINDOW];
	uint32_t back, keep;

	s->length += n;
	back = s->length > BM_SEQUENCE_BACK ? s->length - BM_SEQUENCE_BACK : 0;
	keep = first_page(s->pool, KV_WINDOW, back);
	for (; t->first < MIN(keep, t->end); t->first++)
		drop_page(s, KV_WINDOW, t->first);
}
