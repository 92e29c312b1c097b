/* SPDX-License-Identifier: MIT */
/* Files that are wrong, and languages and texts made to cost much. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/check-main.h"
#include "tests/intents/said.h"
#include "util/buf.h"
#include "util/macro.h"

static const struct {
	const char *text, *field;
	enum diag_code code;
} refused[] = {
	{ "words: []\n", "1:1", DIAG_UNSUP },
	{ "- a\n", "1:1", DIAG_TYPE },
	{ "language: [en]\n", "1:11", DIAG_TYPE },
	{ "a: b: c\n", "1:5", DIAG_SYNTAX },
	{ "language: en\nlanguage: de\n", "2:1", DIAG_DUP },
	{ "language: \xff\n", "1:1", DIAG_SYNTAX },
	{ "settings: x\n", "1:11", DIAG_TYPE },
	{ "settings: {loud: true}\n", "1:12", DIAG_UNSUP },
	{ "settings: {ignore_whitespace: yes}\n", "1:31", DIAG_TYPE },
	{ "settings: {filter_with_regex: 1}\n", "1:31", DIAG_TYPE },
	{ "data: [{sentences: [a]}]\n", "1:7", DIAG_PAIR },
	{ "intents: []\n", "1:10", DIAG_TYPE },
	{ "intents: {A: [a]}\n", "1:14", DIAG_TYPE },
	{ "intents: {A: {}}\n", "1:14", DIAG_PAIR },
	{ "intents: {A: {data: {}}}\n", "1:21", DIAG_TYPE },
	{ "intents: {A: {data: [a]}}\n", "1:22", DIAG_TYPE },
	{ "intents: {A: {date: []}}\n", "1:15", DIAG_UNSUP },
	{ "intents: {A: {data: [{sentences: [a], speed: 3}]}}\n", "1:39", DIAG_UNSUP },
	{ "intents: {A: {data: [{sentences: a}]}}\n", "1:34", DIAG_TYPE },
	{ "intents: {A: {data: [{sentences: [[a]]}]}}\n", "1:35", DIAG_TYPE },
	{ "intents: {A: {data: [{sentences: ['(a']}]}}\n", "1:35", DIAG_SYNTAX },
	{ "intents: {A: {data: [{sentences: ['a)']}]}}\n", "1:35", DIAG_SYNTAX },
	{ "intents: {A: {data: [{sentences: ['[a)']}]}}\n", "1:35", DIAG_SYNTAX },
	{ "intents: {A: {data: [{sentences: ['(a|b;c)']}]}}\n", "1:35", DIAG_SYNTAX },
	{ "intents: {A: {data: [{sentences: ['<']}]}}\n", "1:35", DIAG_SYNTAX },
	{ "intents: {A: {data: [{sentences: ['<>']}]}}\n", "1:35", DIAG_SYNTAX },
	{ "intents: {A: {data: [{sentences: ['<a']}]}}\n", "1:35", DIAG_SYNTAX },
	{ "intents: {A: {data: [{sentences: ['<a(>']}]}}\n", "1:35", DIAG_SYNTAX },
	{ "intents: {A: {data: [{sentences: ['a>']}]}}\n", "1:35", DIAG_SYNTAX },
	{ "intents: {A: {data: [{sentences: ['{}']}]}}\n", "1:35", DIAG_SYNTAX },
	{ "intents: {A: {data: [{sentences: ['{a']}]}}\n", "1:35", DIAG_SYNTAX },
	{ "intents: {A: {data: [{sentences: ['{a:}']}]}}\n", "1:35", DIAG_SYNTAX },
	{ "intents: {A: {data: [{sentences: ['{a:b']}]}}\n", "1:35", DIAG_SYNTAX },
	{ "intents: {A: {data: [{sentences: ['a}']}]}}\n", "1:35", DIAG_SYNTAX },
	{ "intents: {A: {data: [{sentences: ['a\\']}]}}\n", "1:35", DIAG_SYNTAX },
	{ "intents: {A: {data: [{sentences: ['(a;b;c;d;e;f;g;h;i)']}]}}\n", "1:35", DIAG_SYNTAX },
	{ "intents: {A: {data: [{sentences: ['((((((((((((((((((((((((((((((((a"
	  "))))))))))))))))))))))))))))))))']}]}}\n", "1:35", DIAG_SYNTAX },
	{ "intents: {A: {data: [{sentences: [a], slots: [a]}]}}\n", "1:46", DIAG_TYPE },
	{ "intents: {A: {data: [{sentences: [a], slots: {a: {b: c}}}]}}\n", "1:50", DIAG_TYPE },
	{ "intents: {A: {data: [{sentences: [a], response: {a: b}}]}}\n", "1:49", DIAG_TYPE },
	{ "intents: {A: {data: [{sentences: [a], metadata: 1}]}}\n", "1:49", DIAG_TYPE },
	{ "intents: {A: {data: [{sentences: [a], requires_context: [a]}]}}\n", "1:57", DIAG_TYPE },
	{ "intents: {A: {data: [{sentences: [a], requires_context: {a: [[b]]}}]}}\n", "1:62",
	  DIAG_TYPE },
	{ "intents: {A: {data: [{sentences: [a], requires_context: {a: {slot: 1}}}]}}\n", "1:68",
	  DIAG_TYPE },
	{ "intents: {A: {data: [{sentences: [a], requires_context: {a: {value: {}}}}]}}\n", "1:69",
	  DIAG_TYPE },
	{ "intents: {A: {data: [{sentences: [a], excludes_context: a}]}}\n", "1:57", DIAG_TYPE },
	{ "intents: {A: {data: [{sentences: [a], required_keywords: {a: b}}]}}\n", "1:58",
	  DIAG_TYPE },
	{ "intents: {A: {data: [{sentences: [a], required_keywords: ['(']}]}}\n", "1:59",
	  DIAG_SYNTAX },
	{ "intents: {A: {data: [{sentences: [a], expansion_rules: {a: '['}}]}}\n", "1:60",
	  DIAG_SYNTAX },
	{ "intents: {A: {data: [{sentences: [a], lists: {a: {valeus: []}}}]}}\n", "1:51",
	  DIAG_UNSUP },
	{ "intents: {A: {data: [{sentences: [a], name_domains: {a: b}}]}}\n", "1:53", DIAG_TYPE },
	{ "intents: {A: {data: [{sentences: [a], inferred_domain: {a: b}}]}}\n", "1:56",
	  DIAG_TYPE },
	{ "lists: [a]\n", "1:8", DIAG_TYPE },
	{ "lists: {x: [a]}\n", "1:12", DIAG_TYPE },
	{ "lists: {x: {values: a}}\n", "1:21", DIAG_TYPE },
	{ "lists: {x: {values: [{out: a}]}}\n", "1:22", DIAG_PAIR },
	{ "lists: {x: {values: [{in: a, on: b}]}}\n", "1:30", DIAG_UNSUP },
	{ "lists: {x: {values: [{in: '|;'}]}}\n", "1:27", DIAG_SYNTAX },
	{ "lists: {x: {values: [{in: a, out: {b: c}}]}}\n", "1:35", DIAG_TYPE },
	{ "lists: {x: {values: [{in: a, context: b}]}}\n", "1:39", DIAG_TYPE },
	{ "lists: {x: {values: [{in: a, metadata: b}]}}\n", "1:40", DIAG_TYPE },
	{ "lists: {x: {wildcard: 1}}\n", "1:23", DIAG_TYPE },
	{ "lists: {x: {wildcard: true, values: [a]}}\n", "1:12", DIAG_LAYOUT },
	{ "lists: {x: {values: [a], range: {from: 0, to: 1}}}\n", "1:12", DIAG_LAYOUT },
	{ "lists: {x: {range: {from: 1}}}\n", "1:20", DIAG_PAIR },
	{ "lists: {x: {range: {from: 1, to: 0}}}\n", "1:34", DIAG_RANGE },
	{ "lists: {x: {range: {from: 0.5, to: 1}}}\n", "1:27", DIAG_RANGE },
	{ "lists: {x: {range: {from: 0, to: 1e9}}}\n", "1:34", DIAG_RANGE },
	{ "lists: {x: {range: {from: a, to: 1}}}\n", "1:27", DIAG_RANGE },
	{ "lists: {x: {range: {from: 0, to: 9, step: 0}}}\n", "1:43", DIAG_RANGE },
	{ "lists: {x: {range: {from: 0, to: 9, steps: 2}}}\n", "1:37", DIAG_UNSUP },
	{ "lists: {x: {range: {from: 0, to: 9, multiplier: x}}}\n", "1:49", DIAG_RANGE },
	{ "lists: {x: {range: {from: 0, to: 1, fractions: thirds}}}\n", "1:48", DIAG_UNSUP },
	{ "numbers: [one]\n", "1:10", DIAG_TYPE },
	{ "numbers: {many: lots}\n", "1:17", DIAG_TYPE },
	{ "numbers: {1.5: x}\n", "1:16", DIAG_TYPE },
	{ "numbers: {999999999999: x}\n", "1:25", DIAG_TYPE },
	{ "numbers: {1: '{x}'}\n", "1:14", DIAG_UNSUP },
	{ "numbers: {half: '<x>'}\n", "1:17", DIAG_UNSUP },
	{ "numbers: {2: [two, '[a (<x>)]']}\n", "1:14", DIAG_UNSUP },
	{ "skip_words: ['a]']\n", "1:14", DIAG_SYNTAX },
	{ "skip_words: {a: b}\n", "1:13", DIAG_TYPE },
	{ "expansion_rules: [a]\n", "1:18", DIAG_TYPE },
	{ "expansion_rules: {a: b, c: '('}\n", "1:28", DIAG_SYNTAX },
	{ "expansion_rules: {known: again}\n", "1:1", DIAG_DUP },
	{ "lists: {range: {values: [a]}}\n", "1:1", DIAG_DUP },
	{ "lists: {words: {wildcard: true}}\n", "1:1", DIAG_DUP },
};

/* A file that is refused leaves the set as it was. */
START_TEST(refusals)
{
	static const char known[] =
		"intents: {Ok: {data: [{sentences: ['<known> {range} {words}']}]}}\n"
		"expansion_rules: {known: ok}\n"
		"lists: {range: {range: {from: 0, to: 9}}, words: {values: [up]}}\n";
	const char *text = refused[_i].text;
	struct intents *s = said_load(known);
	struct diag d = DIAG_NULL;
	int r = intents_load(s, "bad.yaml", text, strlen(text), &d);

	ck_assert_msg(r == -EINVAL, "%s: %d", text, r);
	ck_assert_msg(strcmp(d.field, refused[_i].field) == 0, "%s%s: %s", text, d.field, d.text);
	ck_assert_msg(d.code == refused[_i].code, "%s%s: %s", text, diag_code_name(d.code), d.text);
	ck_assert_int_eq(intents_bind(s), 0);
	ck_assert_str_eq(said(s, "ok 3 up", NULL, 0), "Ok range=3 words=up");
	ck_assert_int_eq(intents_load(s, "late.yaml", known, strlen(known), NULL), -EINVAL);
	ck_assert_int_eq(intents_bind(s), -EINVAL);
	intents_free(s);
}
END_TEST

