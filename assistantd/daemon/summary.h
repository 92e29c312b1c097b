/* SPDX-License-Identifier: MIT */
/* Extractive summaries, without a model: the sentences that say most of what the text says. */
#pragma once

#include "assistantd/daemon/talk.h"
#include "assistantd/daemon/terms.h"
#include "assistantd/daemon/words.h"

struct summary_of {
	const struct terms *rarity;	/* how rare words are; NULL: all alike */
	const struct words *words;	/* what sentences can do without; NULL: nothing */
	size_t want;			/* sentences; 0: by the text's length */
	size_t longest;			/* bytes of one, which is then cut at a clause; 0: whole */
};

struct summary {
	struct statement *items;	/* in the order of the text */
	size_t n;
	size_t best;			/* the most telling one */
	bool cut;			/* words of its clause are missing */
};

/*
 * Fills @ret with the most telling sentences, without what only leads up to them. A sentence
 * tells what its words tell that no chosen one has: each word as much as it is rare in the
 * language and frequent in the text; longer sentences and those near the beginning tell more
 * (tf-idf centrality, Luhn 1958; words said once count no more, SumBasic, Nenkova and
 * Vanderwende 2005). @ret is to be released in any case. 0 or -ENOMEM.
 */
int summary_extract(const char *text, size_t len, const struct summary_of *how,
		    struct summary *ret);
void summary_deinit(struct summary *s);
