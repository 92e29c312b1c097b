/* SPDX-License-Identifier: MIT */
/*
 * Runs plans of tool calls. Every call passes here on its way to a back end: arguments are
 * checked against the tool's schema, the gate decides, the user is asked about exactly what will
 * be sent, the journal is written first, and each call is sent once.
 *
 * It knows neither bus nor store: whoever runs a plan brings what the gate wants to know and is
 * told what happens, by struct executor_ops. All on one thread.
 */
#pragma once

#include <jansson.h>
#include <stdint.h>

#include "assistantd/daemon/backend.h"
#include "util/digest.h"

enum { EXECUTOR_CALLS_MAX = 64, EXECUTOR_MANY = 10, EXECUTOR_STATE_MAX = 8 * 1024,
       EXECUTOR_RESULT_MAX = 64 * 1024 };

/* How the words chose a target; the gate raises the risk of what was chosen widely. */
enum action_scope {
	ACTION_NAMED,		/* this very thing, by its name or alias */
	ACTION_PLACE,		/* by its area or kind */
	ACTION_BROAD,		/* by a floor, or as part of "everything" */
};

/* One call of a plan; everything is copied. */
struct action_spec {
	const char *tool;		/* name in the registry */
	/* An object. Its canonical bytes (compact, sorted keys) are checked, shown to the user,
	 * sent and written down. */
	const json_t *arguments;
	/* What grants, PINs and the order go by; or "". The argument "entity", where there is one,
	 * counts and not this: what is done to a door is judged as what is done to it. */
	const char *target;
	const char *title;		/* how it is spoken of: "Kitchen lamp" */
	/* Lowest label of what chose the tool, the target and every argument. */
	enum policy_label decided_by;
	enum action_scope scope;
	bool opening;			/* opens a house; facts() finds it out, too */
	bool private_data;		/* an argument holds what a tool read that reads private */
	bool required;			/* of a scene: when it fails, the rest is not run */
	bool changed;			/* takes back what somebody changed since: ask first */
	int64_t undo_of;		/* the call in the journal that it takes back, or 0 */
	const char *why;		/* "home.yaml:12"; for the audit. NULL: nothing */
	/* What is said when it is done, in place of the state: "I set a timer for 5 minutes"; ""
	 * for nothing. NULL: the state. */
	const char *done;
};

enum call_stage {
	CALL_PLANNED,
	CALL_WRITING,			/* into the journal */
	CALL_SENT,
	CALL_ENDED,			/* also: will not be run */
};

struct executor;

/* As the sides of a plan read it; theirs to write are the journal's ids, and words when it has
 * ended. */
struct planned_call {
	struct executor *executor;
	const struct tool *tool;	/* a reference; NULL: there is none of this name */
	char *tool_name, *target, *title, *why;
	char *done;			/* NULL: as the state says */
	char *arguments;		/* canonical bytes */
	json_t *parsed;			/* of these bytes; NULL: they do not fit the schema */
	struct action_spec spec;	/* what of it is no pointer */
	enum call_stage stage;
	struct policy_verdict verdict;
	bool opens;			/* it opens a house, as facts() found */
	struct digest consent;		/* of tool, arguments and label that were decided on */
	bool in_question;		/* that the user is asked, or was */
	bool agreed;			/* the user has said yes to them */
	uint64_t question;		/* id of that question, 0 without one */
	struct flight *flight;		/* while the back end has it */
	enum tools_outcome outcome;	/* OUTCOME_NOT_RUN until it ends */
	bool verified;
	json_t *before, *after;		/* states as objects, or NULL */
	char *result;			/* of a tool that reads, or NULL */
	char text[160];			/* why it failed or was denied */
	/* The journal's: id of its row, 0 while there is none; how long it can be undone. */
	int64_t journal, undo_until_ms;
};

/* How a plan came to its end; what became of each call stands there. */
enum executor_end {
	EXECUTOR_DONE,			/* run, as far as gate and user allowed */
	EXECUTOR_REFUSED,		/* the user said no to what was asked about */
	EXECUTOR_UNAVAILABLE,		/* the user cannot be asked; nothing was run */
	EXECUTOR_UNANSWERED,		/* was asked and did not answer; nothing was run */
};

enum executor_answer { EXECUTOR_NO, EXECUTOR_YES, EXECUTOR_GONE };

/* The calls that one question is about: one that needs a PIN, or all that need none. */
struct executor_question {
	const struct planned_call *calls[EXECUTOR_CALLS_MAX];
	size_t n;
};

struct executor_ops {
	/* Fills in what does not follow from the call and its tool: caller, pin, grant, agent,
	 * locked, crowded; may set opening. */
	void (*facts)(void *data, const struct planned_call *c, struct policy_input *in);
	/* Asks the user, showing each call's name and bytes as they are; answered, once, by
	 * executor_answer(). -errno: nobody can be asked. */
	int (*ask)(void *data, const struct executor_question *q);
	/* The calls are about to be sent: writes them down, then calls executor_begun(). */
	void (*begin)(void *data, struct planned_call *const *calls, size_t n);
	/* A call that was sent, or was to be, has ended. */
	void (*settle)(void *data, struct planned_call *c);
	/* The back end of a tool, or NULL. */
	const struct backend *(*backend)(void *data, const struct tool *t);
	/* The plan has ended. It may be freed. */
	void (*ended)(void *data, enum executor_end end);
};

/* 0 or -ENOMEM. @registry (NULL: it has no tools) lasts as long. */
int executor_new(struct executor **ret, const struct executor_ops *ops, void *data,
		 const struct tool_registry *registry);
/* Calls that are out go on; nobody is told of their end. */
struct executor *executor_free(struct executor *e);
DEFINE_CLEANUP(struct executor *, executor_free)

/* 0; -E2BIG beyond EXECUTOR_CALLS_MAX; -EINVAL where the arguments are no object; -ENOMEM. */
int executor_add(struct executor *e, const struct action_spec *spec);
size_t executor_count(const struct executor *e);
struct planned_call *executor_call(const struct executor *e, size_t i);
/* Calls for different targets run side by side; with this, or without a target, one by one. */
void executor_in_order(struct executor *e);

/* What the gate says of every call, and nothing more. */
void executor_decide(struct executor *e);
/* Decides and runs. ended() is called once, which may be before this returns. */
void executor_run(struct executor *e);
/* To ask(); only the first counts. @question is its id. */
void executor_answer(struct executor *e, enum executor_answer answer, uint64_t question);
/* To begin(): 0, or why the journal was not written. What is consequential is then not sent. */
void executor_begun(struct executor *e, int result);
/* Sends nothing more; what is out is awaited. True when something is out. */
bool executor_stop(struct executor *e);
/* A required call has failed: the plan was broken off. */
bool executor_broken(const struct executor *e);
