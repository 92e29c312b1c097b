/* SPDX-License-Identifier: MIT */
/* Whole pages of a sequence as bytes: those of the layers that see everything, then those of
 * the layers that see a window. */
#include <errno.h>
#include <string.h>

#include "base_model/sequence.h"
#include "util/macro.h"

_Static_assert(BM_SEQUENCE_PAGE == KV_PAGE, "what is saved is made of the cache's pages");

size_t bm_kv_pool_saved_bytes(const struct bm_kv_pool *p, uint32_t length)
{
	size_t bytes = 0, more;

	if (length % KV_PAGE)
		return 0;
	for (int k = 0; k < KV_KINDS; k++)
		if (mul_overflow(p->page_size[k], (size_t)(length / KV_PAGE), &more) ||
		    add_overflow(bytes, more, &bytes))
			return 0;
	return bytes;
}

int bm_sequence_save(const struct bm_sequence *s, uint32_t length, bm_save_fn put, void *arg)
{
	const struct bm_kv_pool *p = s->pool;
	int r = 0;

	if (length % KV_PAGE || length > s->length)
		return -EINVAL;
	for (int k = 0; k < KV_KINDS; k++)
		if (s->tables[k].first > 0)
			return -ERANGE;
	for (int k = 0; k < KV_KINDS; k++)
		for (uint32_t i = 0; r == 0 && p->page_size[k] && i < length / KV_PAGE; i++)
			r = put(arg, s->tables[k].pages[i]->data, p->page_size[k]);
	return r;
}

int bm_sequence_restore(struct bm_sequence **ret, struct bm_kv_pool *pool, uint32_t length,
			const void *data, size_t len)
{
	_cleanup_(bm_sequence_freep) struct bm_sequence *s = NULL;
	const uint8_t *from = data;
	int r;

	if (len == 0 || len != bm_kv_pool_saved_bytes(pool, length))
		return -EINVAL;
	r = bm_sequence_in(&s, pool, length);
	if (r == 0)
		r = sequence_prepare(s, length);
	if (r < 0)
		return r;
	for (int k = 0; k < KV_KINDS; k++) {
		for (uint32_t i = 0; pool->page_size[k] && i < length / KV_PAGE; i++) {
			memcpy(s->tables[k].pages[i]->data, from, pool->page_size[k]);
			from += pool->page_size[k];
		}
	}
	sequence_advance(s, length);
	*ret = TAKE(s);
	return 0;
}
