/* SPDX-License-Identifier: MIT */
/*
 * Who may be asked for a yes: programs that registered to show questions to the user
 * (org.assistantd.Agents1). The question goes to the user, never to the caller: an agent of
 * the caller's own connection counts only where the caller is the user's hand on a terminal.
 */
#pragma once

#include "assistantd/daemon/bus.h"
#include "assistantd/daemon/caller.h"

enum { AGENT_EXPIRES_MS = 60000, AGENT_OPEN_MAX = 3, AGENT_PER_MINUTE = 5 };

enum agent_answer { AGENT_NO, AGENT_YES, AGENT_GONE };

struct agent_question {
	const char *tool, *title, *summary, *arguments;
	unsigned risk;
	const struct caller *caller;
};

typedef void (*agent_fn)(void *arg, enum agent_answer answer);

struct agents;
struct agent_wait;

int agents_new(struct agents **ret, struct loop *loop, struct bus *bus, struct callers *callers);
struct agents *agents_free(struct agents *a);
DEFINE_CLEANUP(struct agents *, agents_free)

bool agents_available(const struct agents *a, const struct caller *caller);
/* Too many questions are open, or came from this caller within a minute. */
bool agents_crowded(const struct agents *a, const struct caller *caller);
/* Asks; @done is called once unless the wait is dropped. 0, -ENOENT without an agent, -ENOMEM. */
int agents_ask(struct agents *a, const struct agent_question *q, agent_fn done, void *arg,
	       struct agent_wait **ret);
/* Takes the question back; nothing is called. */
void agent_drop(struct agent_wait *w);
/* An agent's connection left the bus. */
void agents_departed(struct agents *a, const char *sender);
