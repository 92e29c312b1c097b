/* SPDX-License-Identifier: MIT */
/*
 * Standing grants: what runs without a question because the user said so, in an agent
 * ("always") or by hand. They are kept in the store, and here for the gate, which does not
 * wait. While the store has not been read there are none.
 */
#pragma once

#include "assistantd/daemon/worker.h"

enum { GRANTS_MAX = 1024 };

struct grant {
	char *app;		/* id of a sandboxed application; "" for the user's hand */
	char *tool;
	char *target;		/* "" for the tool as a whole */
	int64_t time_ms;
};

struct grants;

/* Reads the store by @worker. 0 or -ENOMEM. */
int grants_new(struct grants **ret, struct worker *worker);
/* The worker has ended before. */
struct grants *grants_free(struct grants *g);
DEFINE_CLEANUP(struct grants *, grants_free)

/* A grant for this target, or for all of them. */
bool grants_has(const struct grants *g, const char *app, const char *tool, const char *target);
/* From now on: 0; -EEXIST, -E2BIG beyond GRANTS_MAX, -ENOMEM. Written behind it. */
int grants_add(struct grants *g, const char *app, const char *tool, const char *target);
/* From now on: 0 or -ENOENT. */
int grants_drop(struct grants *g, const char *app, const char *tool, const char *target);
/* Those of an application. */
void grants_drop_app(struct grants *g, const char *app);
/* Reads the store again, as after it has forgotten. */
void grants_reload(struct grants *g);
/* In the order of their making; NULL past the last. */
const struct grant *grants_at(const struct grants *g, size_t i);
