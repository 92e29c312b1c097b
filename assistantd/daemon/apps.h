/* SPDX-License-Identifier: MIT */
/*
 * The programs that were seen, by identity: how much each may ask for in a minute, and whether
 * the user has shut it out. The user's hand is neither counted nor shut out.
 */
#pragma once

#include "assistantd/daemon/caller.h"

enum { APPS_MAX = 256 };

struct config;
struct apps;

/* What was done in the last minute, by second. */
struct rate {
	uint16_t counts[60];
	uint64_t second;	/* of the newest count */
};

struct app {
	char identity[160];
	enum policy_caller kind;
	int64_t first_ms, last_ms;	/* seen, since 1970; 0: not since the start */
	uint64_t requests, calls;	/* since the start */
	bool blocked;
	struct rate request_rate, call_rate;
	struct app *next;
};

/* Reads who is shut out from @path. Where that file is broken, which is logged, it is whoever
 * is in a sandbox. 0 or -ENOMEM. @config lives as long. */
int apps_new(struct apps **ret, const char *path, const struct config *config);
struct apps *apps_free(struct apps *a);
DEFINE_CLEANUP(struct apps *, apps_free)

/* @c, which is known, is there. */
void apps_seen(struct apps *a, const struct caller *c);
bool apps_blocked(const struct apps *a, const struct caller *c);
/* One more request, or @n more calls of tools: false, and nothing is counted, where that is too
 * many within a minute. */
bool apps_count_request(struct apps *a, const struct caller *c);
bool apps_count_calls(struct apps *a, const struct caller *c, unsigned n);
/* From now on and for good: 0; -EINVAL for no name; -errno, with all as it was. */
int apps_block(struct apps *a, const char *identity, bool blocked);
const struct app *apps_first(const struct apps *a);
