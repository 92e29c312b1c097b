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

int residents_get(struct residents *r, const struct bm_model *m, const struct digest *digest,
		  int fd, struct adapter **ret, struct diag *d)
{
	_cleanup_(adapter_unrefp) struct adapter *a = adapter_cache_get(r->cache, digest);
	int e;

	if (!a) {
		if (fd < 0)
			return -ENOENT;
		e = adapter_load_fd(&a, m, fd, d);
		if (e < 0)
			return e;
		if (!digest_equal(adapter_digest(a), digest))
			return diag_set(d, -EBADMSG, DIAG_SIG, "digest",
					"the file is not the adapter of the catalogue");
		e = adapter_cache_put(r->cache, a);
		if (e < 0 && e != -ENOSPC)
			return e;
	}
	*ret = TAKE(a);
	return 0;
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
