/* SPDX-License-Identifier: MIT */
/* What happens to texts in the front end: cutting, comparing, bounding, summarizing. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "assistantd/daemon/corrections.h"
#include "assistantd/daemon/edits.h"
#include "assistantd/daemon/sentences.h"
#include "assistantd/daemon/summary.h"
#include "assistantd/daemon/trim.h"
#include "tests/check-main.h"
#include "util/macro.h"

START_TEST(finds_sentences)
{
	static const char text[] = "  Dr. Smith came at 3.15 p.m. to J. Doe.  \"Really?\" Yes!\n"
				   "A line without a stop\n\n- and 2.5 more";
	static const char *const want[] = { "Dr. Smith came at 3.15 p.m.", "to J. Doe.",
					    "\"Really?\"", "Yes!", "A line without a stop",
					    "- and 2.5 more" };
	struct spans s = { 0 };

	ck_assert_int_eq(sentences_find(text, strlen(text), &s), 0);
	ck_assert_uint_eq(s.n, ARRAY_SIZE(want));
	for (size_t i = 0; i < s.n; i++) {
		ck_assert_uint_eq(s.items[i].len, strlen(want[i]));
		ck_assert_mem_eq(text + s.items[i].start, want[i], s.items[i].len);
	}
	spans_deinit(&s);
}
END_TEST

/* Whatever the size: every letter is in one piece, none is longer, none crosses a line. */
START_TEST(packs_pieces)
{
	static const char text[] = "One two three. Four five six seven.\nEight\xc3\xa9nine ten. "
				   "Averyveryverylongwordwithoutanyblankinitatallreallynone. End";

	for (size_t max = 16; max < 80; max++) {
		struct spans s = { 0 };
		size_t at = 0;

		ck_assert_int_eq(sentences_pack(text, strlen(text), max, &s), 0);
		for (size_t i = 0; i < s.n; i++) {
			for (; at < s.items[i].start; at++)
				ck_assert(text[at] == ' ' || text[at] == '\n');
			ck_assert_uint_le(s.items[i].len, max);
			ck_assert_ptr_null(memchr(text + at, '\n', s.items[i].len));
			ck_assert_int_ne((unsigned char)text[at] & 0xc0, 0x80);
			at += s.items[i].len;
		}
		ck_assert_uint_eq(at, strlen(text));
		spans_deinit(&s);
	}
}
END_TEST

static const char *const unbroken[] = { "a.", "!", "?\"", "..e.g.'" };

/* Nothing is gone through again and again: of so many signs that would take longer than any test
 * may. */
START_TEST(packs_signs_without_blanks)
{
	const char *unit = unbroken[_i];
	size_t len = 16 << 20, max = 400;
	_cleanup_free_ char *text = malloc(len);
	struct spans s = { 0 };

	ck_assert_ptr_nonnull(text);
	for (size_t i = 0; i < len; i++)
		text[i] = unit[i % strlen(unit)];
	text[len - 1] = 'x';
	ck_assert_int_eq(sentences_pack(text, len, max, &s), 0);
	ck_assert_uint_eq(s.n, (len + max - 1) / max);
	spans_deinit(&s);
}
END_TEST

static const struct {
	const char *a, *b;
	size_t n;
	struct { size_t start, len; const char *replacement; } edits[3];
} comparisons[] = {
	{ "same text", "same text", 0 },
	{ "teh cat", "the cat", 1, { { 0, 3, "the" } } },
	{ "a b c", "a c", 1, { { 2, 2, "" } } },
	{ "a c", "a b c", 1, { { 2, 0, "b " } } },
	{ "I is here. You am", "I am here. You are", 2, { { 2, 2, "am" }, { 15, 2, "are" } } },
	{ "end", "end.", 1, { { 3, 0, "." } } },
	{ "", "new", 1, { { 0, 0, "new" } } },
};

START_TEST(compares)
{
	const char *a = comparisons[_i].a, *b = comparisons[_i].b;
	struct edits e = { 0 };

	ck_assert_int_eq(edits_compare(a, strlen(a), b, strlen(b), 100, &e), 0);
	ck_assert_uint_eq(e.n, comparisons[_i].n);
	for (size_t i = 0; i < e.n; i++) {
		ck_assert_uint_eq(e.items[i].start, comparisons[_i].edits[i].start + 100);
		ck_assert_uint_eq(e.items[i].len, comparisons[_i].edits[i].len);
		ck_assert_str_eq(e.items[i].replacement, comparisons[_i].edits[i].replacement);
	}
	edits_deinit(&e);
}
END_TEST

static const struct {
	const char *a, *b, *want;	/* want NULL: all of b is a correction */
} corrections[] = {
	{ "Thanks for teh report.", "Thanks for the report.", NULL },
	{ "I will call you tommorow.", "I will call you to watch.", "I will call you tommorow." },
	{ "I will call you tommorow.", "I will call you tomorrow.", NULL },
	{ "She have two dogs", "She has two dogs.", NULL },
	{ "we we go", "we go", NULL },
	{ "i go to school", "I go to the school", NULL },
	{ "alot of work", "a lot of work", NULL },
	{ "Where are you're keys?", "Where are your?", "Where are you're keys?" },
	{ "Call 555 1234 now", "Call 555 1243 now", "Call 555 1234 now" },
	{ "Meet Summerlee at noon", "Meet Summer at noon", "Meet Summerlee at noon" },
	{ "going tomorow", "going tomor", "going tomorow" },
	{ "he walks thankss", "he walk thanks", NULL },
	{ "Pay Anna and Bob", "Pay Anna", "Pay Anna and Bob" },
	{ "The cat teh dog", "The elephant the dog", "The cat the dog" },
};

