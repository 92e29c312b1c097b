/* SPDX-License-Identifier: MIT */
/* Writing: letters, marks, digits and blanks of all kinds; what stands inside words. */
#include <check.h>
#include <errno.h>
#include <string.h>

#include "tests/check-main.h"
#include "tests/intents/said.h"
#include "util/buf.h"
#include "util/macro.h"

static void check_text(const char *text, const char *const cases[][2], size_t n)
{
	struct intents *s = said_bound(text);

	said_check(s, cases, n);
	intents_free(s);
}

START_TEST(letters)
{
	static const char *const cases[][2] = {
		{ "CAFÉ", "Cafe" },		/* composed */
		{ "cafe\xcc\x81", "Cafe" },	/* decomposed */
		{ "cafe", "-" },
		{ "STRASSE", "Street" }, { "straße", "Street" },
		{ "ΦΩΣ", "Light" }, { "φως", "Light" },
		{ "ﬁsh", "Fish" }, { "ＦＩＳＨ", "Fish" },
		{ "s'il te plaît", "Please" }, { "s’il te plaît", "Please" },
		{ "wi-fi", "Wifi" }, { "wi‑fi", "Wifi" }, { "wi–fi", "Wifi" }, { "wi fi", "-" },
		{ "می‌خواهم", "Want" }, { "میخواهم", "Want" },	/* with and without a joiner */
		{ "불을 켜", "On name=불" }, { "방을 켜", "On name=방" },
		{ "LAMBA AÇ", "-" },
		/* Accents in either order. */
		{ "q\xcc\xa3\xcc\x87", "Dots" }, { "q\xcc\x87\xcc\xa3", "Dots" },
	};

	check_text("intents:\n"
		   "  Cafe: {data: [{sentences: [café]}]}\n"
		   "  Street: {data: [{sentences: [Straße]}]}\n"
		   "  Light: {data: [{sentences: [φως]}]}\n"
		   "  Fish: {data: [{sentences: [Fish]}]}\n"
		   "  Please: {data: [{sentences: [\"s'il te plaît\"]}]}\n"
		   "  Wifi: {data: [{sentences: [Wi-Fi]}]}\n"
		   "  Want: {data: [{sentences: [میخواهم]}]}\n"
		   "  On: {data: [{sentences: ['{name}(을|를) 켜']}]}\n"
		   "  Dots: {data: [{sentences: [\"q\\u0307\\u0323\"]}]}\n"
		   "lists: {name: {values: [불, 방]}}\n", cases, ARRAY_SIZE(cases));
}
END_TEST

START_TEST(dotless)
{
	static const char *const turkish[][2] = {
		{ "IŞIĞI AÇ", "On" }, { "ışığı aç", "On" }, { "işiği aç", "-" },
		{ "İndir", "Down" }, { "indir", "Down" }, { "ındır", "-" },
	};
	static const char *const others[][2] = {
		{ "IN", "In" }, { "in", "In" }, { "ın", "-" },
	};

	check_text("language: tr\n"
		   "intents: {On: {data: [{sentences: [ışığı aç]}]},\n"
		   "          Down: {data: [{sentences: [indir]}]}}\n", turkish,
		   ARRAY_SIZE(turkish));
	check_text("language: de\nintents: {In: {data: [{sentences: [in]}]}}\n", others,
		   ARRAY_SIZE(others));
}
END_TEST

