/* SPDX-License-Identifier: MIT */
/* What the format can say beyond templates: contexts, words to skip, numbers, own rules. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "intents/intents.h"
#include "tests/check-main.h"
#include "tests/intents/said.h"
#include "util/macro.h"

/* Each of @n sentences is heard as what stands beside it; @s is bound and freed. */
static void check_heard(struct intents *s, const char *const cases[][2], size_t n)
{
	ck_assert_int_eq(intents_bind(s), 0);
	said_check(s, cases, n);
	intents_free(s);
}

static const char home[] =
	"intents:\n"
	"  On:\n"
	"    data:\n"
	"      - sentences: ['[turn] on {name}']\n"
	"        excludes_context: {domain: [cover, lock]}\n"
	"      - sentences: ['open {name}', 'on {name}']\n"
	"        requires_context: {domain: [cover, valve]}\n"
	"        slots: {domain: cover}\n"
	"      - sentences: ['lock {name}']\n"
	"        requires_context: {domain: lock, device_class: door}\n"
	"      - sentences: ['open']\n"
	"        requires_context: {domain: cover}\n"
	"      - sentences: ['lights on']\n"
	"        slots: {domain: light, nothing: , kinds: [lamp, strip]}\n"
	"      - sentences: ['lights on']\n"
	"        requires_context: {area: {slot: true}}\n"
	"        slots: {domain: light}\n"
	"  Read:\n"
	"    data:\n"
	"      - sentences: ['is {name} fine']\n"
	"        requires_context: {area: bath}\n";

static struct intents *home_of(void)
{
	static const struct {
		const char *name;
		struct intent_context context[2];
		size_t n;
	} things[] = {
		{ "lamp", { { "domain", "light" } }, 1 },
		{ "blind", { { "domain", "cover" } }, 1 },
		{ "tap", { { "domain", "valve" }, { "area", "bath" } }, 2 },
		{ "gate", { { "domain", "lock" }, { "device_class", "door" } }, 2 },
		{ "safe", { { "domain", "lock" } }, 1 },
		{ "thing", { { NULL, NULL } }, 0 },
	};
	struct intent_entity entities[ARRAY_SIZE(things)];
	struct intents *s = said_load(home);

	for (size_t i = 0; i < ARRAY_SIZE(things); i++)
		entities[i] = (struct intent_entity){ .list = "name", .in = things[i].name,
						      .context = things[i].context,
						      .n_context = things[i].n };
	ck_assert_int_eq(intents_set_entities(s, entities, ARRAY_SIZE(entities)), 0);
	ck_assert_int_eq(intents_bind(s), 0);
	return s;
}

START_TEST(contexts)
{
	static const struct {
		const char *text, *here, *understood;
	} cases[] = {
		{ "turn on lamp", NULL, "On name=lamp" },
		{ "turn on thing", NULL, "On name=thing" },
		{ "turn on blind", NULL, "-" },
		{ "on blind", NULL, "On name=blind domain=cover" },
		{ "open tap", NULL, "On name=tap domain=cover" },
		{ "open lamp", NULL, "-" },
		{ "open thing", NULL, "-" },
		{ "lock gate", NULL, "On name=gate" },
		{ "lock safe", NULL, "-" },
		{ "open", NULL, "-" },
		{ "lights on", "kitchen", "On domain=light area=kitchen" },
		/* The area of the thing, not of the speaker. */
		{ "is tap fine", "kitchen", "Read name=tap" },
		{ "is lamp fine", "kitchen", "-" },
		{ "is lamp fine", "bath", "Read name=lamp" },
	};
	struct intents *s = home_of();

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct intent_context here = { "area", cases[i].here };

		ck_assert_str_eq(said(s, cases[i].text, &here, here.value ? 1 : 0),
				 cases[i].understood);
	}
	/* A value that says nothing is no slot; several are one. */
	ck_assert_str_eq(said(s, "lights on", NULL, 0), "On kinds=lamp,strip domain=light");
	intents_free(s);
}
END_TEST

