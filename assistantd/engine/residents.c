/* SPDX-License-Identifier: MIT */
#include "assistantd/engine/residents.h"

#include <errno.h>
#include <string.h>

struct residents {
	struct adapter_cache *cache;
	struct adapter_usage *told;	/* what the front end was told last, by index */
	size_t n_told;
};

int residents_new(struct residents **ret, size_t budget)
{
	_cleanup_(residents_freep) struct residents *r = calloc(1, sizeof(*r));
	int e = r ? adapter_cache_new(&r->cache, budget) : -ENOMEM;

	if (e == 0)
		*ret = TAKE(r);
	return e;
}

struct residents *residents_free(struct residents *r)
{
	if (!r)
		return NULL;
	adapter_cache_free(r->cache);
	free(r->told);
	free(r);
	return NULL;
}

struct adapter *residents_find(struct residents *r, const struct digest *digest)
{
	return adapter_cache_get(r->cache, digest);
}

int residents_add(struct residents *r, struct adapter *a)
{
	int e = adapter_cache_put(r->cache, a);

	return e == -ENOSPC ? 0 : e;
}

int residents_drop(struct residents *r, const struct digest *digest)
{
	return adapter_cache_evict(r->cache, digest);
}

int residents_pin(struct residents *r, const struct digest *digest, bool pinned)
{
	return adapter_cache_pin(r->cache, digest, pinned);
}

static bool same(const struct adapter_usage *a, const struct adapter_usage *b)
{
	return a->hits == b->hits && a->loads == b->loads && a->evictions == b->evictions &&
	       a->resident == b->resident && a->pinned == b->pinned;
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
		*ret = (struct engine_usage){ now.digest, now.bytes, now.hits, now.loads,
					      now.evictions, now.resident, now.pinned,
					      adapter_cache_bytes(r->cache),
					      adapter_cache_budget(r->cache) };
		return true;
	}
	return false;
}
