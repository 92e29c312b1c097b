/* SPDX-License-Identifier: MIT */
/*
 * Which kind a short text is of, by a linear model over its terms: the columns of a table
 * (terms.h) are the kinds, and the kind with the largest sum over the text's terms, each
 * counted once, is the likely one (softmax regression; recipe/terms.py learns the numbers).
 */
#pragma once

#include "assistantd/daemon/terms.h"

/* What a text has besides its words; rows of the table as these are. */
#define SORTER_ADDRESS "<address>"	/* of the web */
#define SORTER_CAPITALS "<capitals>"	/* two words or more in capital letters */
#define SORTER_MIXED "<mixed>"		/* capitals and digits in one word */
#define SORTER_SHORT "<short>"		/* fewer than six terms */
#define SORTER_LONG "<long>"		/* twenty terms or more */

struct sorting {
	size_t kind;		/* a column */
	double share;		/* how likely it is among all kinds, 0 to 1 */
	double shares[TERMS_COLUMNS_MAX];	/* the same of every column */
	struct span evidence;	/* the words of the text that speak most for it; may be empty */
};

/*
 * Sorts @text, with what is known of where it comes from (@origin, or NULL; its terms are rows
 * that begin with "@"). 0 or -ENOMEM.
 */
int sorter_sort(const struct terms *t, const char *origin, const char *text, size_t len,
		struct sorting *ret);
