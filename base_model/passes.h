/* SPDX-License-Identifier: MIT */
/*
 * What cuts text into words: each tokenizer's expressions, one pass an expression. A general
 * engine would backtrack, and on input of one kind of character that is where others overflow
 * their stack or take quadratic time; here every character is looked at a few times.
 */
#pragma once

#include "base_model/characters.h"

struct pass;

/* Where the piece that begins at @at ends; the text ends at @end. False: none begins before
 * *@stop, which is beyond @at. */
typedef bool (*pass_fn)(struct characters *c, size_t at, size_t end, const struct pass *p,
			size_t *stop);

struct range {
	uint32_t first, last;
};

/* The expressions of most families since GPT-4 are alternatives of one form, in this order:
 *   (?i:'s|'t|'re|'ve|'m|'ll|'d)	contractions
 *   [!-/:-@\[-`{-~][A-Za-z]+		sign_words: a sign of ASCII, then its letters
 *   [prefix]?[letters]+		or, cased, two alternatives, see below
 *   \p{N}{1,digits}
 *    ?[signs]+[tail]*
 *   \s*[\r\n]+|\s+(?!\S)|\s+
 * cased, where U is [\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}] and L is [\p{Ll}\p{Lm}\p{Lo}\p{M}]:
 *   [prefix]?U*L+ and [prefix]?U+L*, each with (?i:'s|…)? behind it if suffixes. */
struct word_form {
	bool contractions, sign_words, cased, suffixes;
	bool slash;		/* the tail is [\r\n/], not [\r\n] */
	bool tail;
	uint16_t prefix, letters, signs;	/* classes */
	size_t digits;
};

struct pass {
	pass_fn fn;
	uint16_t classes;
	size_t longest;		/* characters of a piece */
	uint32_t except;	/* a character that is in none */
	const struct range *ranges;	/* ascending */
	size_t n_ranges;
	const struct word_form *form;
};

/* 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+ */
bool pass_gpt2(struct characters *c, size_t at, size_t end, const struct pass *p, size_t *stop);
/* By @p->form. */
bool pass_words(struct characters *c, size_t at, size_t end, const struct pass *p, size_t *stop);
/* [classes]{1,longest} without the character except */
bool pass_run(struct characters *c, size_t at, size_t end, const struct pass *p, size_t *stop);
/* \s?[classes]+ */
bool pass_spaced(struct characters *c, size_t at, size_t end, const struct pass *p, size_t *stop);
/* [ranges]+ */
bool pass_ranges(struct characters *c, size_t at, size_t end, const struct pass *p, size_t *stop);
/* \s?[ranges]+ */
bool pass_spaced_ranges(struct characters *c, size_t at, size_t end, const struct pass *p,
			size_t *stop);
/*  ?[^\s ranges]+ */
bool pass_outside(struct characters *c, size_t at, size_t end, const struct pass *p, size_t *stop);
/* [0-9][0-9][0-9] */
bool pass_three_digits(struct characters *c, size_t at, size_t end, const struct pass *p,
		       size_t *stop);
/* (?=(\d{3})+(?!\d)): before each group of three digits, counted from the last, in pieces that
 * begin no later than their digits. */
bool pass_digit_groups(struct characters *c, size_t at, size_t end, const struct pass *p,
		       size_t *stop);
/* \s+$ */
bool pass_white_end(struct characters *c, size_t at, size_t end, const struct pass *p,
		    size_t *stop);
