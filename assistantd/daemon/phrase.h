/* SPDX-License-Identifier: MIT */
/* A sentence as words and signs, and phrases and patterns that are looked for in it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { PHRASE_TOKENS_MAX = 512, PATTERN_SLOTS_MAX = 2 };

struct phrase_token {
	size_t start, len;	/* bytes of the text */
	bool word;		/* and no sign */
	bool glued;		/* no blank before it */
};

struct phrase {
	const char *text;
	struct phrase_token tokens[PHRASE_TOKENS_MAX];
	size_t n;
};

/* Cuts the @len bytes at @text, which stay where they are: false when there are more than
 * PHRASE_TOKENS_MAX. A word has letters, digits and apostrophes, and may have ".", "," or ":"
 * between digits; any other sign stands alone. */
bool phrase_cut(struct phrase *ret, const char *text, size_t len);
/* Whether the token is this, without regard to the case of ASCII letters. */
bool phrase_is(const struct phrase *p, size_t token, const char *word, size_t len);
/* Tokens that @say covers from @at on, 0 if it is not there. Signs of @say must follow without
 * a blank exactly where they do so there. */
size_t phrase_find_at(const struct phrase *p, size_t at, const char *say);

/* Words, sorted by strcmp() and in small letters. */
struct word_set {
	const char **items;
	size_t n;
};

bool word_set_has(const struct word_set *s, const char *word, size_t len);

/* What a pattern's slots may hold. */
struct phrase_lists {
	struct word_set verbs;		/* that an order may begin with */
	struct word_set finite;		/* "is" and the like: they make words a sentence */
	struct word_set subjects;	/* that begin a sentence of their own behind a comma */
};

struct capture {
	const char *name;	/* of the slot; NULL: none */
	size_t name_len, from, n;	/* tokens */
};

struct match {
	struct capture slots[PATTERN_SLOTS_MAX];
};

/*
 * Whether all tokens of @p from @from on are what @pattern says: words in small letters with
 * blanks between, "a|b" for either, "a?" for one that may be missing, and {slots}, each one or
 * more tokens: {do} begins with a verb of an order that no finite one follows; {clause} begins
 * with a subject or has a finite verb; {np} is up to six words, {rest} anything.
 */
bool pattern_matches(const struct phrase *p, size_t from, const char *pattern,
		     const struct phrase_lists *lists, struct match *ret);
/* NULL, or what is wrong with a pattern. */
const char *pattern_defect(const char *pattern);
/* Whether @pattern has a slot of this name. */
bool pattern_has(const char *pattern, const char *name, size_t len);
