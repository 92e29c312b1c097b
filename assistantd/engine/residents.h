/* SPDX-License-Identifier: MIT */
/*
 * What stays in memory between requests, under one budget together with what requests
 * compute: adapters, found by digest, and beginnings of texts. Where room is wanted,
 * beginnings go first, then adapters that nobody uses.
 */
#pragma once

#include "adapters/adapters.h"
#include "assistantd/engine/prefix.h"
#include "assistantd/engine/prefix-file.h"
#include "assistantd/ipc/ipc.h"

struct residents;

/* Texts are kept as @type; @budget in bytes, of which adapters may have @for_adapters. 0,
 * -ENOMEM, -EOVERFLOW. */
int residents_new(struct residents **ret, const struct bm_model *m, enum bm_kv_type type,
		  size_t budget, size_t for_adapters);
struct residents *residents_free(struct residents *r);
DEFINE_CLEANUP(struct residents *, residents_free)

/* Another budget from now on: beginnings go first, then adapters that nobody uses. What runs
 * keeps what it has, and what is pinned stays. */
void residents_set_budget(struct residents *r, size_t budget, size_t for_adapters,
			  enum engine_idle idle);
/* To be called when something may have come out of use: it goes where it may not stay. */
void residents_tidy(struct residents *r);

/* A reference to the adapter of @digest, or NULL where it is not resident: for a request, which
 * is counted, or just so. */
struct adapter *residents_find(struct residents *r, const struct digest *digest);
struct adapter *residents_peek(struct residents *r, const struct digest *digest);
/* Keeps an adapter that was read for a request: 0 or -ENOMEM. One that the budget cannot hold
 * beside those in use serves its request and is dropped afterwards. */
int residents_add(struct residents *r, struct adapter *a);
/* Keeps one that is to stay, pinned with @pin: 0; -EFBIG when it is larger than the budget, and
 * -ENOSPC when there is no room beside what is pinned or in use, and then nothing was evicted;
 * -ENOMEM. */
int residents_hold(struct residents *r, struct adapter *a, bool pin);
/* Keeps one that nobody has asked for yet, where nothing goes for it that was used since it was:
 * 0, -ENOSPC, -ENOMEM. */
int residents_add_ahead(struct residents *r, struct adapter *a);
/* Whether that can be, by the size of its file. */
bool residents_fits_ahead(const struct residents *r, const struct digest *digest, uint64_t size);
/* 0; -ENOENT; -EBUSY when pinned or in use. */
int residents_drop(struct residents *r, const struct digest *digest);
int residents_pin(struct residents *r, const struct digest *digest, bool pinned);
/* As prefix_cache_begin() and prefix_cache_keep(). */
int residents_begin(struct residents *r, const struct prefix_key *key, const int32_t *tokens,
		    size_t n, uint32_t n_ctx, struct bm_sequence **ret);
void residents_keep(struct residents *r, const struct prefix_key *key, const int32_t *tokens,
		    struct bm_sequence *seq);
/*
 * Beginnings as files. The head of one of @n tokens, whose @bytes are 0 where it cannot be
 * saved; whether memory has it; what was read of it put there, where there is room; and a
 * new file of what memory has: 0, -ENOENT, and the errors of prefix_file_new().
 */
struct prefix_head residents_head(const struct residents *r, const struct digest *base,
				  const struct prefix_key *key, uint32_t n);
bool residents_know(struct residents *r, const struct prefix_key *key, const int32_t *tokens,
		    uint32_t n);
void residents_restore(struct residents *r, const struct prefix_key *key, const int32_t *tokens,
		       const struct prefix_head *head, const void *pages);
int residents_save(struct residents *r, const struct prefix_key *key, const int32_t *tokens,
		   const struct prefix_head *head, int *ret);
/* Most tokens that one request may have, by the model's context and the budget. */
uint32_t residents_context(const struct residents *r);
/* Next entry whose numbers changed since it was told last; false when there is none. */
bool residents_changed(struct residents *r, struct engine_usage *ret);
