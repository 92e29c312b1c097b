/* SPDX-License-Identifier: MIT */
/* Filters and methods of text: the label of every byte goes with it. */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "util/jinja-call.h"
#include "util/macro.h"
#include "util/utf8.h"

static int text_in(const struct call *c, struct text *ret)
{
	if (c->in->kind == UNDEFINED)
		return call_error(c, "the value is undefined");
	return value_to_text(c->r, c->n, c->in, ret);
}

/* Strips the characters of @set, or white space, from the chosen ends. */
static int strip(const struct call *c, bool left, bool right)
{
	const struct value *set = argument(c->args, 0, "chars");
	struct text t, chars = text_of(" \t\n\r\v\f");
	size_t from = 0, to;
	int e = text_in(c, &t);

	if (e < 0)
		return e;
	if (set && set->kind == STRING)
		chars = set->text;
	to = t.len;
	while (left && from < to && memchr(chars.s, t.s[from], chars.len))
		from++;
	while (right && to > from && memchr(chars.s, t.s[to - 1], chars.len))
		to--;
	return call_give_text(c, text_slice(t, from, to));
}

int text_strip(const struct call *c)
{
	return strip(c, true, true);
}

int text_lstrip(const struct call *c)
{
	return strip(c, true, false);
}

int text_rstrip(const struct call *c)
{
	return strip(c, false, true);
}

/* ASCII letters only: what templates compare are names of roles and states. */
static int change_case(const struct call *c, int (*rest)(int), int (*first)(int))
{
	struct text t, copy;
	int e = text_in(c, &t);

	if (e < 0 || (e = text_concat(c->r, t, text_of(""), &copy)) < 0)
		return e;
	for (size_t i = 0; i < copy.len; i++)
		if ((unsigned char)copy.s[i] < 0x80)
			((char *)copy.s)[i] = (char)(i ? rest : first)((unsigned char)copy.s[i]);
	return call_give_text(c, copy);
}

int text_upper(const struct call *c)
{
	return change_case(c, toupper, toupper);
}

int text_lower(const struct call *c)
{
	return change_case(c, tolower, tolower);
}

int text_capitalize(const struct call *c)
{
	return change_case(c, tolower, toupper);
}

/* The text with every @from as @to; an empty @from changes nothing. */
int text_replace(const struct call *c)
{
	struct text t, from, to, done = text_of("");
	size_t at = 0;
	int e;

	if ((e = text_in(c, &t)) < 0 || (e = call_text_argument(c, 0, "old", &from)) < 0 ||
	    (e = call_text_argument(c, 1, "new", &to)) < 0)
		return e;
	while (from.len && e == 0) {
		const char *found = memmem(t.s + at, t.len - at, from.s, from.len);
		size_t stop = found ? (size_t)(found - t.s) : t.len;

		if (!found)
			break;
		/* Pieces are gathered one by one: the arena's limit bounds what this costs. */
		e = text_concat(c->r, done, text_slice(t, at, stop), &done);
		if (e == 0)
			e = text_concat(c->r, done, to, &done);
		at = stop + from.len;
	}
	if (e == 0)
		e = text_concat(c->r, done, text_slice(t, at, t.len), &done);
	return e < 0 ? e : call_give_text(c, done);
}

int text_split(const struct call *c)
{
	struct text t, by;
	size_t n = 1, at = 0, i = 0;
	const char *found;
	int e;

	if ((e = text_in(c, &t)) < 0 || (e = call_text_argument(c, 0, "sep", &by)) < 0)
		return e;
	if (!by.len)
		return call_error(c, "an empty separator");
	for (; (found = memmem(t.s + at, t.len - at, by.s, by.len)); n++)
		at = (size_t)(found - t.s) + by.len;
	*c->ret = (struct value){ .kind = LIST, .list = list_new(c->r, n) };
	if (!c->ret->list)
		return -ENOMEM;
	for (at = 0; i < n; i++) {
		size_t stop;

		found = memmem(t.s + at, t.len - at, by.s, by.len);
		stop = found ? (size_t)(found - t.s) : t.len;
		c->ret->list->items[i] = (struct value){ .kind = STRING,
							 .text = text_slice(t, at, stop) };
		at = stop + (found ? by.len : 0);
	}
	return 0;
}

static int starts_or_ends(const struct call *c, bool starts)
{
	struct text t, part = { 0 };
	int e;

	if ((e = text_in(c, &t)) < 0 || (e = call_text_argument(c, 0, "prefix", &part)) < 0)
		return e;
	*c->ret = (struct value){ .kind = BOOL, .b = part.len <= t.len };
	if (c->ret->b && part.len)
		c->ret->b = memcmp(t.s + (starts ? 0 : t.len - part.len), part.s, part.len) == 0;
	return 0;
}

int text_startswith(const struct call *c)
{
	return starts_or_ends(c, true);
}

int text_endswith(const struct call *c)
{
	return starts_or_ends(c, false);
}

/* truncate(length=255, killwords=false, end="...", leeway=5) */
int text_truncate(const struct call *c)
{
	const struct value *length = argument(c->args, 0, "length");
	const struct value *kill = argument(c->args, 1, "killwords");
	const struct value *end = argument(c->args, 2, "end");
	const struct value *leeway = argument(c->args, 3, "leeway");
	struct text t, mark = end && end->kind == STRING ? end->text : text_of("...");
	int64_t most = length && length->kind == INT ? length->i : 255;
	int64_t spare = leeway && leeway->kind == INT ? leeway->i : 5;
	int64_t taken = (int64_t)utf8_count(mark.s, mark.len);
	size_t cut, word;
	int e = text_in(c, &t);

	if (e < 0)
		return e;
	if (most < taken || most > INT32_MAX || spare < 0 || spare > INT32_MAX)
		return call_error(c, "expected a length that has room for the end");
	if ((int64_t)utf8_count(t.s, t.len) <= most + spare)
		return call_give_text(c, t);
	word = cut = utf8_prefix(t.s, t.len, (size_t)(most - taken));
	while (word > 0 && t.s[word] != ' ')
		word--;
	if (!(kill && value_truth(kill)) && word > 0)
		cut = word;
	e = text_concat(c->r, text_slice(t, 0, cut), mark, &t);
	return e < 0 ? e : call_give_text(c, t);
}
