/* SPDX-License-Identifier: MIT */
/*
 * A list of every adapter ever seen, resident or not: the statistics outlive
 * eviction. A few dozen entries, so a linear search is the simplest index.
 */
#include <errno.h>
#include <stdlib.h>

#include "adapters/adapters.h"
#include "adapters/adapter.h"
#include "util/macro.h"

struct entry {
	struct adapter *adapter;	/* the cache's reference, NULL when not resident */
	struct adapter_usage usage;
	uint64_t last_use;
};

struct adapter_cache {
	struct entry *entries;
	size_t count, capacity;
	size_t budget, bytes;
	uint64_t clock;
	uint64_t misses;
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

static size_t evictable_bytes(const struct adapter_cache *c)
{
	size_t bytes = 0;

	for (size_t i = 0; i < c->count; i++)
		if (evictable(&c->entries[i]))
			bytes += c->entries[i].usage.bytes;
	return bytes;
}

struct adapter *adapter_cache_get(struct adapter_cache *c, const struct digest *digest)
{
	struct entry *e = find_resident(c, digest);

	if (!e) {
		c->misses++;
		return NULL;
	}
	e->usage.hits++;
	e->last_use = ++c->clock;
	return adapter_ref(e->adapter);
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

int adapter_cache_put(struct adapter_cache *c, struct adapter *a)
{
	size_t bytes = adapter_bytes(a), kept = c->bytes - evictable_bytes(c);
	struct entry *e;

	if (find_resident(c, adapter_digest(a)))
		return 0;
	/* Decided before anything is evicted: a refusal must cost nobody their adapter. */
	if (kept > c->budget || bytes > c->budget - kept)
		return -ENOSPC;
	e = entry_for(c, adapter_digest(a));
	if (!e)
		return -ENOMEM;
	while (c->bytes > c->budget - bytes)
		evict(c, least_recently_used(c));
	e->adapter = adapter_ref(a);
	e->usage.bytes = bytes;
	e->usage.loads++;
	e->last_use = ++c->clock;
	c->bytes += bytes;
	return 0;
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

size_t adapter_cache_budget(const struct adapter_cache *c)
{
	return c->budget;
}

size_t adapter_cache_bytes(const struct adapter_cache *c)
{
	return c->bytes;
}

uint64_t adapter_cache_misses(const struct adapter_cache *c)
{
	return c->misses;
}

bool adapter_cache_usage(const struct adapter_cache *c, size_t index, struct adapter_usage *ret)
{
	if (index >= c->count)
		return false;
	*ret = c->entries[index].usage;
	ret->resident = c->entries[index].adapter != NULL;
	return true;
}
