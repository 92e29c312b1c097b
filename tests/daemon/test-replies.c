/* SPDX-License-Identifier: MIT */
/* Answers by kind, filled with words of the message, from the files that are shipped. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "assistantd/daemon/mentions.h"
#include "assistantd/daemon/replies.h"
#include "tests/check-main.h"
#include "util/file.h"
#include "util/macro.h"

static struct replies *shipped;
static struct hints *hints;
static struct terms *kinds;
static struct yaml *yaml;
static struct mention_words *mentions;

static int open_example(const char *name)
{
	const char *source = getenv("srcdir");
	char path[512];
	int fd;

	snprintf(path, sizeof(path), "%s/examples/%s", source ? source : ".", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert_msg(fd >= 0, "%s", path);
	return fd;
}

static void read_files(void)
{
	int replies = open_example("replies.yaml"), table = open_example("terms/messages.tsv");
	int sentences = open_example("hints.yaml");
	struct diag d = DIAG_NULL;

	ck_assert_msg(replies_read_fd(&shipped, replies, &d) == 0, "%s: %s", d.field, d.text);
	ck_assert_msg(terms_read_fd(&kinds, table, &d) == 0, "%s: %s", d.field, d.text);
	ck_assert_msg(hints_read_fd(&hints, sentences, &d) == 0, "%s: %s", d.field, d.text);
	ck_assert_msg(replies_check(shipped, kinds, &d) == 0, "%s: %s", d.field, d.text);
	ck_assert_int_eq(yaml_read_fd(&yaml, replies, &d), 0);
	ck_assert_int_eq(mention_words_read(&mentions, yaml_get(yaml_root(yaml), "mentions"), &d),
			 0);
	close(replies);
	close(table);
	close(sentences);
}

static void drop_files(void)
{
	shipped = replies_free(shipped);
	hints = hints_free(hints);
	kinds = terms_free(kinds);
	mentions = mention_words_free(mentions);
	yaml = yaml_tree_free(yaml);
}

static const struct {
	const char *text, *time, *thing;
} spoken[] = {
	{ "I need the sales figures by Friday.", "by Friday", "the sales figures" },
	{ "Could you look at my draft tomorrow morning?", "tomorrow morning", "your draft" },
	{ "Let's talk about this tomorrow.", "tomorrow", "" },
	{ "Can we meet on Tuesday at 10 in your office?", "on Tuesday at 10", "" },
	{ "It starts at 14:30, the doors open before.", "at 14:30", "the doors" },
	{ "I was there for the weekend.", "", "" },
	{ "Would you have a look at the address of a friend next week?", "next week",
	  "the address" },
	{ "We saw three films in 2019 and a few more.", "", "" },
	{ "Ends in ten minutes!", "in ten minutes", "" },
	{ "on on on on on on on on on on on on on on on on on on on on on on Monday", "", "" },
	{ "the", "", "" },
	{ "", "", "" },
};

START_TEST(finds_mentions)
{
	const char *text = spoken[_i].text;
	struct span time = mention_time(mentions, text, strlen(text));
	struct thing_mention thing = mention_thing(mentions, text, strlen(text));
	char got[128];

	ck_assert_uint_eq(time.len, strlen(spoken[_i].time));
	ck_assert_mem_eq(text + time.start, spoken[_i].time, time.len);
	snprintf(got, sizeof(got), "%s%s%.*s", thing.noun.len ? thing.determiner : "",
		 thing.noun.len ? " " : "", (int)thing.noun.len, text + thing.noun.start);
	ck_assert_str_eq(got, spoken[_i].thing);
}
END_TEST

static const struct {
	struct reply_to to;
	const char *first, *second;
} answered[] = {
	{ { .text = "Could you please send me the slides by Friday?" },
	  "Sure, I will take care of the slides by Friday.",
	  "I am sorry, but I can't do that by Friday." },
	{ { .text = "Would you like to come to dinner on Sunday?", .name = "Anna" },
	  "Thank you for the invitation, I would love to come on Sunday!", NULL },
	{ { .text = "Thank you so much for your help!", .name = "Anna" },
	  "You're welcome, Anna!", "My pleasure, any time." },
	{ { .text = "Thank you so much for your help!", .name = "Anna\nBen" },
	  "You're welcome!", NULL },
	{ { .text = "Please send them to me.", .earlier = "I found my keys." },
	  "Sure, I will take care of your keys.", NULL },
};

START_TEST(answers)
{
	struct reply_to to = answered[_i].to;
	struct reply got[5];
	size_t n;

	to.len = strlen(to.text);
	ck_assert_int_eq(replies_choose(shipped, kinds, &to, got, ARRAY_SIZE(got), &n), 0);
	ck_assert_uint_ge(n, 3);
	ck_assert_str_eq(got[0].text, answered[_i].first);
	if (answered[_i].second)
		ck_assert_str_eq(got[1].text, answered[_i].second);
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < i; k++)
			ck_assert_str_ne(got[i].intent, got[k].intent);
		ck_assert_ptr_null(strchr(got[i].text, '{'));
		free(got[i].text);
	}
}
END_TEST

/* Bad news, and what only sounds like it. */
static const struct {
	const char *text;
	bool grave;
} news[] = {
	{ "My grandmother died.", true },
	{ "I lost my job.", true },
	{ "We have to cancel, I am ill.", true },
	{ "Our dog was run over this morning.", true },
	{ "I didn't pass the exam :(", true },
	{ "My bike was stolen in front of the station.", true },
	{ "The funeral is on Friday at ten.", true },
	{ "I have cancer.", true },
	{ "My wife left me.", true },
	{ "Tim is in hospital with a broken leg.", true },
	{ "Sorry, I can't make it today, my daughter has a fever.", true },
	{ "I am sorry, I lost your book.", false },
	{ "My train is late, I can't make it to the meeting.", false },
	{ "Would you like to come to dinner on Sunday?", false },
	{ "Thank you so much for your help!", false },
	{ "The printer died again.", false },
	{ "Congratulations on the new job!", false },
	{ "Could you cancel the order, please?", false },
	{ "Where is the hospital?", false },
};

