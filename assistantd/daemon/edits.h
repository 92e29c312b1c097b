/* SPDX-License-Identifier: MIT */
/* What changed between a text and its correction, word by word. */
#pragma once

#include <stddef.h>

struct edit {
	size_t start, len;	/* bytes of the original */
	char *replacement;
	size_t replacement_len;
	const char *kind;	/* of the change, or NULL where that is not known */
	double confidence;	/* then, how likely it is right: 0 to 1 */
};

struct edits {
	struct edit *items;
	size_t n;
	size_t words;		/* of the original */
	size_t changed;		/* of them */
};

/* The fewest words that turn @a into @b, neighbours joined, every start moved by @offset.
 * Appends to @ret: 0 or -ENOMEM. */
int edits_compare(const char *a, size_t a_len, const char *b, size_t b_len, size_t offset,
		  struct edits *ret);
void edits_deinit(struct edits *e);
