/* SPDX-License-Identifier: MIT */
/* Between the files of ask: one request while it is decided on, which is done in one go. */
#pragma once

#include "assistantd/daemon/ask.h"
#include "assistantd/daemon/commands.h"
#include "assistantd/daemon/plan.h"
#include "assistantd/daemon/references.h"

struct ask {
	char conversation[CONVERSATION_ID_MAX];
	struct choice choices[CONVERSATION_CHOICES_MAX];
	size_t n_choices;
	json_t *explanation;		/* list, or NULL */
};

struct asking {
	struct job *job;
	struct conversation *conversation;
	struct commands *commands;
	/* What is to be done: of each command the one meaning that was picked. */
	struct order orders[COMMANDS_MAX];
	size_t n_orders;
	struct plan plan;
	struct buf said;		/* answers to questions among them */
	bool answered;			/* the text was the answer to a question */
	int64_t now_ms;
};

enum { ASK_DONE = 1 };			/* the request has its answer */

/* ask-choose.c: 0, ASK_DONE, -errno. */
/* The words as an answer to the question that is open; 0 with @a->orders where they are one. */
int ask_take_answer(struct asking *a);
/* Of each command one meaning, with things in the place of "it", or a question. */
int ask_pick(struct asking *a);
/* Asks which of these is meant in the order @at. */
int ask_which(struct asking *a, size_t at, char *const *ids, size_t n);
/* Whether an order leads to something: a call, or a thing that is asked about. */
bool ask_leads(const struct asking *a, const struct order *o);
/* Moves @o to a->orders, or copies it. */
int ask_take_order(struct asking *a, struct order *o);
int ask_copy_order(struct asking *a, const struct order *o);
/* a->orders wait in the conversation until it is answered what is meant in the one @at. */
int ask_suspend(struct asking *a, size_t at);
/* That order with what was picked, @id; the others as they were. */
int ask_resume(struct asking *a, const char *id);

/* ask-names.c: 0, ASK_DONE, -errno. */
/* "No, I meant …": the last command, or the one that was asked about, with this name. */
int ask_take_correction(struct asking *a, const struct order *o);
/* Asks what it is called that nobody knows; ASK_DONE, or 0 where the text is not that. */
int ask_unknown(struct asking *a);
/* Remembers @alias for @id, as a part of the plan. */
int ask_add_alias(struct asking *a, const char *id, const char *alias, const struct order *o);

/* ask.c: the sentences' answer to a text, with the context of the request. */
int ask_match(void *arg, const char *text, size_t len, struct intent_matches **ret);
struct commands_input ask_input(struct asking *a, const struct order *last);

/* ask-writing.c: the task that the order asks for, NULL for none; and beginning it. */
const char *ask_writing_task(const struct order *o);
void ask_write(struct job *job, const struct order *o, const char *task);
/* Whether it asks for a task whose text is nowhere. */
bool ask_lacks_text(const struct job *job, const struct order *o);

/* explain.c: how each order was understood, for the results. 0 or -ENOMEM. */
int ask_explain(struct asking *a);
void explain_out(const json_t *explanation, DBusMessageIter *dict);
