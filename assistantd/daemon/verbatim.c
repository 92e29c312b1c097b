/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/verbatim.h"

#include <ctype.h>
#include <string.h>

#include "assistantd/daemon/sentences.h"
#include "util/macro.h"

/* A line without a break may be as long as a text: what is farther off does not matter. One that is
 * longer than code is may speak of some. */
enum { LINE_BYTES = 512, CODE_BYTES = 120 };

static bool holds(const char *line, size_t len, const char *what)
{
	return memmem(line, len, what, strlen(what)) != NULL;
}

/* The line around @at, without the blanks around it. */
static struct span line_around(const char *text, size_t len, size_t at)
{
	size_t from = at, to = at;

	while (from > 0 && at - from < LINE_BYTES && text[from - 1] != '\n')
		from--;
	while (to < len && to - at < LINE_BYTES && text[to] != '\n')
		to++;
	while (from < to && isspace((unsigned char)text[from]))
		from++;
	while (to > from && isspace((unsigned char)text[to - 1]))
		to--;
	return (struct span){ from, to - from };
}

static bool is_code(const char *line, size_t len)
{
	static const char *const signs[] = { "==", "!=", "&&", "||", "++)", "();", "::", "</",
					     "/>" };
	char last = line[len - 1];

	if (len > CODE_BYTES)
		return false;
	if (last == '{' || last == '}')
		return true;
	if (last == ';' && strcspn(line, "=()[]<>") < len)
		return true;
	if (len > 1 && (memcmp(line, "$ ", 2) == 0 || memcmp(line, "//", 2) == 0))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(signs); i++)
		if (holds(line, len, signs[i]))
			return true;
	return false;
}

static bool is_head(const char *line, size_t len)
{
	static const char *const names[] = { "From: ", "To: ", "Cc: ", "Bcc: ", "Date: ", "Sent: ",
					     "Reply-To: ", "Message-ID: " };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (len > strlen(names[i]) && memcmp(line, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

bool verbatim_frame(const char *text, size_t len, size_t at)
{
	struct span s = line_around(text, len, at);

	return s.len && (text[s.start] == '>' || is_head(text + s.start, s.len));
}

bool verbatim_line(const char *text, size_t len, size_t at)
{
	struct span s = line_around(text, len, at);

	return verbatim_frame(text, len, at) || (s.len && is_code(text + s.start, s.len));
}

/* An odd number of grave accents stands before it, and one behind. */
static bool is_in_accents(const char *text, size_t len, size_t at)
{
	struct span s = line_around(text, len, at);
	size_t before = 0;

	for (size_t i = s.start; i < at; i++)
		before += text[i] == '`';
	return before % 2 && at < s.start + s.len &&
	       memchr(text + at, '`', s.start + s.len - at);
}

bool verbatim_word(const char *text, size_t len, size_t at)
{
	size_t from = at, to = at;

	while (from > 0 && at - from < LINE_BYTES && !isspace((unsigned char)text[from - 1]))
		from--;
	while (to < len && to - at < LINE_BYTES && !isspace((unsigned char)text[to]))
		to++;
	for (size_t i = from; i < to; i++)
		if (strchr("@\\_=<>{}", text[i]))
			return true;
	return holds(text + from, to - from, "://") || holds(text + from, to - from, "www.") ||
	       text[from] == '/' || is_in_accents(text, len, at);
}
