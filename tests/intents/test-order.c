/* SPDX-License-Identifier: MIT */
/* Which of several matches wins: the order in intents.h, one test for each of its lines. */
#include <check.h>
#include <errno.h>
#include <string.h>

#include "tests/check-main.h"
#include "tests/intents/said.h"
#include "util/macro.h"

/* The best is @best, and the next lost for @why. */
static void check_order(struct intents *s, const char *text, const struct intent_context *here,
			const char *best, enum intent_loss why)
{
	_cleanup_(intent_matches_freep) struct intent_matches *m = NULL;
	int r = intents_match(s, text, strlen(text), here, here ? 1 : 0, &m);

	ck_assert_msg(r == 0, "%s: %d", text, r);
	ck_assert_uint_eq(m->n_best, 1);
	ck_assert_uint_ge(m->n, 2);
	ck_assert_str_eq(said(s, text, here, here ? 1 : 0), best);
	ck_assert_int_eq(m->items[0].lost, INTENT_WON);
	ck_assert_msg(m->items[1].lost == why, "%s: %s: %s", text, m->items[1].intent,
		      intent_loss_text(m->items[1].lost));
}

static const struct intent_context kitchen = { "area", "kitchen" };
static const struct intent_context lamp_1[] = { { "domain", "light" }, { "area", "kitchen" } };
static const struct intent_context lamp_2[] = { { "domain", "light" }, { "area", "bath" } };
static const struct intent_entity house[] = {
	{ "name", "lamp", "light.1", lamp_1, 2 },
	{ "name", "Lamp", "light.2", lamp_2, 2 },
	{ "name", "kitchen light", "light.3", lamp_1, 1 },
	{ "name", "bath", "light.4", lamp_1, 1 },
	{ "area", "kitchen", NULL, NULL, 0 },
	{ "area", "bath", NULL, NULL, 0 },
};

static struct intents *house_of(const char *text)
{
	struct intents *s = said_bound(text);

	ck_assert_int_eq(intents_set_entities(s, house, ARRAY_SIZE(house)), 0);
	return s;
}

START_TEST(fewer_wildcards)
{
	struct intents *s = house_of(
		"intents:\n"
		"  Any: {data: [{sentences: ['{x}', 'play {x}', 'play {x} now', '{x} now']}]}\n"
		"  Music: {data: [{sentences: ['play music']}]}\n"
		"lists: {x: {wildcard: true}}\n");

	check_order(s, "play music", NULL, "Music", INTENT_LOST_WILDCARD);
	check_order(s, "play it now", NULL, "Any x=it", INTENT_LOST_WILDCARD);
	intents_free(s);
}
END_TEST

/* Words that may be skipped are better heard. */
START_TEST(more_words)
{
	struct intents *s = house_of(
		"intents:\n"
		"  Plain: {data: [{sentences: ['lamp on'], requires_context: {area: kitchen}}]}\n"
		"  Polite: {data: [{sentences: ['please lamp on']}]}\n"
		"skip_words: [please]\n");

	check_order(s, "please lamp on", &kitchen, "Polite", INTENT_LOST_LITERAL);
	intents_free(s);
}
END_TEST

START_TEST(more_conditions)
{
	struct intents *s = house_of(
		"intents:\n"
		"  All: {data: [{sentences: ['{name} on']}]}\n"
		"  Light: {data: [{sentences: ['on with {area}', '{name} on'],\n"
		"                  requires_context: {domain: light}}]}\n"
		"  None: {data: [{sentences: ['{name} on'], excludes_context: {domain: fan}}]}\n");

	check_order(s, "kitchen light on", NULL, "Light name=light.3", INTENT_LOST_CONDITIONS);
	intents_free(s);
}
END_TEST

START_TEST(nearer_things)
{
	struct intents *s = house_of("intents: {On: {data: [{sentences: ['{name} on']}]}}\n");

	check_order(s, "lamp on", &kitchen, "On name=light.1", INTENT_LOST_NEARER);
	ck_assert_str_eq(said(s, "lamp on", NULL, 0), "On name=light.1 ? On name=light.2");
	intents_free(s);
}
END_TEST

