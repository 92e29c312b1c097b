/* SPDX-License-Identifier: MIT */
/*
 * Things that are not called by their name: "it", "the other one", "the left one" in answer to
 * a question.
 */
#pragma once

#include "assistantd/daemon/conversation.h"
#include "assistantd/daemon/words.h"

/* Values of the slot "name" that stand for what a conversation knows. */
#define REFERENCE_IT "=it"		/* what was meant last; all of it */
#define REFERENCE_OTHER "=other"	/* the one of the last question that was not */

enum {
	REFERENCES_E_NONE = 1,	/* nothing that it could be */
	REFERENCES_E_MANY,	/* one is meant, and there are several */
};

/*
 * The choice that an answer in words picks: by place ("the second one"), or the only one whose
 * title has all words of the answer that have weight. Its index, or -1.
 */
int reference_choice(const struct words *w, const struct choice *choices, size_t n,
		     const char *text, size_t len);

/* Whether words that can stand for a thing are in a text. */
bool reference_is_said(const struct words *w, const char *text, size_t len);

/*
 * Puts what it stands for in the place of a reference in @o, one id a line. What an earlier
 * request named is a note, whatever it was then: at best the label of notes. 0, also where
 * there is no reference; the results above; -ENOMEM.
 */
int reference_resolve(const struct conversation *c, struct order *o);
