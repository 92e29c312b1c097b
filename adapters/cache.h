/* SPDX-License-Identifier: MIT */
/*
 * Adapters resident under one byte budget, by digest: never by name, so that new content
 * under an old name cannot meet an old entry. What is pinned or referenced outside the cache
 * is not evicted; else least recently used first.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/cleanup.h"
#include "util/digest.h"

struct adapter;
struct adapter_cache;

/* Of one adapter, since the cache was made; what is counted outlives eviction. */
struct adapter_usage {
	struct digest digest;
	size_t bytes;
	uint64_t hits;		/* found resident */
	uint64_t misses;	/* asked for and not found */
	uint64_t loads;		/* put in, first time included */
	uint64_t evictions;	/* taken out, by request or to make room */
	uint64_t ahead;		/* of the loads, those before anybody asked */
	uint64_t ahead_used;	/* of those, the ones that were then asked for */
	uint64_t load_us, total_load_us;	/* microseconds of the last load, and of all */
	int64_t used_at;	/* seconds since 1970; 0: never asked for */
	bool resident;
	bool pinned;
};

int adapter_cache_new(struct adapter_cache **ret, size_t budget);
struct adapter_cache *adapter_cache_free(struct adapter_cache *c);
DEFINE_CLEANUP(struct adapter_cache *, adapter_cache_free)

/* A new reference if resident (a hit; becomes most recently used), else NULL (a miss). */
struct adapter *adapter_cache_get(struct adapter_cache *c, const struct digest *digest);
/* The same for who does not ask on behalf of a request: neither counted nor used. */
struct adapter *adapter_cache_peek(struct adapter_cache *c, const struct digest *digest);
/*
 * Keeps a reference of its own to @a, evicting others until it fits. 0, also when it was
 * resident already; -ENOSPC when it cannot fit, and then nothing was evicted; -ENOMEM.
 */
int adapter_cache_put(struct adapter_cache *c, struct adapter *a);
/*
 * The same before anybody has asked for it. It stays as old as its own last use, and so evicts
 * nothing that was used since; one that was never used takes only what is free.
 */
int adapter_cache_put_ahead(struct adapter_cache *c, struct adapter *a);
/* Whether @bytes of the adapter @digest could be put ahead. */
bool adapter_cache_fits_ahead(const struct adapter_cache *c, const struct digest *digest,
			      size_t bytes);
/* 0; -ENOENT when not resident; -EBUSY when pinned or in use. */
int adapter_cache_evict(struct adapter_cache *c, const struct digest *digest);
/* Evicts everything that is neither pinned nor in use. */
void adapter_cache_evict_idle(struct adapter_cache *c);
/* 0, or -ENOENT when not resident. */
int adapter_cache_pin(struct adapter_cache *c, const struct digest *digest, bool pinned);
/* Evicts down to the new budget as far as pins and references allow. */
void adapter_cache_set_budget(struct adapter_cache *c, size_t budget);
size_t adapter_cache_bytes(const struct adapter_cache *c);
/* Of these bytes, what is pinned or in use. */
size_t adapter_cache_kept_bytes(const struct adapter_cache *c);
/* Every adapter ever asked for or put in, in that order; false past the last. */
bool adapter_cache_usage(const struct adapter_cache *c, size_t index, struct adapter_usage *ret);
