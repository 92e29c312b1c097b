/* SPDX-License-Identifier: MIT */
/* Between action.c, which runs the calls, and action-say.c, which puts into words what became
 * of them. */
#pragma once

#include "assistantd/daemon/action.h"
#include "assistantd/daemon/backend.h"

struct action_call {
	struct action *action;
	char *tool_name, *target, *title, *why;
	const struct tool *tool;	/* NULL: there is none of this name */
	json_t *parsed;
	char *arguments;		/* canonical bytes */
	enum policy_label decided_by;
	enum action_scope scope;
	bool opening;
	struct policy_verdict verdict;
	struct flight *flight;		/* while the back end has it */
	enum tools_outcome outcome;
	bool verified;
	json_t *before, *after;		/* states, or NULL */
	char *result;			/* of a tool that reads, or NULL */
	char text[160];			/* why it failed or was denied */
};

struct action {
	struct job *job;
	struct action_call calls[ACTION_CALLS_MAX];
	size_t n, waiting;
	bool sent;			/* nothing of it is taken back from here on */
	bool stopped;
};

/* "on", "" where it is not known. */
const char *action_state_text(const struct action_call *c);
/* Appends what became of the plan, one sentence each. 0 or -ENOMEM. */
int action_say(const struct action *a, struct buf *out);
