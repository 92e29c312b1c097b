/* SPDX-License-Identifier: MIT */
/* Our English sentences against english.tsv, a table that was written before they were. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "tests/check-main.h"
#include "tests/intents/hearing.h"
#include "util/macro.h"

enum { FIELDS_MAX = 16 };

static const char *source(const char *file, char path[4096])
{
	const char *dir = getenv("srcdir");

	snprintf(path, 4096, "%s/%s", dir ? dir : ".", file);
	return path;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* What the table says of one sentence, as hear() would: its slots in order; nothing for "-". */
static void expected(char *line, struct buf *out)
{
	char *slots[FIELDS_MAX], *intent = strsep(&line, "\t"), *slot;
	size_t n = 0;

	buf_reset(out);
	if (strcmp(intent, "-") == 0)
		return;
	while (n < FIELDS_MAX && (slot = strsep(&line, "\t")))
		slots[n++] = slot;
	qsort(slots, n, sizeof(*slots), by_text);
	buf_append_str(out, intent);
	for (size_t i = 0; i < n; i++)
		buf_printf(out, "\t%s", slots[i]);
	buf_append_char(out, '\n');
}

/* Forbidden, or told by somebody else: an order that is not given. */
static bool is_no_order(const struct hearing *h, const char *text, const char *here,
			struct buf *got)
{
	static const char *const before[] = { "don't", "do not", "please don't", "never",
					      "i don't want to", "he said" };
	char longer[512];

	for (size_t i = 0; i < ARRAY_SIZE(before); i++) {
		snprintf(longer, sizeof(longer), "%s %s", before[i], text);
		hear(h, longer, here, got);
		if (got->len) {
			printf("%s\n  not  nothing\n  but  %s\n", longer, got->data);
			return false;
		}
	}
	return true;
}

/* One line of the table; false where something else is understood, which is then told. */
static bool check_line(const struct hearing *h, char *line, struct buf *want, struct buf *got)
{
	char *text = strsep(&line, "\t"), *here = NULL;

	if (*text == '@') {
		here = text + 1;
		text = strchr(here, ' ');
		*text++ = '\0';
	}
	if (!is_no_order(h, text, here, got))
		return false;
	expected(line, want);
	hear(h, text, here, got);
	if (want->len == got->len && memcmp(want->data, got->data, want->len) == 0)
		return true;
	printf("%s\n  not  %s\n  but  %s\n", text, want->len ? want->data : "nothing",
	       got->len ? got->data : "nothing");
	return false;
}

START_TEST(sentences)
{
	_cleanup_(buf_deinit) struct buf want = BUF_NULL, got = BUF_NULL;
	_cleanup_free_ char *line = NULL;
	char path[4096];
	_cleanup_(hearing_closep) struct hearing *h =
		hearing_open(source("tests/intents/english-house.tsv", path));
	FILE *f = fopen(source("tests/intents/english.tsv", path), "re");
	unsigned n = 0, wrong = 0;
	size_t room = 0;

	ck_assert_ptr_nonnull(f);
	hearing_load(h, source("examples/intents/en", path));
	hearing_load(h, source("examples/intents/numbers/en.yaml", path));
	hearing_bind(h);
	ck_assert_uint_eq(hearing_warnings(h), 0);
	while (getline(&line, &room, f) >= 0) {
		line[strcspn(line, "\n")] = '\0';
		if (!*line || *line == '#')
			continue;
		n++;
		wrong += !check_line(h, line, &want, &got);
	}
	fclose(f);
	ck_assert_uint_gt(n, 600);
	ck_assert_msg(wrong == 0, "%u of %u sentences are heard as something else", wrong, n);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("english");

	tcase_set_timeout(tests, 120);
	tcase_add_test(tests, sentences);
	return run_tests("english", tests);
}