static bool is_sympathy(const char *intent)
{
	static const char *const grave[] = { "sympathize", "condole", "support", "wish", "listen",
					     "understand" };
	size_t i = 0;

	while (i < ARRAY_SIZE(grave) && strcmp(grave[i], intent) != 0)
		i++;
	return i < ARRAY_SIZE(grave);
}

START_TEST(bad_news_gets_sympathy)
{
	struct reply_to to = { .text = news[_i].text, .len = strlen(news[_i].text) };
	struct reply got[5];
	size_t n;

	ck_assert_int_eq(replies_choose(shipped, kinds, &to, got, ARRAY_SIZE(got), &n), 0);
	ck_assert_uint_ge(n, 3);
	for (size_t i = 0; i < n; i++) {
		ck_assert_msg(is_sympathy(got[i].intent) == news[_i].grave, "%s: %s", to.text,
			      got[i].text);
		free(got[i].text);
	}
}
END_TEST

#define DINNER "Would you like to come to dinner on Sunday?"
#define SLIDES "Could you please send me the slides by Friday?"
#define MEET "Could we meet on Tuesday at 10?"
#define DEATH "My father died last night. Can you take my shift on Friday?"

/* What the first reply is; NULL: that nothing says that is told. */
static const struct {
	const char *text, *hint, *first;
} hinted[] = {
	{ DINNER, "yes", "Thank you for the invitation, I would love to come on Sunday!" },
	{ DINNER, "Yes, please!", "Thank you for the invitation, I would love to come on Sunday!" },
	{ DINNER, "I'd love to", "Thank you for the invitation, I would love to come on Sunday!" },
	{ DINNER, "yes but say I'm bringing a friend",
	  "Thank you for the invitation, I would love to come on Sunday! I'm bringing a friend." },
	{ DINNER, "no", "Thank you for asking. Unfortunately, I can't make it on Sunday." },
	{ DINNER, "decline politely",
	  "Thank you for asking. Unfortunately, I can't make it on Sunday." },
	{ DINNER, "don't accept",
	  "Thank you for asking. Unfortunately, I can't make it on Sunday." },
	{ DINNER, "no, i have to work",
	  "Thank you for asking. Unfortunately, I can't make it on Sunday. I have to work." },
	{ DINNER, "maybe", "That sounds good! I will let you know as soon as I can." },
	{ DINNER, "how about Monday?", "How about Monday instead?" },
	{ DINNER, "ask if I can bring Tom", "Could you tell me if I can bring Tom?" },
	{ DINNER, "only if it is vegetarian", NULL },
	{ DINNER, "don't", "Thank you for asking. Unfortunately, I can't make it on Sunday." },
	{ DINNER, "don't say yes", NULL },
	{ DINNER, "don't say that I'm ill", NULL },
	{ DINNER, "never tell her I am away", NULL },
	{ MEET, "don't ask for Friday", NULL },
	{ MEET, "I don't want to suggest Friday", "I don't want to suggest Friday." },
	{ MEET, "I won't ask for Friday", "I won't ask for Friday." },
	{ MEET, "I don't want to, but ask for Friday", "How about Friday instead?" },
	{ DINNER, "yes and no", NULL },
	{ DINNER, "not yes", NULL },
	{ DINNER, "", NULL },
	{ DINNER, "??", NULL },
	{ SLIDES, "will do", "Sure, I will take care of the slides by Friday." },
	{ SLIDES, "refuse", "I am sorry, but I can't do that by Friday." },
	{ SLIDES, "not before Monday", "I am sorry, but I can't before Monday." },
	{ SLIDES, "I need more time", "I will let you know about the slides as soon as I can." },
	{ SLIDES, "tell her to send me the template", "Could you please send me the template?" },
	{ SLIDES, "ask for the template", "Could I have the template, please?" },
	{ SLIDES, "thank her for the reminder", "Thank you very much for the reminder!" },
	{ SLIDES, "in French", NULL },
	{ MEET, "fine", "That works for me. See you on Tuesday at 10!" },
	{ MEET, "ask for Friday", "How about Friday instead?" },
	{ MEET, "Thursday at 3 instead", "How about Thursday at 3 instead?" },
	{ MEET, "yes, at 5", "Yes, at 5 works for me." },
	{ MEET, "I can't, ask for Wednesday", "How about Wednesday instead?" },
	{ MEET, "no but suggest next week", "How about next week instead?" },
	{ MEET, "another day", "Could we find another time?" },
	{ MEET, "say I am late", "I am running late, sorry." },
	{ MEET, "10 minutes late", "I will be 10 minutes late, sorry." },
	{ MEET, "I am stuck in traffic", "I am stuck in traffic." },
	{ MEET, "say is the room free?", "Is the room free?" },
	{ MEET, "say that he is ill", NULL },
	{ MEET, "say something nice", NULL },
	{ MEET, "write a poem", NULL },
	{ MEET, "congratulate him", "Congratulations!" },
	{ "What time does it start?", "no idea", "I am not sure, sorry." },
	{ "What time does it start?", "at 5", "At 5." },
	{ "What time does it start?", "tell him I'll be there at 6", "I'll be there at 6." },
	{ "I am sorry that I missed your call.", "no problem",
	  "No problem at all, thank you for letting me know." },
	{ DEATH, "yes", "I am so sorry to hear that. Yes, of course." },
	{ DEATH, "no, I am away",
	  "I am so sorry to hear that. Unfortunately, I can't. I am away." },
	{ DEATH, "no problem", "Take all the time that you need." },
	{ DEATH, "say sorry", "I am so sorry to hear that." },
	{ DEATH, "congratulate him", NULL },
};

