/* SPDX-License-Identifier: MIT */
/*
 * The store's thread: what may wait for a disk happens here, one piece of work after the
 * other, and its end is told on the loop's thread.
 */
#pragma once

#include "store/store.h"
#include "util/loop.h"

struct worker;

/* Begun by a piece of work's owner; embedded there. */
struct work {
	/* On the worker's thread; @s is NULL when the store cannot be opened. 0, a negative errno
	 * or what the store returned, by which it may be opened anew: no other number. */
	int (*run)(struct work *w, struct store *s);
	/* On the loop's thread, with what run() returned. */
	void (*done)(struct work *w, int result);
	int result;
	struct work *next;
};

/* Opens the store in @dir on the thread: 0, -ENOMEM, the system's errors. */
int worker_new(struct worker **ret, struct loop *loop, const char *dir, uint64_t max_bytes);
/* Finishes what was posted; done() is called for all of it, with -ECANCELED for what such calls
 * post themselves. */
struct worker *worker_free(struct worker *w);
DEFINE_CLEANUP(struct worker *, worker_free)
void worker_post(struct worker *w, struct work *work);
