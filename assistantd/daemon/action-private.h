/* SPDX-License-Identifier: MIT */
/* Between action.c, which runs a plan for a request, action-journal.c, which writes it down, and
 * undo.c, which takes it back. */
#pragma once

#include "assistantd/daemon/action.h"

struct action {
	struct job *job;
	struct executor *plan;
	struct executor *back;		/* what takes a broken scene back, or NULL */
	enum executor_end end;
	struct undo *undo;		/* while the journal is asked what to take back, or NULL */
	struct rest *rest;		/* what action_write() writes, or NULL */
	int64_t journal;		/* the plan's id there, 0 before it is written */
	bool unwritten;			/* the journal could not be written */
	struct buf note;		/* what else is to be said */
};

/* Calls of @a in the order of their making, of the plan and of taking it back. NULL past the
 * last. */
struct planned_call *action_call(const struct action *a, size_t i);

/* As struct executor_ops wants them. */
void journal_begin(struct action *a, struct executor *e, struct planned_call *const *calls,
		   size_t n);
void journal_settle(struct action *a, struct planned_call *c);

void rest_free(struct rest *rest);
/* The arguments that may be written down, as JSON: the caller's, or NULL. */
char *journal_arguments(const struct planned_call *c);

/* The calls that take back what @plan did, last first: 0 with *@ret NULL where there are none. */
int undo_scene(struct action *a, const struct executor *plan, struct executor **ret);
/* Nobody waits for it any more. */
void undo_drop(struct undo *u);

/* An executor that runs for @a; 0 or -ENOMEM. */
int action_executor(struct action *a, struct executor **ret);
