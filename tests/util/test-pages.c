/* SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/check-main.h"
#include "util/macro.h"
#include "util/pages.h"

enum { HUGE_PAGE = 2 << 20 };

static const size_t sizes[] = { 1, 63, 64, 4097, HUGE_PAGE / 2 - 1, HUGE_PAGE / 2, HUGE_PAGE,
				HUGE_PAGE + 1, 5 * HUGE_PAGE };

START_TEST(all_of_it_is_there)
{
	size_t size = sizes[_i];

	for (int round = 0; round < 3; round++) {
		uint8_t *data = pages_alloc(size);

		ck_assert_ptr_nonnull(data);
		ck_assert_uint_eq((uintptr_t)data % 64, 0);
		memset(data, 0xff, size);
		free(data);
		/* What was just freed may come again, and yet has to be zero. */
		data = pages_calloc(size, 1);
		ck_assert_ptr_nonnull(data);
		ck_assert(data[0] == 0 && memcmp(data, data + 1, size - 1) == 0);
		free(data);
	}
}
END_TEST

START_TEST(more_than_there_can_be)
{
	ck_assert_ptr_null(pages_alloc(SIZE_MAX));
	ck_assert_ptr_null(pages_calloc(SIZE_MAX / 2, 3));
	ck_assert_ptr_null(pages_calloc(SIZE_MAX / 64, 64));
}
END_TEST

int main(void)
{
	TCase *c = tcase_create("pages");

	tcase_add_loop_test(c, all_of_it_is_there, 0, ARRAY_SIZE(sizes));
	tcase_add_test(c, more_than_there_can_be);
	return run_tests("pages", c);
}
