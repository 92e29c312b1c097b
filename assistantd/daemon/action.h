/* SPDX-License-Identifier: MIT */
/*
 * A plan of tool calls on behalf of one request: checked, put to the gate, asked about where
 * the gate says so, sent, read back. What is told of it is the state that was read.
 */
#pragma once

#include "assistantd/daemon/job.h"
#include "assistantd/daemon/tools.h"

enum { ACTION_CALLS_MAX = 64 };

struct action_call {
	struct action *action;
	char *entity, *name;		/* id and spoken name */
	const struct tool *tool;
	enum tools_service service;
	uint32_t level;
	char *arguments;		/* JSON, exactly as checked and confirmed */
	bool opening;
	struct policy_verdict verdict;
	enum tools_outcome outcome;
	bool verified;
	char state[32];
	uint32_t state_level;
	char text[160];			/* why it failed or was denied */
	struct tools_wait wait;
};

struct action {
	struct job *job;
	struct action_call calls[ACTION_CALLS_MAX];
	size_t n, waiting;
	bool sent;			/* nothing of it is taken back from here on */
	bool stopped;
};

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
