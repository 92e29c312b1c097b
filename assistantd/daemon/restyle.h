/* SPDX-License-Identifier: MIT */
/*
 * A message in another tone by rules alone (tones.h): each sentence in the ways that the rules
 * know, from which somebody chooses, or the first is taken. What would lose a name or a number is
 * no way.
 */
#pragma once

#include "assistantd/daemon/sentences.h"
#include "assistantd/daemon/tones.h"
#include "util/buf.h"

enum { RESTYLE_WAYS_MAX = 24 };

struct restyle_part {
	struct span span;	/* of the text */
	char **ways;		/* at least one; NULL after a failure */
	size_t n_ways;
	size_t chosen;
};

struct restyle {
	struct restyle_part *parts;
	size_t n;
	const char *closing;	/* what is said behind a part, or NULL */
	size_t closing_after;
};

/* The sentences of the text, each with its ways; zeroed before. 0 or -ENOMEM. */
int restyle_find(struct restyle *ret, const struct tones *tones, const struct tone *tone,
		 const char *text, size_t len);
/* Appends to @out the same text with the chosen ways: 0 or -ENOMEM. */
int restyle_join(const struct restyle *r, const char *text, size_t len, struct buf *out);
void restyle_deinit(struct restyle *r);