START_TEST(marks)
{
	static const char *const cases[][2] = {
		{ "Lamp on!", "On name=lamp" }, { "lamp, on.", "On name=lamp" },
		{ "¡Lamp on!", "On name=lamp" }, { "lamp on…", "On name=lamp" },
		{ "\"lamp\" on", "On name=lamp" }, { "„lamp“ on", "On name=lamp" },
		{ "«Lamp» on", "On name=lamp" }, { "lamp , on", "On name=lamp" },
		{ "lamp on ?!", "On name=lamp" }, { "la,mp on", "-" }, { "lamp.on", "-" },
		{ "Dr. Who's lamp on", "On name=dr" }, { "dr who’s lamp on", "On name=dr" },
		{ "version 2.5 on", "On name=v" }, { "version 2 5 on", "-" },
		{ "version 2.5. on", "On name=v" },
		{ "what is it?", "What" }, { "what is it", "What" }, { "a.m.", "Am" },
		{ "am", "Am" },
		{ "note: buy milk", "Note x=buy milk" }, { "note buy milk", "-" },
		{ "take: milk", "Take x=milk" }, { "take milk.", "Take x=milk" },
		{ "take 'a' or \"b\"!", "Take x='a' or \"b\"" },
		{ "take ?!", "-" },
		{ ".", "-" }, { "", "-" }, { " ", "-" }, { "!?", "-" },
	};

	check_text("intents:\n"
		   "  On: {data: [{sentences: ['{name} on']}]}\n"
		   "  What: {data: [{sentences: ['what is it?']}]}\n"
		   "  Am: {data: [{sentences: ['a.m.']}]}\n"
		   "  Note: {data: [{sentences: ['note: {x}']}]}\n"
		   "  Take: {data: [{sentences: ['take {x}']}]}\n"
		   "lists:\n"
		   "  name: {values: [{in: lamp, out: lamp}, {in: \"Dr. Who's lamp\", out: dr},\n"
		   "                  {in: version 2.5, out: v}]}\n"
		   "  x: {wildcard: true}\n", cases, ARRAY_SIZE(cases));
}
END_TEST

START_TEST(digits)
{
	static const char *const cases[][2] = {
		{ "to 20", "Set n=20" }, { "to ２０", "Set n=20" }, { "to ٢٠", "Set n=20" },
		{ "to २०", "Set n=20" }, { "to 020", "Set n=20" }, { "to 2 0", "-" },
		{ "to 18", "-" },	/* not one of the steps */
		{ "to 101", "-" }, { "to 999999999999", "-" }, { "to −20", "-" },
		{ "warm 20.7", "Warm t=20.7" }, { "warm 20,0", "Warm t=20" },
		{ "warm -0.5", "Warm t=-0.5" }, { "warm −0.5", "Warm t=-0.5" },
		{ "warm minus one and a half", "Warm t=-1.5" }, { "warm 20.75", "-" },
		{ "warm 30.1", "-" }, { "down 3", "Down by=-15" }, { "half 5", "Half v=0.05" },
		{ "12:30", "At h=12 m=30" }, { "1230", "-" },
		{ "dim to 30%", "Dim l=30" }, { "dim to 30 %", "Dim l=30" },
		{ "dim to %30", "Dim l=30" }, { "dim to30%", "-" }, { "in 5min", "Dim l=5" },
		{ "in 5 min", "Dim l=5" }, { "in five min", "Dim l=5" }, { "in fivemin", "-" },
		{ "in 1 5 min", "-" },
	};

	check_text("intents:\n"
		   "  Set: {data: [{sentences: ['to {n}']}]}\n"
		   "  Warm: {data: [{sentences: ['warm {t}']}]}\n"
		   "  Down: {data: [{sentences: ['down {by}']}]}\n"
		   "  Half: {data: [{sentences: ['half {v}']}]}\n"
		   "  Dim: {data: [{sentences: ['dim to ({l} %|% {l})', 'in {l} min']}]}\n"
		   "  At: {data: [{sentences: ['{h}:{m}', '{h}{m}']}]}\n"
		   "lists:\n"
		   "  n: {range: {from: 0, to: 100, step: 5}}\n"
		   "  t: {range: {from: -10, to: 30, fractions: tenths}}\n"
		   "  by: {range: {from: 1, to: 9, multiplier: -5}}\n"
		   "  v: {range: {from: 0, to: 100, multiplier: 0.01}}\n"
		   "  h: {range: {from: 0, to: 23}}\n"
		   "  l: {range: {from: 0, to: 100, step: 5}}\n"
		   "  m: {range: {from: 0, to: 59}}\n"
		   "numbers: {-1: minus one, 5: five, half: [and a half, komma fünf]}\n", cases,
		   ARRAY_SIZE(cases));
}
END_TEST