START_TEST(name_area_context)
{
	struct intents *s = house_of(
		"intents:\n"
		"  All: {data: [{sentences: [bath on, light on]}]}\n"
		"  Area: {data: [{sentences: ['{area} on', '{area} light on']}]}\n"
		"  Here: {data: [{sentences: [bath on, light on],\n"
		"                 requires_context: {area: {slot: true}}}]}\n"
		"  Name: {data: [{sentences: ['{name} on']}]}\n");

	check_order(s, "bath on", NULL, "Name name=light.4", INTENT_LOST_RANK);
	check_order(s, "kitchen light on", NULL, "Name name=light.3", INTENT_LOST_RANK);
	/* Of the same conditions, what is said comes before what is not. */
	intents_free(s);
	s = house_of(
		"intents:\n"
		"  Area: {data: [{sentences: ['{area} on'],\n"
		"                 requires_context: {area: kitchen}}]}\n"
		"  Here: {data: [{sentences: ['bath on'],\n"
		"                 requires_context: {area: {slot: true}}}]}\n"
		"  No: {data: [{sentences: [bath on, here], requires_context: {area: kitchen}}]}\n"
		"  Also: {data: [{sentences: [here], requires_context: {area: {slot: true}}}]}\n");
	check_order(s, "bath on", &kitchen, "Area area=bath", INTENT_LOST_RANK);
	check_order(s, "here", &kitchen, "Also area=kitchen", INTENT_LOST_RANK);
	intents_free(s);
}
END_TEST

START_TEST(more_slots)
{
	struct intents *s = house_of(
		"intents:\n"
		"  A: {data: [{sentences: ['go {x}']},\n"
		"             {sentences: ['go {x}'], slots: {more: y}}]}\n"
		"  B: {data: [{sentences: ['run {x}'], slots: {k: v}}]}\n"
		"  C: {data: [{sentences: ['run {x}'], slots: {k: v}}]}\n"
		"  D: {data: [{sentences: ['(a|a) [b|b]', 'a b']}]}\n"
		"lists: {x: {values: [up]}}\n");

	check_order(s, "go up", NULL, "A x=up more=y", INTENT_LOST_CONTAINED);
	ck_assert_str_eq(said(s, "run up", NULL, 0), "B x=up k=v ? C x=up k=v");
	/* The same again is no question. */
	check_order(s, "a b", NULL, "D", INTENT_LOST_CONTAINED);
	intents_free(s);
}
END_TEST

START_TEST(first_wildcard_is_short)
{
	struct intents *s = said_bound(
		"intents: {Send: {data: [{sentences: ['send {x} to {y}']}]}}\n"
		"lists: {x: {wildcard: true}, y: {wildcard: true}}\n");

	ck_assert_str_eq(said(s, "send love to Anna to Berta", NULL, 0),
			 "Send x=love y=Anna to Berta");
	intents_free(s);
}
END_TEST

START_TEST(what_does_not_fit_is_told)
{
	static const char text[] = "lamp on in the bath";
	_cleanup_(intent_matches_freep) struct intent_matches *m = NULL;
	struct intents *s = house_of(
		"intents:\n"
		"  Fan: {data: [{sentences: ['{name} on [in the {area}]'],\n"
		"                requires_context: {domain: fan}}]}\n"
		"  Key: {data: [{sentences: ['lamp on in the bath'],\n"
		"                required_keywords: [timer]}]}\n");

	ck_assert_int_eq(intents_match(s, text, strlen(text), NULL, 0, &m), INTENT_E_NONE);
	ck_assert_uint_eq(m->n_best, 0);
	ck_assert_uint_eq(m->n, 3);
	for (size_t i = 0; i < m->n; i++)
		if (strcmp(m->items[i].intent, "Key") == 0) {
			ck_assert_int_eq(m->items[i].lost, INTENT_LOST_KEYWORDS);
			ck_assert_ptr_null(m->items[i].unmet);
		} else {
			ck_assert_int_eq(m->items[i].lost, INTENT_LOST_CONTEXT);
			ck_assert_str_eq(m->items[i].unmet, "domain");
		}
	intents_free(s);
}
END_TEST

