/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/talk.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "assistantd/daemon/verbatim.h"
#include "util/cleanup.h"
#include "util/macro.h"

/* Bytes that a filled line has at least, and that the name of a speaker has at most; the lines at
 * the beginning show whether a long text is a talk. */
enum { WRAPPED_MIN = 40, NAME_MAX_BYTES = 32, NAME_BLANKS = 2, LINES_LOOKED_AT = 64 };

void statements_deinit(struct statements *s)
{
	free(s->items);
	*s = (struct statements){ 0 };
}

static int add(struct statements *s, struct span speaker, struct span text)
{
	if (s->n == s->cap) {
		size_t cap = s->cap ? s->cap * 2 : 16;
		struct statement *grown = reallocarray(s->items, cap, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		s->items = grown;
		s->cap = cap;
	}
	s->items[s->n++] = (struct statement){ speaker, text };
	return 0;
}

/* The line at *@at, which is moved behind it, without the blanks around. */
static struct span next_line(const char *text, size_t len, size_t *at)
{
	const char *newline = memchr(text + *at, '\n', len - *at);
	size_t from = *at, to = newline ? (size_t)(newline - text) : len;

	*at = MIN(to + 1, len);
	while (from < to && isspace((unsigned char)text[from]))
		from++;
	while (to > from && isspace((unsigned char)text[to - 1]))
		to--;
	return (struct span){ from, to - from };
}

/* The name at the beginning of a line, with its colon and the blank behind; empty for none. */
static struct span speaker_of(const char *text, struct span line)
{
	const char *at = text + line.start;
	size_t blanks = 0, n = 0;
	bool letter = false;

	while (n < line.len && n <= NAME_MAX_BYTES && at[n] != ':') {
		if (strchr(".!?,;\"", at[n]))
			return (struct span){ line.start, 0 };
		blanks += at[n] == ' ';
		letter = letter || isalpha((unsigned char)at[n]) || (unsigned char)at[n] >= 0x80;
		n++;
	}
	if (!letter || n > NAME_MAX_BYTES || blanks > NAME_BLANKS || n + 2 >= line.len ||
	    at[n + 1] != ' ')
		return (struct span){ line.start, 0 };
	return (struct span){ line.start, n + 2 };
}

static bool same(const char *text, struct span a, struct span b)
{
	return a.len == b.len && memcmp(text + a.start, text + b.start, a.len) == 0;
}

static bool is_talk(const char *text, size_t len)
{
	struct span names[LINES_LOOKED_AT];
	size_t lines = 0, named = 0, at = 0;
	bool twice = false;

	while (at < len && lines < LINES_LOOKED_AT) {
		struct span line = next_line(text, len, &at), name = speaker_of(text, line);

		if (!line.len)
			continue;
		lines++;
		for (size_t i = 0; name.len && i < named; i++)
			twice = twice || same(text, names[i], name);
		if (name.len)
			names[named++] = name;
	}
	return twice && 2 * named >= lines;
}

/* Whether a sentence goes on from a line to the next, as in a text whose lines are of one width:
 * the line is long and does not end one, and the next begins with a letter. */
static bool goes_on(const char *text, struct span line, struct span next)
{
	char last = text[line.start + line.len - 1], first = text[next.start];

	return line.len >= WRAPPED_MIN && next.len && !strchr(".!?:;|\\", last) &&
	       (isalpha((unsigned char)first) || (unsigned char)first >= 0x80);
}

/* Ends of lines within sentences become blanks. */
static void unwrap(char *text, size_t len)
{
	struct span line = { 0 };

	for (size_t at = 0; at < len;) {
		size_t from = at;
		struct span next = next_line(text, len, &at);

		if (line.len && goes_on(text, line, next))
			text[from - 1] = ' ';
		line = next;
	}
}

/* The statements of @text, which is @original with its lines joined; where it @skips, without what
 * is quoted and who writes to whom. */
static int read_statements(const char *original, const char *text, size_t len, bool talk,
			   bool skips, struct statements *ret)
{
	size_t at = 0;
	int r = 0;

	while (r == 0 && at < len) {
		struct span line = next_line(text, len, &at), name = { 0 };
		struct spans found = { 0 };

		if (skips && verbatim_frame(original, len, line.start))
			continue;
		if (talk)
			name = speaker_of(text, line);
		line.start += name.len;
		line.len -= name.len;
		r = sentences_find(text + line.start, line.len, &found);
		for (size_t i = 0; r == 0 && i < found.n; i++) {
			found.items[i].start += line.start;
			r = add(ret, name, found.items[i]);
		}
		spans_deinit(&found);
	}
	return r;
}

int statements_find(const char *original, size_t len, struct statements *ret)
{
	_cleanup_free_ char *text = strndup(original, len);
	bool talk = is_talk(original, len);
	int r = text ? 0 : -ENOMEM;

	if (text && !talk)
		unwrap(text, len);
	if (r == 0)
		r = read_statements(original, text, len, talk, true, ret);
	/* Of a mail what it says, and where that is nothing, the rest. */
	if (r == 0 && ret->n == 0)
		r = read_statements(original, text, len, talk, false, ret);
	return r;
}
