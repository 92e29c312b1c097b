/* SPDX-License-Identifier: MIT */
#include "tests/scratch.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

char scratch[32];

void scratch_make(void)
{
	snprintf(scratch, sizeof(scratch), "/tmp/test.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(scratch));
}

void scratch_remove(void)
{
	char command[sizeof(scratch) + 8];

	snprintf(command, sizeof(command), "rm -rf %s", scratch);
	ck_assert_int_eq(system(command), 0);
}