/* A place that is said is where the thing must be, and no slot has two values. */
START_TEST(contradictions)
{
	static const char *const cases[][2] = {
		{ "lamp on in the bath", "On name=light.2 area=bath" },
		{ "lamp on in the kitchen", "On name=light.1 area=kitchen" },
		{ "bath on in the bath", "On name=light.4 area=bath" },	/* its area is not known */
		{ "from kitchen to bath", "-" },
		{ "from bath to bath", "Go area=bath" },
	};
	_cleanup_(intent_matches_freep) struct intent_matches *m = NULL;
	struct intents *s = house_of(
		"intents:\n"
		"  On: {data: [{sentences: ['{name} on in the {area}']}]}\n"
		"  Go: {data: [{sentences: ['from {area} to {area}']}]}\n");

	said_check(s, cases, ARRAY_SIZE(cases));
	ck_assert_int_eq(intents_match(s, cases[0][0], strlen(cases[0][0]), NULL, 0, &m), 0);
	ck_assert_uint_eq(m->n, 2);
	ck_assert_int_eq(m->items[1].lost, INTENT_LOST_CONTEXT);
	ck_assert_str_eq(m->items[1].unmet, "area");
	intents_free(s);
}
END_TEST

/* Where each slot stands, and where the sentence does. */
START_TEST(places)
{
	static const char text[] = "  Bitte, dimm die Küchen\xc2\xa0lampe auf  50 %: \"Ruhe!\" ";
	static const struct intent_entity lamp = { "name", "küchen lampe", "light.1", NULL, 0 };
	static const struct {
		const char *name, *value, *said;
		enum intent_source source;
	} slots[] = {
		{ "name", "light.1", "Küchen\xc2\xa0lampe", INTENT_SAID },
		{ "level", "50", "50", INTENT_SAID },
		{ "text", "\"Ruhe!\"", "\"Ruhe!\"", INTENT_SAID },
		{ "domain", "light", NULL, INTENT_FIXED },
		{ "area", "kitchen", NULL, INTENT_CONTEXT },
	};
	_cleanup_(intent_matches_freep) struct intent_matches *m = NULL;
	struct intents *s = said_bound(
		"intents:\n  Dim:\n    data:\n"
		"      - sentences:\n"
		"          - never\n"
		"          - 'dimm die {name} auf {level} %: {text}'\n"
		"        slots: {domain: light}\n"
		"        response: dimmed\n"
		"        requires_context: {area: {slot: true}}\n"
		"lists: {level: {range: {from: 0, to: 100}}, text: {wildcard: true}}\n"
		"skip_words: [bitte]\n");

	ck_assert_int_eq(intents_set_entities(s, &lamp, 1), 0);
	ck_assert_int_eq(intents_match(s, text, strlen(text), &kitchen, 1, &m), 0);
	ck_assert_str_eq(m->items[0].file, "forms.yaml");
	ck_assert_uint_eq(m->items[0].line, 6);
	ck_assert_str_eq(m->items[0].template, "dimm die {name} auf {level} %: {text}");
	ck_assert_str_eq(m->items[0].response, "dimmed");
	ck_assert_uint_eq(m->items[0].n_slots, ARRAY_SIZE(slots));
	for (size_t i = 0; i < ARRAY_SIZE(slots); i++) {
		const struct intent_slot *k = &m->items[0].slots[i];
		size_t len = slots[i].said ? strlen(slots[i].said) : 0;

		ck_assert_str_eq(k->name, slots[i].name);
		ck_assert_str_eq(k->value, slots[i].value);
		ck_assert_int_eq(k->source, slots[i].source);
		ck_assert_uint_eq(k->end - k->start, len);
		ck_assert_msg(memcmp(text + k->start, slots[i].said ? slots[i].said : "", len) == 0,
			      "%s at %zu", k->name, k->start);
	}
	intents_free(s);
}
END_TEST