START_TEST(words_to_skip)
{
	static const char *const cases[][2] = {
		{ "please turn on lamp", "On name=lamp" },
		{ "turn on lamp please", "On name=lamp" },
		{ "turn on lamp, please", "On name=lamp" },
		{ "Could You please turn  on please lamp for me, ", "On name=lamp" },
		{ "Could You please turn  on please lamp for me!", "On name=lamp" },
		{ "i'd like to turn on lamp", "On name=lamp" },
		{ "i'd like turn on lamp", "On name=lamp" },
		{ "turn pleaseon lamp", "-" },
		{ "turnplease on lamp", "-" },
		{ "please", "-" },
		{ "dim to please 40 please", "Dim level=40" },
		{ "dim to please forty", "Dim level=40" },
		/* What a wildcard takes is text, and at the end it takes all. */
		{ "say please come in for me", "Say words=please come in for me" },
		{ "please say come please in please twice please", "Say words=come please in" },
		{ "say come in!", "Say words=come in" },
	};
	struct intents *s = said_load(
		"intents:\n"
		"  On: {data: [{sentences: ['turn on {name}']}]}\n"
		"  Dim: {data: [{sentences: ['dim to {level}']}]}\n"
		"  Say: {data: [{sentences: ['say {words}', 'say {words} twice']}]}\n"
		"lists:\n"
		"  name: {values: [lamp]}\n"
		"  level: {range: {from: 0, to: 100}}\n"
		"  words: {wildcard: true}\n"
		"numbers: {40: forty}\n"
		"skip_words: [please, could you, for me, i'd like, i'd like to]\n");

	check_heard(s, cases, ARRAY_SIZE(cases));
}
END_TEST

START_TEST(keywords)
{
	static const char *const cases[][2] = {
		{ "my Timer left", "Left x=my Timer" },
		{ "time's up left", "Left x=time's up" },
		{ "my timers left", "-" },
		{ "egg-timer left", "Left x=egg-timer" },
		{ "nothing left", "-" },
	};
	struct intents *s = said_load(
		"intents: {Left: {data: [{sentences: ['{x} left'], required_keywords: [timer, "
		"time's up]}]}}\nlists: {x: {wildcard: true}}\n");

	check_heard(s, cases, ARRAY_SIZE(cases));
}
END_TEST

START_TEST(numbers)
{
	static const char *const cases[][2] = {
		{ "to 20 percent", "Set n=20" },
		{ "to twenty percent", "Set n=20" },
		{ "to Twenty One percent", "Set n=21" },
		{ "to twenty-one percent", "Set n=21" },
		{ "to twentyx percent", "-" },
		{ "to ninety percent", "-" },	/* beyond the range */
		{ "to 20.5 percent", "-" },	/* this range has no halves */
		{ "heat to 20.5", "Heat t=20.5" },
		{ "heat to 20,5", "Heat t=20.5" },
		{ "heat to twenty point five", "Heat t=20.5" },
		{ "heat to twenty one and a half degrees", "Heat t=21.5" },
		{ "heat to 20.4", "-" },
		{ "heat to 20.55", "-" },
		{ "heat to 30.5", "-" },
		{ "heat to -5", "Heat t=-5" },
		{ "heat to -11", "-" },
		{ "heat to - 5", "-" },
	};
	struct intents *s = said_load(
		"intents:\n"
		"  Set: {data: [{sentences: ['to {n}[ ](%|percent)']}]}\n"
		"  Heat: {data: [{sentences: ['heat to {t} [degree[s]]']}]}\n"
		"lists:\n"
		"  n: {range: {from: 0, to: 50, type: percentage}}\n"
		"  t: {range: {from: -10, to: 30, fractions: halves}}\n"
		"numbers:\n"
		"  half: ' (point five|and a half)'\n"
		"  20: twenty\n  21: twenty( |-)one\n  90: ninety\n");

	check_heard(s, cases, ARRAY_SIZE(cases));
}
END_TEST

/* A rule of all calls one that only the blocks have. */
START_TEST(own_rules)
{
	static const char head[] =
		"expansion_rules:\n"
		"  what: 'what is the <class> of {name}'\n"
		"  class: thing\n"
		"lists: {name: {values: [room]}}\n"
		"intents:\n  Get:\n    data:\n"
		"      - {sentences: ['<what>'], slots: {c: none}}\n";
	static const char *const cases[][2] = {
		{ "what is the warmth of room", "Get name=room c=heat" },
		{ "what is the humidity of room", "Get name=room c=wet" },
		{ "what is the thing of room", "Get name=room c=none" },
	};
	char text[1024];
	struct intents *s;

	snprintf(text, sizeof(text), "%s%s", head,
		 "      - {sentences: ['<what>'], slots: {c: heat}, expansion_rules: "
		 "{class: '(heat|warmth)'}}\n"
		 "      - {sentences: ['<what>'], slots: {c: wet}, expansion_rules: "
		 "{class: humidity}}\n");
	check_heard(said_load(text), cases, ARRAY_SIZE(cases));
	/* Through its own rule, the block calls itself. */
	snprintf(text, sizeof(text), "%s%s", head,
		 "      - {sentences: ['<what>'], expansion_rules: {class: 'x <what>'}}\n");
	s = said_load(text);
	ck_assert_int_eq(intents_bind(s), INTENT_E_INCOMPLETE);
	ck_assert_str_eq(said_warning(s, 0), "forms.yaml:9: <what>: calls itself in a circle");
	ck_assert_str_eq(said(s, "what is the x of room", NULL, 0), "-");
	ck_assert_str_eq(said(s, "what is the thing of room", NULL, 0), "Get name=room c=none");
	intents_free(s);
}
END_TEST

