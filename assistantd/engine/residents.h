/* SPDX-License-Identifier: MIT */
/* The adapters in memory: found by digest, read from a descriptor where they are not. */
#pragma once

#include "adapters/adapters.h"
#include "assistantd/ipc/ipc.h"

struct residents;

int residents_new(struct residents **ret, size_t budget);
struct residents *residents_free(struct residents *r);
DEFINE_CLEANUP(struct residents *, residents_free)

/*
 * A reference to the adapter of @digest; where it is not resident it is read from @fd (-1:
 * none) and checked: 0; -ENOENT without a descriptor; -EBADMSG when the file is another
 * one; -EINVAL with @d for a bad one; -ENOMEM and the system's errors. An adapter that the
 * budget cannot hold beside those in use serves its request and is dropped afterwards.
 */
int residents_get(struct residents *r, const struct bm_model *m, const struct digest *digest,
		  int fd, struct adapter **ret, struct diag *d);
/* 0; -ENOENT; -EBUSY when pinned or in use. */
int residents_drop(struct residents *r, const struct digest *digest);
int residents_pin(struct residents *r, const struct digest *digest, bool pinned);
/* Next entry whose numbers changed since it was told last; false when there is none. */
bool residents_changed(struct residents *r, struct engine_usage *ret);
