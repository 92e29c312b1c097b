/* SPDX-License-Identifier: MIT */
/*
 * Whether the screen is locked, as the session's screen savers and logind tell it: nobody is
 * asked then, for whoever stands before it need not be the user. Where nothing tells, it is
 * not locked.
 */
#pragma once

#include "assistantd/daemon/bus.h"

struct screen;

/* @system may be NULL. @changed may be NULL. 0 or -ENOMEM. */
int screen_new(struct screen **ret, struct bus *session, struct bus *system, loop_fn changed,
	       void *arg);
struct screen *screen_free(struct screen *s);
DEFINE_CLEANUP(struct screen *, screen_free)
bool screen_locked(const struct screen *s);
