/* SPDX-License-Identifier: MIT */
/*
 * The words that are usual in a language, and how usual: a file of lines, each a word of ASCII
 * letters and apostrophes, a blank and the binary logarithm of how often it was seen. A name has
 * its capital.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "util/cleanup.h"
#include "util/diag.h"

enum { WORDLIST_WORD_MAX = 40 };	/* with the NUL */

struct wordlist;

struct wordlist_word {
	const char *text;	/* owned by the list */
	unsigned level;		/* log2 of how often */
};

/* 0; -EINVAL with the line in @d; -ENOMEM; the system's errors. */
int wordlist_read_fd(struct wordlist **ret, int fd, struct diag *d);
struct wordlist *wordlist_free(struct wordlist *w);
DEFINE_CLEANUP(struct wordlist *, wordlist_free)
/* In either case; NULL where it is not usual. */
const struct wordlist_word *wordlist_find(const struct wordlist *w, const char *text);
/* The usual words that are @text but for one mistake (a letter too many, too few, another, or two
 * swapped): the more usual ones first, at most @max. Returns how many. */
size_t wordlist_slips(const struct wordlist *w, const char *text, const struct wordlist_word **ret,
		      size_t max);
/* These, and where they are fewer than @max, what longer words are but for two mistakes. */
size_t wordlist_near(const struct wordlist *w, const char *text, const struct wordlist_word **ret,
		     size_t max);
