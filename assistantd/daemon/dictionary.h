/* SPDX-License-Identifier: MIT */
/*
 * A spelling dictionary of the system, of the library hunspell. Opened where a word is first
 * asked for, which takes tens of milliseconds: it belongs to one thread that may take them.
 */
#pragma once

#include <stdbool.h>

#include "util/cleanup.h"

struct dictionary;

/* That of @language ("en", "en-GB"), of that country or of any, in @folder: 0; -ENOENT where none
 * is installed; -ENOMEM. */
int dictionary_new(struct dictionary **ret, const char *folder, const char *language);
struct dictionary *dictionary_free(struct dictionary *d);
DEFINE_CLEANUP(struct dictionary *, dictionary_free)
/* Whether @word, of letters and apostrophes, is one in this case. What is longer than 40 bytes, or
 * what the dictionary has no letters for, counts as one. */
bool dictionary_knows(struct dictionary *d, const char *word);
