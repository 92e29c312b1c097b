/* SPDX-License-Identifier: MIT */
#include "base_model/splitters.h"

#include <string.h>

#include "util/macro.h"

#define LONG_S 0x17f	/* folds to s */

static bool is(const struct characters *c, size_t i, unsigned classes)
{
	return c->classes[i] & classes;
}

/* Counts what was looked at, also where the piece then ends before @stop. */
static size_t looked(struct characters *c, size_t at, size_t stop)
{
	c->n_steps += stop - at;
	return stop;
}

static size_t run_of(struct characters *c, size_t at, size_t end, unsigned classes)
{
	size_t begin = at;

	while (at < end && is(c, at, classes))
		at++;
	return looked(c, begin, at);
}

/* 's 't 're 've 'm 'll 'd: the length in characters, or 0. */
static size_t contraction(const struct characters *c, size_t at, size_t end, bool any_case)
{
	static const char *const suffixes[] = { "s", "t", "re", "ve", "m", "ll", "d" };

	if (at >= end || c->cps[at] != '\'')
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		size_t n = strlen(suffixes[i]), k = 0;

		for (; k < n && at + 1 + k < end; k++) {
			uint32_t cp = c->cps[at + 1 + k];

			if (any_case && cp >= 'A' && cp <= 'Z')
				cp += 'a' - 'A';
			if (any_case && cp == LONG_S)
				cp = 's';
			if (cp != (uint32_t)suffixes[i][k])
				break;
		}
		if (k == n)
			return 1 + n;
	}
	return 0;
}

/* \s+(?!\S)|\s+ : all of a run, but its last character where something follows. */
static size_t white_space(struct characters *c, size_t at, size_t end)
{
	size_t stop = run_of(c, at, end, CHAR_WHITE);

	return stop < end && stop - at > 1 ? stop - 1 : stop;
}

/* \s*[\r\n]+|\s+(?!\S)|\s+ : up to the last newline of a run, if it has one. */
static size_t lines(struct characters *c, size_t at, size_t end)
{
	size_t stop = run_of(c, at, end, CHAR_WHITE), last = stop;

	while (last > at && !is(c, last - 1, CHAR_NEWLINE))
		last--;
	looked(c, last, stop);
	return last > at ? last : white_space(c, at, end);
}

bool split_gpt2(struct characters *c, size_t at, size_t end, const struct splitter *p, size_t *stop)
{
	static const uint16_t words[] = { CHAR_LETTER, CHAR_NUMBER,
					  CHAR_ALL & ~(CHAR_WHITE | CHAR_LETTER | CHAR_NUMBER) };
	size_t n = contraction(c, at, end, false);
	size_t first = at + (c->cps[at] == ' ' && at + 1 < end);

	*stop = n ? at + n : white_space(c, at, end);
	for (size_t i = 0; !n && i < ARRAY_SIZE(words); i++)
		if (is(c, first, words[i]))
			*stop = run_of(c, first, end, words[i]);
	return true;
}

/* U*L+ of a cased form: the greedy run of U, or where nothing of L follows, back to where U
 * and L are both. Returns @at where it does not match. */
static size_t to_lower(struct characters *c, size_t at, size_t end)
{
	size_t stop = run_of(c, at, end, CHAR_UPPER | CHAR_CASELESS | CHAR_MARK), back = stop;

	if (stop < end && is(c, stop, CHAR_LOWER))
		return run_of(c, stop, end, CHAR_LOWER | CHAR_CASELESS | CHAR_MARK);
	while (back > at && !is(c, back - 1, CHAR_CASELESS | CHAR_MARK))
		back--;
	looked(c, back, stop);
	return back;
}

/* U+L*, where U*L+ does not match: no L follows. */
static size_t upper(struct characters *c, size_t at, size_t end)
{
	return run_of(c, at, end, CHAR_UPPER | CHAR_CASELESS | CHAR_MARK);
}

static size_t cased_word(struct characters *c, size_t at, size_t end, const struct word_form *f)
{
	size_t (*const alternatives[])(struct characters *, size_t, size_t) = { to_lower, upper };
	bool prefix = is(c, at, f->prefix);

	for (size_t i = 0; i < ARRAY_SIZE(alternatives); i++) {
		size_t first = at + prefix, stop = alternatives[i](c, first, end);

		if (prefix && stop == first)
			stop = alternatives[i](c, first = at, end);
		if (stop > first)
			return stop + (f->suffixes ? contraction(c, stop, end, true) : 0);
	}
	return at;
}

static bool is_ascii_letter(uint32_t cp)
{
	return (cp >= 'a' && cp <= 'z') || (cp >= 'A' && cp <= 'Z');
}

static size_t sign_word(struct characters *c, size_t at, size_t end)
{
	size_t stop = at + 1;

	if (c->cps[at] >= 0x80 || !is(c, at, CHAR_SIGN))
		return at;
	while (stop < end && is_ascii_letter(c->cps[stop]))
		stop++;
	return stop > at + 1 ? looked(c, at, stop) : at;
}

static size_t plain_word(struct characters *c, size_t at, size_t end, const struct word_form *f)
{
	size_t first = at;

	if (!is(c, at, f->letters) && is(c, at, f->prefix))
		first++;
	return first < end && is(c, first, f->letters) ? run_of(c, first, end, f->letters) : at;
}

