/* SPDX-License-Identifier: MIT */
/* Times as they are said, in a zone whose clock changes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "assistantd/daemon/when.h"
#include "tests/check-main.h"
#include "util/macro.h"

/* "YYYY-MM-DD HH:MM" on the wall. */
static time_t wall(const char *text)
{
	struct tm tm = { .tm_isdst = -1 };

	ck_assert_msg(strptime(text, "%Y-%m-%d %H:%M", &tm), "%s", text);
	return mktime(&tm);
}

/* An order with slots "name=value name=value". */
static void order(struct order *o, const char *slots)
{
	char copy[200], *at, *save = NULL;

	*o = (struct order)ORDER_NULL;
	snprintf(copy, sizeof(copy), "%s", slots);
	for (at = strtok_r(copy, " ", &save); at; at = strtok_r(NULL, " ", &save)) {
		char *equals = strchr(at, '=');

		*equals = '\0';
		ck_assert_int_eq(order_set(o, at, equals + 1, POLICY_LABEL_USER), 0);
	}
}

static const struct {
	const char *slots, *now, *at;	/* at NULL: -ERANGE */
} times[] = {
	/* 2026-11-21 is a Saturday. */
	{ "hour=17", "2026-11-21 14:00", "2026-11-21 17:00" },
	{ "hour=5", "2026-11-21 14:00", "2026-11-21 17:00" },
	{ "hour=5", "2026-11-21 04:00", "2026-11-21 05:00" },
	{ "hour=5", "2026-11-21 18:00", "2026-11-22 05:00" },
	{ "hour=5 meridiem=pm", "2026-11-21 18:00", "2026-11-22 17:00" },
	{ "hour=5 meridiem=am", "2026-11-21 14:00", "2026-11-22 05:00" },
	{ "hour=12", "2026-11-21 11:00", "2026-11-21 12:00" },
	{ "hour=12 meridiem=am", "2026-11-21 11:00", "2026-11-22 00:00" },
	{ "hour=12 meridiem=pm", "2026-11-21 13:00", "2026-11-22 12:00" },
	{ "hour=0", "2026-11-21 11:00", "2026-11-22 00:00" },
	{ "hour=24", "2026-11-21 11:00", "2026-11-22 00:00" },
	{ "hour=7 minute=45", "2026-11-21 07:44", "2026-11-21 07:45" },
	{ "hour=7 minute=45", "2026-11-21 07:45", "2026-11-21 19:45" },
	{ "hour=8 day=tomorrow", "2026-11-21 14:00", "2026-11-22 08:00" },
	{ "hour=5 day=tomorrow", "2026-11-21 14:00", "2026-11-22 17:00" },
	{ "hour=5 meridiem=am day=tomorrow", "2026-11-21 14:00", "2026-11-22 05:00" },
	{ "day=tomorrow", "2026-11-21 14:00", "2026-11-22 09:00" },
	{ "day=tonight", "2026-11-21 14:00", "2026-11-21 20:00" },
	{ "hour=8 day=tonight", "2026-11-21 14:00", "2026-11-21 20:00" },
	{ "hour=12 day=tonight", "2026-11-21 14:00", "2026-11-22 00:00" },
	{ "hour=1 day=tonight", "2026-11-21 14:00", "2026-11-22 01:00" },
	{ "hour=8 day=monday", "2026-11-21 14:00", "2026-11-23 08:00" },
	{ "hour=8 day=Monday meridiem=AM", "2026-11-21 14:00", "2026-11-23 08:00" },
	{ "hour=8 day=Tomorrow", "2026-11-21 14:00", "2026-11-22 08:00" },
	{ "hour=15 day=saturday", "2026-11-21 14:00", "2026-11-21 15:00" },
	{ "hour=13 day=saturday", "2026-11-21 14:00", "2026-11-28 13:00" },
	{ "day=saturday", "2026-11-21 14:00", "2026-11-28 09:00" },
	{ "hour=13 day=today", "2026-11-21 14:00", NULL },
	{ "hour=17 day=today", "2026-11-21 14:00", "2026-11-21 17:00" },
	{ "days=2", "2026-11-21 14:05", "2026-11-23 14:05" },
	{ "days=0", "2026-11-21 14:05", NULL },
	{ "days=400", "2026-11-21 14:05", NULL },
	/* The night of 2026-10-25 has an hour more, that of 2026-03-29 one less. */
	{ "hour=8 day=tomorrow", "2026-10-24 20:00", "2026-10-25 08:00" },
	{ "days=1", "2026-10-24 20:00", "2026-10-25 20:00" },
	{ "hour=8 day=tomorrow", "2026-03-28 20:00", "2026-03-29 08:00" },
	{ "days=1", "2026-03-28 20:00", "2026-03-29 20:00" },
	{ "hour=2 minute=30 meridiem=am day=tomorrow", "2026-03-28 20:00", "2026-03-29 03:30" },
	{ "hour=9 day=tomorrow", "2026-12-31 20:00", "2027-01-01 09:00" },
};

