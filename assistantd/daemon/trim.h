/* SPDX-License-Identifier: MIT */
/* What a sentence can do without, so that it stays words of the text: a span of it. */
#pragma once

#include "assistantd/daemon/sentences.h"
#include "assistantd/daemon/words.h"

/* Without what only leads up to it ("Well, I think that …"), unless nothing would be left. */
struct span trim_front(const char *text, struct span sentence, const struct words *words);

/*
 * The longest beginning of @sentence of at most @max bytes (at least 16) that ends where a clause
 * does, else where a word does; *@cut tells whether words of the clause are missing.
 */
struct span trim_clause(const char *text, struct span sentence, size_t max, bool *cut);