/* What is only missing, or in a circle, never matches; the rest does. */
static const struct {
	const char *text, *warning;
} incomplete[] = {
	{ "intents: {A: {data: [{sentences: [ok, '<a>'], slots: {}}]}}\n",
	  "f.yaml:1: <a>: there is no rule of this name" },
	{ "intents:\n  A:\n    data: [{sentences: [ok,\n  '{b:c}']}]\n",
	  "f.yaml:4: {b}: there is no list of this name" },
	{ "intents: {A: {data: [{sentences: [ok, '<a>']}]}}\nexpansion_rules:\n  a: 'x<b>'\n"
	  "  b: '[y]<c>'\n  c: '(<a>|z)'\n",
	  "f.yaml:5: <a>: calls itself in a circle; a sentence in f.yaml, line 1, needs it" },
	{ "intents: {A: {data: [{sentences: [ok, '<a>']}]}}\nexpansion_rules: {a: <a>}\n",
	  "f.yaml:2: <a>: calls itself in a circle; a sentence in f.yaml, line 1, needs it" },
	{ "intents: {A: {data: [{sentences: [ok, '{l}']}]}}\nlists:\n  l:\n    values:\n"
	  "      - x\n      - 'y{l:k}'\n",
	  "f.yaml:6: {l}: calls itself in a circle; a sentence in f.yaml, line 1, needs it" },
	{ "intents: {A: {data: [{sentences: [ok]}]}}\nskip_words:\n  - please\n  - '<kind>'\n",
	  "f.yaml:4: <kind>: there is no rule of this name" },
	{ "intents: {A: {data: [{sentences: [ok], required_keywords: [ok, '<kind>']}]}}\n",
	  "f.yaml:1: <kind>: there is no rule of this name" },
	{ "intents: {A: {data: [{sentences: [ok], requires_context: {area:\n"
	  "  {domain: x, slot: true}}}]}}\n",
	  "f.yaml:2: area: unknown key 'domain', expected value or slot" },
};

