/* SPDX-License-Identifier: MIT */
/*
 * What may be a correction of spelling, grammar or punctuation, and what is another text: a
 * word becomes a similar one, or one word of grammar another; doubled words go; small words
 * and punctuation come and go. The rest of what a model changed is taken back.
 */
#pragma once

#include <stdbool.h>

#include "util/buf.h"

/*
 * Appends to @out the text @a with those changes of @b that are corrections; @rejected tells
 * whether some were not. 0 or -ENOMEM.
 */
int corrections_apply(const char *a, size_t a_len, const char *b, size_t b_len, struct buf *out,
		      bool *rejected);
