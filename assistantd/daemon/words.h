/* SPDX-License-Identifier: MIT */
/*
 * Words that hold a conversation together, for the languages that are spoken: examples/
 * words.yaml. Letters count in either case where it is asked for words.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "util/cleanup.h"
#include "util/diag.h"

enum words_kind {
	WORDS_BETWEEN,		/* between two commands, with their blanks */
	WORDS_ALSO,		/* in front of what the last command is meant for, too */
	WORDS_IT, WORDS_THEM, WORDS_OTHER,
	WORDS_SKIP,		/* of no weight in the answer to a question */
	WORDS_NOT,		/* what makes an order its opposite */
	WORDS_ORDINALS,		/* with a number: from 1 on, or -1 for the last */
	WORDS_FILLERS,		/* what only leads up to a sentence, with its blank */
	WORDS_KIND_COUNT,
};

struct word {
	const char *text;	/* owned by the set */
	long number;		/* of an ordinal */
};

struct words;

/* Those of @languages, in their order; one that the file does not have adds nothing. 0; -EINVAL
 * with line:column in @d; -ENOMEM; the system's errors. */
int words_read_fd(struct words **ret, int fd, const char *const *languages, size_t n_languages,
		  struct diag *d);
struct words *words_free(struct words *w);
DEFINE_CLEANUP(struct words *, words_free)
/* NULL past the last; no words where @w is NULL. */
const struct word *words_at(const struct words *w, enum words_kind kind, size_t i);
/* The one that @text (of @len bytes) is, in either case; NULL for none. */
const struct word *words_find(const struct words *w, enum words_kind kind, const char *text,
			      size_t len);

/* Whether one of the words between blanks in @text is of that kind. */
bool words_has(const struct words *w, enum words_kind kind, const char *text, size_t len);

/* Whether two texts are the same but for case (Unicode). */
bool words_equal(const char *a, size_t a_len, const char *b, size_t b_len);