START_TEST(warnings)
{
	static const struct intent_context here = { "area", "bath" };
	struct intents *s = NULL;
	const char *text = incomplete[_i].text;
	size_t n;

	ck_assert_int_eq(intents_new(&s), 0);
	ck_assert_int_eq(intents_load(s, "f.yaml", text, strlen(text), NULL), 0);
	ck_assert_int_eq(intents_bind(s), INTENT_E_INCOMPLETE);
	intents_warnings(s, &n);
	ck_assert_uint_eq(n, 1);
	ck_assert_str_eq(said_warning(s, 0), incomplete[_i].warning);
	ck_assert_int_eq(strncmp(said(s, "ok", &here, 1), "A", 1), 0);
	intents_free(s);
}
END_TEST

/* Warnings have an end. */
START_TEST(many_warnings)
{
	_cleanup_(buf_deinit) struct buf text = BUF_NULL;
	struct intents *s;
	size_t n;

	ck_assert_int_eq(buf_append_str(&text, "intents: {A: {data: [{sentences: [ok"), 0);
	for (int i = 0; i < 1000; i++)
		ck_assert_int_eq(buf_printf(&text, ", <r%d>", i), 0);
	ck_assert_int_eq(buf_append_str(&text, "]}]}}\n"), 0);
	s = said_load(text.data);
	ck_assert_int_eq(intents_bind(s), INTENT_E_INCOMPLETE);
	intents_warnings(s, &n);
	ck_assert_uint_eq(n, 257);
	ck_assert_str_eq(said_warning(s, 256), "forms.yaml:1: there are more warnings");
	intents_free(s);
}
END_TEST

