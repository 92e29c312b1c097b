/* SPDX-License-Identifier: MIT */
/* Several commands in one sentence, short forms, words for "it", names that nobody knows. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "assistantd/daemon/commands.h"
#include "assistantd/daemon/references.h"
#include "tests/check-main.h"
#include "util/buf.h"
#include "util/macro.h"

static struct intents *set;
static struct words *words;

static const char sentences[] =
	"language: en\n"
	"intents:\n"
	"  HassTurnOn:\n"
	"    data:\n"
	"      - sentences: [\"turn on [the ]{name}\", \"turn [the ]{name} on\"]\n"
	"      - sentences: [\"turn on [the ]lights in [the ]{area}\"]\n"
	"        slots: {domain: light}\n"
	"  HassTurnOff:\n"
	"    data:\n"
	"      - sentences: [\"turn off [the ]{name}\", \"turn [the ]{name} off\"]\n"
	"  HassLightSet:\n"
	"    data:\n"
	"      - sentences: [\"set [the ]{name} to {brightness}[ percent]\"]\n"
	"  HassCloseCover:\n"
	"    data:\n"
	"      - sentences: [\"close [the ]{name}\"]\n"
	"  ReminderSet:\n"
	"    data:\n"
	"      - sentences: [\"remind me to {text}\"]\n"
	"lists:\n"
	"  brightness: {range: {from: 0, to: 100}}\n"
	"  text: {wildcard: true}\n";

static const struct intent_entity entities[] = {
	{ "name", "lamp", "light.lamp", NULL, 0 }, { "name", "fan", "fan.fan", NULL, 0 },
	{ "name", "kitchen light", "light.kitchen", NULL, 0 },
	{ "name", "salt and pepper", "switch.salt", NULL, 0 },
	{ "name", "blinds", "cover.blinds", NULL, 0 },
	{ "name", "twin", "light.twin_a", NULL, 0 }, { "name", "twin", "light.twin_b", NULL, 0 },
	{ "name", "it", REFERENCE_IT, NULL, 0 },
	{ "name", COMMANDS_UNKNOWN, COMMANDS_UNKNOWN, NULL, 0 },
	{ "area", "kitchen", "Kitchen", NULL, 0 }, { "area", "hall", "Hall", NULL, 0 },
};

static void setup(void)
{
	static const char *const languages[] = { "xx", "en" };
	char path[512];
	struct diag d = DIAG_NULL;
	int fd;

	ck_assert_int_eq(intents_new(&set), 0);
	ck_assert_msg(intents_load(set, "test.yaml", sentences, sizeof(sentences) - 1, &d) == 0,
		      "%s: %s", d.field, d.text);
	ck_assert_int_eq(intents_set_entities(set, entities, ARRAY_SIZE(entities)), 0);
	ck_assert_int_eq(intents_bind(set), 0);
	snprintf(path, sizeof(path), "%s/examples/words.yaml",
		 getenv("srcdir") ? getenv("srcdir") : ".");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert_msg(fd >= 0, "%s", path);
	ck_assert_msg(words_read_fd(&words, fd, languages, 2, &d) == 0, "%s: %s", d.field, d.text);
	close(fd);
}

static void teardown(void)
{
	set = intents_free(set);
	words = words_free(words);
}

static int match(void *arg, const char *text, size_t len, struct intent_matches **ret)
{
	(void)arg;
	return intents_match(set, text, len, NULL, 0, ret);
}

static int read_text(const char *text, const struct order *last, struct commands *c)
{
	const struct commands_input in = { .match = match, .words = words, .last = last };

	return commands_read(&in, text, strlen(text), c);
}

/* "Intent name=value …; Intent …", the meanings of one with | between them. */
static void describe(const struct commands *c, struct buf *out)
{
	for (size_t i = 0; i < c->n; i++)
		for (size_t k = 0; k < c->items[i].n; k++) {
			const struct order *o = &c->items[i].meanings[k];

			buf_printf(out, "%s%s", k ? "|" : i ? "; " : "", o->intent);
			for (size_t s = 0; s < o->n_slots; s++)
				buf_printf(out, " %s=%s", o->slots[s].name, o->slots[s].value);
		}
}

