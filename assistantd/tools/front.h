/* SPDX-License-Identifier: MIT */
/* What the front end is told. The first failure to send ends the loop. */
#pragma once

#include "assistantd/ipc/ipc.h"
#include "assistantd/tools/things.h"
#include "util/loop.h"
#include "util/sandbox.h"

enum { FRONT_SOCKET = 3 };

struct front {
	struct loop *loop;
	int status;		/* -errno that ended it */
};

void front_end(struct front *f, int err);
void front_hello(struct front *f, const struct sandbox_level *level);
void front_link(struct front *f, bool up, const char *text);
void front_entity(struct front *f, const struct thing *t, bool services);
void front_removed(struct front *f, const char *id);
/* @e and @before are NULL where there is no such thing. */
void front_result(struct front *f, uint64_t id, enum tools_outcome outcome, bool verified,
		  const struct entity *e, const json_t *before, const char *text);
