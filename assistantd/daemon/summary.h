/* SPDX-License-Identifier: MIT */
/* Extractive summaries, without a model: the sentences that say most of what the text says. */
#pragma once

#include "assistantd/daemon/sentences.h"

/*
 * The @want most telling sentences of the text (0: by its length), in its order, appended to
 * @ret; @best (may be NULL) gets the place in @ret of the most telling one. A sentence is
 * scored by how often its words occur in the text (Luhn 1958; SumBasic, Nenkova and
 * Vanderwende 2005: words already said count less). 0 or -ENOMEM.
 */
int summary_extract(const char *text, size_t len, size_t want, struct spans *ret, size_t *best);