static const struct {
	const char *text, *orders;	/* NULL: not understood */
} texts[] = {
	{ "turn on the lamp", "HassTurnOn name=light.lamp" },
	{ "Turn on the lamp, and then turn off the fan.",
	  "HassTurnOn name=light.lamp; HassTurnOff name=fan.fan" },
	{ "turn on the lamp and the fan", "HassTurnOn name=light.lamp; HassTurnOn name=fan.fan" },
	{ "turn on the lamp, the fan and the kitchen light",
	  "HassTurnOn name=light.lamp; HassTurnOn name=fan.fan; HassTurnOn name=light.kitchen" },
	{ "turn the kitchen light and the fan on",
	  "HassTurnOn name=light.kitchen; HassTurnOn name=fan.fan" },
	{ "turn off the kitchen light and close the blinds, then set the lamp to 40",
	  "HassTurnOff name=light.kitchen; HassCloseCover name=cover.blinds; "
	  "HassLightSet name=light.lamp brightness=40" },
	{ "set the lamp to 40 percent and the kitchen light to 20",
	  "HassLightSet name=light.lamp brightness=40; "
	  "HassLightSet name=light.kitchen brightness=20" },
	/* A name may hold the word. */
	{ "turn on the salt and pepper", "HassTurnOn name=switch.salt" },
	{ "turn on the salt and pepper and the fan",
	  "HassTurnOn name=switch.salt; HassTurnOn name=fan.fan" },
	{ "turn on the lights in the kitchen and the hall",
	  "HassTurnOn area=Kitchen domain=light; HassTurnOn area=Hall domain=light" },
	{ "turn on the lamp and turn it off", "HassTurnOn name=light.lamp; HassTurnOff name==it" },
	{ "turn on the twin and the fan",
	  "HassTurnOn name=light.twin_a|HassTurnOn name=light.twin_b; HassTurnOn name=fan.fan" },
	/* A text goes to its end. */
	{ "remind me to turn on the lamp and the fan",
	  "ReminderSet text=turn on the lamp and the fan" },
	/* All parts, or nothing. */
	{ "turn on the lamp and sing a song", NULL },
	{ "sing a song and turn on the lamp", NULL },
	{ "turn on the lamp and", NULL },
	{ "and turn on the lamp", NULL },
	{ "and", NULL }, { ", , and then", NULL }, { "the fan", NULL },
	{ "turn on the lamp and the fan and the fan and the fan and the fan and the fan and the "
	  "fan and the fan and the fan", NULL },
};

START_TEST(texts_are_cut_where_all_parts_are_understood)
{
	struct commands *c = calloc(1, sizeof(*c));
	struct buf got = BUF_NULL;
	int r = read_text(texts[_i].text, NULL, c);

	describe(c, &got);
	if (texts[_i].orders)
		ck_assert_msg(r == 0 && got.len && strcmp(got.data, texts[_i].orders) == 0,
			      "%s: %d %s", texts[_i].text, r, got.data);
	else
		ck_assert_msg(r == COMMANDS_E_NONE && c->n == 0, "%s: %d %s", texts[_i].text, r,
			      got.data);
	commands_deinit(c);
	buf_deinit(&got);
	free(c);
}
END_TEST

static const struct {
	const char *first, *then, *orders;
} short_forms[] = {
	{ "turn on the lamp", "and the fan", "HassTurnOn name=fan.fan" },
	{ "turn on the lamp", "What about the kitchen light?", "HassTurnOn name=light.kitchen" },
	{ "turn on the lamp", "the fan", "HassTurnOn name=fan.fan" },
	{ "set the lamp to 40 percent", "and the fan", "HassLightSet name=fan.fan brightness=40" },
	{ "set the lamp to 40 percent", "and the fan to 30",
	  "HassLightSet name=fan.fan brightness=30" },
	{ "turn on the lights in the kitchen", "and the hall?",
	  "HassTurnOn area=Hall domain=light" },
	/* A whole command is for itself. */
	{ "turn on the lamp", "turn off the fan", "HassTurnOff name=fan.fan" },
	{ "turn on the lamp", "and sing a song", NULL },
	{ "remind me to feed the cat", "and the fan", NULL },
};

