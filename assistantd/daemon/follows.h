/* SPDX-License-Identifier: MIT */
/*
 * What is likely to be asked for next: how often one thing came after another, with the past
 * fading. Names and counts only, in memory alone; a few of each.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	FOLLOWS_MAX = 16,		/* the one that came last longest ago makes room */
	FOLLOWS_NAME_MAX = 130,
	FOLLOWS_GAP_MS = 600000,	/* what comes later has not followed */
};

struct follows {
	struct {
		char name[FOLLOWS_NAME_MAX];
		float counts[FOLLOWS_MAX];	/* of those that came after it */
		uint64_t last_ms;
	} entries[FOLLOWS_MAX];
	size_t n;
	bool has_current;
	size_t current;				/* what came last */
};

#define FOLLOWS_NULL { .n = 0 }

/* @name has come, at @now_ms of a clock that only goes forward. A longer name than there is room
 * for ends what was followed and is not remembered. */
void follows_note(struct follows *f, const char *name, uint64_t now_ms);
/* What has come after the last one more often than everything else together, and more than once
 * lately; NULL when there is none. Until the next call. */
const char *follows_likely(const struct follows *f);
