/* SPDX-License-Identifier: MIT */
/* Which matrix gets more bits. */
#include <check.h>

#include "adapters/train/precision.h"
#include "tests/check-main.h"

START_TEST(most_saved_for_a_byte)
{
	struct precision p[] = {
		{ .bytes = { 100, 200, 400 }, .loss = { 1.0, 0.5, 0.1 } },
		{ .bytes = { 10, 20, 40 }, .loss = { 0.9, 0.1, 0.0 } },
		/* As measured: less is lost with fewer bits. */
		{ .bytes = { 10, 20, 40 }, .loss = { -0.1, 0.1, 0.0 } },
	};

	ck_assert_uint_eq(precision_choose(p, 3, 3, 120), 120);
	ck_assert_uint_eq(p[0].chosen, 0);
	ck_assert_uint_eq(p[1].chosen, 0);
	ck_assert_uint_eq(precision_choose(p, 3, 3, 130), 130);
	ck_assert_uint_eq(p[1].chosen, 1);
	/* The first has no room; what is left goes to what has. */
	ck_assert_uint_eq(precision_choose(p, 3, 3, 229), 150);
	ck_assert_uint_eq(p[0].chosen, 0);
	ck_assert_uint_eq(p[1].chosen, 2);
	ck_assert_uint_eq(precision_choose(p, 3, 3, 1000), 450);
	ck_assert_uint_eq(p[0].chosen, 2);
	ck_assert_uint_eq(p[1].chosen, 2);
	ck_assert_uint_eq(p[2].chosen, 0);
}
END_TEST

/* What does not fit is what it is with the fewest. */
START_TEST(too_little)
{
	struct precision p[] = { { .bytes = { 50, 80 }, .loss = { 1, 0 } } };

	ck_assert_uint_eq(precision_choose(p, 1, 2, 49), 50);
	ck_assert_uint_eq(p[0].chosen, 0);
	ck_assert_uint_eq(precision_choose(p, 1, 2, 79), 50);
	ck_assert_uint_eq(precision_choose(p, 1, 2, 80), 80);
	ck_assert_uint_eq(precision_choose(p, 0, 2, 80), 0);
}
END_TEST

int main(void)
{
	TCase *c = tcase_create("precision");

	tcase_add_test(c, most_saved_for_a_byte);
	tcase_add_test(c, too_little);
	return run_tests("precision", c);
}