START_TEST(short_forms_repeat_what_was_said)
{
	struct commands *c = calloc(1, sizeof(*c));
	struct buf got = BUF_NULL;
	struct order last;
	int r;

	ck_assert_int_eq(read_text(short_forms[_i].first, NULL, c), 0);
	ck_assert_int_eq(order_copy(&last, &c->items[0].meanings[0]), 0);
	commands_deinit(c);
	r = read_text(short_forms[_i].then, &last, c);
	describe(c, &got);
	if (short_forms[_i].orders) {
		bool whole = strncmp(short_forms[_i].then, "turn", 4) == 0;

		ck_assert_msg(r == 0 && strcmp(got.data, short_forms[_i].orders) == 0,
			      "%s: %d %s", short_forms[_i].then, r, got.data);
		/* What is done was said in another request. */
		ck_assert_int_eq(order_label(&c->items[0].meanings[0]),
				 whole ? POLICY_LABEL_USER : POLICY_LABEL_NOTES);
		/* What others chose does not become the user's by going on with it. */
		commands_deinit(c);
		last.label = POLICY_LABEL_OUTSIDE;
		ck_assert_int_eq(read_text(short_forms[_i].then, &last, c), 0);
		ck_assert_int_eq(order_label(&c->items[0].meanings[0]),
				 whole ? POLICY_LABEL_USER : POLICY_LABEL_OUTSIDE);
	} else {
		ck_assert_msg(r == COMMANDS_E_NONE, "%s: %d", short_forms[_i].then, r);
	}
	order_deinit(&last);
	commands_deinit(c);
	buf_deinit(&got);
	free(c);
}
END_TEST

static const struct {
	const char *text, *intent, *unknown;
} unknowns[] = {
	{ "turn on the moon", "HassTurnOn", "moon" },
	{ "turn the red moon off!", "HassTurnOff", "red moon" },
	{ "set the moon to 40", "HassLightSet", "moon" },
	{ "close those red ones", NULL, NULL },	/* most of it would be the name */
	{ "sing a song", NULL, NULL },
	{ "", NULL, NULL },
	{ "a b c d e f g h i j k l m n o p q r s t u v w", NULL, NULL },
};

START_TEST(a_name_that_nobody_knows_is_found)
{
	const struct commands_input in = { .match = match, .words = words };
	const char *text = unknowns[_i].text;
	struct order o = ORDER_NULL;
	size_t start = 0, end = 0;
	int r = commands_unknown(&in, text, strlen(text), &o, &start, &end);

	if (unknowns[_i].intent) {
		ck_assert_msg(r == 0 && strcmp(o.intent, unknowns[_i].intent) == 0, "%s", text);
		ck_assert_msg(end - start == strlen(unknowns[_i].unknown) &&
			      strncmp(text + start, unknowns[_i].unknown, end - start) == 0,
			      "%s: %zu %zu", text, start, end);
	} else {
		ck_assert_msg(r == COMMANDS_E_NONE, "%s", text);
	}
	order_deinit(&o);
}
END_TEST

static struct choice choices[] = {
	{ (char *)"light.a", (char *)"Left Lamp (Study)" },
	{ (char *)"light.b", (char *)"Right Lamp (Study)" },
	{ (char *)"light.c", (char *)"Lamp (Caf\xc3\x89)" },
};

static const struct {
	const char *answer;
	int choice;
} answers[] = {
	{ "the left one", 0 }, { "Right", 1 }, { "the one in the caf\xc3\xa9, please", 2 },
	{ "the second one", 1 }, { "the last", 2 }, { "first", 0 }, { "the fourth one", -1 },
	{ "the study", -1 }, { "lamp", -1 }, { "turn on the left lamp", -1 }, { "", -1 },
	{ "yes", -1 }, { "left right", -1 }, { "the left lamp in the study", 0 },
	{ "the first second", -1 },
};

START_TEST(an_answer_picks_one_of_several)
{
	ck_assert_msg(reference_choice(words, choices, ARRAY_SIZE(choices), answers[_i].answer,
				       strlen(answers[_i].answer)) == answers[_i].choice,
		      "%s", answers[_i].answer);
}
END_TEST

