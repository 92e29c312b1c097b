/* SPDX-License-Identifier: MIT */
/*
 * An event loop over poll(2): descriptors and one-shot timers, called on the thread that runs
 * it. A source may be removed from within any callback, its own included.
 */
#pragma once

#include <stdint.h>

#include "util/cleanup.h"

struct loop;
struct loop_source;
struct loop_timer;
struct loop_hook;

/* @events are those of poll(2). */
typedef void (*loop_fd_fn)(void *arg, int fd, short events);
typedef void (*loop_fn)(void *arg);

/* 0 or -ENOMEM. */
int loop_new(struct loop **ret);
/* All sources, timers and hooks must be gone. */
struct loop *loop_free(struct loop *l);
DEFINE_CLEANUP(struct loop *, loop_free)

/* Watches @fd (not owned; the same one may be watched more than once). 0 or -ENOMEM. */
int loop_watch(struct loop *l, struct loop_source **ret, int fd, short events, loop_fd_fn fn,
	       void *arg);
/* No events: the source rests. */
void loop_set_events(struct loop_source *s, short events);
struct loop_source *loop_unwatch(struct loop_source *s);

/* Calls @fn once after @ms; the timer is gone before the call. 0 or -ENOMEM. */
int loop_after(struct loop *l, struct loop_timer **ret, uint64_t ms, loop_fn fn, void *arg);
struct loop_timer *loop_cancel(struct loop_timer *t);

/* @fn is called before each wait: the place for work that others left behind. 0 or -ENOMEM. */
int loop_before_wait(struct loop *l, struct loop_hook **ret, loop_fn fn, void *arg);
/* Not from within a call of a hook. */
struct loop_hook *loop_unhook(struct loop_hook *h);
/* Runs until loop_stop(): 0 or -errno of poll(). */
int loop_run(struct loop *l);
void loop_stop(struct loop *l);
/* Milliseconds of a clock that only goes forward. */
uint64_t loop_now(void);
