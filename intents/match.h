/* SPDX-License-Identifier: MIT */
/* What a walk has found so far, and what becomes of it. */
#pragma once

#include "intents/intents-private.h"

/* A slot that a walk has filled. */
struct capture {
	const char *name;
	const char *out;		/* NULL: the words themselves */
	const struct value *value;	/* whose context holds, or NULL */
	size_t start, end;
};

struct matcher {
	const struct intents *set;
	const char *text;
	size_t len, end;	/* end: without closing marks */
	struct capture captures[INTENT_SLOTS_MAX];
	size_t n, wildcard, literal, steps, depth;
	size_t slot_at;		/* one more than where the list being walked begins */
	const struct intent_context *context;
	size_t n_context;
	const struct sentence *sentence;
	struct intent_match best;
	bool have, tie;
	bool tail[INTENT_TEXT_MAX + 1];	/* only skip words from here on */
	int error;
};

bool intents_blank(char c);
/* Small letters of ASCII. */
char intents_fold(char c);

/* Whether a text has one of the words that the block asks for. */
bool block_has_keyword(const struct matcher *m, const struct block *b);
/* A whole walk: it is kept if it is better than the one before. */
void match_complete(struct matcher *m);
