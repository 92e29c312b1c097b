/* SPDX-License-Identifier: MIT */
/*
 * From a command to the calls that it means. Which tool serves an intent, and with which
 * arguments, the tools say themselves (tools_api/binding.h); which things are meant is decided
 * here, by name, place and kind, among those that can do it.
 */
#pragma once

#include "assistantd/daemon/action.h"
#include "assistantd/daemon/order.h"
#include "assistantd/daemon/things.h"

enum {
	PLAN_E_WHICH = 1,	/* one is meant, and @choices could be it */
	PLAN_E_NONE,		/* nothing can be called; @text says why */
	PLAN_E_MANY,		/* more than EXECUTOR_CALLS_MAX calls */
};

struct plan_call {
	char *tool, *target, *title;
	char *done;			/* said in place of the state, or NULL */
	json_t *arguments;
	enum action_scope scope;
	enum policy_label label;
	char *why;
};

struct plan {
	struct plan_call calls[EXECUTOR_CALLS_MAX];
	size_t n;
	char *choices[EXECUTOR_CALLS_MAX];	/* ids of things */
	size_t n_choices;
	struct buf text;
};

#define PLAN_NULL { .n = 0 }

/* Adds the calls of @o. 0, the results above, -ENOMEM. */
int plan_add(struct plan *p, const struct job *job, const struct order *o);
/* plan-timers.c: the same for timers and reminders; -ENOENT for another intent. */
int plan_timers(struct plan *p, const struct job *job, const struct order *o);
/* Adds one call; takes @arguments. 0, -ENOMEM, PLAN_E_MANY. */
int plan_call(struct plan *p, const char *tool, const char *title, json_t *arguments,
	      const struct order *o);
void plan_deinit(struct plan *p);
/* Hands the calls to the request's action and runs it. */
void plan_run(const struct plan *p, struct job *job);