START_TEST(without_blanks)
{
	static const char *const cases[][2] = {
		{ "打开客厅的灯", "On area=客厅" }, { "打开 客厅 的 灯。", "On area=客厅" },
		{ "请打开客厅灯，谢谢！", "On area=客厅" }, { "打开Desk Lamp", "Name name=d" },
		{ "打开DeskLamp", "Name name=d" }, { "打开desk，lamp", "Name name=d" },
		{ "亮度93", "Set n=93" }, { "亮度９ ３", "-" }, { "亮度9.3", "-" },
		{ "计时30分20秒", "Timer m=30 s=20" }, { "计时30分 20秒", "Timer m=30 s=20" },
		{ "计时2 5", "Timer m=2 s=5" },	/* two numbers, as they are written */
		{ "写一，二。三", "Write x=一，二。三" },
	};

	check_text("language: zh\n"
		   "settings: {ignore_whitespace: true, filter_with_regex: false}\n"
		   "intents:\n"
		   "  On: {data: [{sentences: ['打开 {area} [的] 灯']}]}\n"
		   "  Name: {data: [{sentences: ['打开{name}']}]}\n"
		   "  Set: {data: [{sentences: ['亮度{n}']}]}\n"
		   "  Timer: {data: [{sentences: ['计时{m}[分]{s}[秒]']}]}\n"
		   "  Write: {data: [{sentences: ['写{x}']}]}\n"
		   "lists:\n"
		   "  area: {values: [客厅]}\n"
		   "  name: {values: [{in: Desk Lamp, out: d}]}\n"
		   "  n: {range: {from: 0, to: 100}}\n"
		   "  m: {range: {from: 0, to: 59}}\n"
		   "  s: {range: {from: 0, to: 59}}\n"
		   "  x: {wildcard: true}\n"
		   "skip_words: [请, 谢谢]\n", cases, ARRAY_SIZE(cases));
}
END_TEST

START_TEST(inside_words)
{
	static const char *const cases[][2] = {
		{ "the lamp's state", "State name=l" }, { "the lamp state", "State name=l" },
		{ "the lamps state", "-" }, { "the lamp 's state", "-" },
		{ "lámpát kapcsold", "Switch what=l" }, { "a lámpában van", "In what=l" },
		{ "A LÁMPÁBA VAN", "In what=l" }, { "lampen an", "Lights" },
		{ "lampe an", "Lights" }, { "lampn an", "-" },
		{ "Küchenlicht an", "Room area=küche" }, { "Küche licht an", "-" },
		{ "buy mjölkt", "Buy x=mjölk" },
	};

	check_text("intents:\n"
		   "  State: {data: [{sentences: [\"the {name}['s] state\"]}]}\n"
		   "  Switch: {data: [{sentences: ['{what}t kapcsold']}]}\n"
		   "  In: {data: [{sentences: ['a {what}b(a|e)[n] van']}]}\n"
		   "  Lights: {data: [{sentences: ['lampe[n] an']}]}\n"
		   "  Room: {data: [{sentences: ['{area}(licht|lampe) an']}]}\n"
		   "  Buy: {data: [{sentences: ['buy {x}t']}]}\n"
		   "lists:\n"
		   "  name: {values: [{in: lamp, out: l}]}\n"
		   "  what: {values: [{in: 'lámp(a|á)', out: l}]}\n"
		   "  area: {values: [{in: 'küche[n]', out: küche}]}\n"
		   "  x: {wildcard: true}\n", cases, ARRAY_SIZE(cases));
}
END_TEST

/* All orders of five, of which one may be missing; nothing twice, nothing left out. */
START_TEST(any_order)
{
	static const char *const cases[][2] = {
		{ "go then the lamp c d a", "Go name=lamp" }, { "go then the lamp c d", "-" },
		{ "go ab c d lamp now", "-" }, { "x p qy", "Go" }, { "xy", "Go" },
		{ "w v", "Go" }, { "w", "Go" }, { "vw", "-" },
	};
	static const char *const members[] = { "a", "b", "c d", "lamp", "now" };
	struct intents *s = said_bound(
		"intents: {Go: {data: [{sentences: ['go (a;[b];c d;<thing>;(now|then))!',\n"
		"                                   'x[ (p;q)]y', '([u|v];w)']}]}}\n"
		"expansion_rules: {thing: '[the ]{name}'}\n"
		"lists: {name: {values: [lamp]}}\n");
	size_t order[] = { 0, 1, 2, 3, 4 }, count = 0;

	for (size_t code = 0; code < 3125; code++) {
		_cleanup_(buf_deinit) struct buf text = BUF_NULL;
		size_t used = 0, n = code;

		for (size_t i = 0; i < 5; i++, n /= 5) {
			order[i] = n % 5;
			used |= (size_t)1 << order[i];
		}
		ck_assert_int_eq(buf_append_str(&text, "go"), 0);
		for (size_t i = 0; i < 5; i++)
			ck_assert_int_eq(buf_printf(&text, " %s", members[order[i]]), 0);
		count += used == 31;
		ck_assert_msg(strcmp(said(s, text.data, NULL, 0),
				     used == 31 ? "Go name=lamp" : "-") == 0, "%s", text.data);
	}
	ck_assert_uint_eq(count, 120);
	said_check(s, cases, ARRAY_SIZE(cases));
	intents_free(s);
}
END_TEST