START_TEST(bounds_corrections)
{
	const char *a = corrections[_i].a, *b = corrections[_i].b, *want = corrections[_i].want;
	struct buf out = BUF_NULL;
	bool rejected;

	ck_assert_int_eq(corrections_apply(a, strlen(a), b, strlen(b), &out, &rejected), 0);
	ck_assert_str_eq(out.data, want ? want : b);
	ck_assert_int_eq(rejected, want != NULL);
	buf_deinit(&out);
}
END_TEST

/* The chosen sentences with blanks between, for comparing. */
static void check_summary(const char *text, const struct summary_of *how, const char *want)
{
	_cleanup_(buf_deinit) struct buf got = BUF_NULL;
	struct summary s = { 0 };

	ck_assert_int_eq(summary_extract(text, strlen(text), how, &s), 0);
	ck_assert_uint_ge(s.n, 1);
	ck_assert_uint_lt(s.best, s.n);
	for (size_t i = 0; i < s.n; i++) {
		buf_append_str(&got, i ? " | " : "");
		buf_append(&got, text + s.items[i].speaker.start, s.items[i].speaker.len);
		buf_append(&got, text + s.items[i].text.start, s.items[i].text.len);
	}
	ck_assert_str_eq(got.data, want);
	summary_deinit(&s);
}

START_TEST(summarizes)
{
	static const char text[] =
		"The heating in the office is broken. The heating company comes on Monday to "
		"repair the heating. There is coffee in the kitchen. Please work from home until "
		"the heating in the office works.";
	const struct summary_of two = { .want = 2 }, line = { .want = 1, .longest = 24 };

	check_summary(text, &two, "The heating in the office is broken. | "
		      "The heating company comes on Monday to repair the heating.");
	/* Nothing to tell sentences apart by: the first one stands for the text. */
	check_summary("a. b. c.", &two, "a.");
	check_summary("From: Bob <b@x.org>\r\nTo: ann@y.org\r\n\r\nThe plan has changed.\r\n"
		      "> What is the plan, Bob?\r\n", &two, "The plan has changed.");
	check_summary("> quoted", &two, "> quoted");
	check_summary("Rain, rain, rain, and then the sun comes out again.", &line,
		      "Rain, rain, rain");
}
END_TEST

START_TEST(summarizes_talks)
{
	static const char talk[] = "Anna: Hello!\nBen: Hi. The printer in the hall is broken.\n"
				   "Anna: Well, the printer company comes tomorrow.\n";
	static const char mail[] = "Note: the printer is broken.\nThe printer is in the hall.\n";
	static const char wrapped[] = "The printer in the hall of the second floor is\n"
				      "broken again.\nIt is cold:\n- Bring a coat.\n";
	const struct summary_of one = { .want = 1 };

	check_summary(talk, &one, "Ben: The printer in the hall is broken.");
	check_summary(wrapped, &one, "The printer in the hall of the second floor is\n"
		      "broken again.");
	/* One name alone is no talk. */
	check_summary(mail, &one, "Note: the printer is broken.");
}
END_TEST

static const struct {
	const char *sentence;
	size_t max;
	const char *want;
	bool cut;
} clauses[] = {
	{ "The train leaves at nine.", 40, "The train leaves at nine", false },
	{ "The train leaves at nine, so hurry up.", 30, "The train leaves at nine", false },
	{ "The train leaves because it must, they say.", 30, "The train leaves", false },
	{ "The train, which is late, leaves at nine.", 20, "The train, which is", true },
	{ "Wait...", 40, "Wait...", false },
	{ "Donaudampfschifffahrtsgesellschaft", 16, "Donaudampfschiff", true },
	{ "\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9", 17,
	  "\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9", true },
};

START_TEST(trims_clauses)
{
	const char *text = clauses[_i].sentence;
	bool cut;
	struct span s = trim_clause(text, (struct span){ 0, strlen(text) }, clauses[_i].max, &cut);

	ck_assert_uint_eq(s.start, 0);
	ck_assert_uint_eq(s.len, strlen(clauses[_i].want));
	ck_assert_mem_eq(text, clauses[_i].want, s.len);
	ck_assert_int_eq(cut, clauses[_i].cut);
}
END_TEST

int main(void)
{
	TCase *c = tcase_create("writing");

	tcase_add_test(c, finds_sentences);
	tcase_add_test(c, packs_pieces);
	tcase_add_loop_test(c, packs_signs_without_blanks, 0, ARRAY_SIZE(unbroken));
	tcase_add_loop_test(c, compares, 0, ARRAY_SIZE(comparisons));
	tcase_add_loop_test(c, bounds_corrections, 0, ARRAY_SIZE(corrections));
	tcase_add_test(c, summarizes);
	tcase_add_test(c, summarizes_talks);
	tcase_add_loop_test(c, trims_clauses, 0, ARRAY_SIZE(clauses));
	return run_tests("writing", c);
}
