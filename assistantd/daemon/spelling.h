/* SPDX-License-Identifier: MIT */
/* How far one spelling is from another. */
#pragma once

#include <stddef.h>

enum { SPELLING_MAX = 40 };	/* letters of a word and its NUL */

/* Letters changed, left out, added or swapped with their neighbour (Damerau 1964), in either case;
 * words of fewer than SPELLING_MAX bytes. */
size_t spelling_distance(const char *a, size_t n, const char *b, size_t m);
/* How unlikely it is that who meant @meant has typed @typed, in nats: fingers and ears swap, double
 * and leave out letters, and mistake vowels and neighbouring keys, sooner than they put others in
 * their place, and seldom at a word's ends. In either case; as above. */
double spelling_unlikely(const char *typed, size_t n, const char *meant, size_t m);
/* Calls @each for what is one such mistake away from @word, of lower-case letters and an
 * apostrophe; some may come twice. Nothing for longer words. */
void spelling_mistakes(const char *word, void (*each)(void *arg, const char *text), void *arg);
