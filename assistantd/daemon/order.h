/* SPDX-License-Identifier: MIT */
/*
 * One command as it was understood: the intent, its slots, whence each value came. It outlives
 * the sentences that it was matched by, so that a question can be asked in between.
 */
#pragma once

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "intents/intents.h"
#include "tools_api/tools_api.h"

struct order_slot {
	char *name, *value;
	size_t start, end;		/* of the words in the text; equal for none */
	enum policy_label label;
};

struct order {
	char *text;			/* what was said, or what an ellipsis was completed to */
	char *intent, *response;	/* response: key, or NULL */
	char *why;			/* file:line of the sentence */
	enum policy_label label;	/* of what says what is to be done */
	struct order_slot slots[INTENT_SLOTS_MAX];
	size_t n_slots;
};

#define ORDER_NULL { 0 }

/* What the user said has the label of the user; 0 or -ENOMEM, with @o empty. */
int order_init(struct order *o, const char *text, size_t len, const struct intent_match *m);
void order_deinit(struct order *o);
int order_copy(struct order *o, const struct order *from);
/* The value of a slot, or NULL. */
const char *order_slot(const struct order *o, const char *name);
const struct order_slot *order_slot_find(const struct order *o, const char *name);
/* Sets or adds a slot. 0, -ENOMEM, -E2BIG. */
int order_set(struct order *o, const char *name, const char *value, enum policy_label label);
void order_unset(struct order *o, const char *name);
/* The lowest label of it and all its slots. */
enum policy_label order_label(const struct order *o);
/* A whole number without sign; @otherwise where there is none. */
long order_number(const struct order *o, const char *name, long otherwise);

/* For the store; NULL without memory. From it: 0, -EINVAL, -ENOMEM, with @o empty. */
json_t *order_to_json(const struct order *o);
int order_from_json(struct order *o, const json_t *object);