/* "r0: 'r1 r1', r1: 'r2 r2' …": two to the sixtieth, if it were written out. */
static void doubling(struct buf *text, const char *last)
{
	ck_assert_int_eq(buf_append_str(text, "expansion_rules:\n"), 0);
	for (int i = 0; i < 60; i++)
		ck_assert_int_eq(buf_printf(text, "  r%d: '[<r%d>][<r%d>]'\n", i, i + 1, i + 1), 0);
	ck_assert_int_eq(buf_printf(text, "  r60: '%s'\n", last), 0);
}

/* Languages whose ways multiply; each text is understood, or the bound on steps is said. */
static const struct {
	const char *text, *said, *understood;
} costly[] = {
	{ "'(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)(|)ok'", "ok",
	  "A" },
	{ "'[[a]][[a]][[a]][[a]][[a]][[a]][[a]][[a]][[a]][[a]][[a]][[a]][[a]][[a]][[a]]ok'",
	  "aaaaaaaok", "A" },
	{ "'<r0>ok'", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaok", "A" },
	{ "'<r0>ok'", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaak", "-" },
	{ "'((((a;b);(c;d));((e;f);(g;h)));(((i;j);(k;l));((m;n);(o;p))))'",
	  "p o n m k l j i a b c d e f h g", "A" },
	{ "'({w:a};{w:b};{w:c};{w:d};{w:e};{w:f};{w:g};{w:h})'", "a b c d e f g h i", NULL },
	{ "'{w:a} {w:b} {w:c} {w:d}'", "one two three four",
	  "A a=one b=two c=three d=four" },
	{ "'{w:a}{w:b}{w:c}{w:d}{w:e}'", "ab cd ef gh", "A a=a b=b c c=d e d=f g e=h" },
	{ "'(x[<y>]|x<y>|x [<y>])(;[x];[x];[x];[x];[x])'", "x x x x x", NULL },
	{ "'{v:a}[ ]{v:b}[ ]{v:c}[ ]{v:d}[ ]{v:e}[ ]{v:f}'", "aaaaaa", NULL },
};

START_TEST(costly_languages)
{
	_cleanup_(buf_deinit) struct buf text = BUF_NULL;
	struct intents *s;

	ck_assert_int_eq(buf_printf(&text, "intents: {A: {data: [{sentences: [%s]}]}}\n"
				    "lists: {w: {wildcard: true}, v: {values: [{in: a, out: x}, "
				    "{in: a, out: y}, {in: '[a]a', out: z}]}}\n",
				    costly[_i].text), 0);
	doubling(&text, "a");
	ck_assert_int_eq(buf_append_str(&text, "  y: x\n"), 0);
	s = said_bound(text.data);
	if (costly[_i].understood)
		ck_assert_str_eq(said(s, costly[_i].said, NULL, 0), costly[_i].understood);
	else
		ck_assert_str_ne(said(s, costly[_i].said, NULL, 0), "-");
	intents_free(s);
}
END_TEST

/* The longest text against wildcards that call each other. */
START_TEST(too_many_steps)
{
	_cleanup_(intent_matches_freep) struct intent_matches *m = NULL;
	struct intents *s = said_bound(
		"intents: {A: {data: [{sentences: ['<r> end']}]}}\n"
		"expansion_rules: {r: '<q>[ ]<q>[ ]<q>', q: '{w:a}<p>{w:b}', p: '[<o>]<o>[ ]<o>',\n"
		"                  o: '[{w:c}][{w:d}]'}\n"
		"lists: {w: {wildcard: true}}\n");
	char text[256];

	memset(text, 'a', sizeof(text));
	for (size_t i = 7; i < sizeof(text); i += 8)
		text[i] = ' ';
	ck_assert_int_eq(intents_match(s, text, sizeof(text), NULL, 0, &m), -E2BIG);
	ck_assert_ptr_null(m);
	ck_assert_int_eq(intents_match(s, "a \xff", 3, NULL, 0, &m), -EINVAL);
	ck_assert_ptr_null(m);
	intents_free(s);
}
END_TEST

/* As many alternatives as a file can hold, in several files. */
START_TEST(many_states)
{
	_cleanup_(buf_deinit) struct buf text = BUF_NULL;
	struct intents *s = NULL;
	size_t n;

	ck_assert_int_eq(intents_new(&s), 0);
	for (int file = 0; file < 6; file++) {
		buf_reset(&text);
		ck_assert_int_eq(buf_printf(&text, "intents: {A%d: {data: [{sentences: ['x%d (a",
					    file, file), 0);
		while (text.len + 16 < 256 * 1024)
			ck_assert_int_eq(buf_append_str(&text, "|a"), 0);
		ck_assert_int_eq(buf_append_str(&text, ")']}]}}\n"), 0);
		said_load_more(s, text.data);
	}
	said_load_more(s, "intents: {Last: {data: [{sentences: [last]}]}}\n");
	ck_assert_int_eq(intents_bind(s), 0);
	ck_assert_str_eq(said(s, "x5 a", NULL, 0), "A5");
	ck_assert_str_eq(said(s, "last", NULL, 0), "Last");
	intents_free(s);
	/* Two letters each: more than a million. */
	ck_assert_int_eq(intents_new(&s), 0);
	for (int file = 0; file < 8; file++) {
		buf_reset(&text);
		ck_assert_int_eq(buf_printf(&text, "intents:\n  A%d:\n    data:\n"
					    "      - {sentences: [a%d,\n  'y%d (", file, file,
					    file), 0);
		while (text.len + 16 < 256 * 1024)
			ck_assert_int_eq(buf_append_str(&text, "abcdefghijklmnopqrstuvwxyz"), 0);
		ck_assert_int_eq(buf_append_str(&text, ")']}\n"), 0);
		said_load_more(s, text.data);
	}
	ck_assert_int_eq(intents_bind(s), INTENT_E_INCOMPLETE);
	intents_warnings(s, &n);
	ck_assert_uint_eq(n, 1);
	ck_assert_str_eq(said_warning(s, 0), "forms.yaml:5: there is no room for this sentence "
			 "and those behind it: more than 1000000 states or 1024 slots");
	ck_assert_str_eq(said(s, "a3", NULL, 0), "A3");
	ck_assert_str_eq(said(s, "a4", NULL, 0), "-");
	intents_free(s);
}
END_TEST

/* A thousand things of one name, named twice: some are told, and it is a question. */
START_TEST(many_namesakes)
{
	static struct intent_entity things[1000];
	static char ids[ARRAY_SIZE(things)][16];
	_cleanup_(intent_matches_freep) struct intent_matches *m = NULL;
	struct intents *s = said_bound(
		"intents: {On: {data: [{sentences: ['{name:a} and {name:b}']}]}}\n");

	for (size_t i = 0; i < ARRAY_SIZE(things); i++) {
		snprintf(ids[i], sizeof(ids[i]), "l.%zu", i);
		things[i] = (struct intent_entity){ .list = "name", .in = "lamp", .out = ids[i] };
	}
	ck_assert_int_eq(intents_set_entities(s, things, ARRAY_SIZE(things)), 0);
	ck_assert_int_eq(intents_match(s, "lamp and lamp", 13, NULL, 0, &m), INTENT_E_AMBIGUOUS);
	ck_assert_uint_eq(m->n, INTENT_MATCHES_MAX);
	ck_assert_uint_eq(m->n_best, INTENT_MATCHES_MAX);
	intents_free(s);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("hostile");

	tcase_add_loop_test(tc, refusals, 0, ARRAY_SIZE(refused));
	tcase_add_loop_test(tc, warnings, 0, ARRAY_SIZE(incomplete));
	tcase_add_test(tc, many_warnings);
	tcase_add_loop_test(tc, costly_languages, 0, ARRAY_SIZE(costly));
	tcase_add_test(tc, too_many_steps);
	tcase_add_test(tc, many_states);
	tcase_add_test(tc, many_namesakes);
	return run_tests("hostile", tc);
}
