/* SPDX-License-Identifier: MIT */
/*
 * From a text to the commands in it. The whole is tried first, since names and texts may hold
 * an "and"; then every way to cut it at a word that joins, of which all parts must be
 * understood. A part may leave out what the one before it says: "turn on the lamp and the fan".
 *
 * A text that is none by itself can be a short form of what was said before ("and the
 * bedroom?"), or name a thing that nobody knows.
 */
#pragma once

#include <stdbool.h>

#include "assistantd/daemon/order.h"
#include "assistantd/daemon/words.h"

enum { COMMANDS_MAX = 8, COMMANDS_TRIES_MAX = 400 };

/* In the place of a name that nobody knows; such a value is in the list of names. */
#define COMMANDS_UNKNOWN "\xee\x80\x80"		/* U+E000, which no keyboard has */

enum { COMMANDS_E_NONE = 1 };	/* nothing that is known */

/* As intents_match(): the sentences and the context are the caller's. */
typedef int (*commands_match_fn)(void *arg, const char *text, size_t len,
				 struct intent_matches **ret);

/* One command with all its meanings that are equally good; at least one. */
struct command {
	struct order meanings[COMMANDS_MAX];
	size_t n;
};

struct commands {
	struct command items[COMMANDS_MAX];
	size_t n;
};

struct commands_input {
	commands_match_fn match;
	void *arg;
	const struct words *words;
	const struct order *last;	/* what was said before, or NULL */
	bool apart;			/* the whole is known to lead nowhere */
};

/* 0; COMMANDS_E_NONE; -EINVAL for a text that is not UTF-8; -E2BIG, -ENOMEM. @ret is to be
 * released in any case. */
int commands_read(const struct commands_input *in, const char *text, size_t len,
		  struct commands *ret);
/* The same for a text that only names what @in->last is meant for now: no command by itself. */
int commands_short(const struct commands_input *in, const char *text, size_t len,
		   struct commands *ret);
/*
 * A text that is understood with COMMANDS_UNKNOWN in the place of some of its words: 0, the
 * order, and where these words stand in @text; or COMMANDS_E_NONE, and the errors above.
 */
int commands_unknown(const struct commands_input *in, const char *text, size_t len,
		     struct order *ret, size_t *start, size_t *end);
void commands_deinit(struct commands *c);
/* What is left of a text without the words that say "this, too", and without its mark. */
void commands_fragment(const struct words *w, const char *text, size_t len, size_t *start,
		       size_t *end);
