/* SPDX-License-Identifier: MIT */
/*
 * Sentence templates in the manner of Home Assistant: a request in plain words becomes the
 * name of an intent and its slots, without a model. Templates are compiled to a graph in
 * which rules and lists are shared by all that call them; nothing is ever expanded.
 *
 * A template: words, [optional], (one|of|these), (in;any;order), <rule>, {list} or
 * {list:slot}. Lists are values (templates themselves, with `in` and `out`), a range of
 * whole numbers, or a wildcard. Letters of ASCII match in either case; a blank matches any
 * number of blanks, and none beside another blank or an end. Closing .!? are ignored.
 *
 * Which match wins, first difference decides:
 *   1. fewer bytes taken by wildcards (none is best)
 *   2. more bytes that stand literally in the template
 *   3. a slot "name" before a slot "area" before neither
 * When different intents or slots remain equal, the answer is a question.
 */
#pragma once

#include <stddef.h>

#include "util/cleanup.h"
#include "util/diag.h"

#define INTENT_SLOTS_MAX 16
#define INTENT_TEXT_MAX 4096

enum {
	INTENT_E_NONE = 1,	/* no sentence matches: ask back, or leave it to the model */
	INTENT_E_AMBIGUOUS,	/* several match equally well: ask which */
	INTENT_E_INCOMPLETE,	/* a rule or list is named that does not exist; see @d */
};

struct intents;

struct intent_context {
	const char *key, *value;
};

struct intent_slot {
	const char *name;	/* owned by the set */
	char *value;
};

struct intent_match {
	const char *intent;	/* owned by the set */
	const char *response;	/* key of the response, or NULL; owned by the set */
	const char *other;	/* AMBIGUOUS: the intent of a second match */
	struct intent_slot slots[INTENT_SLOTS_MAX];
	size_t n_slots;
	size_t wildcard, literal;	/* bytes, as in the order above */
	unsigned rank;			/* 2 name, 1 area, 0 neither */
};

int intents_new(struct intents **ret);
struct intents *intents_free(struct intents *s);
DEFINE_CLEANUP(struct intents *, intents_free)

/* Adds a YAML document: language, intents, lists, expansion_rules. -EINVAL with
 * line:column, -ENOMEM; the set is then to be freed. */
int intents_load(struct intents *s, const char *text, size_t len, struct diag *d);
/* Adds a plain value to a list, made if absent: names of devices and areas. */
int intents_add_value(struct intents *s, const char *list, const char *in, const char *out);
/*
 * Binds references; to be called after the last load and before the first match. 0;
 * -ELOOP when rules call each other in a circle; INTENT_E_INCOMPLETE names the first
 * missing rule or list: the rest of the language works, that piece never matches.
 */
int intents_bind(struct intents *s, struct diag *d);

/*
 * 0 and the match, or the results above (*@ret is set for AMBIGUOUS too). -EINVAL for a
 * text that is not UTF-8, -E2BIG for one over INTENT_TEXT_MAX bytes or more than two
 * million steps, -ENOMEM.
 */
int intents_match(const struct intents *s, const char *text, size_t len,
		  const struct intent_context *context, size_t n_context,
		  struct intent_match *ret);
void intent_match_deinit(struct intent_match *m);
/* The value of a slot, or NULL. */
const char *intent_slot(const struct intent_match *m, const char *name);
