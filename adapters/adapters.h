/* SPDX-License-Identifier: MIT */
/*
 * LoRA adapters: low-rank updates of a base model's matrices, W + scale · B·A
 * (Hu et al. 2021, arXiv:2106.09685), kept beside the base and never merged.
 *
 * An adapter is read once from a descriptor into memory of our own, hashed
 * while it is read: the bytes that were verified are the bytes in use, whatever
 * happens to the file afterwards.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "adapters/catalog.h"
#include "adapters/manifest.h"
#include "adapters/uses.h"
#include "util/cleanup.h"
#include "util/diag.h"
#include "util/digest.h"

struct bm_delta;
struct bm_model;

#define ADAPTER_MAX_SIZE (UINT64_C(2) << 30)
#define ADAPTER_MAX_INVOCATION 64

struct adapter;

/*
 * Reads a GGUF LoRA (general.type "adapter", adapter.type "lora") from @fd,
 * which stays the caller's, and checks it against @m: architecture, names,
 * every shape, complete pairs, one rank per pair of 1..ADAPTER_MAX_RANK, finite
 * values, alpha > 0, and 1..ADAPTER_MAX_INVOCATION invocation tokens of the
 * vocabulary where it has some (adapter.alora.invocation_tokens).
 *
 * Returns 0 and a reference; -EINVAL, -ENOMEM or the system's error with @d
 * filled. @m must outlive the adapter.
 */
int adapter_load_fd(struct adapter **ret, const struct bm_model *m, int fd, struct diag *d);

/* References belong to one thread, the scheduler's. */
struct adapter *adapter_ref(struct adapter *a);
struct adapter *adapter_unref(struct adapter *a);
DEFINE_CLEANUP(struct adapter *, adapter_unref)

/* The update in compute form, alpha / rank folded in; lives as long as the adapter. */
const struct bm_delta *adapter_delta(const struct adapter *a);
/* SHA-256 of the whole file. */
const struct digest *adapter_digest(const struct adapter *a);
/* Memory that it holds. */
size_t adapter_bytes(const struct adapter *a);
/* Largest rank of its matrices, and how many matrices it changes. */
uint32_t adapter_rank(const struct adapter *a);
uint32_t adapter_matrix_count(const struct adapter *a);
/* The tokens that invoke it, *@n; none of an ordinary one, which acts on all of a text. */
const int32_t *adapter_invocation(const struct adapter *a, size_t *n);

/*
 * Adapters resident under one byte budget, by digest: never by name, so that
 * new content under an old name cannot meet an old entry. What is pinned or
 * referenced outside the cache is not evicted; else least recently used first.
 */
struct adapter_cache;

struct adapter_usage {
	struct digest digest;
	size_t bytes;
	uint64_t hits;		/* found resident */
	uint64_t loads;		/* put in, first time included */
	uint64_t evictions;	/* taken out to make room */
	bool resident;
	bool pinned;
};

int adapter_cache_new(struct adapter_cache **ret, size_t budget);
struct adapter_cache *adapter_cache_free(struct adapter_cache *c);
DEFINE_CLEANUP(struct adapter_cache *, adapter_cache_free)

/* A new reference if resident (a hit; becomes most recently used), else NULL (a miss). */
struct adapter *adapter_cache_get(struct adapter_cache *c, const struct digest *digest);
/*
 * Keeps a reference of its own to @a, evicting others until it fits. 0, also when it
 * was resident already; -ENOSPC when it cannot fit, and then nothing was evicted;
 * -ENOMEM.
 */
int adapter_cache_put(struct adapter_cache *c, struct adapter *a);
/* 0; -ENOENT when not resident; -EBUSY when pinned or in use. */
int adapter_cache_evict(struct adapter_cache *c, const struct digest *digest);
/* 0, or -ENOENT when not resident. */
int adapter_cache_pin(struct adapter_cache *c, const struct digest *digest, bool pinned);
/* Evicts down to the new budget as far as pins and references allow. */
void adapter_cache_set_budget(struct adapter_cache *c, size_t budget);
size_t adapter_cache_budget(const struct adapter_cache *c);
size_t adapter_cache_bytes(const struct adapter_cache *c);
uint64_t adapter_cache_misses(const struct adapter_cache *c);
/* Every adapter ever put in, in the order of first load; false past the last. */
bool adapter_cache_usage(const struct adapter_cache *c, size_t index, struct adapter_usage *ret);
