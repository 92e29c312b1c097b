/* SPDX-License-Identifier: MIT */
/*
 * The tools timer/… and reminder/…: what has passed the gate is done to the list, and told
 * when it is written, so that "done" means that it outlives the service. `before` has what an
 * undo needs: the id that a new one gets, what is left of an old one, the way back of a change.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assistantd/daemon/timers.h"
#include "assistantd/daemon/when.h"
#include "util/macro.h"

/* A call whose row is being written. */
struct timer_call {
	backend_fn done;
	void *arg;
	json_t *before, *after;
};

/* What somebody else may have changed since; not how much of it time has taken. */
static json_t *state_of(const struct timer *t)
{
	return json_pack("{s:s, s:I, s:s, s:s, s:I}",
			 "state", timer_runs(t) ? "running" : t->rang_ms ? "over" : "paused",
			 "id", (json_int_t)t->id,
			 "kind", t->kind == STORE_TIMER ? "timer" : "reminder", "name", t->name,
			 "seconds", (json_int_t)((t->length_ms + 999) / 1000));
}

static json_t *state_before(const struct timer *t)
{
	json_t *state = state_of(t);
	struct timer_clock now;

	timer_clock_now(&now);
	json_object_set_new(state, "left", json_integer((timer_left(t, &now) + 999) / 1000));
	json_object_set_new(state, "at", json_integer(t->due_ms / 1000));
	return state;
}

static void written(void *arg, int result)
{
	struct timer_call *c = arg;
	const struct backend_result r = {
		/* It is in the list all the same: it works until the service ends. */
		.outcome = result == 0 ? OUTCOME_DONE : OUTCOME_SENT,
		.verified = result == 0,
		.before = c->before, .after = c->after,
		.text = result == 0 ? "" : "it could not be written down",
	};

	c->done(c->arg, &r);
	json_decref(c->before);
	json_decref(c->after);
	free(c);
}

static void answer_now(backend_fn done, void *arg, enum tools_outcome outcome, const json_t *state,
		       const char *text)
{
	const struct backend_result r = { .outcome = outcome, .verified = outcome != OUTCOME_FAILED,
					  .before = state, .after = state, .text = text };

	done(arg, &r);
}

/* Takes @before; writes @timer, or removes it. */
static int write_call(struct timers *t, struct timer *timer, json_t *before, bool drop,
		      backend_fn done, void *arg)
{
	struct timer_call *c = calloc(1, sizeof(*c));
	int r;

	if (!c) {
		json_decref(before);
		return -ENOMEM;
	}
	*c = (struct timer_call){ done, arg, before, drop ? json_pack("{s:s}", "state", "none")
							  : state_of(timer) };
	r = drop ? timers_remove(t, timer, written, c) : timers_write(t, timer, written, c);
	if (r < 0) {
		json_decref(c->before);
		json_decref(c->after);
		free(c);
	}
	return r;
}

static json_int_t number(const json_t *arguments, const char *key)
{
	return json_integer_value(json_object_get(arguments, key));
}

static const char *text(const json_t *arguments, const char *key)
{
	const char *s = json_string_value(json_object_get(arguments, key));

	return s ? s : "";
}

/* Makes room by what has rung; then the new one, and back out of it where it is not written. */
static int begin(struct timers *t, const json_t *arguments, bool reminder, backend_fn done,
		 void *arg)
{
	struct timer_list *l = timers_list(t);
	struct timer_clock now;
	struct timer *timer;
	json_t *before;
	int r;

	timer_clock_now(&now);
	for (timer = l->first; timer && !timer->rang_ms;)
		timer = timer->next;
	if (l->n == TIMERS_MAX && timer)
		timers_remove(t, timer, NULL, NULL);
	if (reminder && number(arguments, "at") <= now.wall / 1000) {
		answer_now(done, arg, OUTCOME_FAILED, NULL, "that time is past");
		return 0;
	}
	r = reminder ? timer_list_remind(l, text(arguments, "text"),
					 number(arguments, "at") * 1000, &now, &timer)
		     : timer_list_start(l, text(arguments, "name"),
					number(arguments, "seconds") * 1000, &now, &timer);
	if (r == -ENOSPC) {
		answer_now(done, arg, OUTCOME_FAILED, NULL, "there are 64 timers already");
		return 0;
	}
	if (r < 0)
		return r;
	before = json_pack("{s:s, s:I}", "state", "none", "id", (json_int_t)timer->id);
	r = write_call(t, timer, before, false, done, arg);
	if (r < 0)
		timer_list_drop(l, timer);
	return r;
}

