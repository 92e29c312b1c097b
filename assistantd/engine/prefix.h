/* SPDX-License-Identifier: MIT */
/*
 * Beginnings of texts that were computed before: sequences without a request, found again by
 * what they depend on. That is the model and the type of its cache, which are one for all
 * that a prefix cache holds, the tokens, and of each adapter its content, its scale and from
 * where it acts; no name is part of it. What is given out is bit for bit what would be
 * computed.
 *
 * Two texts share their common tokens as far as the same adapters act on them: up to the first
 * token on which an adapter acts that is not, alike, the other's. So one that acts from the
 * first token shares nothing with a text without it, and one with invocation tokens shares
 * what is before them with the base and with every other such adapter.
 */
#pragma once

#include "assistantd/ipc/ipc.h"
#include "base_model/base_model.h"
#include "util/digest.h"

struct prefix_cache;

struct prefix_use {
	struct digest adapter;
	float scale;		/* not 0 */
	uint32_t from;		/* position of the first token that it acts on */
};

/* Zeroed: the base alone. */
struct prefix_key {
	struct prefix_use uses[ENGINE_USES_MAX];	/* by digest; zeros behind the last */
	uint32_t n_uses;
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
