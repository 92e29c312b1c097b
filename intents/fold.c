/* SPDX-License-Identifier: MIT */
/*
 * Compatibility decomposition and case folding by utf8proc, one character at a time, so that
 * each result knows the bytes that it comes from. Decomposed, because a template may be cut
 * anywhere: a suffix that begins with an accent is then still the same characters.
 */
#include "intents/fold.h"

#include <errno.h>
#include <stdlib.h>
#include <utf8proc.h>

#include "util/macro.h"
#include "util/utf8.h"

/* A character comes to at most 18 (U+FDFA). */
#define DECOMPOSED_MAX 32

static const uint32_t marks[] = {
	'!', '"', ',', '.', ':', ';', '?',
	0x00a1, 0x00ab, 0x00bb, 0x00bf, 0x037e, 0x055c, 0x055e, 0x0589, 0x060c, 0x061b, 0x061f,
	0x06d4, 0x0964, 0x0965, 0x1362, 0x201c, 0x201d, 0x201e, 0x201f, 0x2026, 0x3001, 0x3002,
	0x300c, 0x300d, 0x300e, 0x300f,
};

static const uint32_t quotes[] = {
	'"', 0x00ab, 0x00bb, 0x201c, 0x201d, 0x201e, 0x201f, 0x300c, 0x300d, 0x300e, 0x300f,
};

static bool one_of(uint32_t c, const uint32_t *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (list[i] == c)
			return true;
	return false;
}

bool fold_is_mark(uint32_t c)
{
	return one_of(c, marks, ARRAY_SIZE(marks));
}

bool fold_is_quote(uint32_t c)
{
	return one_of(c, quotes, ARRAY_SIZE(quotes));
}

bool fold_is_digit(uint32_t c)
{
	return c >= '0' && c <= '9';
}

static utf8proc_category_t category(uint32_t c)
{
	return utf8proc_category((utf8proc_int32_t)c);
}

bool fold_is_joined(uint32_t c)
{
	utf8proc_category_t k = category(c);

	return k == UTF8PROC_CATEGORY_MN || k == UTF8PROC_CATEGORY_MC ||
	       k == UTF8PROC_CATEGORY_ME;
}

bool fold_may_pass(const struct folded *f, size_t at, struct script script)
{
	size_t from = at, to = at + 1;

	if (script.blankless && f->chars[at].c == ' ')
		return true;
	if (!fold_is_mark(f->chars[at].c))
		return false;
	while (from > 0 && fold_is_mark(f->chars[from - 1].c))
		from--;
	while (to < f->n && fold_is_mark(f->chars[to].c))
		to++;
	if (from == 0 || to == f->n)
		return true;
	if (script.blankless)
		return !fold_is_digit(f->chars[from - 1].c) || !fold_is_digit(f->chars[to].c);
	return f->chars[from - 1].c == ' ' || f->chars[to].c == ' ';
}

void fold_deinit(struct folded *f)
{
	free(f->chars);
	*f = (struct folded){ 0 };
}

static int add(struct folded *f, struct folded_char c)
{
	if (f->n == f->cap) {
		size_t cap = f->cap ? 2 * f->cap : 64;
		struct folded_char *grown = reallocarray(f->chars, cap, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		f->chars = grown;
		f->cap = cap;
	}
	f->chars[f->n++] = c;
	return 0;
}

/* Digits of all scripts stand in tens that begin at a multiple of 16 or at six more. */
static uint32_t ascii_digit(uint32_t c)
{
	uint32_t ten = c & ~15u;

	if (c < 0x80 || category(c) != UTF8PROC_CATEGORY_ND)
		return c;
	return '0' + (category(ten) == UTF8PROC_CATEGORY_ND ? c - ten : c - ten - 6);
}

static uint32_t without_dots(uint32_t c)
{
	return c == 'I' ? 0x0131 : c == 0x0130 ? 'i' : c;
}

static uint32_t class_of(uint32_t c)
{
	return (uint32_t)utf8proc_get_property((utf8proc_int32_t)c)->combining_class;
}

/* Accents of one letter have one order, however they were written. */
static void sort_accents(struct folded *f)
{
	for (size_t i = f->n - 1; i > 0; i--) {
		uint32_t class = class_of(f->chars[i].c);
		struct folded_char c = f->chars[i];

		if (!class || class_of(f->chars[i - 1].c) <= class)
			return;
		f->chars[i] = f->chars[i - 1];
		f->chars[i - 1] = c;
	}
}

/* True at the start, behind a blank, and behind marks that follow those. */
static bool behind_blank(const struct folded *f)
{
	size_t n = f->n;

	while (n > 0 && fold_is_mark(f->chars[n - 1].c))
		n--;
	return n == 0 || f->chars[n - 1].c == ' ';
}

static int add_char(struct folded *f, struct folded_char c, struct script script)
{
	int r;

	if (c.c < ' ' || c.c == 0x7f)
		c.c = ' ';
	if (c.c == ' ' && script.blankless)
		return f->n > 0 && fold_is_digit(f->chars[f->n - 1].c) ? add(f, c) : 0;
	if (c.c == ' ')
		return !script.part && behind_blank(f) ? 0 : add(f, c);
	c.c = ascii_digit(c.c);
	/* Only between digits does a blank mean something then. */
	if (script.blankless && f->n > 0 && f->chars[f->n - 1].c == ' ' && !fold_is_digit(c.c))
		f->n--;
	r = add(f, c);
	if (r == 0)
		sort_accents(f);
	return r;
}

int fold_text(struct folded *f, const char *text, size_t len, struct script script, size_t max)
{
	const utf8proc_option_t how = UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD |
				      UTF8PROC_IGNORE | UTF8PROC_LUMP;
	size_t at = 0, size = 0;
	int boundary = 0, r = 0;

	*f = (struct folded){ 0 };
	for (; r == 0 && at < len && f->n < max; at += size) {
		utf8proc_int32_t out[DECOMPOSED_MAX];
		uint32_t c = utf8_decode(text + at, len - at, &size);
		utf8proc_ssize_t n;

		c = script.dotless ? without_dots(c) : c;
		n = utf8proc_decompose_char((utf8proc_int32_t)c, out, DECOMPOSED_MAX, how,
					    &boundary);
		for (utf8proc_ssize_t i = 0; r == 0 && i < n && i < DECOMPOSED_MAX; i++)
			r = add_char(f, (struct folded_char){ (uint32_t)out[i], (uint32_t)at,
							      (uint32_t)(at + size) }, script);
	}
	f->taken = at;
	if (at == len && !script.part && f->n > 0 && f->chars[f->n - 1].c == ' ')
		f->n--;
	return r;
}
