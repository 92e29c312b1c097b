/* SPDX-License-Identifier: MIT */
/*
 * The journal of tool calls: one row for each, written before the call is sent and settled when
 * its end is known. It is what undoing goes by, and what tells later who did what and why.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/label.h"

struct store;

/* Strings may be NULL where marked. JSON is text here. */
struct store_call {
	int64_t id;		/* set by the store, never used again */
	int64_t plan;		/* calls of one plan share it: the id of its first */
	int64_t request;	/* receipt; 0 until that is written */
	int64_t time_ms, settled_ms;	/* settled_ms 0: sent, and nothing more is known */
	const char *caller;
	const char *tool, *target, *title;	/* target "": the tool has none */
	unsigned risk;		/* as the tool has it, 0 for one that only reads */
	const char *verdict, *reason;	/* of the gate, by name */
	/* Filled only where the request is not private. */
	const char *arguments;	/* JSON, those that may be written down; or NULL */
	const char *why;	/* what chose the call: "home.yaml:12"; or NULL */
	const char *before, *after;	/* states, JSON, or NULL */
	const char *undo_tool, *undo_arguments;	/* the inverse call, or NULL */
	enum store_label label;	/* lowest of what decided the call */
	const char *consent;	/* what the user was shown and agreed to, by digest; or NULL */
	const char *outcome;	/* "sending", then what became of it */
	const char *text;	/* why it failed, or NULL */
	bool verified, is_private;
	int64_t undo_until_ms;
	int64_t undo_of;	/* the call that this one takes back, or 0 */
	int64_t undone_by;	/* the call that took this one back, or 0 */
};

/* What a call's row is before it is settled. */
#define STORE_SENDING "sending"

/*
 * Writes @n calls in one transaction and sets their ids, and their plan where it is 0: then they
 * are the first of theirs. A call whose outcome is not STORE_SENDING is settled at once. @calls
 * are untouched unless 0 is returned. -EINVAL: a required string is missing, or text not UTF-8.
 */
int store_begin_calls(struct store *s, struct store_call *calls, size_t n);
/*
 * Writes what became of the call c->id: settled_ms, outcome, text, verified, before, after,
 * undo_…; and where it has taken another one back, notes that there. STORE_E_NOT_FOUND: it was
 * forgotten meanwhile.
 */
int store_settle_call(struct store *s, const struct store_call *c);
/* The plan belongs to a receipt. 0 also where its rows were forgotten. */
int store_link_calls(struct store *s, int64_t plan, int64_t receipt);
/* Settles as "sent" whatever was sent when the program ended; *@n gets how many there were. To
 * be called before the first call is begun. */
int store_recover_calls(struct store *s, int64_t now_ms, unsigned *n);

/* A zeroed query matches everything. */
struct store_call_query {
	int64_t id, plan, request;
	const char *caller;
	int64_t since_ms;	/* inclusive */
	int64_t until_ms;	/* exclusive; 0 = no end */
	int64_t before_id;	/* only older rows, to page; 0 = from the newest */
	uint32_t limit;		/* 0 = 100; at most 1000 */
};

/* As store_history(): newest first, the strings last for the call. */
typedef int (*store_call_fn)(void *arg, const struct store_call *c);
int store_calls(struct store *s, const struct store_call_query *q, store_call_fn fn, void *arg);
/* The newest plan of @caller that changed something, was not itself taking back another, and was
 * not taken back. STORE_E_NOT_FOUND. */
int store_last_plan(struct store *s, const char *caller, int64_t *plan);
