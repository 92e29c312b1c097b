/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/sorter.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/macro.h"

enum { SHORT_TERMS = 6, LONG_TERMS = 20 };

struct sum {
	const struct terms *t;
	uint8_t *seen;		/* [rows] */
	double totals[TERMS_COLUMNS_MAX];
};

static void count(struct sum *s, const char *term)
{
	size_t row = terms_find(s->t, term);

	if (row == terms_rows(s->t) || s->seen[row])
		return;
	s->seen[row] = 1;
	for (size_t i = 0; i < terms_columns(s->t); i++)
		s->totals[i] += (double)terms_row(s->t, row)[i];
}

static void count_origin(struct sum *s, const char *origin)
{
	char name[TERM_MAX + 1];
	struct term term;
	size_t at = 0;

	while (terms_next(origin, strlen(origin), &at, &term)) {
		snprintf(name, sizeof(name), "@%s", term.text);
		count(s, name);
	}
}

/* name.tld, www. or :// inside of a word of @len bytes. */
static bool is_address(const char *word, size_t len)
{
	if (memmem(word, len, "://", 3) || (len > 4 && strncasecmp(word, "www.", 4) == 0))
		return true;
	for (size_t i = 1; i + 2 < len; i++) {
		size_t letters = i + 1;

		if (word[i] != '.' || !isalnum((unsigned char)word[i - 1]))
			continue;
		while (letters < len && islower((unsigned char)word[letters]))
			letters++;
		if (letters - i > 2 && (letters == len || word[letters] == '/'))
			return true;
	}
	return false;
}

/* What the words between blanks look like. */
static void count_looks(struct sum *s, const char *text, size_t len)
{
	size_t capitals = 0;

	for (size_t at = 0, end; at < len; at = end + 1) {
		size_t upper = 0, digits = 0;

		for (end = at; end < len && !isspace((unsigned char)text[end]); end++) {
			upper += isupper((unsigned char)text[end]) != 0;
			digits += isdigit((unsigned char)text[end]) != 0;
		}
		capitals += upper > 2 && upper + 1 >= end - at;
		if (is_address(text + at, end - at))
			count(s, SORTER_ADDRESS);
		else if (upper && digits && upper + digits >= 4)
			count(s, SORTER_MIXED);
	}
	if (capitals > 1)
		count(s, SORTER_CAPITALS);
}

static void count_text(struct sum *s, const char *text, size_t len)
{
	struct term term;
	size_t at = 0, n = 0;

	for (; terms_next(text, len, &at, &term); n++)
		count(s, term.text);
	if (n < SHORT_TERMS)
		count(s, SORTER_SHORT);
	else if (n >= LONG_TERMS)
		count(s, SORTER_LONG);
	count_looks(s, text, len);
}

/* How much more a term speaks for @kind than for the others on average. */
static double speaks(const struct terms *t, const char *term, size_t kind)
{
	size_t row = terms_find(t, term), n = terms_columns(t);
	double sum = 0;

	if (row == terms_rows(t))
		return 0;
	for (size_t i = 0; i < n; i++)
		sum += (double)terms_row(t, row)[i];
	return (double)terms_row(t, row)[kind] - sum / (double)n;
}

/* Whether a line or a sentence ends in the bytes between two terms. */
static bool parted(const char *between, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (between[i] == '\n' || (between[i] == '.' && i + 1 < len))
			return true;
	return false;
}

/* Of all runs of terms of one sentence the one with the largest sum, where a term that says
 * nothing costs a little. */
static struct span evidence(const struct terms *t, const char *text, size_t len, size_t kind)
{
	const double idle = 0.35, least = 0.9;
	struct span best = { 0 };
	double sum = 0, top = least;
	size_t at = 0, start = 0, last = 0;
	struct term term;

	while (terms_next(text, len, &at, &term)) {
		if (sum <= 0 || parted(text + last, term.span.start - last)) {
			sum = 0;
			start = term.span.start;
		}
		last = term.span.start + term.span.len;
		sum += speaks(t, term.text, kind) - idle;
		if (sum > top) {
			top = sum;
			best = (struct span){ start, last - start };
		}
	}
	return best;
}

int sorter_sort(const struct terms *t, const char *origin, const char *text, size_t len,
		struct sorting *ret)
{
	_cleanup_free_ uint8_t *seen = calloc(terms_rows(t) + 1, 1);
	struct sum s = { .t = t, .seen = seen };
	double all = 0;

	if (!seen)
		return -ENOMEM;
	*ret = (struct sorting){ 0 };
	count(&s, TERM_ALWAYS);
	if (origin)
		count_origin(&s, origin);
	count_text(&s, text, len);
	for (size_t i = 1; i < terms_columns(t); i++)
		if (s.totals[i] > s.totals[ret->kind])
			ret->kind = i;
	for (size_t i = 0; i < terms_columns(t); i++) {
		ret->shares[i] = exp(s.totals[i] - s.totals[ret->kind]);
		all += ret->shares[i];
	}
	for (size_t i = 0; i < terms_columns(t); i++)
		ret->shares[i] /= all;
	ret->share = ret->shares[ret->kind];
	ret->evidence = evidence(t, text, len, ret->kind);
	return 0;
}
