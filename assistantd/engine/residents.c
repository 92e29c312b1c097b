/* SPDX-License-Identifier: MIT */
#include "assistantd/engine/residents.h"

#include <errno.h>
#include <string.h>

#include "util/macro.h"

struct residents {
	struct adapter_cache *cache;
	struct bm_kv_pool *pool;
	struct prefix_cache *prefixes;
	size_t budget, for_adapters;
	enum engine_idle idle;
	uint32_t context, model_context;	/* what the budget has room for; the model's */
	enum bm_kv_type type;
	struct adapter_usage *told;	/* what the front end was told last, by index */
	size_t n_told;
};

/* Gives each what the other leaves, with @bytes more for texts. */
static void share(struct residents *r, size_t bytes)
{
	size_t used = bm_kv_pool_used(r->pool), left = r->budget - MIN(used, r->budget);

	left -= MIN(bytes, left);
	adapter_cache_set_budget(r->cache, MIN(left, r->for_adapters));
	bm_kv_pool_set_limit(r->pool, r->budget - MIN(adapter_cache_bytes(r->cache), r->budget));
}

/* Frees beginnings until @bytes fit beside adapters of @adapters bytes. */
static void free_beginnings(struct residents *r, size_t adapters, size_t bytes)
{
	size_t room = r->budget - MIN(adapters, r->budget);

	while ((bytes > room || bm_kv_pool_used(r->pool) > room - bytes) &&
	       prefix_cache_evict(r->prefixes))
		;
}

static void on_full(void *arg, size_t bytes)
{
	struct residents *r = arg;

	free_beginnings(r, adapter_cache_bytes(r->cache), bytes);
	share(r, bytes);
}

/* The largest one that the budget has room for; more tokens never need less. */
static uint32_t largest_context(const struct bm_kv_pool *pool, uint32_t context, size_t budget)
{
	uint32_t low = 0, high = context;

	while (low < high) {
		uint32_t middle = high - (high - low) / 2;

		if (bm_kv_pool_need(pool, middle) <= budget)
			low = middle;
		else
			high = middle - 1;
	}
	return low;
}

int residents_new(struct residents **ret, const struct bm_model *m, enum bm_kv_type type,
		  size_t budget, size_t for_adapters)
{
	_cleanup_(residents_freep) struct residents *r = calloc(1, sizeof(*r));
	int e = r ? adapter_cache_new(&r->cache, MIN(budget, for_adapters)) : -ENOMEM;

	if (e == 0)
		e = bm_kv_pool_new(&r->pool, m, type, budget);
	if (e == 0)
		e = prefix_cache_new(&r->prefixes, r->pool);
	if (e < 0)
		return e;
	r->budget = budget;
	r->type = type;
	r->for_adapters = for_adapters;
	r->model_context = bm_model_config(m)->context;
	r->context = largest_context(r->pool, r->model_context, budget);
	bm_kv_pool_on_full(r->pool, on_full, r);
	*ret = TAKE(r);
	return 0;
}

struct residents *residents_free(struct residents *r)
{
	if (!r)
		return NULL;
	prefix_cache_free(r->prefixes);
	bm_kv_pool_unref(r->pool);
	adapter_cache_free(r->cache);
	free(r->told);
	free(r);
	return NULL;
}

void residents_set_budget(struct residents *r, size_t budget, size_t for_adapters,
			  enum engine_idle idle)
{
	r->budget = budget;
	r->for_adapters = for_adapters;
	r->idle = idle;
	r->context = largest_context(r->pool, r->model_context, budget);
	free_beginnings(r, MIN(adapter_cache_bytes(r->cache), for_adapters), 0);
	share(r, 0);
	residents_tidy(r);
}

void residents_tidy(struct residents *r)
{
	if (r->idle != ENGINE_IDLE_ALL)
		adapter_cache_evict_idle(r->cache);
	while (r->idle == ENGINE_IDLE_NOTHING && prefix_cache_evict(r->prefixes))
		;
}

struct adapter *residents_find(struct residents *r, const struct digest *digest)
{
	return adapter_cache_get(r->cache, digest);
}

struct adapter *residents_peek(struct residents *r, const struct digest *digest)
{
	return adapter_cache_peek(r->cache, digest);
}

/* Puts it into the cache, which has as much room as it can have. */
static int put(struct residents *r, struct adapter *a)
{
	int e;

	free_beginnings(r, adapter_cache_bytes(r->cache), adapter_bytes(a));
	share(r, 0);
	e = adapter_cache_put(r->cache, a);
	share(r, 0);
	return e;
}

int residents_add(struct residents *r, struct adapter *a)
{
	int e = put(r, a);

	return e == -ENOSPC ? 0 : e;
}

/* Whether it can stay: 0, -EFBIG, -ENOSPC. */
static int may_stay(const struct residents *r, const struct adapter *a, bool pin)
{
	size_t most = MIN(r->budget, r->for_adapters);
	size_t kept = MIN(adapter_cache_kept_bytes(r->cache), most);

	if (adapter_bytes(a) > most)
		return -EFBIG;
	if (adapter_bytes(a) > most - kept || (r->idle != ENGINE_IDLE_ALL && !pin))
		return -ENOSPC;
	return 0;
}

