/* SPDX-License-Identifier: MIT */
/*
 * What proofreading proposes beside a dictionary's words, and what a change must gain to be made:
 * examples/proofread/LANGUAGE.yaml, which says what its lists are. Words count in either case.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "util/cleanup.h"
#include "util/diag.h"

/* Kinds of changes, as results name them; the first ones, up to rare, take a word for a slip. */
enum change_kind {
	CHANGE_SPELLING,	/* of an unknown word: letters swapped, too many, too few */
	CHANGE_LETTER,		/* the same, with another letter */
	CHANGE_FAR,		/* of one that two mistakes are in */
	CHANGE_NAME,		/* the same, with a capital where a sentence begins */
	CHANGE_RARE,		/* a word that is rare beside one of nearly its letters */
	CHANGE_CONFUSED, CHANGE_AGREEMENT, CHANGE_ENDING, CHANGE_ARTICLE, CHANGE_APOSTROPHE,
	CHANGE_DOUBLED, CHANGE_USAGE /* of the table of what is meant instead */,
	CHANGE_SPACING, CHANGE_MISSING, CHANGE_EXTRA,
	CHANGE_PUNCTUATION, CHANGE_STOP /* at the end of a sentence */, CHANGE_CAPITAL,
	CHANGE_COUNT,
	CHANGE_BACK = CHANGE_COUNT,	/* to what stood there before a model wrote */
};

enum confusions_list { CONFUSIONS_EXTRA, CONFUSIONS_QUESTIONS,
		       CONFUSIONS_STATEMENTS, CONFUSIONS_CAPITALS, CONFUSIONS_TWICE,
		       CONFUSIONS_FOREIGN, CONFUSIONS_NAMES, CONFUSIONS_LISTS };

struct confusions;

const char *change_kind_name(enum change_kind kind);

/* 0; -EINVAL with line:column in @d; -ENOMEM; the system's errors. */
int confusions_read_fd(struct confusions **ret, int fd, struct diag *d);
struct confusions *confusions_free(struct confusions *c);
DEFINE_CLEANUP(struct confusions *, confusions_free)
/* Nats that a change of each kind must gain, [CHANGE_COUNT]. */
const double *confusions_needs(const struct confusions *c);
/* Calls @each for every word that @word may be instead. */
void confusions_each(const struct confusions *c, const char *word,
		     void (*each)(void *arg, enum change_kind kind, const char *other), void *arg);
/* Calls @each for every small word that may be left out behind @word. */
void confusions_each_missing(const struct confusions *c, const char *word,
			     void (*each)(void *arg, const char *missing), void *arg);
/* What is meant by a word, or by two with a blank, that are never right; NULL where they may be. */
const char *confusions_instead(const struct confusions *c, const char *words);
bool confusions_has(const struct confusions *c, enum confusions_list list, const char *word);
