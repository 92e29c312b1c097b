/* SPDX-License-Identifier: MIT */
/*
 * Beginnings of texts that were computed before: sequences without a request, found again by
 * what they depend on. That is the model and the type of its cache, which are one for all
 * that a prefix cache holds, the adapter's content, its scale, and the tokens; no name is
 * part of it. What is given out is bit for bit what would be computed.
 */
#pragma once

#include "base_model/base_model.h"
#include "util/digest.h"

struct prefix_cache;

struct prefix_key {
	bool has_adapter;
	struct digest adapter;	/* zeros without */
	float scale;		/* 0 without */
};

/* Holds a reference to @pool. -ENOMEM. */
int prefix_cache_new(struct prefix_cache **ret, struct bm_kv_pool *pool);
struct prefix_cache *prefix_cache_free(struct prefix_cache *c);
DEFINE_CLEANUP(struct prefix_cache *, prefix_cache_free)

/*
 * A sequence of @n_ctx tokens that begins with as many of @tokens [n] as are known, but not
 * with all: the last one's logits are wanted. Its length says how many. 0; -ENOSPC when the
 * pool has no room; -EINVAL; -ENOMEM.
 */
int prefix_cache_begin(struct prefix_cache *c, const struct prefix_key *key, const int32_t *tokens,
		       size_t n, uint32_t n_ctx, struct bm_sequence **ret);
/* Takes over a sequence that nothing is appended to any more; @tokens are what it was
 * computed from, as many as it is long. */
void prefix_cache_keep(struct prefix_cache *c, const struct prefix_key *key,
		       const int32_t *tokens, struct bm_sequence *seq);
/* One that has all of @tokens [n], until the cache is called again; or NULL. */
const struct bm_sequence *prefix_cache_find(struct prefix_cache *c, const struct prefix_key *key,
					    const int32_t *tokens, uint32_t n);
/* Frees the one that was used longest ago; false when there is none. */
bool prefix_cache_evict(struct prefix_cache *c);