/* A key with several values has all of them, where it is said and of what is named. */
START_TEST(several_values)
{
	static const struct intent_context here[] = {
		{ "mode", "night" }, { "mode", "guests" }, { "area", "bath" },
	};
	static const struct intent_context thing[] = { { "can", "dim" }, { "can", "blink" } };
	static const struct intent_entity things[] = { { "name", "lamp", "l", thing, 2 } };
	struct intents *s = said_bound(
		"intents:\n"
		"  Guests: {data: [{sentences: [who], requires_context: {mode: [x, guests]}}]}\n"
		"  Blink: {data: [{sentences: ['go {name}'], requires_context: {can: blink}}]}\n"
		"  Fly: {data: [{sentences: ['go {name}'], requires_context: {can: fly}}]}\n"
		"  Not: {data: [{sentences: ['no {name}'], excludes_context: {can: dim}}]}\n"
		"  Area: {data: [{sentences: [where],\n"
		"                 requires_context: {mode: {value: guests, slot: true}}}]}\n");

	ck_assert_int_eq(intents_set_entities(s, things, 1), 0);
	ck_assert_str_eq(said(s, "who", here, 3), "Guests");
	ck_assert_str_eq(said(s, "who", here, 1), "-");
	ck_assert_str_eq(said(s, "go lamp", here, 3), "Blink name=l");
	ck_assert_str_eq(said(s, "no lamp", here, 3), "-");
	ck_assert_str_eq(said(s, "where", here, 3), "Area mode=guests");
	intents_free(s);
}
END_TEST

/* Devices come and go; what the files say stays. */
START_TEST(entities_are_replaced)
{
	static const struct intent_entity first[] = {
		{ "name", "lamp", "l.1", NULL, 0 }, { "mood", "calm", "m.1", NULL, 0 },
	};
	static const struct intent_entity second[] = {
		{ "name", "Lamp (old) [x]", "l.2", NULL, 0 }, { "name", "...", "l.3", NULL, 0 },
		{ "name", "", "l.4", NULL, 0 }, { "mood", "wild", NULL, NULL, 0 },
	};
	static const struct intent_entity bad[] = {
		{ "name", "fan", "l.5", NULL, 0 }, { "name", "a\xff", "l.6", NULL, 0 },
	};
	struct intents *s = said_load(
		"intents: {On: {data: [{sentences: ['on {name}', '{mood}']}]}}\n"
		"lists: {mood: {values: [{in: happy, out: h}]}}\n");

	ck_assert_int_eq(intents_set_entities(s, first, ARRAY_SIZE(first)), 0);
	ck_assert_int_eq(intents_bind(s), 0);
	ck_assert_str_eq(said(s, "on lamp", NULL, 0), "On name=l.1");
	ck_assert_str_eq(said(s, "calm", NULL, 0), "On mood=m.1");
	ck_assert_int_eq(intents_set_entities(s, second, ARRAY_SIZE(second)), 0);
	ck_assert_str_eq(said(s, "on lamp", NULL, 0), "-");
	ck_assert_str_eq(said(s, "on lamp (old) [x]", NULL, 0), "On name=l.2");
	ck_assert_str_eq(said(s, "on ...", NULL, 0), "-");
	ck_assert_str_eq(said(s, "calm", NULL, 0), "-");
	ck_assert_str_eq(said(s, "wild", NULL, 0), "On mood=wild");
	ck_assert_str_eq(said(s, "happy", NULL, 0), "On mood=h");
	/* All or nothing. */
	ck_assert_int_eq(intents_set_entities(s, bad, ARRAY_SIZE(bad)), -EINVAL);
	ck_assert_str_eq(said(s, "on fan", NULL, 0), "-");
	ck_assert_str_eq(said(s, "wild", NULL, 0), "On mood=wild");
	ck_assert_int_eq(intents_set_entities(s, NULL, 0), 0);
	ck_assert_str_eq(said(s, "wild", NULL, 0), "-");
	intents_free(s);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("order");

	tcase_add_test(tc, fewer_wildcards);
	tcase_add_test(tc, more_words);
	tcase_add_test(tc, more_conditions);
	tcase_add_test(tc, nearer_things);
	tcase_add_test(tc, name_area_context);
	tcase_add_test(tc, more_slots);
	tcase_add_test(tc, first_wildcard_is_short);
	tcase_add_test(tc, what_does_not_fit_is_told);
	tcase_add_test(tc, contradictions);
	tcase_add_test(tc, places);
	tcase_add_test(tc, several_values);
	tcase_add_test(tc, entities_are_replaced);
	return run_tests("order", tc);
}