/* Behind what is looked at, only a wildcard goes on, and it goes to the end. */
START_TEST(long_texts)
{
	_cleanup_(buf_deinit) struct buf text = BUF_NULL;
	_cleanup_(intent_matches_freep) struct intent_matches *m = NULL, *none = NULL;
	struct intents *s = said_bound(
		"intents:\n"
		"  Write: {data: [{sentences: ['make it kinder: {x}', 'make it {x} twice']}]}\n"
		"lists: {x: {wildcard: true}}\nskip_words: [thanks]\n");
	const struct intent_slot *x;

	ck_assert_int_eq(buf_append_str(&text, "Make it kinder: "), 0);
	for (int i = 0; i < 5000; i++)
		ck_assert_int_eq(buf_append_str(&text, "Wörter, thanks. "), 0);
	ck_assert_int_eq(buf_append_str(&text, "Ende!"), 0);
	ck_assert_int_eq(intents_match(s, text.data, text.len, NULL, 0, &m), 0);
	ck_assert_uint_eq(m->n, 1);
	x = intent_slot_find(&m->items[0], "x");
	ck_assert_uint_eq(x->start, strlen("Make it kinder: "));
	ck_assert_uint_eq(x->end, text.len);
	ck_assert_uint_eq(strlen(x->value), text.len - x->start - 1);
	ck_assert_int_eq(buf_append_str(&text, " twice"), 0);
	text.data[0] = 'N';
	ck_assert_int_eq(intents_match(s, text.data, text.len, NULL, 0, &none), INTENT_E_NONE);
	ck_assert_uint_eq(none->n, 0);
	intents_free(s);
}
END_TEST

/* Around the limit, each length: what ends there, and what goes on. */
START_TEST(at_the_limit)
{
	struct intents *s = said_bound(
		"intents:\n"
		"  End: {data: [{sentences: ['go {x} now']}]}\n"
		"  Rest: {data: [{sentences: ['go {x}']}]}\n"
		"  Two: {data: [{sentences: ['by {x}b{z}']}]}\n"
		"lists: {x: {wildcard: true}, z: {wildcard: true}}\n");

	for (size_t n = 240; n < 270; n++) {
		_cleanup_(buf_deinit) struct buf text = BUF_NULL;
		_cleanup_(intent_matches_freep) struct intent_matches *m = NULL;

		ck_assert_int_eq(buf_append_str(&text, "go "), 0);
		while (text.len + 4 < n)
			ck_assert_int_eq(buf_append_char(&text, 'y'), 0);
		ck_assert_int_eq(buf_append_str(&text, " now"), 0);
		ck_assert_int_eq(intents_match(s, text.data, text.len, NULL, 0, &m), 0);
		ck_assert_str_eq(m->items[0].intent, n <= 256 ? "End" : "Rest");
		ck_assert_uint_eq(m->items[0].slots[0].end, n <= 256 ? n - 4 : n);
		m = intent_matches_free(m);
		/* A wildcard begins with a character that is looked at. */
		memcpy(text.data, "by", 2);
		memcpy(text.data + n - 4, "yybc", 4);
		ck_assert_int_eq(intents_match(s, text.data, text.len, NULL, 0, &m),
				 n <= 256 ? 0 : INTENT_E_NONE);
	}
	intents_free(s);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("scripts");

	tcase_add_test(tc, letters);
	tcase_add_test(tc, dotless);
	tcase_add_test(tc, marks);
	tcase_add_test(tc, digits);
	tcase_add_test(tc, without_blanks);
	tcase_add_test(tc, inside_words);
	tcase_add_test(tc, any_order);
	tcase_add_test(tc, long_texts);
	tcase_add_test(tc, at_the_limit);
	return run_tests("scripts", tc);
}
