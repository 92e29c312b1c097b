/* SPDX-License-Identifier: MIT */
/*
 * Timers and reminders as data, without a clock of their own: every call that needs one is
 * told the time. A timer runs by the clock of the machine, which nobody sets and which counts
 * sleep; a reminder rings when the clock on the wall says so.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/store.h"

enum { TIMERS_MAX = 64, TIMER_NAME_MAX = 200 };

/* The two clocks, in ms, and which boot the second belongs to. */
struct timer_clock {
	int64_t wall, boot;
	char boot_id[40];
};

struct timer {
	int64_t id;
	enum store_timer_kind kind;
	char *name;		/* "" for none */
	int64_t length_ms;
	int64_t due_ms;		/* by the wall; 0 while it is paused */
	int64_t boot_due_ms;	/* of what runs by the machine's clock, else 0 */
	int64_t left_ms;	/* while it is paused */
	int64_t rang_ms;	/* when it ended, by the wall; 0 before */
	struct timer *next;
};

struct timer_list {
	struct timer *first;	/* by id */
	size_t n;
	int64_t next_id;
};

void timer_list_deinit(struct timer_list *l);
/* The one that @row was stored as; what was stored in this boot goes on by the machine's
 * clock. 0, -ENOMEM. */
int timer_list_restore(struct timer_list *l, const struct store_timer *row,
		       const struct timer_clock *now);
/* 0 and *@ret, the list's; -ENOSPC, -ENOMEM. @length_ms > 0. */
int timer_list_start(struct timer_list *l, const char *name, int64_t length_ms,
		     const struct timer_clock *now, struct timer **ret);
int timer_list_remind(struct timer_list *l, const char *name, int64_t at_ms,
		      const struct timer_clock *now, struct timer **ret);
struct timer *timer_list_find(struct timer_list *l, int64_t id);
void timer_list_drop(struct timer_list *l, struct timer *t);

/* What is left of it: 0 when it has ended. */
int64_t timer_left(const struct timer *t, const struct timer_clock *now);
/* Neither paused nor ended. */
bool timer_runs(const struct timer *t);
/* Lets it end in @left_ms from now, or, paused, have so much left. */
void timer_set_left(struct timer *t, int64_t left_ms, const struct timer_clock *now);
/* -EINVAL for one that does not run, that is not paused, or that is a reminder. */
int timer_pause(struct timer *t, const struct timer_clock *now);
int timer_resume(struct timer *t, const struct timer_clock *now);
/* The wall's clock was set: true where the row of @t is to be written again. */
bool timer_clock_set(struct timer *t, const struct timer_clock *now);
/* Whether it is to ring now. */
bool timer_is_due(const struct timer *t, const struct timer_clock *now);
/* When the next one ends by each clock; 0: none does. */
void timer_list_next(const struct timer_list *l, int64_t *wall_ms, int64_t *boot_ms);

/* Its row; the strings are the timer's and @now's. */
struct store_timer timer_row(const struct timer *t, const struct timer_clock *now);
