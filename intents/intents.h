/* SPDX-License-Identifier: MIT */
/*
 * Sentence templates in the manner of Home Assistant: a request in plain words becomes the
 * name of an intent and its slots, without a model. Templates are compiled to a graph in
 * which rules and lists are shared by all that call them; nothing is ever expanded.
 *
 * A template: words, [optional], (one|of|these), (in;any;order), <rule>, {list} or
 * {list:slot}. Lists are values (templates themselves, with `in`, `out` and `context`), a
 * range of numbers, or a wildcard. Letters of ASCII match in either case; a blank matches any
 * number of blanks, and none beside another blank or an end. Closing .!? are ignored.
 *
 * A number of a range stands in digits, or in the words that `numbers` gives for it; where the
 * range has `fractions: halves`, with .5 or the words of `half`. `skip_words` may stand before
 * any word of a template and at the end, but inside a wildcard they are text. A block's
 * `expansion_rules` count for all that its sentences call. `requires_context` and
 * `excludes_context` ask what is true where the text was said, and of what it names: a value's
 * own context comes first. `required_keywords`: one of them stands in the text.
 * `responses` are for whoever answers, and not read here.
 *
 * Which match wins, first difference decides:
 *   1. fewer bytes taken by wildcards (none is best)
 *   2. more bytes that stand literally in the template
 *   3. more conditions of requires_context: what was made for the very thing and place
 *   4. a slot "name" before a slot "area" before an area of the context before neither
 *   5. of one intent, the slots that contain the other's
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

/* What is true where a text is said, or of a thing: area, domain, device_class. */
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
	unsigned conditions;		/* of requires_context, all of them met */
	unsigned rank;			/* 3 name, 2 area, 1 area of the context, 0 neither */
};

int intents_new(struct intents **ret);
struct intents *intents_free(struct intents *s);
DEFINE_CLEANUP(struct intents *, intents_free)

/* Adds a YAML document: language, intents, lists, expansion_rules, skip_words, numbers.
 * -EINVAL with line:column, -ENOMEM; the set is then to be freed. */
int intents_load(struct intents *s, const char *text, size_t len, struct diag *d);
/* The same for a document whose `data` are sentences of @intent, which its folder names. */
int intents_load_for(struct intents *s, const char *intent, const char *text, size_t len,
		     struct diag *d);
/* Adds a plain value to a list, made if absent: names of devices and areas. @out is what the
 * slot is given, or NULL for the words as they are said. 0 or -ENOMEM. */
int intents_add_value(struct intents *s, const char *list, const char *in, const char *out);
/* The same with what is true of it, say its domain. */
int intents_add_entity(struct intents *s, const char *list, const char *in, const char *out,
		       const struct intent_context *context, size_t n_context);
/*
 * Binds references; to be called after the last load and before the first match. 0;
 * -ELOOP when rules call each other in a circle or too deep; INTENT_E_INCOMPLETE names the
 * first missing rule or list and who needs it: the rest of the language works, that piece
 * never matches.
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
