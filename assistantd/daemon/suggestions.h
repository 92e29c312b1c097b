/* SPDX-License-Identifier: MIT */
/*
 * Changes that plain code proposes to a text: what may be meant by words that are unknown, rare or
 * taken for others, and signs and capitals. Whether they are made is not decided here.
 */
#pragma once

#include "assistantd/daemon/proofreader.h"
#include "util/buf.h"

/* What a model writes in place of some words fits, too. */
enum { SUGGESTION_MAX = 192 };

/* What stands around a text that is part of another. */
struct surroundings {
	bool begins, ends;	/* a sentence begins, and one ends, at its own ends */
	/* How much speaks for the proofreader's language in front of it and behind: language.h. */
	double before, behind;
};

struct suggestion {
	size_t start, len;		/* of the text, in bytes */
	char text[SUGGESTION_MAX];	/* what would stand there */
	enum change_kind kind;
	double more;			/* nats that it must gain beyond what its kind needs */
};

/* Zeroed is empty. */
struct suggestions {
	struct suggestion *items;
	size_t n, cap;
};

void suggestions_deinit(struct suggestions *p);
/* What is right whatever is meant, in the order of the text: blanks before signs, "i", and capitals
 * where sentences begin. 0, or 1 where some of the text is of another language, for which nothing
 * is suggested; -ENOMEM. */
int suggestions_certain(const struct proofreader *p, const char *text, size_t len,
			const struct surroundings *around, struct suggestions *ret);
/* All others that may be right, and returns the same. */
int suggestions_find(const struct proofreader *p, const char *text, size_t len,
		     const struct surroundings *around, struct suggestions *ret);
/* Appends the text with these changes, which ascend and do not overlap: 0 or -ENOMEM. */
int suggestions_apply(const char *text, size_t len, const struct suggestion *const *changes,
		      size_t n, struct buf *out);
