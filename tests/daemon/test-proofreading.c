/* SPDX-License-Identifier: MIT */
/* What is suggested to a text, and which of it is chosen, with scores that the test makes up. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "assistantd/daemon/choosing.h"
#include "assistantd/daemon/language.h"
#include "assistantd/daemon/spelling.h"
#include "tests/check-main.h"
#include "tests/scratch.h"
#include "util/macro.h"

#define WHOLE { true, true, LANGUAGE_LIKELY, 0 }

static const struct surroundings whole = WHOLE;

static struct proofreader *reader;

static void write_file(const char *name, const char *text)
{
	_cleanup_free_ char *path = NULL;
	FILE *f;

	ck_assert_int_ge(asprintf(&path, "%s/%s", scratch, name), 0);
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	ck_assert_int_eq(fclose(f), 0);
}

/* A dictionary of three rare words beside the usual ones that are shipped. */
static void setup(void)
{
	_cleanup_free_ char *shared = NULL;
	struct diag d = DIAG_NULL;

	ck_assert_int_ge(asprintf(&shared, "%s/examples", getenv("srcdir")), 0);
	scratch_make();
	write_file("en_XY.aff", "SET UTF-8\n");
	write_file("en_XY.dic", "3\nzeugma\nXylo\nfrobnicate\n");
	ck_assert_msg(proofreader_new(&reader, shared, scratch, "en", &d) == 0, "%s: %s",
		      d.field, d.text);
}

static void teardown(void)
{
	reader = proofreader_free(reader);
	scratch_remove();
}

static struct suggestions suggest(const char *text)
{
	struct suggestions found = { 0 };

	ck_assert_int_eq(suggestions_find(reader, text, strlen(text), &whole, &found), 0);
	return found;
}

static const struct suggestion *find(const struct suggestions *s, size_t start, const char *text)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->items[i].start == start && strcmp(s->items[i].text, text) == 0)
			return &s->items[i];
	return NULL;
}