static int start(struct timers *t, struct timer *timer, const json_t *arguments, backend_fn done,
		 void *arg)
{
	(void)timer;
	return begin(t, arguments, false, done, arg);
}

static int remind(struct timers *t, struct timer *timer, const json_t *arguments, backend_fn done,
		  void *arg)
{
	(void)timer;
	return begin(t, arguments, true, done, arg);
}

static int cancel(struct timers *t, struct timer *timer, const json_t *arguments, backend_fn done,
		  void *arg)
{
	(void)arguments;
	return write_call(t, timer, state_before(timer), true, done, arg);
}

/* More or less time; what would be less than nothing ends now. */
static int add(struct timers *t, struct timer *timer, const json_t *arguments, backend_fn done,
	       void *arg)
{
	json_t *before = state_before(timer);
	struct timer_clock now;
	int64_t left, change = number(arguments, "seconds") * 1000;

	timer_clock_now(&now);
	left = MAX(timer_left(timer, &now) + change, INT64_C(1));
	json_object_set_new(before, "back", json_integer(-number(arguments, "seconds")));
	timer_set_left(timer, left, &now);
	timer->length_ms = MAX(timer->length_ms + change, INT64_C(1000));
	return write_call(t, timer, before, false, done, arg);
}

static int pause_or_resume(struct timers *t, struct timer *timer, bool pausing, backend_fn done,
			   void *arg)
{
	json_t *before = state_before(timer);
	struct timer_clock now;
	int r;

	timer_clock_now(&now);
	r = pausing ? timer_pause(timer, &now) : timer_resume(timer, &now);
	if (r == 0)
		return write_call(t, timer, before, false, done, arg);
	if (timer->kind == STORE_REMINDER)
		answer_now(done, arg, OUTCOME_FAILED, before, "a reminder cannot be paused");
	else
		answer_now(done, arg, OUTCOME_ALREADY, before, "");
	json_decref(before);
	return 0;
}

static int pause_timer(struct timers *t, struct timer *timer, const json_t *arguments,
		       backend_fn done, void *arg)
{
	(void)arguments;
	return pause_or_resume(t, timer, true, done, arg);
}

static int resume(struct timers *t, struct timer *timer, const json_t *arguments, backend_fn done,
		  void *arg)
{
	(void)arguments;
	return pause_or_resume(t, timer, false, done, arg);
}

static const struct {
	const char *tool;
	bool is_new;
	int (*run)(struct timers *t, struct timer *timer, const json_t *arguments,
		   backend_fn done, void *arg);
} tools[] = {
	{ "timer/start", true, start },	 { "reminder/set", true, remind },
	{ "timer/cancel", false, cancel }, { "timer/add", false, add },
	{ "timer/pause", false, pause_timer }, { "timer/resume", false, resume },
};

int timers_call(struct timers *t, const struct tool *tool, const json_t *arguments,
		backend_fn done, void *arg)
{
	struct timer *timer = timer_list_find(timers_list(t), number(arguments, "id"));

	for (size_t i = 0; i < ARRAY_SIZE(tools); i++) {
		if (strcmp(tool->name, tools[i].tool) != 0)
			continue;
		if (!tools[i].is_new && (!timer || timer->rang_ms)) {
			answer_now(done, arg, OUTCOME_FAILED, NULL, "there is no such timer");
			return 0;
		}
		return tools[i].run(t, timer, arguments, done, arg);
	}
	return -ENOTSUP;
}

/* As the @after of a result: what an undo would change. */
int timers_read(struct timers *t, const struct tool *tool, const json_t *arguments,
		backend_fn done, void *arg)
{
	struct timer *timer = timer_list_find(timers_list(t), number(arguments, "id"));
	json_t *state;

	if (strncmp(tool->name, "timer/", 6) != 0 || !json_object_get(arguments, "id"))
		return -ENOTSUP;
	state = timer ? state_of(timer) : json_pack("{s:s}", "state", "none");
	answer_now(done, arg, OUTCOME_DONE, state, "");
	json_decref(state);
	return 0;
}
