/* SPDX-License-Identifier: MIT */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

#include "tests/check-main.h"
#include "util/cleanup.h"
#include "util/file.h"
#include "util/macro.h"

enum { LARGE = 200 * 1000 };

/* @len bytes that tell where they stand; the position is behind them. */
static int make_file(size_t len)
{
	int fd = memfd_create("file", MFD_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	for (size_t i = 0; i < len; i++)
		ck_assert_int_eq(write(fd, &(char){ (char)('a' + i % 23) }, 1), 1);
	return fd;
}

static bool is_file_from(const struct buf *b, size_t first)
{
	for (size_t i = 0; i < b->len; i++)
		if (b->data[i] != (char)('a' + (first + i) % 23))
			return false;
	return b->data[b->len] == '\0';
}

START_TEST(sizes)
{
	_cleanup_close_ int five = make_file(5), none = make_file(0);
	_cleanup_close_ int folder = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct {
		int fd;
		uint64_t max;
		int r;
		enum diag_code code;
		const char *text;
	} cases[] = {
		{ five, 5, 0, DIAG_NONE, "" },
		{ five, 4, -EINVAL, DIAG_LIMIT, "larger than 4 bytes" },
		{ none, 5, -EINVAL, DIAG_TRUNC, "the file is empty" },
		{ folder, 5, -EINVAL, DIAG_TYPE, "not a regular file" },
		{ -1, 5, -EBADF, DIAG_SYSTEM, "Bad file descriptor" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct diag d = DIAG_NULL;
		size_t size = 7;

		ck_assert_int_eq(file_size(cases[i].fd, cases[i].max, &size, &d), cases[i].r);
		ck_assert_int_eq(d.code, cases[i].code);
		ck_assert_str_eq(d.text, cases[i].text);
		ck_assert_uint_eq(size, cases[i].r ? 7 : 5);
	}
}
END_TEST

START_TEST(part_of_a_file)
{
	_cleanup_close_ int fd = make_file(10);
	struct diag d = DIAG_NULL;
	char text[8] = "";
	int ends[2];

	ck_assert_int_eq(file_read_at(fd, text, 7, 3, &d), 0);
	ck_assert_str_eq(text, "defghij");
	ck_assert_int_eq(lseek(fd, 0, SEEK_CUR), 10);
	ck_assert_int_eq(file_read_at(fd, text, 0, 10, &d), 0);
	ck_assert_int_eq(file_read_at(fd, text, 8, 3, &d), -EINVAL);
	ck_assert_int_eq(d.code, DIAG_TRUNC);
	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	d = (struct diag)DIAG_NULL;
	ck_assert_int_eq(file_read_at(ends[0], text, 1, 0, &d), -ESPIPE);
	ck_assert_int_eq(d.code, DIAG_SYSTEM);
	close(ends[0]);
	close(ends[1]);
}
END_TEST

START_TEST(all_of_a_file)
{
	_cleanup_close_ int fd = make_file(LARGE), none = make_file(0);
	_cleanup_(buf_deinit) struct buf text = BUF_NULL;

	ck_assert_int_eq(file_read_all(none, LARGE, &text, NULL), 0);
	ck_assert_str_eq(text.data, "");
	ck_assert_int_eq(file_read_all(fd, LARGE, &text, NULL), 0);
	ck_assert_uint_eq(text.len, LARGE);
	ck_assert(is_file_from(&text, 0));
	ck_assert_int_eq(lseek(fd, 0, SEEK_CUR), LARGE);
	/* Again, in place of the first. */
	ck_assert_int_eq(file_read_all(fd, LARGE - 1, &text, NULL), 0);
	ck_assert_uint_gt(text.len, LARGE - 1);
	ck_assert_int_eq(file_read_all(fd, 0, &text, NULL), 0);
	ck_assert_uint_gt(text.len, 0);
	ck_assert_uint_lt(text.len, LARGE);
	ck_assert(is_file_from(&text, 0));
}
END_TEST

START_TEST(rest_of_a_file)
{
	_cleanup_close_ int fd = make_file(LARGE);
	_cleanup_close_ int folder = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_(buf_deinit) struct buf text = BUF_NULL;
	struct diag d = DIAG_NULL;

	ck_assert_int_eq(lseek(fd, 11, SEEK_SET), 11);
	ck_assert_int_eq(file_read_rest(fd, SIZE_MAX, &text, NULL), 0);
	ck_assert_uint_eq(text.len, LARGE - 11);
	ck_assert(is_file_from(&text, 11));
	ck_assert_int_eq(file_read_rest(folder, SIZE_MAX, &text, &d), -EISDIR);
	ck_assert_int_eq(d.code, DIAG_SYSTEM);
}
END_TEST

static int in;

static void write_the_rest(int signal)
{
	(void)signal;
	if (write(in, "est", 3) == 3)
		close(in);
}

/* The signal comes while the reader waits, or before; the text is the same. */
START_TEST(rest_of_a_pipe_with_an_interruption)
{
	struct sigaction action = { .sa_handler = write_the_rest };
	struct itimerval soon = { .it_value.tv_usec = 20000 };
	_cleanup_(buf_deinit) struct buf text = BUF_NULL;
	int ends[2];

	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	in = ends[1];
	ck_assert_int_eq(write(in, "r", 1), 1);
	ck_assert_int_eq(sigaction(SIGALRM, &action, NULL), 0);
	ck_assert_int_eq(setitimer(ITIMER_REAL, &soon, NULL), 0);
	ck_assert_int_eq(file_read_rest(ends[0], 100, &text, NULL), 0);
	ck_assert_str_eq(text.data, "rest");
	close(ends[0]);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, sizes);
	tcase_add_test(tc, part_of_a_file);
	tcase_add_test(tc, all_of_a_file);
	tcase_add_test(tc, rest_of_a_file);
	tcase_add_test(tc, rest_of_a_pipe_with_an_interruption);
	return run_tests("util file", tc);
}
