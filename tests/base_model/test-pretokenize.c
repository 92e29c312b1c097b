/* SPDX-License-Identifier: MIT */
/*
 * Each cut, under each of its names, against PCRE2 with the expressions that its makers
 * published, on random texts of all the classes of characters that they tell apart.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base_model/pretokenize.h"
#include "tests/base_model/expressions.h"
#include "tests/check-main.h"
#include "util/buf.h"
#include "util/macro.h"

enum { TEXTS = 4000, MAX_ITEMS = 24 };

/* What a text is made of; more weight for what expressions name. U+180E is not here: PCRE2
 * holds it for white space, Unicode no longer does. */
static const char *const items[] = {
	"a", "b", "s", "t", "re", "d", "x", "the", "A", "B", "S", "LL", "VE", "\xc7\x85",
	"\xc5\xbf", "\xc3\xa9", "\xc3\x89", "\xca\xb0", "\xce\xa9", "\xd0\x9a", "\xd0\xba",
	"\xea\x9e\x90", "\xe6\x97\xa5", "\xe6\x9c\xac", "\xe9\xbf\xb0", "\xe3\x81\x82",
	"\xe3\x82\xab", "\xe3\x83\xbc", "\xea\xb0\x80", "\xe3\x84\xb1", "\xd8\xa7", "\xe0\xa4\xb9",
	"\xe0\xb8\x81", "\xe2\x84\xaa", "\xf0\x9d\x90\x80", "\xcc\x81", "\xcc\x88",
	"\xe0\xa4\xbf", "\xe2\x83\x9d", "0", "1", "12", "345", "6789", "\xd9\xa3", "\xc2\xb2",
	"\xe2\x85\xa7", "\xc2\xbd", "\xf0\x9d\x9f\x8e", "'", "'", "'s", "'S", "'t", "'re", "'RE",
	"'ve", "'m", "'M", "'ll", "'lL", "'d", "'l", "'\xc5\xbf", "!", "\"", "#", "$", "%", "&",
	"(", ")", "*", "+", ",", "-", ".", "/", "//", ":", ";", "<", "=", ">", "?", "@", "[",
	"\\", "]", "^", "_", "`", "{", "|", "}", "~", "...", "\xe2\x80\x9c", "\xe2\x80\x99",
	"\xe2\x80\xa6", "\xe3\x80\x81", "\xe3\x80\x82", "\xef\xbc\x81", "\xef\xbc\x8c",
	"\xef\xbd\x81", "\xef\xbc\x91", "\xe0\xa5\xa4", "\xdb\x94", "\xd8\x8c", "\xe2\x82\xac",
	"\xc2\xa3", "\xc2\xb4", "\xe2\x88\x9a", "\xf0\x9f\x98\x80", "\xe2\x80\x8d", " ", " ", " ",
	" ", "  ", "   ", "\t", "\xc2\xa0", "\xe3\x80\x80", "\xe2\x80\xa8", "\xc2\x85", "\v",
	"\f", "\n", "\n", "\r", "\r\n", "\n\n", " \n", "\n ", "\x01", "\x7f", "\xc2\xad",
	"\xe2\x80\x8b", "\xef\xbf\xbd", "\xee\x80\x80", "\xcd\xb8", "\xff", "\xc3", "\xe2\x82",
};

static uint32_t next(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*state >> 33);
}

/* Runs of one item are where expressions of one class behave unlike those of many. */
static void random_text(struct buf *text, uint64_t *state)
{
	uint32_t n = 1 + next(state) % MAX_ITEMS, few = next(state) % 4 ? 0 : 1 + next(state) % 6;
	const char *chosen[6];

	buf_reset(text);
	for (uint32_t i = 0; i < few; i++)
		chosen[i] = items[next(state) % ARRAY_SIZE(items)];
	for (uint32_t i = 0; i < n; i++) {
		const char *item = few ? chosen[next(state) % few] :
					 items[next(state) % ARRAY_SIZE(items)];

		for (uint32_t k = next(state) % 8 ? 1 : 1 + next(state) % 4; k; k--)
			ck_assert_int_eq(buf_append_str(text, item), 0);
	}
}

static void show(const struct words *w, const char *text, char *to, size_t size)
{
	size_t n = 0;

	for (size_t i = 0, at = 0; i < w->n && n + 8 < size; at = w->ends[i++]) {
		for (size_t k = at; k < w->ends[i] && n + 8 < size; k++)
			n += (size_t)snprintf(to + n, size - n,
					      text[k] > ' ' && text[k] < 0x7f ? "%c" : "\\x%02x",
					      (unsigned char)text[k]);
		n += (size_t)snprintf(to + n, size - n, "|");
	}
}

static void compare(const char *name, const struct pretokenizer *ours,
		    const struct pretokenizer *theirs, const char *text, size_t len)
{
	struct words a = { 0 }, b = { 0 };
	char got[512] = "", wanted[512] = "";

	ck_assert_int_eq(pretokenize(ours, text, len, &a), 0);
	ck_assert_int_eq(pretokenize(theirs, text, len, &b), 0);
	if (a.n != b.n || memcmp(a.ends, b.ends, a.n * sizeof(*a.ends)) != 0) {
		show(&a, text, got, sizeof(got));
		show(&b, text, wanted, sizeof(wanted));
		ck_abort_msg("%s: %s expected %s", name, got, wanted);
	}
	ck_assert_uint_eq(a.ends[a.n - 1], len);
	words_deinit(&a);
	words_deinit(&b);
}

static struct pretokenizer *by_expressions(const struct expressions *e)
{
	struct pretokenizer *p = NULL;
	struct diag d = DIAG_NULL;
	size_t n = 0;

	while (e->expressions[n])
		n++;
	ck_assert_msg(pretokenizer_new(&p, e->expressions, n, false, "test", &d) == 0, "%s: %s",
		      e->names[0], d.text);
	return p;
}

START_TEST(as_published)
{
	const struct expressions *e = &published[_i];
	struct pretokenizer *theirs = by_expressions(e);
	_cleanup_(buf_deinit) struct buf text = BUF_NULL;
	uint64_t state = 1 + (uint64_t)_i;

	for (size_t i = 0; e->names[i]; i++) {
		const struct pretokenizer *ours = pretokenizer_find(e->names[i],
								    strlen(e->names[i]));

		ck_assert_msg(ours != NULL, "%s is not known", e->names[i]);
		/* All names of a cut are one: the first gets most of the texts. */
		for (int k = 0; k < (i ? TEXTS / 20 : TEXTS); k++) {
			random_text(&text, &state);
			compare(e->names[i], ours, theirs, text.data, text.len);
		}
	}
	pretokenizer_free(theirs);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("all");

	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, as_published, 0, ARRAY_SIZE(published));
	return run_tests("pretokenize", tc);
}
