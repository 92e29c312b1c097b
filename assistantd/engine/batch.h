/* SPDX-License-Identifier: MIT */
/*
 * Who goes into the next pass, with how many tokens. Pure: the scheduler asks before every
 * pass, so a change of plan (a request that came, ended or was cancelled) takes effect at the
 * next token.
 *
 * What is promised:
 * - The leading lane is the interactive one while anything of it runs, else the background.
 *   Each of its texts that is being written gets a token in every pass.
 * - Beside such a text, a pass has at most BATCH_CHUNK tokens: a long prompt, however long,
 *   delays the next token by one chunk and no more.
 * - Of the room that prompts have, the oldest gets half, and the rest goes to the shortest:
 *   a short prompt does not wait behind a long one, and a long one never stands still.
 * - Guesses (copy drafting) are for the leading lane, at most BATCH_GUESSES of a pass.
 * - Beside the interactive lane, background requests are paused but for a share: together
 *   one token for BATCH_SHARE interactive ones, at least BATCH_LEAST in every pass. Who
 *   waited longest goes first. So each of them is served at least once in as many passes as
 *   there are of them, and an interactive stream by itself shares its pass with BATCH_LEAST
 *   tokens at most.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* BATCH_SCORES: tokens of texts that are scored, each with a row of logits, of one pass. */
enum { BATCH_CHUNK = 64, BATCH_GUESSES = 32, BATCH_SHARE = 8, BATCH_LEAST = 2,
       BATCH_SCORES = 64 };

struct batch_entry {
	bool interactive;
	size_t pending;		/* tokens to compute: 1 while it writes, more while it reads */
	size_t wishes;		/* tokens that it would guess */
	uint64_t served;	/* the pass that served it last */
	/* The plan. */
	size_t tokens;		/* of the pending ones; 0: it waits */
	size_t guesses;
};

/* Plans one pass of at most @max_tokens (at least 8) for @e, in order of arrival; one token at
 * least is given, tokens and guesses together are no more than @max_tokens. */
void batch_plan(struct batch_entry *e, size_t n, size_t max_tokens);
