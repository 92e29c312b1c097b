/* SPDX-License-Identifier: MIT */
/* Whether a text in other words still says what it said, as far as plain code can tell. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Whether @b has the numbers and the names of @a and no others; names are words with a capital
 * inside a sentence. Of a text with more words than phrase.h takes this cannot be told: false. */
bool faithful_facts(const char *a, size_t a_len, const char *b, size_t b_len);
/* That, and whether @b says no, or not, as @a does, and has every "my", "your" and the like that
 * @a has; of English. */
bool faithful(const char *a, size_t a_len, const char *b, size_t b_len);