START_TEST(it_is_what_was_meant_last)
{
	struct conversations *all = NULL;
	struct conversation *c;
	struct order o = ORDER_NULL;

	ck_assert_int_eq(conversations_new(&all, NULL), 0);
	c = conversations_begin(all, "shell", 0);
	ck_assert_int_eq(order_set(&o, "name", REFERENCE_IT, POLICY_LABEL_USER), 0);
	ck_assert_int_eq(reference_resolve(c, &o), REFERENCES_E_NONE);
	ck_assert_int_eq(conversation_focus(c, "light.a", POLICY_LABEL_USER), 0);
	ck_assert_int_eq(reference_resolve(c, &o), 0);
	ck_assert_str_eq(order_slot(&o, "name"), "light.a");
	ck_assert_int_eq(order_label(&o), POLICY_LABEL_NOTES);
	/* Named by others, it stays theirs. */
	ck_assert_int_eq(order_set(&o, "name", REFERENCE_IT, POLICY_LABEL_USER), 0);
	ck_assert_int_eq(conversation_focus(c, "light.b", POLICY_LABEL_OUTSIDE), 0);
	ck_assert_int_eq(reference_resolve(c, &o), 0);
	ck_assert_str_eq(order_slot(&o, "name"), "light.a\nlight.b");
	ck_assert_int_eq(order_label(&o), POLICY_LABEL_OUTSIDE);
	/* The other one of a question. */
	ck_assert_int_eq(order_set(&o, "name", REFERENCE_OTHER, POLICY_LABEL_USER), 0);
	ck_assert_int_eq(reference_resolve(c, &o), REFERENCES_E_NONE);
	ck_assert_int_eq(conversation_choice(c, "light.a", "A"), 0);
	ck_assert_int_eq(conversation_choice(c, "light.c", "C"), 0);
	conversation_drop_pending(c);
	ck_assert_int_eq(reference_resolve(c, &o), 0);
	ck_assert_str_eq(order_slot(&o, "name"), "light.c");
	ck_assert_int_eq(order_set(&o, "name", REFERENCE_OTHER, POLICY_LABEL_USER), 0);
	conversation_unfocus(c);
	ck_assert_int_eq(reference_resolve(c, &o), REFERENCES_E_MANY);
	order_deinit(&o);
	conversations_free(all);
}
END_TEST

static const char *const bad_words[] = {
	"version: 2\nlanguages: {}\n", "languages: {}\n", "version: 1\n",
	"version: 1\nlanguages: []\n",
	"version: 1\nlanguages: {en: []}\n", "version: 1\nlanguages: {en: {what: [a]}}\n",
	"version: 1\nlanguages: {en: {it: {a: b}}}\n", "version: 1\nlanguages: {en: {it: [[a]]}}\n",
	"version: 1\nlanguages: {en: {it: ['']}}\n",
	"version: 1\nlanguages: {en: {ordinals: [a]}}\n",
	"version: 1\nlanguages: {en: {ordinals: {a: 0}}}\n",
	"version: 1\nlanguages: {en: {ordinals: {a: 1.5}}}\n",
	"version: 1\nlanguages: {en: {ordinals: {a: b}}}\n",
	"version: 1\nlanguages: {}\nmore: 1\n",
};

START_TEST(wrong_files_of_words_are_refused)
{
	static const char *const languages[] = { "en" };
	FILE *f = tmpfile();
	struct words *w = NULL;
	struct diag d = DIAG_NULL;

	ck_assert_ptr_nonnull(f);
	fputs(bad_words[_i], f);
	fflush(f);
	ck_assert_msg(words_read_fd(&w, fileno(f), languages, 1, &d) == -EINVAL && *d.text, "%s",
		      bad_words[_i]);
	ck_assert_ptr_null(w);
	fclose(f);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("commands");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, texts_are_cut_where_all_parts_are_understood, 0,
			    ARRAY_SIZE(texts));
	tcase_add_loop_test(tc, short_forms_repeat_what_was_said, 0, ARRAY_SIZE(short_forms));
	tcase_add_loop_test(tc, a_name_that_nobody_knows_is_found, 0, ARRAY_SIZE(unknowns));
	tcase_add_loop_test(tc, an_answer_picks_one_of_several, 0, ARRAY_SIZE(answers));
	tcase_add_test(tc, it_is_what_was_meant_last);
	tcase_add_loop_test(tc, wrong_files_of_words_are_refused, 0, ARRAY_SIZE(bad_words));
	return run_tests("commands", tc);
}
