/* SPDX-License-Identifier: MIT */
/* Stored beginnings: found by what they depend on, whole or not at all, few and not too large. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "assistantd/daemon/prefix-store.h"
#include "tests/check-main.h"
#include "tests/scratch.h"

enum { FILES = 4, BYTES = 1000 };

static char folder[sizeof(scratch) + 16];

static void setup(void)
{
	scratch_make();
	snprintf(folder, sizeof(folder), "%s/prefixes", scratch);
}

static void teardown(void)
{
	scratch_remove();
}

static struct digest name(int number)
{
	struct digest d;

	memset(d.bytes, number, sizeof(d.bytes));
	return d;
}

static void path_of(int number, char *path, size_t size)
{
	struct digest d = name(number);
	char hex[DIGEST_HEX_LEN + 1];

	digest_to_hex(&d, hex);
	snprintf(path, size, "%s/%s", folder, hex);
}

static bool is_there(int number)
{
	char path[256];

	path_of(number, path, sizeof(path));
	return access(path, R_OK) == 0;
}

/* As if it had been used so many seconds after the epoch. */
static void set_used(int number, time_t when)
{
	const struct timespec times[2] = { { when, 0 }, { when, 0 } };
	char path[256];

	path_of(number, path, sizeof(path));
	ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
}

static int keep(int number, size_t len, int seals)
{
	struct digest d = name(number);
	int fd = memfd_create("prefix", MFD_CLOEXEC | MFD_ALLOW_SEALING), r;
	char bytes[2 * BYTES];

	memset(bytes, number, sizeof(bytes));
	ck_assert_int_eq(write(fd, bytes, len), (ssize_t)len);
	ck_assert_int_eq(fcntl(fd, F_ADD_SEALS, seals), 0);
	r = prefix_store_write(folder, &d, fd, FILES, BYTES);
	close(fd);
	return r;
}

static const int sealed = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW;

START_TEST(what_is_kept_is_found)
{
	struct digest base = name(1), found = name(0), again;
	struct engine_start start = ENGINE_START_NULL;
	struct prefix_store *s;
	char text[8], path[256], hex[DIGEST_HEX_LEN + 1];
	struct stat st;
	int fd;

	ck_assert_int_eq(prefix_store_new(&s, scratch, NULL), 0);
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(engine_start_add(&start, ENGINE_ROLE_USER, 0, ENGINE_CUT_NEVER, 0,
						  i ? "it" : "do", 2), 0);
	ck_assert_int_eq(prefix_store_offer(s, &base, false, &start, &found), -ENOENT);
	start.n_fixed = 1;
	ck_assert_int_eq(prefix_store_offer(s, &base, false, &start, &found), 0);
	ck_assert_int_eq(start.prefix_fd, -1);

	fd = memfd_create("prefix", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	ck_assert_int_eq(write(fd, "content", 8), 8);
	ck_assert_int_eq(fcntl(fd, F_ADD_SEALS, sealed), 0);
	ck_assert_int_eq(prefix_store_write(folder, &found, fd, FILES, BYTES), 0);
	close(fd);
	digest_to_hex(&found, hex);
	snprintf(path, sizeof(path), "%s/%s", folder, hex);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_mode & 0777, 0600);
	/* The user's text is no part of the name; all else is. */
	start.segments[1].text.data[0] = 'I';
	ck_assert_int_eq(prefix_store_offer(s, &base, false, &start, &again), 0);
	ck_assert(digest_equal(&found, &again));
	ck_assert_int_eq(read(start.prefix_fd, text, 8), 8);
	ck_assert_str_eq(text, "content");
	close(start.prefix_fd);
	ck_assert_int_eq(prefix_store_offer(s, &base, true, &start, &again), 0);
	ck_assert(!digest_equal(&found, &again) && start.prefix_fd == -1);
	start.n_uses = 1;
	start.uses[0].scale = 1.0f;
	ck_assert_int_eq(prefix_store_offer(s, &base, false, &start, &again), 0);
	ck_assert(!digest_equal(&found, &again) && start.prefix_fd == -1);
	start.n_uses = 0;
	start.n_fixed = 2;
	ck_assert_int_eq(prefix_store_offer(s, &base, false, &start, &again), 0);
	ck_assert(!digest_equal(&found, &again) && start.prefix_fd == -1);
	engine_start_deinit(&start);
	prefix_store_free(s);
}
END_TEST

START_TEST(the_longest_unused_goes_first)
{
	for (int i = 1; i <= FILES; i++) {
		ck_assert_int_eq(keep(i, 10, sealed), 0);
		set_used(i, 1000 + i);
	}
	set_used(1, 2000);
	ck_assert_int_eq(keep(9, 10, sealed), 0);
	ck_assert(is_there(1) && !is_there(2) && is_there(3) && is_there(4) && is_there(9));
	/* In the place of what was there: nothing else goes. */
	ck_assert_int_eq(keep(3, 500, sealed), 0);
	ck_assert(is_there(1) && is_there(3) && is_there(4) && is_there(9));
}
END_TEST

START_TEST(no_more_bytes_than_allowed)
{
	for (int i = 1; i <= 3; i++) {
		ck_assert_int_eq(keep(i, 300, sealed), 0);
		set_used(i, 1000 + i);
	}
	ck_assert_int_eq(keep(4, 401, sealed), 0);
	ck_assert(!is_there(1) && !is_there(2) && is_there(3) && is_there(4));
	ck_assert_int_eq(keep(5, BYTES + 1, sealed), -EFBIG);
	ck_assert(is_there(3) && is_there(4));
	ck_assert_int_eq(keep(6, BYTES, sealed), 0);
	ck_assert(!is_there(3) && !is_there(4) && is_there(6));
}
END_TEST

START_TEST(what_its_sender_can_change_is_not_taken)
{
	ck_assert_int_eq(keep(1, 10, 0), -EINVAL);
	ck_assert_int_eq(keep(1, 10, F_SEAL_WRITE), -EINVAL);
	ck_assert_int_eq(keep(1, 10, F_SEAL_SHRINK), -EINVAL);
	ck_assert(!is_there(1));
}
END_TEST

START_TEST(a_folder_that_cannot_be)
{
	strcpy(folder, "/proc/prefixes");
	ck_assert_int_lt(keep(1, 10, sealed), 0);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("prefixes");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, what_is_kept_is_found);
	tcase_add_test(tc, the_longest_unused_goes_first);
	tcase_add_test(tc, no_more_bytes_than_allowed);
	tcase_add_test(tc, what_its_sender_can_change_is_not_taken);
	tcase_add_test(tc, a_folder_that_cannot_be);
	return run_tests("stored prefixes", tc);
}
