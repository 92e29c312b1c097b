/* SPDX-License-Identifier: MIT */
/*
 * What cuts text into words: each tokenizer's expressions, one splitter an expression. A general
 * engine would backtrack, and on input of one kind of character that is where others overflow
 * their stack or take quadratic time; here every character is looked at a few times.
 */
#pragma once

#include "base_model/characters.h"

struct splitter;

/* Where the piece that begins at @at ends; the text ends at @end. False: none begins before
 * *@stop, which is beyond @at. */
typedef bool splitter_fn(struct characters *c, size_t at, size_t end, const struct splitter *p,
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

struct splitter {
	splitter_fn *fn;
	uint16_t classes;
	size_t longest;		/* characters of a piece */
	uint32_t except;	/* a character that is in none */
	const struct range *ranges;	/* ascending */
	size_t n_ranges;
	const struct word_form *form;
};

/* 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+ */
splitter_fn split_gpt2;
/* By @p->form. */
splitter_fn split_words;
/* [classes]{1,longest} without the character except */
splitter_fn split_run;
/* \s?[classes]+ */
splitter_fn split_spaced;
/* [ranges]+ */
splitter_fn split_ranges;
/* \s?[ranges]+ */
splitter_fn split_spaced_ranges;
/*  ?[^\s ranges]+ */
splitter_fn split_outside;
/* [0-9][0-9][0-9] */
splitter_fn split_three_digits;
/* (?=(\d{3})+(?!\d)): before each group of three digits, counted from the last, in pieces that
 * begin no later than their digits. */
splitter_fn split_digit_groups;
/* \s+$ */
splitter_fn split_white_end;
