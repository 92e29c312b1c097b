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
	struct diag d = DIAG_NULL;

	ck_assert_msg(replies_read_fd(&shipped, replies, &d) == 0, "%s: %s", d.field, d.text);
	ck_assert_msg(terms_read_fd(&kinds, table, &d) == 0, "%s: %s", d.field, d.text);
	ck_assert_int_eq(yaml_read_fd(&yaml, replies, &d), 0);
	ck_assert_int_eq(mention_words_read(&mentions, yaml_get(yaml_root(yaml), "mentions"), &d),
			 0);
	close(replies);
	close(table);
}

static void drop_files(void)
{
	shipped = replies_free(shipped);
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
	{ "Can we meet on Tuesday at 10 in your office?", "on Tuesday at 10", "my office" },
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

/* What is shipped has answers for every kind that messages are sorted by. */
START_TEST(knows_every_kind)
{
	_cleanup_(buf_deinit) struct buf file = BUF_NULL;
	int fd = open_example("replies.yaml");

	ck_assert_int_eq(file_read_all(fd, 1 << 20, &file, NULL), 0);
	close(fd);
	for (size_t i = 0; i < terms_columns(kinds); i++) {
		char line[96];

		snprintf(line, sizeof(line), "- name: %s\n", terms_column(kinds, i));
		ck_assert_msg(strstr(file.data, line), "%s", line);
	}
}
END_TEST

static const struct {
	const char *kinds, *words;
} broken[] = {
	{ "[]", "empty" },
	{ "[{name: a, replies: [{intent: b}]}]", "text: missing" },
	{ "[{name: a, words: [], replies: [{intent: b, text: c}]}]", "words" },
	{ "[{name: a, replies: [{intent: b, text: 'to {whom}'}]}]", "{thing}" },
	{ "[{name: a, replies: [{intent: b, text: c}]}]", "mentions: missing" },
};

START_TEST(names_defects)
{
	int fd = memfd_create("replies", MFD_CLOEXEC);
	struct replies *r = NULL;
	struct diag d = DIAG_NULL;

	ck_assert_int_gt(dprintf(fd, "version: 1\nkinds: %s\n%s", broken[_i].kinds,
				 _i + 1 < (int)ARRAY_SIZE(broken) ? "mentions: {}\n" : ""), 0);
	ck_assert_int_eq(replies_read_fd(&r, fd, &d), -EINVAL);
	ck_assert_ptr_null(r);
	ck_assert_msg(strstr(d.text, broken[_i].words), "%s", d.text);
	close(fd);
}
END_TEST

int main(void)
{
	TCase *c = tcase_create("replies");

	tcase_add_checked_fixture(c, read_files, drop_files);
	tcase_add_loop_test(c, finds_mentions, 0, ARRAY_SIZE(spoken));
	tcase_add_loop_test(c, answers, 0, ARRAY_SIZE(answered));
	tcase_add_test(c, knows_every_kind);
	tcase_add_loop_test(c, names_defects, 0, ARRAY_SIZE(broken));
	return run_tests("replies", c);
}