START_TEST(a_hint_is_said)
{
	struct hint hint;
	struct reply_to to = { .text = hinted[_i].text, .len = strlen(hinted[_i].text),
			       .hint = &hint };
	struct reply got[3] = { 0 };
	size_t n = 0;
	int r = hints_find(hints, mentions, hinted[_i].hint, &hint);

	ck_assert_int_ge(r, 0);
	if (r == 0)
		ck_assert_int_eq(replies_choose(shipped, kinds, &to, got, ARRAY_SIZE(got), &n), 0);
	if (hinted[_i].first) {
		ck_assert_msg(n > 0, "%s", hinted[_i].hint);
		ck_assert_str_eq(got[0].text, hinted[_i].first);
	} else {
		ck_assert_msg(n == 0, "%s: %s", hinted[_i].hint, got[0].text);
	}
	while (n)
		free(got[--n].text);
	hint_deinit(&hint);
}
END_TEST

static int read_text(const char *text, struct replies **ret, struct diag *d)
{
	_cleanup_close_ int fd = memfd_create("replies", MFD_CLOEXEC);

	ck_assert_int_eq(dprintf(fd, "%s", text), (int)strlen(text));
	return replies_read_fd(ret, fd, d);
}

#define HEAD "version: 1\nintents: {b: {}, c: {light: true}}\n"
#define TAIL "\nhinted: [{intent: b, text: t}]\nmore: x\nmentions: {moments: [], times: [], " \
	     "periods: [], begins: [], joins: [], ends: [], empty: [], determiners: {}}\n"

