/* SPDX-License-Identifier: MIT */
/*
 * The user's timers and reminders: kept in the store, told by a notification and a signal when
 * they end, and, when that was while the service did not run, told as soon as it does.
 */
#pragma once

#include "assistantd/daemon/backend.h"
#include "assistantd/daemon/timer-list.h"

struct daemon;
struct timers;

/* 0, -ENOMEM, the system's errors. */
int timers_new(struct timers **ret, struct daemon *d);
struct timers *timers_free(struct timers *t);
DEFINE_CLEANUP(struct timers *, timers_free)
/* What was stored, at start (its rows are copied), and where ids go on. 0 or -ENOMEM. */
int timers_restore(struct timers *t, const struct store_timer *row);
void timers_restored(struct timers *t, int64_t next_id);

/* All of them by id, those among them that ended within the last hour, too. */
struct timer_list *timers_list(struct timers *t);
void timer_clock_now(struct timer_clock *ret);

/* A row was written, or could not be (a result of the store): told once. */
typedef void (*timers_written_fn)(void *arg, int result);
/* Writes @timer as it is now, and lets it ring when it ends: 0 or -ENOMEM. */
int timers_write(struct timers *t, const struct timer *timer, timers_written_fn done, void *arg);
/* Drops it from the list, then from the store. */
int timers_remove(struct timers *t, struct timer *timer, timers_written_fn done, void *arg);

/* timer-tools.c: the tools timer/… and reminder/…, as a back end's call and read (backend.h);
 * -ENOTSUP for any other. */
int timers_call(struct timers *t, const struct tool *tool, const json_t *arguments,
		backend_fn done, void *arg);
int timers_read(struct timers *t, const struct tool *tool, const json_t *arguments,
		backend_fn done, void *arg);
/* timers1.c: the signals. */
void timers1_rang(struct daemon *d, const struct timer *t);
void timers1_changed(struct daemon *d);
/* What is said when it ends: "The pasta timer is over." */
void timer_say_end(const struct timer *t, const struct timer_clock *now, struct buf *ret);
