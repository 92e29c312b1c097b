/* SPDX-License-Identifier: MIT */
/* Text as it is compared: characters without case, in compatibility form, with their places. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How a language writes. */
struct script {
	bool dotless;	/* I is the capital of a dotless i (Turkish, Azerbaijani) */
	bool blankless;	/* blanks mean nothing */
	bool part;	/* the text is a piece of a longer one: each of its blanks counts */
};

struct folded_char {
	uint32_t c;
	uint32_t start, end;	/* bytes of the text */
};

struct folded {
	struct folded_char *chars;
	size_t n, cap;
	size_t taken;	/* bytes of the text that are in there */
};

/*
 * Folds a valid UTF-8 text until it ends or about @max characters are there. A run of blanks
 * is one blank, in a blankless script only between digits; none stands at the ends, or behind
 * marks that stand alone.
 * 0 or -ENOMEM; to be released by fold_deinit() in any case.
 */
int fold_text(struct folded *f, const char *text, size_t len, struct script script, size_t max);
void fold_deinit(struct folded *f);

/* A mark that people set or leave out: .,!?;: and quotes, of all scripts. */
bool fold_is_mark(uint32_t c);
/* Whether the character at @at is a mark that is no part of a word: at its edge, or, where
 * words have no edges, not between digits. There, a blank is one, too. */
bool fold_may_pass(const struct folded *f, size_t at, struct script script);
bool fold_is_quote(uint32_t c);
bool fold_is_digit(uint32_t c);
/* A character that belongs to the one before it. */
bool fold_is_joined(uint32_t c);
