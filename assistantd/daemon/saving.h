/* SPDX-License-Identifier: MIT */
/* A file that is written anew as a whole, on the worker's thread: of one path, in the order in
 * which it is posted. */
#pragma once

#include "assistantd/daemon/worker.h"
#include "util/buf.h"

/* On the loop's thread: 0, or -errno, which was logged, with the old file as it was. */
typedef void (*saved_fn)(void *arg, int result);

/*
 * Takes what is in @text. Only what is @durable is sure to be there after a loss of power. What is
 * still waiting when the service ends is written then. 0, and @saved (or NULL) follows; -ENOMEM,
 * and nothing does.
 */
int saving_post(struct worker *w, const char *path, struct buf *text, bool durable, saved_fn saved,
		void *arg);
