/* SPDX-License-Identifier: MIT */
#include "tests/intents/said.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

void said_load_more(struct intents *s, const char *text)
{
	struct diag d = DIAG_NULL;

	ck_assert_msg(!intents_load(s, "forms.yaml", text, strlen(text), &d), "%s %s", d.field,
		      d.text);
}

struct intents *said_load(const char *text)
{
	struct intents *s = NULL;

	ck_assert_int_eq(intents_new(&s), 0);
	said_load_more(s, text);
	return s;
}

struct intents *said_bound(const char *text)
{
	struct intents *s = said_load(text);
	size_t n;
	int r = intents_bind(s);

	intents_warnings(s, &n);
	ck_assert_msg(r == 0, "%d: %s", r, n ? said_warning(s, 0) : "");
	return s;
}

const char *said(const struct intents *s, const char *text, const struct intent_context *context,
		 size_t n)
{
	static char line[2048];
	_cleanup_(intent_matches_freep) struct intent_matches *found = NULL;
	int r = intents_match(s, text, strlen(text), context, n, &found), at = 0;

	if (r < 0)
		return "error";
	snprintf(line, sizeof(line), "-");
	for (size_t i = 0; i < found->n_best; i++) {
		const struct intent_match *m = &found->items[i];

		at += snprintf(line + at, sizeof(line) - (size_t)at, "%s%s", i ? " ? " : "",
			       m->intent);
		for (size_t k = 0; k < m->n_slots; k++)
			at += snprintf(line + at, sizeof(line) - (size_t)at, " %s=%s",
				       m->slots[k].name, m->slots[k].value);
	}
	return line;
}

void said_check(const struct intents *s, const char *const cases[][2], size_t n)
{
	for (size_t i = 0; i < n; i++)
		ck_assert_msg(strcmp(said(s, cases[i][0], NULL, 0), cases[i][1]) == 0, "%s: %s",
			      cases[i][0], said(s, cases[i][0], NULL, 0));
}

const char *said_warning(const struct intents *s, size_t i)
{
	static char text[512];
	size_t n;
	const struct intent_warning *w = intents_warnings(s, &n);

	ck_assert_uint_lt(i, n);
	snprintf(text, sizeof(text), "%s:%u: %s", w[i].file, w[i].line, w[i].text);
	return text;
}
