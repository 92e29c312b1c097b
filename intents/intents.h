/* SPDX-License-Identifier: MIT */
/*
 * Sentence templates in the manner of Home Assistant: a request in plain words becomes the
 * name of an intent and its slots, without a model. All templates of a language become one
 * automaton over characters, in which rules and lists are shared by all that call them;
 * nothing is ever expanded.
 *
 * A template: words, [optional], (one|of|these), (in;any;order), <rule>, {list} or
 * {list:slot}; a backslash takes the meaning from the character behind it. Lists are values
 * (templates themselves, with `in`, `out` and `context`), a range of numbers, or a wildcard.
 * Text is compared without case, in its compatibility form (utf8proc), with one kind of dash,
 * apostrophe and digit; a blank matches any number of blanks, and none beside another blank, an
 * end, or a number in digits (30%, 5min). Marks like .,!?;: and quotes at the edge of a word may
 * stand in a text where the template has none; where a template has .,!?; they may be missing.
 * What stands in any order is words of their own. `settings: ignore_whitespace` is for languages
 * without blanks.
 *
 * A number of a range (`from`, `to`, `step`, `fractions: halves` or `tenths`) stands in digits,
 * or in the words that `numbers` gives for it; a half also in the words of `half` behind it.
 * The slot is given it times `multiplier`.
 * `skip_words` may stand before any word of a template and at the end, but not inside what a
 * list matches. A block's `expansion_rules` and `lists` count for all that its sentences call.
 * `requires_context` and `excludes_context` ask what is true where the text was said, and of
 * what it names: a value's own context comes first, and a place that is said beside it must
 * not contradict it, nor may a slot be said twice with two values. `required_keywords`: one of
 * them stands in the text. `responses` are for whoever answers and `metadata` for other
 * programs: neither is read here.
 *
 * Which match wins, first difference decides:
 *   1. fewer characters taken by wildcards (none is best)
 *   2. more characters that stand in the template or in a value, fewer that were passed over
 *   3. more conditions of requires_context: what was made for the very thing and place
 *   4. a thing whose context has the area of the caller
 *   5. a slot "name" before a slot "area" before an area of the context before neither
 *   6. of one intent, the slots that contain the other's
 * Of two wildcards in one sentence the first takes as little as it can. When different intents
 * or slots remain equal, the answer is a question.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "util/cleanup.h"
#include "util/diag.h"

#define INTENT_SLOTS_MAX 16
#define INTENT_MATCHES_MAX 64

enum {
	INTENT_E_NONE = 1,	/* no sentence matches: ask back, or leave it to the model */
	INTENT_E_AMBIGUOUS,	/* several match equally well: ask which */
	INTENT_E_INCOMPLETE,	/* something of the language never matches; see the warnings */
};

struct intents;

/* What is true where a text is said, or of a thing: area, domain, device_class. A key that
 * stands several times has all these values. */
struct intent_context {
	const char *key, *value;
};

/* A value of a list that is not the language's: a device, a place. It is said as @in, which
 * is no template, and the slot is given @out. */
struct intent_entity {
	const char *list;
	const char *in, *out;
	const struct intent_context *context;
	size_t n_context;
};

enum intent_source {
	INTENT_SAID,	/* words of the text */
	INTENT_FIXED,	/* the sentence's block has it */
	INTENT_CONTEXT,	/* copied from the context */
};

struct intent_slot {
	const char *name;	/* owned by the set */
	/* `out` of the value, a number in digits, or the words without closing marks. */
	char *value;
	size_t start, end;	/* SAID: bytes of the text, with closing marks; else 0, 0 */
	enum intent_source source;
};

enum intent_loss {
	INTENT_WON,
	INTENT_LOST_WILDCARD,
	INTENT_LOST_LITERAL,
	INTENT_LOST_CONDITIONS,
	INTENT_LOST_NEARER,
	INTENT_LOST_RANK,
	INTENT_LOST_CONTAINED,
	INTENT_LOST_CONTEXT,	/* the words fit, what is asked of the context does not */
	INTENT_LOST_KEYWORDS,	/* the words fit, none of required_keywords is among them */
	INTENT_LOSS_COUNT,
};

struct intent_match {
	const char *intent;	/* owned by the set, as are the next four */
	const char *response;	/* key of the response, or NULL */
	const char *file, *template;
	const char *unmet;	/* LOST_CONTEXT: the key that does not fit; else NULL */
	uint32_t line;
	struct intent_slot slots[INTENT_SLOTS_MAX];
	size_t n_slots;
	size_t wildcard, literal;	/* characters, as in the order above */
	unsigned conditions;		/* of requires_context */
	unsigned nearer;		/* 1 for a thing of the caller's area */
	unsigned rank;			/* 3 name, 2 area, 1 area of the context, 0 neither */
	enum intent_loss lost;
};

/* First the best, all of them WON, then the others in their order, at last those whose
 * context or keywords do not fit; INTENT_MATCHES_MAX in all. */
struct intent_matches {
	struct intent_match *items;
	size_t n, n_best;
};

int intents_new(struct intents **ret);
struct intents *intents_free(struct intents *s);
DEFINE_CLEANUP(struct intents *, intents_free)

/*
 * Adds a YAML document: language, settings, intents, lists, expansion_rules, skip_words,
 * numbers. @file is the name that warnings and matches have for it. -EINVAL with line:column,
 * or -ENOMEM: the set is as it was before.
 */
int intents_load(struct intents *s, const char *file, const char *text, size_t len,
		 struct diag *d);
/* The same for a document whose `data` are sentences of @intent, which its folder names. */
int intents_load_for(struct intents *s, const char *file, const char *intent, const char *text,
		     size_t len, struct diag *d);

/* Takes these in place of those of the call before; cheap, and allowed at any time. 0,
 * -ENOMEM (nothing has changed), -EINVAL for a value that is not UTF-8. */
int intents_set_entities(struct intents *s, const struct intent_entity *entities, size_t n);

/*
 * Compiles; once, after the last load and before the first match. 0; INTENT_E_INCOMPLETE:
 * there are warnings, and what they name never matches while the rest works; -ENOMEM; -E2BIG
 * for keywords and words to skip with more than a thousand slots.
 * "name", "area" and "floor" may be lists without any value.
 */
int intents_bind(struct intents *s);

struct intent_warning {
	char *file;
	uint32_t line;
	char *text;
};

/* What intents_load() and intents_bind() found; owned by the set. */
const struct intent_warning *intents_warnings(const struct intents *s, size_t *n);

/*
 * 0 or the results above; *@ret may have matches for NONE too, all lost, and is NULL for
 * errors: -EINVAL for a text that is not UTF-8, -E2BIG where it takes more than a million
 * steps, -ENOMEM. A text may have any length, but behind its first 256 characters it can
 * only be a wildcard that goes to the end.
 */
int intents_match(const struct intents *s, const char *text, size_t len,
		  const struct intent_context *context, size_t n_context,
		  struct intent_matches **ret);
struct intent_matches *intent_matches_free(struct intent_matches *m);
DEFINE_CLEANUP(struct intent_matches *, intent_matches_free)

/* A slot or its value, or NULL. */
const struct intent_slot *intent_slot_find(const struct intent_match *m, const char *name);
const char *intent_slot(const struct intent_match *m, const char *name);
/* Why a match lost, as a phrase: "more of it is taken by wildcards". */
const char *intent_loss_text(enum intent_loss lost);