START_TEST(each_kind_is_suggested)
{
	static const struct {
		const char *text, *at, *fresh;
		enum change_kind kind;
	} cases[] = {
		{ "We liked teh house.", "teh", "the", CHANGE_SPELLING },
		{ "We liked the hoise then.", "hoise", "house", CHANGE_LETTER },
		{ "We met tommorow at noon.", "tommorow", "tomorrow", CHANGE_FAR },
		{ "Tehn we went home.", "Tehn", "Then", CHANGE_NAME },
		{ "They lost there house.", "there", "their", CHANGE_CONFUSED },
		{ "He have a house.", "have", "has", CHANGE_AGREEMENT },
		{ "He want a house.", "want", "wants", CHANGE_ENDING },
		{ "He ate a apple there.", "a apple", "an", CHANGE_ARTICLE },
		{ "We dont know him.", "dont", "don't", CHANGE_APOSTROPHE },
		{ "We liked the the house.", " the house", "", CHANGE_DOUBLED },
		{ "We liked it alot then.", "alot", "a lot", CHANGE_USAGE },
		{ "He could of known.", "could of", "could have", CHANGE_USAGE },
		{ "We liked ofthe house.", "ofthe", "of the", CHANGE_SPACING },
		{ "We went in house then.", " house", " the", CHANGE_MISSING },
		{ "We went to the home.", " the home", "", CHANGE_EXTRA },
		{ "Where is the house.", ".", "?", CHANGE_PUNCTUATION },
		{ "We liked the house", "", ".", CHANGE_STOP },
		{ "We met on monday then.", "monday", "Monday", CHANGE_CAPITAL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *at = *cases[i].at ? strstr(cases[i].text, cases[i].at)
					      : cases[i].text + strlen(cases[i].text);
		struct suggestions s = suggest(cases[i].text);
		const struct suggestion *found =
			find(&s, (size_t)(at - cases[i].text), cases[i].fresh);

		ck_assert_msg(found, "%s: no %s", cases[i].text, cases[i].fresh);
		ck_assert_msg(found->kind == cases[i].kind, "%s: %s", cases[i].text,
			      change_kind_name(found->kind));
		suggestions_deinit(&s);
	}
}
END_TEST

/* Names, words of the dictionary, and what only looks like words. */
START_TEST(some_things_are_left_alone)
{
	static const char *const words[] = { "zeugma", "Xylo's", "frobnicate", "Gzrkk", "NASSA",
					     "hosue.example.com", "bob@hosue", "hosue_2", "h0sue",
					     "/hosue/", "iPhnoe", "well-hosue", "hosue://x",
					     "`git hosue`", "nginx" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		_cleanup_free_ char *text = NULL;
		struct suggestions s;

		ck_assert_int_ge(asprintf(&text, "We liked %s then.", words[i]), 0);
		s = suggest(text);
		for (size_t k = 0; k < s.n; k++)
			ck_assert_msg(s.items[k].start + s.items[k].len <= 9 ||
				      s.items[k].start >= 9 + strlen(words[i]), "%s: '%s'", text,
				      s.items[k].text);
		suggestions_deinit(&s);
	}
}
END_TEST

START_TEST(some_changes_are_not_suggested)
{
	static const struct {
		const char *text, *fresh;
		enum change_kind kind;
	} cases[] = {
		{ "He had had very very much", "", CHANGE_DOUBLED },
		{ "What a day it was", "?", CHANGE_STOP },
		{ "Here is http://hosue.example", ".", CHANGE_STOP },
		{ "A Title Of Words", ".", CHANGE_STOP },
		{ "We saw an MRI", "a", CHANGE_ARTICLE },
		{ "We laughed a lot :P", ".", CHANGE_STOP },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct suggestions s = suggest(cases[i].text);

		for (size_t k = 0; k < s.n; k++)
			ck_assert_msg(s.items[k].kind != cases[i].kind ||
				      strcmp(s.items[k].text, cases[i].fresh) != 0, "%s",
				      cases[i].text);
		suggestions_deinit(&s);
	}
}
END_TEST

/* What is in brackets is of another language, and left. */
static void check_languages(const char *marked, const struct surroundings *around)
{
	char text[256], foreign[sizeof(text)] = { 0 };
	struct suggestions found = { 0 };
	size_t n = 0;
	bool inside = false;

	for (const char *at = marked; *at; at++) {
		if (*at == '[' || *at == ']') {
			inside = *at == '[';
			continue;
		}
		ck_assert_uint_lt(n + 1, sizeof(text));
		foreign[n] = inside;
		text[n++] = *at;
	}
	text[n] = '\0';
	ck_assert_msg(suggestions_certain(reader, text, n, around, &found) ==
		      (strchr(marked, '[') != NULL), "%s", marked);
	ck_assert_msg(suggestions_find(reader, text, n, around, &found) ==
		      (strchr(marked, '[') != NULL), "%s", marked);
	for (size_t i = 0; i < found.n; i++)
		ck_assert_msg(!foreign[found.items[i].start], "%s: '%s' for '%.*s'", marked,
			      found.items[i].text, (int)found.items[i].len,
			      text + found.items[i].start);
	suggestions_deinit(&found);
}

START_TEST(other_languages_are_left_alone)
{
	static const char *const texts[] = {
		"[Zwei Wanderer gingen gestern schweigend durchs Gebirge.]", "[ich komme morgen]",
		"[Merci beaucoup, \xc3\xa0 demain!]", "[Wir sehen uns am Bahnhof]",
		"[Nos vemos ma\xc3\xb1" "ana]", "[Tot morgen , dank je]",
		"Teh meeting is at noon. [Ich komme etwas sp\xc3\xa4ter. Bis dann!] See you tehn.",
		"She wrote \"[ich komme morgen um acht]\" and was late agian.",
		/* Mistakes and names are no other language. */
		"i definately recieve teh mesage", "hapy brithday", "wich train are yuo takeing",
		"We met Frau Lindner in the caf\xc3\xa9 this morning.",
		"The frobnicator of qwxyz needs blorgs.",
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		check_languages(texts[i], &whole);
}
END_TEST

/* Of the short text nothing is known but what stands around it and what the caller says. */
START_TEST(what_stands_around_tells_the_language)
{
	static const char german[] = "Ich bin heute nicht da.", english[] = "I was not at home.";
	struct surroundings around = whole;

	check_languages("Teh mta", &whole);
	around.before = LANGUAGE_LIKELY;
	ck_assert_int_eq(language_before(reader, german, strlen(german), &around.before), 0);
	check_languages("[Teh mta]", &around);
	ck_assert_int_eq(language_before(reader, english, strlen(english), &around.before), 0);
	ck_assert_int_eq(language_behind(reader, german, strlen(german), &around.behind), 0);
	check_languages("Teh mta", &around);
	around.before = LANGUAGE_LIKELY;
	check_languages("[Teh mta]", &around);
	check_languages("[gehen nach Hause]", &whole);
	around = (struct surroundings){ true, true, LANGUAGE_NAMED, LANGUAGE_NAMED };
	check_languages("[Die Rechnung ist leider nicht bezahlt worden.]", &around);
	check_languages("nach hause", &around);
}
END_TEST

START_TEST(what_is_certain_is_done)
{
	static const struct {
		const char *text, *want;
		struct surroundings around;
	} cases[] = {
		{ "i think i'm , well , late. then we go", "I think I'm, well, late. Then we go",
		  WHOLE },
		{ "which was there", "which was there", { false, true, LANGUAGE_LIKELY, 0 } },
		{ "iPhone and x", "iPhone and x", WHOLE },
		{ "\xc3\xa9t\xc3\xa9 was a word , i think", "\xc3\xa9t\xc3\xa9 was a word, I think",
		  WHOLE },
		{ "a ... b , ", "A ... b, ", WHOLE },
		{ "at 3 p.m. we ate cakes etc. in bed.", "At 3 p.m. we ate cakes etc. in bed.",
		  WHOLE },
		{ "Bye ;) and go !!! now", "Bye ;) and go!!! Now", WHOLE },
		{ "if (i != 0) { i ; }", "if (i != 0) { i ; }", WHOLE },
		{ "> i was there\n\ni was not", "> i was there\n\nI was not", WHOLE },
		{ "so `i ;` is code", "So `i ;` is code", WHOLE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(buf_deinit) struct buf out = BUF_NULL;
		const struct suggestion *all[16];
		struct suggestions s = { 0 };
		size_t len = strlen(cases[i].text);

		ck_assert_int_eq(suggestions_certain(reader, cases[i].text, len,
						     &cases[i].around, &s), 0);
		ck_assert_uint_le(s.n, ARRAY_SIZE(all));
		for (size_t k = 0; k < s.n; k++)
			all[k] = &s.items[k];
		ck_assert_int_eq(suggestions_apply(cases[i].text, len, all, s.n, &out), 0);
		ck_assert_str_eq(out.data, cases[i].want);
		suggestions_deinit(&s);
	}
}
END_TEST

static const char *text_at(const struct engine_score *score, uint32_t i)
{
	const char *at = score->texts.data;

	while (i--)
		at += strlen(at) + 1;
	return at;
}

/* Scores by which each "!" is worth two nats for its place, and the first text has none. */
START_TEST(the_best_are_chosen)
{
	static const char text[] = "one two three four five six seven eight nine ten";
	static const double need = 3;
	struct suggestion items[] = {
		{ 0, 3, "one!", CHANGE_CONFUSED }, { 0, 7, "one!!", CHANGE_CONFUSED },
		{ 4, 3, "two!", CHANGE_CONFUSED }, { 14, 4, "four", CHANGE_CONFUSED },
		{ 14, 4, "?", CHANGE_CONFUSED }, { 45, 3, "ten!!!!!!!!!", CHANGE_CONFUSED },
		{ 48, 0, "!!!!!!!!!", CHANGE_STOP },
		{ 24, 3, "six!!", CHANGE_CONFUSED, need },
	};
	struct suggestions s = { items, ARRAY_SIZE(items), 0 };
	struct engine_score *score = calloc(1, sizeof(*score));
	struct engine_scored *scored = calloc(1, sizeof(*scored));
	double needs[CHANGE_COUNT] = { [CHANGE_CONFUSED] = need, [CHANGE_STOP] = -6 };
	struct choosing c = { 0 };
	struct chosen *chosen;
	size_t n;

	*score = (struct engine_score)ENGINE_SCORE_NULL;
	ck_assert_int_eq(choosing_ask(&c, text, strlen(text), &s, score), 0);
	ck_assert_uint_eq(c.n, s.n);
	ck_assert_str_eq(text_at(score, 0), "\none two three four five six seven eight nine ten");
	/* Six words behind a change. */
	ck_assert_str_eq(text_at(score, c.with[0]), "\none! two three four five six seven");
	ck_assert_str_eq(text_at(score, c.without[0]), "\none two three four five six seven");
	ck_assert_uint_eq(c.without[5], 0);
	for (uint32_t i = 0; i < score->n_texts; i++) {
		for (const char *at = text_at(score, i); *at; at++)
			scored->scores[i] += *at == '!' ? need / 1.5 : 0;
		if (strchr(text_at(score, i), '?'))
			scored->scores[i] = (double)NAN;
	}
	scored->n = score->n_texts;
	ck_assert_int_eq(choosing_take(&c, &s, needs, scored, &chosen, &n), 0);
	/* One "!" is too little, two are enough, but where more is asked for; "ten!…" and what is
	 * put behind it go together. */
	ck_assert_uint_eq(n, 3);
	ck_assert_ptr_eq(chosen[0].suggestion, &items[1]);
	ck_assert_ptr_eq(chosen[1].suggestion, &items[5]);
	ck_assert_ptr_eq(chosen[2].suggestion, &items[6]);
	ck_assert(chosen[0].confidence > 0.5 && chosen[0].confidence < 1);
	free(chosen);
	choosing_deinit(&c);
	engine_score_deinit(score);
	free(score);
	free(scored);
}
END_TEST

/* A piece may begin with any word of a sentence. */
START_TEST(nothing_before_the_text_is_changed)
{
	static const char text[] = "to town we went";
	static const struct surroundings inside = { false, false, LANGUAGE_LIKELY, 0 };
	struct suggestions s = { 0 };

	ck_assert_int_eq(suggestions_find(reader, text, strlen(text), &inside, &s), 0);
	for (size_t i = 0; i < s.n; i++)
		ck_assert_uint_lt(s.items[i].start, strlen(text) + 1);
	suggestions_deinit(&s);
}
END_TEST

/* What is put between letters that another change replaces is one too many. */
START_TEST(no_two_changes_overlap)
{
	static const char text[] = "one two three four";
	struct suggestion items[] = {
		{ 0, 7, "both", CHANGE_CONFUSED }, { 3, 0, "!", CHANGE_STOP },
		{ 7, 0, "?", CHANGE_STOP },
	};
	struct suggestions s = { items, ARRAY_SIZE(items), 0 };
	struct engine_score *score = calloc(1, sizeof(*score));
	struct engine_scored *scored = calloc(1, sizeof(*scored));
	double needs[CHANGE_COUNT] = { 0 };
	struct choosing c = { 0 };
	struct chosen *chosen;
	size_t n;

	*score = (struct engine_score)ENGINE_SCORE_NULL;
	ck_assert_int_eq(choosing_ask(&c, text, strlen(text), &s, score), 0);
	scored->n = score->n_texts;
	for (size_t i = 0; i < s.n; i++)
		scored->scores[c.with[i]] = 3 - (double)i;
	ck_assert_int_eq(choosing_take(&c, &s, needs, scored, &chosen, &n), 0);
	ck_assert_uint_eq(n, 2);
	ck_assert_ptr_eq(chosen[0].suggestion, &items[0]);
	ck_assert_ptr_eq(chosen[1].suggestion, &items[2]);
	free(chosen);
	choosing_deinit(&c);
	engine_score_deinit(score);
	free(score);
	free(scored);
}
END_TEST

START_TEST(the_likeliest_words_are_near)
{
	const struct wordlist_word *near[3];

	ck_assert_uint_ge(wordlist_near(reader->words, "becuase", near, ARRAY_SIZE(near)), 1);
	ck_assert_str_eq(near[0]->text, "because");
	ck_assert_uint_eq(wordlist_slips(reader->words, "becuase", near, 1), 1);
	ck_assert_str_eq(near[0]->text, "because");
	/* Two mistakes. */
	ck_assert_uint_ge(wordlist_near(reader->words, "tommorow", near, ARRAY_SIZE(near)), 1);
	ck_assert_uint_eq(wordlist_slips(reader->words, "tommorow", near, ARRAY_SIZE(near)), 0);
}
END_TEST

START_TEST(what_stands_there_twice_is_a_name_sooner)
{
	static const struct {
		const char *text;
		bool twice;
	} cases[] = {
		{ "We liked hosue then.", false }, { "We liked hosue and hosues then.", false },
		{ "We liked hosue and then hosue.", true },
		{ "We liked hosue (hosue.conf).", true },
	};
	double once = spelling_unlikely("hosue", 5, "house", 5);

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct suggestions s = suggest(cases[i].text);
		const struct suggestion *found = find(&s, 9, "house");

		ck_assert_msg(found && cases[i].twice == (found->more > once), "%s",
			      cases[i].text);
		suggestions_deinit(&s);
	}
}
END_TEST

static int read_with(const char *name, const char *text, int (*read)(int fd, struct diag *d),
		     struct diag *d)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_close_ int fd = -1;

	write_file(name, text);
	ck_assert_int_ge(asprintf(&path, "%s/%s", scratch, name), 0);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	*d = (struct diag)DIAG_NULL;
	return read(fd, d);
}

static int read_words(int fd, struct diag *d)
{
	_cleanup_(wordlist_freep) struct wordlist *w = NULL;

	return wordlist_read_fd(&w, fd, d);
}

static int read_confusions(int fd, struct diag *d)
{
	_cleanup_(confusions_freep) struct confusions *c = NULL;

	return confusions_read_fd(&c, fd, d);
}

START_TEST(bad_files_are_refused)
{
	static const char *const words[] = { "house\n", "house x\n", " 7\n", "house 70\n",
					     "hou-se 7\n", "house 7\n\nhome 7\n", "house 7 8\n" };
	_cleanup_(proofreader_freep) struct proofreader *none = NULL;
	struct diag d;

	ck_assert_int_eq(read_with("w", "house 7\nhome 12", read_words, &d), 0);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		ck_assert_msg(read_with("w", words[i], read_words, &d) == -EINVAL, "%s", words[i]);
		ck_assert_ptr_nonnull(strstr(d.text, "line "));
	}
	ck_assert_int_eq(read_with("c", "version: 1\nneeds: {spelling: many}\n", read_confusions,
				   &d), -EINVAL);
	ck_assert_str_eq(d.field, "2:19");
	ck_assert_int_eq(read_with("c", "version: 1\nneeds: {speling: 1}\n", read_confusions, &d),
			 -EINVAL);
	ck_assert_ptr_nonnull(strstr(d.text, "speling"));
	d = (struct diag)DIAG_NULL;
	ck_assert_int_eq(proofreader_new(&none, scratch, scratch, "en", &d), -ENOENT);
	ck_assert_ptr_nonnull(strstr(d.field, "proofread/en.yaml"));
}
END_TEST

int main(void)
{
	TCase *c = tcase_create("proofreading");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, each_kind_is_suggested);
	tcase_add_test(c, some_things_are_left_alone);
	tcase_add_test(c, some_changes_are_not_suggested);
	tcase_add_test(c, other_languages_are_left_alone);
	tcase_add_test(c, what_stands_around_tells_the_language);
	tcase_add_test(c, what_is_certain_is_done);
	tcase_add_test(c, the_best_are_chosen);
	tcase_add_test(c, nothing_before_the_text_is_changed);
	tcase_add_test(c, no_two_changes_overlap);
	tcase_add_test(c, the_likeliest_words_are_near);
	tcase_add_test(c, what_stands_there_twice_is_a_name_sooner);
	tcase_add_test(c, bad_files_are_refused);
	return run_tests("proofreading", c);
}