static size_t signs(struct characters *c, size_t at, size_t end, const struct word_form *f)
{
	size_t first = at + (c->cps[at] == ' '), stop;

	if (first == end || !is(c, first, f->signs))
		return at;
	stop = run_of(c, first, end, f->signs);
	first = stop;
	while (f->tail && stop < end &&
	       (is(c, stop, CHAR_NEWLINE) || (f->slash && c->cps[stop] == '/')))
		stop++;
	return looked(c, first, stop);
}

bool split_words(struct characters *c, size_t at, size_t end, const struct splitter *p,
		 size_t *stop)
{
	const struct word_form *f = p->form;

	*stop = at + (f->contractions ? contraction(c, at, end, true) : 0);
	if (*stop == at && f->sign_words)
		*stop = sign_word(c, at, end);
	if (*stop == at)
		*stop = f->cased ? cased_word(c, at, end, f) : plain_word(c, at, end, f);
	if (*stop == at && f->digits && is(c, at, CHAR_NUMBER))
		*stop = run_of(c, at, MIN(end, at + f->digits), CHAR_NUMBER);
	if (*stop == at)
		*stop = signs(c, at, end, f);
	if (*stop == at && is(c, at, CHAR_WHITE))
		*stop = lines(c, at, end);
	if (*stop > at)
		return true;
	*stop = at + 1;
	return false;
}

/* What the other splitters say of a piece that begins at @at and ends at @found. */
static bool piece(size_t at, size_t found, size_t *stop)
{
	*stop = MAX(found, at + 1);
	return found > at;
}

bool split_run(struct characters *c, size_t at, size_t end, const struct splitter *p, size_t *stop)
{
	size_t i = at;

	end = MIN(end - at, p->longest) + at;
	while (i < end && is(c, i, p->classes) && c->cps[i] != p->except)
		i++;
	return piece(at, looked(c, at, i), stop);
}

bool split_spaced(struct characters *c, size_t at, size_t end, const struct splitter *p,
		  size_t *stop)
{
	size_t first = at + (is(c, at, CHAR_WHITE) && at + 1 < end);
	size_t last = run_of(c, first, end, p->classes);

	return piece(at, last > first ? last : at, stop);
}

static bool in_ranges(const struct splitter *p, uint32_t cp)
{
	size_t low = 0, high = p->n_ranges;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (cp > p->ranges[middle].last)
			low = middle + 1;
		else
			high = middle;
	}
	return low < p->n_ranges && cp >= p->ranges[low].first;
}

static size_t run_in(struct characters *c, size_t at, size_t end, const struct splitter *p)
{
	size_t i = at;

	while (i < end && in_ranges(p, c->cps[i]))
		i++;
	return looked(c, at, i);
}

bool split_ranges(struct characters *c, size_t at, size_t end, const struct splitter *p,
		  size_t *stop)
{
	return piece(at, run_in(c, at, end, p), stop);
}

bool split_spaced_ranges(struct characters *c, size_t at, size_t end, const struct splitter *p,
			 size_t *stop)
{
	size_t first = at + is(c, at, CHAR_WHITE), last = run_in(c, first, end, p);

	/* A space may be in the ranges itself. */
	return piece(at, last > first ? last : run_in(c, at, first, p), stop);
}

bool split_outside(struct characters *c, size_t at, size_t end, const struct splitter *p,
		   size_t *stop)
{
	size_t first = at + (c->cps[at] == ' '), i = first;

	while (i < end && !is(c, i, CHAR_WHITE) && !in_ranges(p, c->cps[i]))
		i++;
	return piece(at, looked(c, first, i) > first ? i : at, stop);
}

bool split_three_digits(struct characters *c, size_t at, size_t end, const struct splitter *p,
			size_t *stop)
{
	size_t i = at;

	while (i < end && i - at < 3 && c->cps[i] >= '0' && c->cps[i] <= '9')
		i++;
	return piece(at, i - at == 3 ? i : at, stop);
}

/* From the end of a run of digits to the first group of a later one. */
static size_t next_group(struct characters *c, size_t at, size_t end)
{
	size_t n = 0;

	while (at < end && n < 3) {
		at = run_of(c, at, end, CHAR_ALL & ~CHAR_DIGIT);
		n = run_of(c, at, end, CHAR_DIGIT) - at;
		at += n % 3;
	}
	return at;
}

bool split_digit_groups(struct characters *c, size_t at, size_t end, const struct splitter *p,
			size_t *stop)
{
	size_t n;

	if (!is(c, at, CHAR_DIGIT))
		return piece(at, at, stop);
	/* Behind a digit stands a group, or what there is before the first. */
	n = at && is(c, at - 1, CHAR_DIGIT) ? 3 : run_of(c, at, end, CHAR_DIGIT) - at;
	*stop = at + (n % 3 ? n % 3 : 3);
	if (n % 3)
		return false;
	if (*stop == end || !is(c, *stop, CHAR_DIGIT))
		*stop = next_group(c, *stop, end);
	return true;
}

bool split_white_end(struct characters *c, size_t at, size_t end, const struct splitter *p,
		     size_t *stop)
{
	size_t last = run_of(c, at, end, CHAR_WHITE);

	*stop = MAX(last, at + 1);
	return last == end;
}