START_TEST(what_is_missing_is_named)
{
	static const char text[] =
		"expansion_rules: {what: 'is <class>'}\n"
		"intents:\n"
		"  Get:\n"
		"    data:\n"
		"      - {sentences: ['<what>'], expansion_rules: {class: x}}\n"
		"      - {sentences: ['ok',\n"
		"                     'so <what>']}\n";
	struct intents *s = said_load(text);
	size_t n;

	ck_assert_int_eq(intents_bind(s), INTENT_E_INCOMPLETE);
	intents_warnings(s, &n);
	ck_assert_uint_eq(n, 1);
	ck_assert_str_eq(said_warning(s, 0), "forms.yaml:1: <class>: there is no rule of this "
			 "name; a sentence in forms.yaml, line 7, needs it");
	ck_assert_str_eq(said(s, "is x", NULL, 0), "Get");
	ck_assert_str_eq(said(s, "so is x", NULL, 0), "-");
	ck_assert_str_eq(said(s, "ok", NULL, 0), "Get");
	intents_free(s);
}
END_TEST

/* Rules inside rules, three hundred deep: begun from the outermost, and from the innermost. */
START_TEST(too_deep)
{
	struct intents *s = NULL;
	char text[64];

	ck_assert_int_eq(intents_new(&s), 0);
	for (int i = 0; i <= 300; i++) {
		int k = _i ? i : 300 - i;

		if (k == 300)
			snprintf(text, sizeof(text), "expansion_rules: {r300: last}\n");
		else
			snprintf(text, sizeof(text), "expansion_rules: {r%d: '<r%d>'}\n", k, k + 1);
		said_load_more(s, text);
	}
	for (int i = 0; i <= 300; i++) {
		int k = _i ? i : 300 - i;

		snprintf(text, sizeof(text),
			 "intents: {I%d: {data: [{sentences: ['%d <r%d>']}]}}\n", k, k, k);
		said_load_more(s, text);
	}
	ck_assert_int_eq(intents_bind(s), INTENT_E_INCOMPLETE);
	ck_assert_ptr_nonnull(strstr(said_warning(s, 0), ": more than 64 rules inside each other"));
	ck_assert_str_eq(said(s, "0 last", NULL, 0), "-");
	ck_assert_str_eq(said(s, "299 last", NULL, 0), "I299");
	intents_free(s);
}
END_TEST

/* The files whose folder names the intent. */
START_TEST(newer_form)
{
	static const char text[] =
		"language: en\n"
		"data:\n"
		"  - sentences: ['light up {name}']\n"
		"    name_domains: [light, switch]\n"
		"    inferred_domain: light\n"
		"    response: done\n"
		"settings: {filter_with_regex: false}\n"
		"responses: {errors: {no_intent: 'what?'}}\n";
	static const struct intent_context lamp = { "domain", "light" }, fan = { "domain", "fan" };
	static const struct intent_entity things[] = {
		{ "name", "lamp", "l", &lamp, 1 },
		{ "name", "fan", "f", &fan, 1 },
	};
	struct diag d = DIAG_NULL;
	struct intents *s = NULL;

	ck_assert_int_eq(intents_new(&s), 0);
	ck_assert_int_eq(intents_load(s, "forms.yaml", text, strlen(text), &d), -EINVAL);
	ck_assert_str_eq(d.field, "3:3");
	ck_assert_int_eq(intents_load_for(s, "new.yaml", "TurnOn", text, strlen(text),
					  NULL), 0);
	ck_assert_int_eq(intents_set_entities(s, things, ARRAY_SIZE(things)), 0);
	ck_assert_int_eq(intents_bind(s), 0);
	ck_assert_str_eq(said(s, "light up lamp", NULL, 0), "TurnOn name=l domain=light");
	ck_assert_str_eq(said(s, "light up fan", NULL, 0), "-");
	intents_free(s);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("forms");

	tcase_add_test(tc, contexts);
	tcase_add_test(tc, words_to_skip);
	tcase_add_test(tc, keywords);
	tcase_add_test(tc, numbers);
	tcase_add_test(tc, own_rules);
	tcase_add_test(tc, what_is_missing_is_named);
	tcase_add_loop_test(tc, too_deep, 0, 2);
	tcase_add_test(tc, newer_form);
	return run_tests("forms", tc);
}
