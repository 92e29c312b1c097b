/* SPDX-License-Identifier: MIT */
/*
 * A list of every adapter ever seen, resident or not: the statistics outlive
 * eviction. A few dozen entries, so a linear search is the simplest index.
 */
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "adapters/adapters.h"
#include "adapters/adapter.h"
#include "util/macro.h"

struct entry {
	struct adapter *adapter;	/* the cache's reference, NULL when not resident */
	struct adapter_usage usage;
	uint64_t last_use;		/* by the cache's clock; 0: never */
	bool ahead;			/* resident, and not asked for yet */
};

struct adapter_cache {
	struct entry *entries;
	size_t count, capacity;
	size_t budget, bytes;
	uint64_t clock;
};

int adapter_cache_new(struct adapter_cache **ret, size_t budget)
{
	struct adapter_cache *c = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	c->budget = budget;
	*ret = c;
	return 0;
}

struct adapter_cache *adapter_cache_free(struct adapter_cache *c)
{
	if (!c)
		return NULL;
	for (size_t i = 0; i < c->count; i++)
		adapter_unref(c->entries[i].adapter);
	free(c->entries);
	free(c);
	return NULL;
}

static struct entry *find(const struct adapter_cache *c, const struct digest *digest)
{
	for (size_t i = 0; i < c->count; i++)
		if (digest_equal(&c->entries[i].usage.digest, digest))
			return &c->entries[i];
	return NULL;
}

static struct entry *find_resident(const struct adapter_cache *c, const struct digest *digest)
{
	struct entry *e = find(c, digest);

	return e && e->adapter ? e : NULL;
}

/* Its only reference is the cache's, and nobody asked to keep it. */
static bool evictable(const struct entry *e)
{
	return e->adapter && !e->usage.pinned && adapter_reference_count(e->adapter) == 1;
}

static void evict(struct adapter_cache *c, struct entry *e)
{
	c->bytes -= e->usage.bytes;
	e->adapter = adapter_unref(e->adapter);
	e->ahead = false;
	e->usage.evictions++;
}

static struct entry *least_recently_used(struct adapter_cache *c)
{
	struct entry *oldest = NULL;

	for (size_t i = 0; i < c->count; i++)
		if (evictable(&c->entries[i]) &&
		    (!oldest || c->entries[i].last_use < oldest->last_use))
			oldest = &c->entries[i];
	return oldest;
}

/* Of what was used last before the moment @before. */
static size_t evictable_bytes(const struct adapter_cache *c, uint64_t before)
{
	size_t bytes = 0;

	for (size_t i = 0; i < c->count; i++)
		if (evictable(&c->entries[i]) && c->entries[i].last_use < before)
			bytes += c->entries[i].usage.bytes;
	return bytes;
}

/* Whether @bytes fit once everything is gone that was used last before the moment @before. */
static bool fits(const struct adapter_cache *c, size_t bytes, uint64_t before)
{
	size_t kept = c->bytes - evictable_bytes(c, before);

	return kept <= c->budget && bytes <= c->budget - kept;
}

static struct entry *entry_for(struct adapter_cache *c, const struct digest *digest)
{
	struct entry *e = find(c, digest), *grown;
	size_t capacity;

	if (e)
		return e;
	if (c->count == c->capacity) {
		capacity = c->capacity ? 2 * c->capacity : 8;
		grown = reallocarray(c->entries, capacity, sizeof(*grown));
		if (!grown)
			return NULL;
		c->entries = grown;
		c->capacity = capacity;
	}
	e = &c->entries[c->count++];
	*e = (struct entry){ .usage.digest = *digest };
	return e;
}

struct adapter *adapter_cache_get(struct adapter_cache *c, const struct digest *digest)
{
	struct entry *e = entry_for(c, digest);

	/* Without memory for an entry nothing is resident, and nothing is counted. */
	if (!e)
		return NULL;
	e->last_use = ++c->clock;
	e->usage.used_at = (int64_t)time(NULL);
	if (!e->adapter) {
		e->usage.misses++;
		return NULL;
	}
	e->usage.hits++;
	e->usage.ahead_used += e->ahead;
	e->ahead = false;
	return adapter_ref(e->adapter);
}

struct adapter *adapter_cache_peek(struct adapter_cache *c, const struct digest *digest)
{
	struct entry *e = find_resident(c, digest);

	return e ? adapter_ref(e->adapter) : NULL;
}

static int put(struct adapter_cache *c, struct adapter *a, bool ahead)
{
	struct entry *e = entry_for(c, adapter_digest(a));
	size_t bytes = adapter_bytes(a);

	if (!e)
		return -ENOMEM;
	if (e->adapter)
		return 0;
	/* Decided before anything is evicted: a refusal must cost nobody their adapter. */
	if (!fits(c, bytes, ahead ? e->last_use : UINT64_MAX))
		return -ENOSPC;
	while (c->bytes > c->budget - bytes)
		evict(c, least_recently_used(c));
	e->adapter = adapter_ref(a);
	e->ahead = ahead;
	e->usage.bytes = bytes;
	e->usage.loads++;
	e->usage.ahead += ahead;
	e->usage.load_us = adapter_load_us(a);
	e->usage.total_load_us += adapter_load_us(a);
	if (!ahead)
		e->last_use = ++c->clock;
	c->bytes += bytes;
	return 0;
}

int adapter_cache_put(struct adapter_cache *c, struct adapter *a)
{
	return put(c, a, false);
}

int adapter_cache_put_ahead(struct adapter_cache *c, struct adapter *a)
{
	return put(c, a, true);
}

bool adapter_cache_fits_ahead(const struct adapter_cache *c, const struct digest *digest,
			      size_t bytes)
{
	const struct entry *e = find(c, digest);

	return fits(c, bytes, e ? e->last_use : 0);
}

int adapter_cache_evict(struct adapter_cache *c, const struct digest *digest)
{
	struct entry *e = find_resident(c, digest);

	if (!e)
		return -ENOENT;
	if (!evictable(e))
		return -EBUSY;
	evict(c, e);
	return 0;
}

void adapter_cache_evict_idle(struct adapter_cache *c)
{
	for (size_t i = 0; i < c->count; i++)
		if (evictable(&c->entries[i]))
			evict(c, &c->entries[i]);
}

int adapter_cache_pin(struct adapter_cache *c, const struct digest *digest, bool pinned)
{
	struct entry *e = find_resident(c, digest);

	if (!e)
		return -ENOENT;
	e->usage.pinned = pinned;
	return 0;
}

void adapter_cache_set_budget(struct adapter_cache *c, size_t budget)
{
	struct entry *e;

	c->budget = budget;
	while (c->bytes > c->budget && (e = least_recently_used(c)))
		evict(c, e);
}

size_t adapter_cache_bytes(const struct adapter_cache *c)
{
	return c->bytes;
}

size_t adapter_cache_kept_bytes(const struct adapter_cache *c)
{
	return c->bytes - evictable_bytes(c, UINT64_MAX);
}

bool adapter_cache_usage(const struct adapter_cache *c, size_t index, struct adapter_usage *ret)
{
	if (index >= c->count)
		return false;
	*ret = c->entries[index].usage;
	ret->resident = c->entries[index].adapter != NULL;
	return true;
}
