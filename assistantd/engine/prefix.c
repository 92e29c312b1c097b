/* SPDX-License-Identifier: MIT */
/*
 * A list: beginnings are few, and what takes time is the comparison of the one that matches.
 * Pages are shared, so that entries with a common beginning hold it once.
 */
#include "assistantd/engine/prefix.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/macro.h"

#define MOST_ENTRIES 64

struct entry {
	struct prefix_key key;
	struct bm_sequence *seq;
	int32_t *tokens;	/* [length of seq] */
	uint64_t last_use;
	bool busy;		/* being forked: stays */
};

struct prefix_cache {
	struct bm_kv_pool *pool;
	struct entry entries[MOST_ENTRIES];
	size_t n;
	uint64_t clock;
};

int prefix_cache_new(struct prefix_cache **ret, struct bm_kv_pool *pool)
{
	struct prefix_cache *c = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	c->pool = bm_kv_pool_ref(pool);
	*ret = c;
	return 0;
}

static void drop(struct prefix_cache *c, struct entry *e)
{
	bm_sequence_free(e->seq);
	free(e->tokens);
	*e = c->entries[--c->n];
}

struct prefix_cache *prefix_cache_free(struct prefix_cache *c)
{
	if (!c)
		return NULL;
	while (c->n)
		drop(c, &c->entries[c->n - 1]);
	bm_kv_pool_unref(c->pool);
	free(c);
	return NULL;
}

static bool has_use(const struct prefix_key *key, const struct prefix_use *use)
{
	for (uint32_t i = 0; i < key->n_uses; i++) {
		const struct prefix_use *its = &key->uses[i];

		if (digest_equal(&its->adapter, &use->adapter) && its->scale == use->scale &&
		    its->from == use->from)
			return true;
	}
	return false;
}

/* The first token on which an adapter of @key acts that is not alike in @other. */
static uint32_t parting(const struct prefix_key *key, const struct prefix_key *other)
{
	uint32_t first = UINT32_MAX;

	for (uint32_t i = 0; i < key->n_uses; i++)
		if (!has_use(other, &key->uses[i]))
			first = MIN(first, key->uses[i].from);
	return first;
}

/* How many tokens @e and @tokens share, of the first @n. */
static uint32_t common(const struct entry *e, const struct prefix_key *key, const int32_t *tokens,
		       size_t n)
{
	uint32_t length = bm_sequence_length(e->seq), i = 0;

	length = MIN(length, parting(key, &e->key));
	length = MIN(length, parting(&e->key, key));
	while (i < length && i < n && e->tokens[i] == tokens[i])
		i++;
	return i;
}

/* The entry that knows most of @tokens; *@length is how much. */
static struct entry *find(struct prefix_cache *c, const struct prefix_key *key,
			  const int32_t *tokens, size_t n, uint32_t *length)
{
	struct entry *best = NULL;

	*length = 0;
	for (size_t i = 0; i < c->n; i++) {
		struct entry *e = &c->entries[i];
		uint32_t known = common(e, key, tokens, n);

		if (known > *length && bm_sequence_covers(e->seq, known)) {
			best = e;
			*length = known;
		}
	}
	return best;
}

int prefix_cache_begin(struct prefix_cache *c, const struct prefix_key *key, const int32_t *tokens,
		       size_t n, uint32_t n_ctx, struct bm_sequence **ret)
{
	struct entry *e;
	uint32_t length;
	int r = -ENOSPC;

	if (n == 0)
		return -EINVAL;
	e = find(c, key, tokens, n - 1, &length);
	if (e) {
		e->busy = true;
		e->last_use = ++c->clock;
		r = bm_sequence_fork(ret, e->seq, length, n_ctx);
		/* Making room has moved it. */
		for (size_t i = 0; i < c->n; i++)
			c->entries[i].busy = false;
	}
	/* Where there is no room beside what is known, there may be in its place. */
	if (r == -ENOSPC)
		r = bm_sequence_in(ret, c->pool, n_ctx);
	return r;
}

/* An entry that has all of these tokens; or what these have all of goes. */
static bool is_known(struct prefix_cache *c, const struct prefix_key *key, const int32_t *tokens,
		     const struct bm_sequence *seq)
{
	uint32_t length = bm_sequence_length(seq);

	for (size_t i = c->n; i-- > 0;) {
		struct entry *e = &c->entries[i];
		uint32_t known = common(e, key, tokens, length);

		if (known == length && bm_sequence_covers(e->seq, length)) {
			e->last_use = ++c->clock;
			return true;
		}
		if (known && known == bm_sequence_length(e->seq) && bm_sequence_covers(seq, known))
			drop(c, e);
	}
	return false;
}

void prefix_cache_keep(struct prefix_cache *c, const struct prefix_key *key,
		       const int32_t *tokens, struct bm_sequence *seq)
{
	_cleanup_(bm_sequence_freep) struct bm_sequence *kept = seq;
	uint32_t length = bm_sequence_length(seq);
	int32_t *copy;

	bm_sequence_seal(seq);
	if (length == 0 || is_known(c, key, tokens, seq))
		return;
	copy = reallocarray(NULL, length, sizeof(*copy));
	if (!copy)
		return;
	memcpy(copy, tokens, length * sizeof(*copy));
	if (c->n == MOST_ENTRIES)
		prefix_cache_evict(c);
	c->entries[c->n++] = (struct entry){ *key, TAKE(kept), copy, ++c->clock, false };
}

const struct bm_sequence *prefix_cache_find(struct prefix_cache *c, const struct prefix_key *key,
					    const int32_t *tokens, uint32_t n)
{
	uint32_t length;
	const struct entry *e = find(c, key, tokens, n, &length);

	return e && length == n ? e->seq : NULL;
}

bool prefix_cache_evict(struct prefix_cache *c)
{
	struct entry *oldest = NULL;

	for (size_t i = 0; i < c->n; i++)
		if (!c->entries[i].busy &&
		    (!oldest || c->entries[i].last_use < oldest->last_use))
			oldest = &c->entries[i];
	if (oldest)
		drop(c, oldest);
	return oldest;
}