int residents_hold(struct residents *r, struct adapter *a, bool pin)
{
	_cleanup_(adapter_unrefp) struct adapter *there =
		adapter_cache_peek(r->cache, adapter_digest(a));
	int e = there ? 0 : may_stay(r, a, pin);

	/* No beginning has to make room for what is there. */
	if (e == 0 && !there)
		e = put(r, a);
	return e < 0 || !pin ? e : adapter_cache_pin(r->cache, adapter_digest(a), true);
}

int residents_add_ahead(struct residents *r, struct adapter *a)
{
	int e;

	share(r, 0);
	e = adapter_cache_put_ahead(r->cache, a);
	share(r, 0);
	return e;
}

bool residents_fits_ahead(const struct residents *r, const struct digest *digest, uint64_t size)
{
	return r->idle == ENGINE_IDLE_ALL && size <= SIZE_MAX &&
	       adapter_cache_fits_ahead(r->cache, digest, (size_t)size);
}

int residents_drop(struct residents *r, const struct digest *digest)
{
	return adapter_cache_evict(r->cache, digest);
}

int residents_begin(struct residents *r, const struct prefix_key *key, const int32_t *tokens,
		    size_t n, uint32_t n_ctx, struct bm_sequence **ret)
{
	share(r, 0);
	return prefix_cache_begin(r->prefixes, key, tokens, n, n_ctx, ret);
}

void residents_keep(struct residents *r, const struct prefix_key *key, const int32_t *tokens,
		    struct bm_sequence *seq)
{
	prefix_cache_keep(r->prefixes, key, tokens, seq);
}

struct prefix_head residents_head(const struct residents *r, const struct digest *base,
				  const struct prefix_key *key, uint32_t n)
{
	return prefix_head(base, key, r->type, n, bm_kv_pool_saved_bytes(r->pool, n));
}

bool residents_know(struct residents *r, const struct prefix_key *key, const int32_t *tokens,
		    uint32_t n)
{
	return prefix_cache_find(r->prefixes, key, tokens, n);
}

void residents_restore(struct residents *r, const struct prefix_key *key, const int32_t *tokens,
		       const struct prefix_head *head, const void *pages)
{
	struct bm_sequence *seq;

	share(r, 0);
	if (bm_sequence_restore(&seq, r->pool, head->n_tokens, pages, (size_t)head->bytes) == 0)
		prefix_cache_keep(r->prefixes, key, tokens, seq);
}

int residents_save(struct residents *r, const struct prefix_key *key, const int32_t *tokens,
		   const struct prefix_head *head, int *ret)
{
	const struct bm_sequence *seq = prefix_cache_find(r->prefixes, key, tokens, head->n_tokens);

	return seq ? prefix_file_new(ret, head, tokens, seq) : -ENOENT;
}

uint32_t residents_context(const struct residents *r)
{
	return r->context;
}

int residents_pin(struct residents *r, const struct digest *digest, bool pinned)
{
	return adapter_cache_pin(r->cache, digest, pinned);
}

/* Nothing else of an entry changes without one of these. */
static bool same(const struct adapter_usage *a, const struct adapter_usage *b)
{
	return a->hits == b->hits && a->misses == b->misses && a->loads == b->loads &&
	       a->evictions == b->evictions && a->pinned == b->pinned;
}

static struct engine_usage usage_of(const struct residents *r, const struct adapter_usage *u)
{
	return (struct engine_usage){
		.digest = u->digest, .bytes = u->bytes,
		.hits = u->hits, .misses = u->misses, .loads = u->loads,
		.evictions = u->evictions, .ahead = u->ahead, .ahead_used = u->ahead_used,
		.load_us = u->load_us, .total_load_us = u->total_load_us,
		.used_at = (uint64_t)MAX(u->used_at, (int64_t)0),
		.resident = u->resident, .pinned = u->pinned,
		.used = adapter_cache_bytes(r->cache),
		.budget = MIN(r->budget, r->for_adapters),
	};
}

/* Room for the entry at @index, zeroed: 0 or -ENOMEM. */
static int make_room(struct residents *r, size_t index)
{
	struct adapter_usage *grown;

	if (index < r->n_told)
		return 0;
	grown = reallocarray(r->told, index + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	memset(&grown[index], 0, sizeof(*grown));
	r->told = grown;
	r->n_told = index + 1;
	return 0;
}

bool residents_changed(struct residents *r, struct engine_usage *ret)
{
	struct adapter_usage now;

	for (size_t i = 0; adapter_cache_usage(r->cache, i, &now); i++) {
		if (make_room(r, i) < 0)
			return false;
		if (same(&now, &r->told[i]))
			continue;
		r->told[i] = now;
		*ret = usage_of(r, &now);
		return true;
	}
	return false;
}
