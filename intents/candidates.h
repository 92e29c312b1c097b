/* SPDX-License-Identifier: MIT */
/* From ways through the program to matches: which things are meant, and what is true of them. */
#pragma once

#include "intents/run.h"

/* More meanings of one text than anyone asks about. */
#define CANDIDATES_MAX 512

struct candidates {
	struct intent_match *items;
	size_t n;
};

/* All that @text, as run from the root, can mean, in no order. 0 or -ENOMEM. */
int candidates_find(struct candidates *c, struct run *r, const char *text,
		    const struct intent_context *context, size_t n_context);
void match_deinit(struct intent_match *m);

/* Puts them in order, says why the others lost, and keeps INTENT_MATCHES_MAX; returns how many
 * are best. */
size_t candidates_order(struct candidates *c);
