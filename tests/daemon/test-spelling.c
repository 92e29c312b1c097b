/* SPDX-License-Identifier: MIT */
/* How far a spelling is from another, and how likely one is a slip for the other. */
#include <check.h>
#include <string.h>

#include "assistantd/daemon/spelling.h"
#include "tests/check-main.h"
#include "util/macro.h"

START_TEST(mistakes_are_counted)
{
	static const struct {
		const char *a, *b;
		size_t distance;
	} cases[] = { { "house", "house", 0 }, { "House", "hosue", 1 }, { "hose", "house", 1 },
		      { "houuse", "house", 1 }, { "hoise", "house", 1 }, { "", "abc", 3 },
		      { "tommorow", "tomorrow", 2 }, { "ca", "abc", 3 } };

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		ck_assert_uint_eq(spelling_distance(cases[i].a, strlen(cases[i].a), cases[i].b,
						    strlen(cases[i].b)), cases[i].distance);
}
END_TEST

/* None is likelier than the one before. */
START_TEST(slips_are_told_from_names)
{
	static const char *const pairs[][2] = {
		{ "dont", "don't" }, { "agressive", "aggressive" }, { "hapened", "happened" },
		{ "teh", "the" }, { "tommorow", "tomorrow" }, { "goverment", "government" },
		{ "seperate", "separate" }, { "hpuse", "house" }, { "focuse", "focus" },
		{ "hoduse", "house" },
		{ "xorg", "org" }, { "hoxse", "house" }, { "systemd", "system" },
		{ "glibc", "globe" },
	};
	double last = -1;

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		const char *typed = pairs[i][0], *meant = pairs[i][1];
		double cost = spelling_unlikely(typed, strlen(typed), meant, strlen(meant));

		ck_assert_msg(cost >= last, "%s", typed);
		last = cost;
	}
	ck_assert_double_eq(spelling_unlikely("House", 5, "house", 5), 0);
	ck_assert_double_gt(last, spelling_unlikely("teh", 3, "the", 3) + 20);
}
END_TEST

static void count(void *arg, const char *text)
{
	size_t *n = arg;

	ck_assert_double_lt(spelling_unlikely(text, strlen(text), "at", 2), 1e3);
	++*n;
}

/* Also of what is empty and of what is as long as it may be. */
START_TEST(all_lengths_are_told)
{
	char longest[SPELLING_MAX];
	size_t n = 0;

	for (size_t i = 0; i + 1 < sizeof(longest); i++)
		longest[i] = i % 2 ? 'a' : 'b';
	longest[sizeof(longest) - 1] = '\0';
	ck_assert_double_eq(spelling_unlikely(longest, sizeof(longest) - 1, longest,
					      sizeof(longest) - 1), 0);
	ck_assert_double_gt(spelling_unlikely("", 0, longest, sizeof(longest) - 1), 0);
	ck_assert_double_gt(spelling_unlikely(longest, sizeof(longest) - 1, "", 0), 0);
	spelling_mistakes("at", count, &n);
	/* Three places for one more, two for another, for none and for a swap. */
	ck_assert_uint_eq(n, 3 * 27 + 2 * 27 + 2 + 1);
}
END_TEST

int main(void)
{
	TCase *c = tcase_create("spelling");

	tcase_add_test(c, mistakes_are_counted);
	tcase_add_test(c, slips_are_told_from_names);
	tcase_add_test(c, all_lengths_are_told);
	return run_tests("spelling", c);
}
