/* SPDX-License-Identifier: MIT */
/*
 * A plan of tool calls on behalf of one request: checked, put to the gate, asked about where
 * the gate says so, sent, read back, written to the journal (executor.h). What is told of it is
 * the state that was read. A scene that fails half-way is taken back, in reverse.
 */
#pragma once

#include "assistantd/daemon/executor.h"
#include "assistantd/daemon/job.h"

struct action;

/* An empty plan, the request's own: freed with it. NULL without memory. */
struct action *action_new(struct job *job);
/* As executor_add(). */
int action_add(struct action *a, const struct action_spec *spec);
size_t action_count(const struct action *a);
/* Takes the request to its end: the gate, a question where it wants one, the calls, the answer
 * in words. The plan is complete by now and has at least one call. */
void action_run(struct action *a);

/*
 * Takes back what was done, through the same gate, and takes the request to its end: the call
 * with that id in the journal, or with 0 the last plan of this caller. What others changed since
 * is asked about first.
 */
void action_undo(struct job *job, int64_t call);
/* All calls of the request with that receipt, in reverse. */
void action_undo_request(struct job *job, int64_t receipt);

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
/* Makes ready what is left to be written down when the plan has ended. */
void action_prepare(struct action *a);
/* Writes it, on the worker's thread, behind the receipt whose the plan is. As
 * store_begin_calls(). */
int action_write(struct action *a, struct store *store, int64_t receipt);
