/* SPDX-License-Identifier: MIT */
/*
 * The adapter that is likely to be asked for next is read before somebody asks, while the engine
 * has nothing to do and memory is not short. Nothing goes for it that was used since it was.
 *
 * What is likely is learnt from requests that ended well, private ones excepted, kept in memory
 * alone, and forgotten with the history.
 */
#pragma once

#include "assistantd/daemon/daemon.h"

struct ahead;

/* 0 or -ENOMEM. */
int ahead_new(struct ahead **ret, struct daemon *d);
struct ahead *ahead_free(struct ahead *a);
DEFINE_CLEANUP(struct ahead *, ahead_free)

/* State or model of the engine may have changed. */
void ahead_engine_changed(struct ahead *a);
/* A request of that task and style (NULL: none) was served by an adapter. */
void ahead_learn(struct ahead *a, const char *task, const char *style);
void ahead_forget(struct ahead *a);
