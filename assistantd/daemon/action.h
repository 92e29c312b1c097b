/* SPDX-License-Identifier: MIT */
/*
 * A plan of tool calls on behalf of one request: checked, put to the gate, asked about where
 * the gate says so, sent, read back. What is told of it is the state that was read.
 */
#pragma once

#include <jansson.h>

#include "assistantd/daemon/job.h"

enum { ACTION_CALLS_MAX = 64 };

/* How the words chose a target; the gate raises the risk of what was chosen widely. */
enum action_scope {
	ACTION_NAMED,		/* this very thing, by its name or alias */
	ACTION_PLACE,		/* by its area or kind */
	ACTION_BROAD,		/* by a floor, or as part of "everything" */
};

/* One call of the plan; everything is copied. */
struct action_spec {
	const char *tool;		/* name in the registry */
	/* An object. Its canonical bytes (compact, sorted keys) are checked, shown to the user,
	 * sent and written down. */
	const json_t *arguments;
	const char *target;		/* what grants and PINs are kept for; an id, or "" */
	const char *title;		/* how it is spoken of: "Kitchen lamp" */
	/* Lowest label of what chose the tool, the target and every argument. */
	enum policy_label decided_by;
	enum action_scope scope;
	bool opening;			/* opens a house; found out here, too */
	const char *why;		/* "home.yaml:12"; for the audit. NULL: nothing */
};

struct action;

/* An empty plan, the request's own: freed with it. NULL without memory. */
struct action *action_new(struct job *job);
/* 0; -E2BIG beyond ACTION_CALLS_MAX; -EINVAL where the arguments are no object; -ENOMEM. */
int action_add(struct action *a, const struct action_spec *spec);
size_t action_count(const struct action *a);
/* Takes the request to its end: the gate, a question where it wants one, the calls, the answer
 * in words. The plan is complete by now and has at least one call. */
void action_run(struct action *a);

/* What a sentence wants of the home, as a plan; what it cannot be is asked back. Takes the
 * request to its end. */
void action_begin(struct job *job, const struct intent_match *m);
/* A question about a state. */
void action_state(struct job *job, const struct intent_match *m);
/* The request is closed: true when commands are out, whose effect is awaited still. */
bool action_stop(struct job *job);
void action_free(struct action *a);
/* The calls as results of the request, and as the effects of its receipt (the caller's). */
void action_out(const struct action *a, DBusMessageIter *dict);
char *action_effects(const struct action *a);
