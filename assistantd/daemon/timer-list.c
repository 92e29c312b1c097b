/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/timer-list.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/macro.h"

static void free_timer(struct timer *t)
{
	free(t->name);
	free(t);
}

void timer_list_deinit(struct timer_list *l)
{
	while (l->first) {
		struct timer *next = l->first->next;

		free_timer(l->first);
		l->first = next;
	}
	*l = (struct timer_list){ 0 };
}

/* Behind the others, whose ids are smaller. */
static int add(struct timer_list *l, const struct timer *from, const char *name,
	       struct timer **ret)
{
	struct timer **at = &l->first, *t;

	if (l->n == TIMERS_MAX)
		return -ENOSPC;
	t = malloc(sizeof(*t));
	if (!t)
		return -ENOMEM;
	*t = *from;
	t->name = strdup(name);
	if (!t->name) {
		free(t);
		return -ENOMEM;
	}
	while (*at)
		at = &(*at)->next;
	*at = t;
	l->n++;
	l->next_id = MAX(l->next_id, t->id + 1);
	*ret = t;
	return 0;
}

int timer_list_restore(struct timer_list *l, const struct store_timer *row,
		       const struct timer_clock *now)
{
	struct timer t = { .id = row->id, .kind = row->kind, .length_ms = row->length_ms,
			   .due_ms = row->due_ms, .left_ms = row->left_ms,
			   .rang_ms = row->rang_ms };
	struct timer *added;

	if (row->boot_due_ms && strcmp(row->boot_id, now->boot_id) == 0)
		t.boot_due_ms = row->boot_due_ms;
	else if (row->boot_due_ms)
		t.boot_due_ms = now->boot + (t.due_ms - now->wall);
	/* Zero says that it does not run by this clock. */
	if (row->boot_due_ms && t.boot_due_ms < 1)
		t.boot_due_ms = 1;
	return add(l, &t, row->name, &added);
}

int timer_list_start(struct timer_list *l, const char *name, int64_t length_ms,
		     const struct timer_clock *now, struct timer **ret)
{
	const struct timer t = { .id = MAX(l->next_id, INT64_C(1)), .kind = STORE_TIMER,
				 .length_ms = length_ms, .due_ms = now->wall + length_ms,
				 .boot_due_ms = now->boot + length_ms };

	return add(l, &t, name, ret);
}

int timer_list_remind(struct timer_list *l, const char *name, int64_t at_ms,
		      const struct timer_clock *now, struct timer **ret)
{
	const struct timer t = { .id = MAX(l->next_id, INT64_C(1)), .kind = STORE_REMINDER,
				 .length_ms = at_ms - now->wall, .due_ms = at_ms };

	return add(l, &t, name, ret);
}

struct timer *timer_list_find(struct timer_list *l, int64_t id)
{
	struct timer *t = l->first;

	while (t && t->id != id)
		t = t->next;
	return t;
}

void timer_list_drop(struct timer_list *l, struct timer *t)
{
	struct timer **at = &l->first;

	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
	l->n--;
	free_timer(t);
}

int64_t timer_left(const struct timer *t, const struct timer_clock *now)
{
	int64_t left = t->boot_due_ms ? t->boot_due_ms - now->boot :
		       t->due_ms ? t->due_ms - now->wall : t->left_ms;

	return t->rang_ms ? 0 : MAX(left, INT64_C(0));
}

bool timer_runs(const struct timer *t)
{
	return t->due_ms && !t->rang_ms;
}

void timer_set_left(struct timer *t, int64_t left_ms, const struct timer_clock *now)
{
	if (!t->due_ms) {
		t->left_ms = left_ms;
		return;
	}
	t->due_ms = now->wall + left_ms;
	if (t->boot_due_ms)
		t->boot_due_ms = now->boot + left_ms;
}

int timer_pause(struct timer *t, const struct timer_clock *now)
{
	if (!timer_runs(t) || t->kind != STORE_TIMER)
		return -EINVAL;
	t->left_ms = timer_left(t, now);
	t->due_ms = t->boot_due_ms = 0;
	return 0;
}

int timer_resume(struct timer *t, const struct timer_clock *now)
{
	if (t->due_ms || t->rang_ms || t->kind != STORE_TIMER)
		return -EINVAL;
	t->due_ms = now->wall + t->left_ms;
	t->boot_due_ms = now->boot + t->left_ms;
	t->left_ms = 0;
	return 0;
}

bool timer_clock_set(struct timer *t, const struct timer_clock *now)
{
	int64_t due = now->wall + (t->boot_due_ms - now->boot);

	if (!t->boot_due_ms || t->rang_ms || due == t->due_ms)
		return false;
	t->due_ms = due;
	return true;
}

bool timer_is_due(const struct timer *t, const struct timer_clock *now)
{
	return timer_runs(t) && timer_left(t, now) == 0;
}

static void nearest(int64_t *at, int64_t due)
{
	if (due && (!*at || due < *at))
		*at = due;
}

void timer_list_next(const struct timer_list *l, int64_t *wall_ms, int64_t *boot_ms)
{
	*wall_ms = *boot_ms = 0;
	for (const struct timer *t = l->first; t; t = t->next) {
		if (t->rang_ms)
			continue;
		if (t->boot_due_ms)
			nearest(boot_ms, t->boot_due_ms);
		else
			nearest(wall_ms, t->due_ms);
	}
}

struct store_timer timer_row(const struct timer *t, const struct timer_clock *now)
{
	return (struct store_timer){
		.id = t->id, .kind = t->kind, .name = t->name, .length_ms = t->length_ms,
		.due_ms = t->due_ms, .left_ms = t->left_ms, .boot_due_ms = t->boot_due_ms,
		.boot_id = now->boot_id, .rang_ms = t->rang_ms,
	};
}
