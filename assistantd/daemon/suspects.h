/* SPDX-License-Identifier: MIT */
/* Requests that were running when the engine ended: three times, and they are refused. */
#pragma once

#include <stdbool.h>

#include "assistantd/ipc/ipc.h"

enum { SUSPECTS_MAX = 64, SUSPECTS_STRIKES = 3 };

/* Zeroed is empty. The oldest entry makes room. */
struct suspects {
	struct {
		struct digest fingerprint;
		unsigned strikes;	/* 0: free */
		uint64_t crash;		/* the last one it was blamed for */
	} entries[SUSPECTS_MAX];
	size_t next;
	uint64_t crash;
};

/* What tells two requests apart: their text, roles and adapters, and the texts (or NULL) that are
 * scored. 0, -ENOMEM or -EIO. */
int suspects_fingerprint(const struct engine_start *start, const struct buf *texts,
			 struct digest *ret);
/* The engine has ended once more: whom is blamed from now on, is blamed for that. */
void suspects_crash(struct suspects *s);
/* Counts once for a crash, however many requests of the kind were running. */
void suspects_blame(struct suspects *s, const struct digest *fingerprint);
/* It went well once. */
void suspects_clear(struct suspects *s, const struct digest *fingerprint);
bool suspects_refused(const struct suspects *s, const struct digest *fingerprint);
