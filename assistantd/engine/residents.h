/* SPDX-License-Identifier: MIT */
/* The adapters in memory: found by digest. */
#pragma once

#include "adapters/adapters.h"
#include "assistantd/ipc/ipc.h"

struct residents;

int residents_new(struct residents **ret, size_t budget);
struct residents *residents_free(struct residents *r);
DEFINE_CLEANUP(struct residents *, residents_free)

/* A reference to the adapter of @digest, or NULL where it is not resident. */
struct adapter *residents_find(struct residents *r, const struct digest *digest);
/* Keeps an adapter that was read: 0 or -ENOMEM. One that the budget cannot hold beside those
 * in use serves its request and is dropped afterwards. */
int residents_add(struct residents *r, struct adapter *a);
/* 0; -ENOENT; -EBUSY when pinned or in use. */
int residents_drop(struct residents *r, const struct digest *digest);
int residents_pin(struct residents *r, const struct digest *digest, bool pinned);
/* Next entry whose numbers changed since it was told last; false when there is none. */
bool residents_changed(struct residents *r, struct engine_usage *ret);
