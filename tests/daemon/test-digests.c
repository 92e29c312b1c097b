/* SPDX-License-Identifier: MIT */
/* Digests that are remembered: found for the same file only, and a broken list does no harm. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "assistantd/daemon/digests.h"
#include "tests/check-main.h"
#include "tests/scratch.h"

/* The beginning of the line of file(1), and a digest. */
#define LINE "7 1 1000 1700000000.000000123 1700000001.000000045 "
#define HEX "0101010101010101010101010101010101010101010101010101010101010101"

static char path[sizeof(scratch) + 8];

static void setup(void)
{
	scratch_make();
	snprintf(path, sizeof(path), "%s/list", scratch);
}

static void teardown(void)
{
	unlink(path);
	/* Nothing else is left in it. */
	ck_assert_int_eq(rmdir(scratch), 0);
}

/* A file that nobody has changed for long. */
static struct stat file(ino_t inode)
{
	return (struct stat){ .st_dev = 7, .st_ino = inode, .st_size = 1000,
			      .st_mtim = { 1700000000, 123 }, .st_ctim = { 1700000001, 45 } };
}

static struct digest digest(int number)
{
	struct digest d;

	memset(d.bytes, number, sizeof(d.bytes));
	return d;
}

static bool found(const struct stat *st, struct digest expected)
{
	struct digest f = { 0 }, weights = { 0 }, of_weights = expected;

	of_weights.bytes[31] ^= 0xff;
	if (!digests_find(path, st, &f, &weights))
		return false;
	ck_assert(digest_equal(&f, &expected));
	ck_assert(digest_equal(&weights, &of_weights));
	return true;
}

/* The weights have another digest than the file. */
static int keep(const char *where, const struct stat *st, struct digest d)
{
	struct digest weights = d;

	weights.bytes[31] ^= 0xff;
	return digests_keep(where, st, &d, &weights);
}

static void write_text(const char *text)
{
	FILE *f = fopen(path, "we");

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
}

START_TEST(the_same_file_is_known)
{
	struct digest one = digest(1), two = digest(2);
	struct stat a = file(1), b = file(12);

	ck_assert(!found(&a, one));
	ck_assert_int_eq(keep(path, &a, one), 0);
	ck_assert_int_eq(keep(path, &b, two), 0);
	ck_assert(found(&a, one));
	ck_assert(found(&b, two));
}
END_TEST

START_TEST(a_changed_file_is_not)
{
	struct digest one = digest(1);
	struct stat a = file(1), other;

	ck_assert_int_eq(keep(path, &a, one), 0);
	other = a;
	other.st_size++;
	ck_assert(!found(&other, one));
	other = a;
	other.st_mtim.tv_nsec++;
	ck_assert(!found(&other, one));
	other = a;
	other.st_ctim.tv_sec++;
	ck_assert(!found(&other, one));
	other = a;
	other.st_dev++;
	ck_assert(!found(&other, one));
}
END_TEST

START_TEST(a_fresh_change_is_not_kept)
{
	struct digest one = digest(1);
	struct stat a = file(1);

	a.st_ctim.tv_sec = time(NULL);
	ck_assert_int_eq(keep(path, &a, one), 0);
	ck_assert(!found(&a, one));
}
END_TEST

START_TEST(a_long_list_forgets_the_oldest)
{
	struct digest d;
	struct stat a;

	for (int i = 1; i <= 200; i++) {
		d = digest(i);
		a = file((ino_t)i);
		ck_assert_int_eq(keep(path, &a, d), 0);
		ck_assert(found(&a, d));
	}
	a = file(180);
	d = digest(180);
	ck_assert(found(&a, d));
	a = file(1);
	ck_assert(!found(&a, digest(1)));
}
END_TEST

START_TEST(a_broken_list_is_left_out)
{
	static const char *const lists[] = { "", "\n\n", "7 1 1000", "what\nis this\n",
					     LINE "00ff\n", LINE HEX "\n", LINE HEX " ",
					     LINE HEX " " HEX, LINE HEX "," HEX "\n",
					     LINE HEX " " HEX "0\n", LINE HEX " 00ff\n" };
	struct digest one = digest(1);
	struct stat a = file(1);

	write_text(lists[_i]);
	ck_assert(!found(&a, one));
	ck_assert_int_eq(keep(path, &a, one), 0);
	ck_assert(found(&a, one));
}
END_TEST

START_TEST(a_folder_that_is_not_there)
{
	struct digest one = digest(1), two;
	struct stat a = file(1);

	ck_assert_int_eq(keep("/nowhere/at/all", &a, one), -ENOENT);
	ck_assert(!digests_find("/nowhere/at/all", &a, &one, &two));
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("digests");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, the_same_file_is_known);
	tcase_add_test(tc, a_changed_file_is_not);
	tcase_add_test(tc, a_fresh_change_is_not_kept);
	tcase_add_test(tc, a_long_list_forgets_the_oldest);
	tcase_add_loop_test(tc, a_broken_list_is_left_out, 0, 11);
	tcase_add_test(tc, a_folder_that_is_not_there);
	return run_tests("digests", tc);
}
