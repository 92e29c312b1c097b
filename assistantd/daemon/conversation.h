/* SPDX-License-Identifier: MIT */
/*
 * What was said lately by one caller: the last command, the things that "it" can mean, a
 * question that is open. It goes on for half an hour after the last word, also when the service
 * was started again; what is private stays in memory.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "assistantd/daemon/order.h"
#include "store/store.h"
#include "util/cleanup.h"

struct worker;

enum { CONVERSATION_ID_MAX = 33, CONVERSATION_FOCUS_MAX = 16, CONVERSATION_CHOICES_MAX = 16,
       CONVERSATION_ORDERS_MAX = 8 };

/* Something that was meant, and how well that is known. */
struct focus {
	char *entity;
	enum policy_label label;
};

struct choice {
	char *id, *title;
};

/* A question that is open: which of the choices is the name in one of the orders. */
struct pending {
	struct order orders[CONVERSATION_ORDERS_MAX];
	size_t n_orders, at;
	char *unknown;			/* what it was called that nobody knows, or NULL */
	struct choice choices[CONVERSATION_CHOICES_MAX];
	size_t n_choices;
};

struct conversation {
	char id[CONVERSATION_ID_MAX];
	char *caller;			/* identity: nobody else goes on with it */
	int64_t until_ms;
	bool is_private;		/* never written */
	struct order last;		/* intent NULL: none */
	struct focus focus[CONVERSATION_FOCUS_MAX];
	size_t n_focus;
	struct pending pending;		/* n_choices 0: none */
	char *others[CONVERSATION_CHOICES_MAX];	/* of which "the other one" is one */
	size_t n_others;
	struct conversation *next;
};

struct conversations;

/* @worker may be NULL: nothing is written. 0 or -ENOMEM. */
int conversations_new(struct conversations **ret, struct worker *worker);
struct conversations *conversations_free(struct conversations *s);
DEFINE_CLEANUP(struct conversations *, conversations_free)
/* One that was stored. 0; -EINVAL for data that is none; -ENOMEM. */
int conversations_restore(struct conversations *s, const struct store_conversation *row);
/* The one of that id, or with "last" the newest; NULL where @caller has none, or it has ended. */
struct conversation *conversations_find(struct conversations *s, const char *id,
					const char *caller, int64_t now_ms);
/* A new one, in the place of the oldest where there are too many. NULL without memory. */
struct conversation *conversations_begin(struct conversations *s, const char *caller,
					 int64_t now_ms);
/* It goes on from here: it is the newest, and is written unless it is private. */
void conversations_keep(struct conversations *s, struct conversation *c, int64_t now_ms);
/* Those of @caller are forgotten, with NULL all; the store's rows are the store's to forget. */
void conversations_forget(struct conversations *s, const char *caller);

/* Takes a copy of @o as what was said last. 0 or -ENOMEM. */
int conversation_said(struct conversation *c, const struct order *o);
void conversation_unfocus(struct conversation *c);
/* Adds a thing; beyond the most that are kept it is left out. 0 or -ENOMEM. */
int conversation_focus(struct conversation *c, const char *entity, enum policy_label label);
/* Takes these in the place of what "the other one" is one of; what is too much is left out.
 * 0 or -ENOMEM. */
int conversation_set_others(struct conversation *c, const char *const *ids, size_t n);
/* The question is answered, or of no interest any more; what it was about is remembered. */
void conversation_drop_pending(struct conversation *c);
/* 0, -ENOMEM, -E2BIG. */
int conversation_choice(struct conversation *c, const char *id, const char *title);
