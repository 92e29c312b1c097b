/* SPDX-License-Identifier: MIT */
/*
 * Asking the user: by programs that registered to show questions (org.assistantd.Agents1), or
 * else by a notification with buttons. The question goes to the user, never to the caller: an
 * agent of the caller's own process counts only where it is the user's hand on a terminal. A
 * question is about exact calls, is answered once, and expires; nothing but a clear yes is one.
 */
#pragma once

#include "assistantd/daemon/bus.h"
#include "assistantd/daemon/caller.h"

struct apps;
struct config;
struct grants;
struct notify;
struct pins;
struct screen;

/* One call that is asked about, as it will be sent: @arguments are its exact bytes. */
struct agent_call {
	const char *tool, *title, *target, *arguments;
	enum policy_risk risk;
	bool pin;		/* a yes must bring the target's PIN */
	bool always;		/* "always" may be answered: it gets a standing grant */
};

/* Where the words came from that chose it. */
struct agent_source {
	enum policy_label label;
	const char *origin, *excerpt;
};

enum { AGENT_CALLS_MAX = 64, AGENT_SOURCES_MAX = 16, AGENT_EXCERPT_MAX = 512 };

struct agent_question {
	const struct caller *caller;
	const char *title, *summary;		/* in words */
	const struct agent_call *calls;		/* one to AGENT_CALLS_MAX */
	size_t n_calls;
	const struct agent_source *sources;	/* shown by agents only; excerpts are cut */
	size_t n_sources;
	const char *parent_window;		/* NULL: not known */
	bool undo;		/* it can be taken back */
};

enum agent_answer {
	AGENT_NO,		/* the user's, or nobody's in time */
	AGENT_YES,
	AGENT_GONE,		/* nobody could be asked (any more) */
};

struct agent_outcome {
	enum agent_answer answer;
	uint64_t id;		/* of the question; never one that was before */
	const char *by;		/* identity of the agent, "notification", or "" */
	const char *why;	/* of a no, or of nobody: in words; "" for a yes */
	bool always;		/* the grants have been made */
};

/* The outcome's texts last for the call. */
typedef void (*agent_fn)(void *arg, const struct agent_outcome *outcome);

struct agents;
struct agent_wait;

/* What questions need. All live longer than the agents. */
struct agents_setup {
	struct loop *loop;
	struct bus *bus;
	struct callers *callers;
	struct notify *notify;
	struct screen *screen;
	struct pins *pins;
	struct grants *grants;
	struct apps *apps;
	const struct config *config;
};

int agents_new(struct agents **ret, const struct agents_setup *setup);
struct agents *agents_free(struct agents *a);
DEFINE_CLEANUP(struct agents *, agents_free)

/* Somebody can be asked on behalf of @caller; where @full, somebody who also shows sources and
 * takes a PIN, which a notification does not. */
bool agents_available(const struct agents *a, const struct caller *caller, bool full);
/* Too many questions are open, or came from this caller within a minute. */
bool agents_crowded(const struct agents *a, const struct caller *caller);
/*
 * Asks; everything is copied. One PIN is entered, which must be that of every target that needs
 * one; @done hears of a yes only then. @done is called once, later, unless the wait is dropped. 0;
 * -ENOENT where nobody can be asked or the screen is locked; -EINVAL without a call or with
 * too many; -ENOMEM.
 */
int agents_ask(struct agents *a, const struct agent_question *q, agent_fn done, void *arg,
	       struct agent_wait **ret);
/* Takes the question back; nothing is called. NULL is ignored. */
void agent_drop(struct agent_wait *w);
/* A connection left the bus. */
void agents_departed(struct agents *a, const char *sender);
/* The screen was locked or unlocked: questions that are open are taken back when it is. */
void agents_screen_changed(struct agents *a);