START_TEST(times_are_the_next_that_come)
{
	struct order o;
	struct when w;
	int r;

	order(&o, times[_i].slots);
	r = when_read(&o, wall(times[_i].now), &w);
	if (times[_i].at)
		ck_assert_msg(r == 0 && w.kind == WHEN_CLOCK && w.at == wall(times[_i].at),
			      "%s: %d, %s", times[_i].slots, r, ctime(&w.at));
	else
		ck_assert_msg(r == -ERANGE, "%s: %d", times[_i].slots, r);
	order_deinit(&o);
}
END_TEST

static const struct {
	const char *slots;
	int result;
	int64_t seconds;
} lengths[] = {
	{ "minutes=10", 0, 600 },
	{ "hours=1 minutes=5 seconds=7", 0, 3907 },
	{ "seconds=0", -ERANGE, 0 },
	{ "hours=100000", -ERANGE, 0 },
	{ "hours=99999999999999999999", -ERANGE, 0 },
	{ "minutes=ten", -ERANGE, 0 },
	{ "hour=25", -EINVAL, 0 },
	{ "hour=7 minute=60", -EINVAL, 0 },
	{ "hour=7 day=someday", -EINVAL, 0 },
};

START_TEST(lengths_and_nonsense)
{
	struct order o;
	struct when w;
	int r;

	order(&o, lengths[_i].slots);
	r = when_read(&o, wall("2026-11-21 14:00"), &w);
	ck_assert_msg(r == lengths[_i].result && (r < 0 || (w.kind == WHEN_LENGTH &&
		      w.length_s == lengths[_i].seconds)), "%s: %d", lengths[_i].slots, r);
	order_deinit(&o);
}
END_TEST

START_TEST(no_time_is_no_time)
{
	struct order o = ORDER_NULL;
	struct when w;

	ck_assert_int_eq(order_set(&o, "text", "feed the cat", POLICY_LABEL_USER), 0);
	ck_assert_int_eq(when_read(&o, wall("2026-11-21 14:00"), &w), 0);
	ck_assert_int_eq(w.kind, WHEN_NONE);
	ck_assert_int_eq(order_set(&o, "start_minutes", "5", POLICY_LABEL_USER), 0);
	ck_assert_int_eq(when_length(&o, "start_"), 300);
	order_deinit(&o);
}
END_TEST

START_TEST(words_for_lengths)
{
	static const struct {
		int64_t seconds;
		const char *words;
	} cases[] = {
		{ 1, "1 second" }, { 59, "59 seconds" }, { 60, "1 minute" },
		{ 605, "10 minutes and 5 seconds" }, { 3600, "1 hour" },
		{ 5400, "1 hour and 30 minutes" },
		{ 93784, "1 day, 2 hours, 3 minutes and 4 seconds" },
		{ 0, "no time" },
	};
	char text[WHEN_TEXT_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		when_say_length(cases[i].seconds, text);
		ck_assert_str_eq(text, cases[i].words);
	}
}
END_TEST

START_TEST(words_for_times)
{
	static const struct {
		const char *at, *words;
	} cases[] = {
		{ "2026-11-21 17:00", "at 17:00" }, { "2026-11-22 00:00", "tomorrow at 00:00" },
		{ "2026-11-23 08:05", "on Monday at 08:05" },
		{ "2026-11-28 08:05", "on 28 November at 08:05" },
		{ "2026-11-20 08:05", "yesterday at 08:05" },
		{ "2026-11-01 08:05", "on 1 November at 08:05" },
	};
	char text[WHEN_TEXT_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		when_say_time(wall(cases[i].at), wall("2026-11-21 14:00"), text);
		ck_assert_str_eq(text, cases[i].words);
	}
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("when");

	/* As POSIX writes it, so that no file of zones is needed. */
	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	tcase_add_loop_test(tc, times_are_the_next_that_come, 0, ARRAY_SIZE(times));
	tcase_add_loop_test(tc, lengths_and_nonsense, 0, ARRAY_SIZE(lengths));
	tcase_add_test(tc, no_time_is_no_time);
	tcase_add_test(tc, words_for_lengths);
	tcase_add_test(tc, words_for_times);
	return run_tests("when", tc);
}
