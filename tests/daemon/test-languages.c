/* SPDX-License-Identifier: MIT */
/* Sentences of two languages, from the folders of the program and of the user. */
#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "assistantd/daemon/languages.h"
#include "tests/check-main.h"
#include "util/macro.h"

static char root[] = "/tmp/languages.XXXXXX";

static const struct {
	const char *path, *text;
} files[] = {
	{ "shared/intents/numbers/pt.yaml", "numbers: {2: 'dois|duas'}\n" },
	{ "shared/intents/en/lamp.yaml",
	  "intents: {On: {data: [{sentences: ['lamp on']}]},"
	  " Both: {data: [{sentences: ['radio']}]}}\n" },
	{ "own/intents/en/mine.yaml",
	  "intents: {Coffee: {data: [{sentences: ['more coffee for {name}']}]}}\n" },
	{ "own/intents/en/broken.yaml", "intents: {Off: {data: [{sentences: ['lamp (off']}]}}\n" },
	{ "own/intents/en/.hidden.yaml", "intents: {Off: {data: [{sentences: ['lamp off']}]}}\n" },
	{ "own/intents/en/notes.txt", "not YAML: [\n" },
	{ "own/intents/pt-br/todas.yaml",
	  "intents: {Volume: {data: [{sentences: ['volume {n}', 'radio']}]}}\n"
	  "lists: {n: {range: {from: 0, to: 9}}}\n" },
	{ "own/intents/pt-br/HassTurnOn/luz.yaml", "data: [{sentences: ['acende a luz']}]\n" },
};

static bool make_file(const char *path, const char *text)
{
	char name[256];
	FILE *f;

	snprintf(name, sizeof(name), "%s/%s", root, path);
	for (char *slash = strchr(name + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(name, 0700);
		*slash = '/';
	}
	f = fopen(name, "we");
	if (!f)
		return false;
	fputs(text, f);
	return fclose(f) == 0;
}

static struct languages *read_both(const char *first, const char *second)
{
	const char *const names[] = { first, second };
	char shared[64], own[64];
	const char *const folders[] = { shared, own };
	struct languages *l = NULL;

	snprintf(shared, sizeof(shared), "%s/shared", root);
	snprintf(own, sizeof(own), "%s/own", root);
	ck_assert_int_eq(languages_read(names, 2, folders, 2, &l), 0);
	return l;
}

static const char *understood(const struct languages *l, const char *text)
{
	static char said[64];
	_cleanup_(intent_matches_freep) struct intent_matches *m = NULL;
	int r = languages_match(l, text, strlen(text), NULL, 0, &m);

	if (r == INTENT_E_NONE)
		return "-";
	ck_assert_int_eq(r, 0);
	snprintf(said, sizeof(said), "%s%s%s", m->items[0].intent, m->items[0].n_slots ? " " : "",
		 m->items[0].n_slots ? m->items[0].slots[0].value : "");
	return said;
}

START_TEST(both)
{
	static const struct intent_entity anna = { "name", "Anna", "person.anna", NULL, 0 };
	static const struct {
		const char *text, *english_first, *portuguese_first;
	} cases[] = {
		{ "lamp on", "On", "On" },
		{ "more coffee for anna", "Coffee person.anna", "Coffee person.anna" },
		{ "volume duas", "Volume 2", "Volume 2" },
		{ "acende a luz", "HassTurnOn", "HassTurnOn" },
		{ "radio", "Both", "Volume" },
		{ "lamp off", "-", "-" },
	};
	_cleanup_(languages_freep) struct languages *a = read_both("en", "pt-br");
	_cleanup_(languages_freep) struct languages *b = read_both("pt-br", "en");

	ck_assert_int_eq(languages_set_entities(a, &anna, 1), 0);
	ck_assert_int_eq(languages_set_entities(b, &anna, 1), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		ck_assert_str_eq(understood(a, cases[i].text), cases[i].english_first);
		ck_assert_str_eq(understood(b, cases[i].text), cases[i].portuguese_first);
	}
}
END_TEST

/* A language of which nothing is there understands nothing, and harms nobody. */
START_TEST(absent)
{
	_cleanup_(languages_freep) struct languages *l = read_both("tlh", "en");

	ck_assert_str_eq(understood(l, "lamp on"), "On");
	ck_assert_str_eq(understood(l, "wovmoHwI' yIchu'"), "-");
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("languages");
	char command[64];
	int r;

	if (!mkdtemp(root))
		return EXIT_FAILURE;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		if (!make_file(files[i].path, files[i].text))
			return EXIT_FAILURE;
	tcase_add_test(tests, both);
	tcase_add_test(tests, absent);
	r = run_tests("languages", tests);
	snprintf(command, sizeof(command), "rm -r %s", root);
	return system(command) == 0 ? r : EXIT_FAILURE;
}