/* Every kind of the table has replies. */
START_TEST(knows_every_kind)
{
	_cleanup_(replies_freep) struct replies *few = NULL;
	struct diag d = DIAG_NULL;

	ck_assert_msg(read_text(HEAD "kinds: [{name: thanks, replies: [{intent: b, text: t}]}]"
				TAIL, &few, &d) == 0, "%s: %s", d.field, d.text);
	ck_assert_int_eq(replies_check(few, kinds, &d), -EINVAL);
	ck_assert_msg(strstr(d.text, "'invitation'"), "%s", d.text);
}
END_TEST

static const struct {
	const char *text, *words;
} broken[] = {
	{ HEAD "kinds: []" TAIL, "empty" },
	{ HEAD "kinds: [{name: a, replies: [{intent: b}]}]" TAIL, "text: missing" },
	{ HEAD "kinds: [{name: a, words: [], replies: [{intent: b, text: c}]}]" TAIL, "words" },
	{ HEAD "kinds: [{name: a, replies: [{intent: b, text: 'to {whom}'}]}]" TAIL, "{thing}" },
	{ HEAD "kinds: [{name: a, replies: [{intent: x, text: c}]}]" TAIL, "'x': expected one of" },
	{ HEAD "kinds: [{name: a, grave: true, replies: [{intent: c, text: c}]}]" TAIL,
	  "'c' is light" },
	{ HEAD "kinds: [{name: a, grave: true, replies: [{intent: b, text: c}], "
	  "hinted: [{intent: c, text: c}]}]" TAIL, "'c' is light" },
	{ HEAD "kinds: [{name: a, replies: [{intent: b, text: 'at {time}'}]}]" TAIL,
	  "one without slots" },
	{ HEAD "kinds: [{name: a, replies: [{intent: b, text: c}]}, "
	  "{name: a, replies: [{intent: b, text: c}]}]" TAIL, "two of 'a'" },
	{ HEAD "kinds: [{name: a, replies: [{intent: b, text: c}]}]\n", "mentions: missing" },
	{ "version: 1\nkinds: [{name: a, replies: [{intent: b, text: c}]}]" TAIL,
	  "intents: missing" },
};

START_TEST(names_defects)
{
	struct replies *r = NULL;
	struct diag d = DIAG_NULL;

	ck_assert_int_eq(read_text(broken[_i].text, &r, &d), -EINVAL);
	ck_assert_ptr_null(r);
	ck_assert_msg(strstr(d.text, broken[_i].words), "%s", d.text);
	ck_assert_msg(*d.field, "%s", d.text);
}
END_TEST

START_TEST(names_defects_of_hints)
{
	static const char text[] = "language: en\nintents:\n  accept:\n    data:\n"
				   "      - sentences: ['yes {soon}']\n";
	_cleanup_close_ int fd = memfd_create("hints", MFD_CLOEXEC);
	struct hints *h = NULL;
	struct diag d = DIAG_NULL;

	ck_assert_int_eq(dprintf(fd, "%s", text), (int)strlen(text));
	ck_assert_int_eq(hints_read_fd(&h, fd, &d), -EINVAL);
	ck_assert_ptr_null(h);
	ck_assert_msg(strcmp(d.field, "5") == 0 && strstr(d.text, "soon"), "%s: %s", d.field,
		      d.text);
}
END_TEST

int main(void)
{
	TCase *c = tcase_create("replies");

	tcase_add_checked_fixture(c, read_files, drop_files);
	tcase_add_loop_test(c, finds_mentions, 0, ARRAY_SIZE(spoken));
	tcase_add_loop_test(c, answers, 0, ARRAY_SIZE(answered));
	tcase_add_loop_test(c, bad_news_gets_sympathy, 0, ARRAY_SIZE(news));
	tcase_add_loop_test(c, a_hint_is_said, 0, ARRAY_SIZE(hinted));
	tcase_add_test(c, knows_every_kind);
	tcase_add_loop_test(c, names_defects, 0, ARRAY_SIZE(broken));
	tcase_add_test(c, names_defects_of_hints);
	return run_tests("replies", c);
}
