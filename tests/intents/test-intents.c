/* SPDX-License-Identifier: MIT */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "intents/intents.h"
#include "tests/check-main.h"
#include "util/macro.h"

static struct intents *load(const char *text, int bound)
{
	struct intents *s = NULL;
	struct diag d = DIAG_NULL;

	ck_assert_int_eq(intents_new(&s), 0);
	ck_assert_msg(!intents_load(s, "x.yaml", text, strlen(text), &d), "%s %s", d.field, d.text);
	ck_assert_int_eq(intents_bind(s), bound);
	return s;
}

static void load_english(struct intents *s, const char *file)
{
	static char text[65536];
	char path[512];
	struct diag d = DIAG_NULL;
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "%s/examples/intents/en/%s", getenv("srcdir"), file);
	f = fopen(path, "rb");
	ck_assert_ptr_nonnull(f);
	n = fread(text, 1, sizeof(text), f);
	fclose(f);
	ck_assert_msg(!intents_load(s, file, text, n, &d), "%s: %s %s", file, d.field, d.text);
}

static struct intents *english(const char *file)
{
	static const struct intent_context cover = { "domain", "cover" };
	static const struct intent_entity things[] = {
		{ .list = "name", .in = "desk lamp", .out = "light.desk" },
		{ .list = "area", .in = "kitchen" },
		{ "name", "blinds", "cover.blinds", &cover, 1 },
		{ .list = "floor", .in = "ground floor" },
	};
	struct intents *s = NULL;

	ck_assert_int_eq(intents_new(&s), 0);
	load_english(s, "common.yaml");
	load_english(s, file);
	ck_assert_int_eq(intents_set_entities(s, things, ARRAY_SIZE(things)), 0);
	ck_assert_int_eq(intents_bind(s), 0);
	return s;
}

static const struct {
	const char *file, *text, *intent, *slot, *value;
	int r;
} cases[] = {
	{ "home.yaml", "Turn on the desk lamp.", "HassTurnOn", "name", "light.desk" },
	{ "home.yaml", "please switch my Desk  Lamp off", "HassTurnOff", "name", "light.desk" },
	{ "home.yaml", "turn on the kitchen lights", "HassTurnOn", "area", "kitchen" },
	{ "home.yaml", "lights off", "HassTurnOff", "area", "bath" },
	{ "home.yaml", "dim the desk lamp to 40%", "HassLightSet", "brightness", "40" },
	{ "home.yaml", "set to 7 percent the desk lamp", "HassLightSet", "brightness", "7" },
	{ "home.yaml", "set the blinds to 30 %", "HassSetPosition", "position", "30" },
	{ "home.yaml", "is the desk lamp on?", "HassGetState", "name", "light.desk" },
	{ "home.yaml", "turn off all the lights", "HassTurnOff", "domain", "light" },
	{ "home.yaml", "turn on the lights on the ground floor", "HassTurnOn", "floor",
	  "ground floor" },
	{ "home.yaml", "turn the kitchen lights on", "HassTurnOn", "area", "kitchen" },
	{ "home.yaml", "could you close the blinds?", "HassCloseCover", "name", "cover.blinds" },
	{ "home.yaml", "what time is it", "HassGetCurrentTime", "name", NULL },
	{ "home.yaml", "dim the desk lamp to 101%", NULL, NULL, NULL, INTENT_E_NONE },
	{ "home.yaml", "turn onthe desk lamp", NULL, NULL, NULL, INTENT_E_NONE },
	{ "home.yaml", "turn on the desk lamp now and then", NULL, NULL, NULL, INTENT_E_NONE },
	{ "home.yaml", "", NULL, NULL, NULL, INTENT_E_NONE },
	{ "writing.yaml", "make this friendlier: Send It NOW!", "WritingTone", "text",
	  "Send It NOW" },
	{ "writing.yaml", "Make it more formal: hi\nthere", "WritingTone", "style",
	  "professional" },
	{ "writing.yaml", "proofread this", "WritingProofread", "text", NULL },
	{ "writing.yaml", "proofread: teh: cat", "WritingProofread", "text", "teh: cat" },
	{ "writing.yaml", "please summarize this: a b", "WritingSummarize", "text", "a b" },
};

START_TEST(english_sentences)
{
	struct intent_context here = { "area", "bath" };
	struct intents *s = english(cases[_i].file);
	_cleanup_(intent_matches_freep) struct intent_matches *found = NULL;
	const char *v;
	int r = intents_match(s, cases[_i].text, strlen(cases[_i].text), &here, 1, &found);

	ck_assert_msg(r == cases[_i].r, "%s: %d", cases[_i].text, r);
	if (!r) {
		ck_assert_str_eq(found->items[0].intent, cases[_i].intent);
		v = intent_slot(&found->items[0], cases[_i].slot);
		ck_assert_msg(cases[_i].value ? v && !strcmp(v, cases[_i].value) : !v, "%s: %s",
			      cases[_i].text, v ? v : "(none)");
	}
	intents_free(s);
}
END_TEST

START_TEST(bad_graphs)
{
	static const char *const broken[] = { "(a", "a)", "[a|b;c]", "<a", "{}", "a]" };
	struct intent_matches *found;
	struct intents *s;
	struct diag d = DIAG_NULL;
	char text[128];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(broken); i++) {
		d = (struct diag)DIAG_NULL;
		snprintf(text, sizeof(text), "expansion_rules:\n  r: '%s'\n", broken[i]);
		ck_assert_int_eq(intents_new(&s), 0);
		ck_assert_msg(intents_load(s, "x.yaml", text, strlen(text), &d) == -EINVAL, "%s",
			      text);
		ck_assert_str_eq(d.field, "2:6");
		intents_free(s);
	}
	/* What nobody calls does no harm. */
	s = load("expansion_rules: {a: '<b>', b: 'x<a>'}\n", 0);
	intents_free(s);
	s = load("intents: {A: {data: [{sentences: ['<gone>', ok]}]}}\n", INTENT_E_INCOMPLETE);
	ck_assert_int_eq(intents_match(s, "ok", 2, NULL, 0, &found), 0);
	intent_matches_free(found);
	intents_free(s);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("intents");

	tcase_add_loop_test(tc, english_sentences, 0, ARRAY_SIZE(cases));
	tcase_add_test(tc, bad_graphs);
	return run_tests("intents", tc);
}
