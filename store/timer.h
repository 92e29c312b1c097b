/* SPDX-License-Identifier: MIT */
/* Timers and reminders that have not ended, or ended and were not heard. */
#pragma once

#include <stdint.h>

struct store;

enum store_timer_kind {
	STORE_TIMER = 0,	/* so long from when it was started; can be paused */
	STORE_REMINDER = 1,	/* at a time of day */
};

struct store_timer {
	int64_t id;		/* the caller's, and never used again */
	enum store_timer_kind kind;
	const char *name;	/* "" for none */
	int64_t length_ms;	/* as it was set */
	int64_t due_ms;		/* by the clock on the wall; 0 while it is paused */
	int64_t left_ms;	/* while it is paused */
	/* The same end by the clock that runs since the machine was started, which nobody sets;
	 * it counts while the machine runs that has this boot id. 0 and "": only the wall's. */
	int64_t boot_due_ms;
	const char *boot_id;
	int64_t rang_ms;	/* when it ended; 0 before */
};

/* Writes @t, in the place of one with its id. -EINVAL for text that is not UTF-8, a kind or an
 * id that is none; STORE_E_ results. */
int store_put_timer(struct store *s, const struct store_timer *t);
/* STORE_E_NOT_FOUND. */
int store_drop_timer(struct store *s, int64_t id);
/* Calls @fn for each by its id; the strings last for the call, which must not use the store.
 * A result other than 0 ends it. *@next is larger than any id that ever was. */
typedef int (*store_timer_fn)(void *arg, const struct store_timer *t);
int store_timers(struct store *s, store_timer_fn fn, void *arg, int64_t *next);
