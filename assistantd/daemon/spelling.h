/* SPDX-License-Identifier: MIT */
/* How far one spelling is from another. */
#pragma once

#include <stddef.h>

enum { SPELLING_MAX = 40 };	/* letters of a word and its NUL */

/* Letters changed, left out, added or swapped with their neighbour (Damerau 1964), in either case;
 * words of fewer than SPELLING_MAX bytes. */
size_t spelling_distance(const char *a, size_t n, const char *b, size_t m);
/* Calls @each for what is one such mistake away from @word, of lower-case letters and an
 * apostrophe; some may come twice. Nothing for longer words. */
void spelling_mistakes(const char *word, void (*each)(void *arg, const char *text), void *arg);
