/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/sentences.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/macro.h"

int spans_add(struct spans *s, size_t start, size_t end)
{
	struct span *grown;

	if (s->n == s->cap) {
		size_t cap = s->cap ? s->cap * 2 : 16;

		grown = reallocarray(s->items, cap, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		s->items = grown;
		s->cap = cap;
	}
	s->items[s->n++] = (struct span){ start, end - start };
	return 0;
}

void spans_deinit(struct spans *s)
{
	free(s->items);
	*s = (struct spans){ 0 };
}

void text_on_one_line(char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (isspace((unsigned char)text[i]))
			text[i] = ' ';
}

bool has_letters(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (isalpha((unsigned char)text[i]) || (unsigned char)text[i] >= 0x80)
			return true;
	return false;
}

static bool is_blank(char c)
{
	return isspace((unsigned char)c);
}

enum { ABBREVIATION_MAX = 6 };

/* Words before whose full stop no sentence ends; longer ones are not gone through. */
static bool abbreviation(const char *text, size_t start, size_t stop)
{
	static const char *const words[] = { "Mr", "Mrs", "Ms", "Dr", "Prof", "St", "vs", "etc",
					     "e.g", "i.e", "No", "approx", "Jr", "Sr" };
	size_t from = stop;

	while (from > start && stop - from <= ABBREVIATION_MAX && !is_blank(text[from - 1]))
		from--;
	if (stop - from == 1 && isupper((unsigned char)text[from]))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strlen(words[i]) == stop - from &&
		    memcmp(words[i], text + from, stop - from) == 0)
			return true;
	return false;
}

/* Where the sentence that begins at @start ends; @end bounds its line. */
static size_t sentence_end(const char *text, size_t start, size_t end)
{
	for (size_t i = start; i < end; i++) {
		size_t after = i + 1;

		if (!strchr(".!?", text[i]) || (text[i] == '.' && abbreviation(text, start, i)))
			continue;
		while (after < end && strchr(".!?\"')", text[after]))
			after++;
		if (after == end || is_blank(text[after]))
			return after;
		/* Of as many signs as a text may have, none ends it elsewhere. */
		i = after - 1;
	}
	return end;
}

int sentences_find(const char *text, size_t len, struct spans *ret)
{
	size_t at = 0, line = 0;

	while (at < len) {
		const char *newline;
		size_t end;
		int r;

		if (is_blank(text[at])) {
			at++;
			continue;
		}
		/* One long line is searched for its end only once. */
		if (at >= line) {
			newline = memchr(text + at, '\n', len - at);
			line = newline ? (size_t)(newline - text) : len;
		}
		end = sentence_end(text, at, line);
		while (end > at && is_blank(text[end - 1]))
			end--;
		r = spans_add(ret, at, end);
		if (r < 0)
			return r;
		at = end;
	}
	return 0;
}

/* A sentence that is longer than a piece, cut at blanks, or anywhere between characters. */
static int add_long(struct spans *ret, const char *text, struct span s, size_t max)
{
	size_t at = s.start, end = s.start + s.len;

	while (at < end) {
		size_t stop = MIN(at + max, end);
		int r;

		if (stop < end) {
			size_t blank = stop;

			while (blank > at && !is_blank(text[blank]))
				blank--;
			if (blank > at)
				stop = blank;
			while (stop > at + 1 && ((unsigned char)text[stop] & 0xc0) == 0x80)
				stop--;
		}
		r = spans_add(ret, at, stop);
		if (r < 0)
			return r;
		for (at = stop; at < end && is_blank(text[at]); at++)
			;
	}
	return 0;
}

int sentences_pack(const char *text, size_t len, size_t max, struct spans *ret)
{
	struct spans found = { 0 };
	int r = sentences_find(text, len, &found);

	for (size_t i = 0; r == 0 && i < found.n; i++) {
		struct span s = found.items[i], *last = ret->n ? &ret->items[ret->n - 1] : NULL;
		size_t end = s.start + s.len;

		if (s.len > max)
			r = add_long(ret, text, s, max);
		else if (last && end - last->start <= max &&
			 !memchr(text + last->start, '\n', end - last->start))
			last->len = end - last->start;
		else
			r = spans_add(ret, s.start, end);
	}
	spans_deinit(&found);
	return r;
}
