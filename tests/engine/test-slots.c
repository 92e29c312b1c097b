/* SPDX-License-Identifier: MIT */
/* Two slots: whenever the writing ends, the newest whole one is found, and nothing else is. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "assistantd/engine/slots.h"
#include "tests/check-main.h"
#include "util/cleanup.h"
#include "util/file.h"

enum { LENGTH = 700 };

static int fd;
static struct slots_id id;
static struct slots slots;
static uint64_t length;		/* that is looked for */
static struct diag defect;

static void setup(void)
{
	fd = memfd_create("slots", MFD_CLOEXEC);
	memset(&id, 7, sizeof(id));
	length = LENGTH;
}

static void teardown(void)
{
	close(fd);
}

static int find(void)
{
	defect = (struct diag)DIAG_NULL;
	return slots_open(&slots, fd, &id, length, &defect);
}

/* The generation @n is LENGTH times one byte. */
static void write_generation(char n)
{
	char text[LENGTH];

	memset(text, n, sizeof(text));
	ck_assert_int_eq(slots_begin(&slots), 0);
	ck_assert_int_eq(file_write(fd, text, sizeof(text)), 0);
	ck_assert_int_eq(slots_commit(&slots), 0);
}

static void write_generations(char last)
{
	ck_assert_int_eq(find(), SLOTS_E_EMPTY);
	for (char n = 1; n <= last; n++)
		write_generation(n);
}

/* What is read is one generation whole, which is returned. */
static int generation(void)
{
	char text[LENGTH], wanted[LENGTH];

	ck_assert_int_eq(lseek(fd, 0, SEEK_CUR), slots.generation % 2 ? 4096 : 4096 + LENGTH);
	ck_assert_int_eq(read(fd, text, LENGTH), LENGTH);
	memset(wanted, text[0], LENGTH);
	ck_assert_mem_eq(text, wanted, LENGTH);
	ck_assert_uint_eq(slots.generation, text[0]);
	return text[0];
}

START_TEST(the_newest_is_found)
{
	write_generations(1);
	for (char n = 2; n < 20; n++) {
		ck_assert_int_eq(find(), 0);
		ck_assert_int_eq(generation(), n - 1);
		write_generation(n);
	}
	ck_assert_int_eq(find(), 0);
	ck_assert_int_eq(generation(), 19);
}
END_TEST

static size_t size_of_file(void)
{
	struct stat st;

	ck_assert_int_eq(fstat(fd, &st), 0);
	return (size_t)st.st_size;
}

/* Any one bit of the newest slot or its head is another: then it is the one before. Of the other
 * one: then it is the newest all the same. */
START_TEST(a_bit_that_is_wrong)
{
	char last = (char)(6 + _i);
	size_t size, spoilt = 0;

	write_generations(last);
	size = size_of_file();
	for (size_t at = 0; at < size; at += at >= 1024 && at < 4096 ? 512 : 1) {
		char byte;
		int found;

		ck_assert_int_eq(pread(fd, &byte, 1, (off_t)at), 1);
		byte ^= 1 << at % 8;
		ck_assert_int_eq(pwrite(fd, &byte, 1, (off_t)at), 1);
		ck_assert_msg(find() == 0, "%zu: %s", at, defect.text);
		found = generation();
		ck_assert(found == last || found == last - 1);
		spoilt += found != last;
		byte ^= 1 << at % 8;
		ck_assert_int_eq(pwrite(fd, &byte, 1, (off_t)at), 1);
	}
	/* Every byte of a slot, and of its head all but what fills it up. */
	ck_assert_uint_eq(spoilt, LENGTH + 224);
}
END_TEST

/* The next slot is written to some byte, its head not at all. */
START_TEST(a_slot_that_is_begun)
{
	char text[LENGTH];

	memset(text, 99, sizeof(text));
	for (size_t n = 0; n <= LENGTH; n += 50) {
		ck_assert_int_eq(ftruncate(fd, 0), 0);
		write_generations((char)(1 + _i));
		ck_assert_int_eq(slots_begin(&slots), 0);
		ck_assert_int_eq(file_write(fd, text, n), 0);
		ck_assert_int_eq(find(), 0);
		ck_assert_int_eq(generation(), 1 + _i);
		write_generation((char)(2 + _i));
		ck_assert_int_eq(find(), 0);
		ck_assert_int_eq(generation(), 2 + _i);
	}
}
END_TEST

/* The first one: nothing was lost. */
START_TEST(a_first_slot_that_is_begun)
{
	char text[LENGTH] = { 1 };
	static const char part[] = "ADRUN001 and half of a head";

	ck_assert_int_eq(find(), SLOTS_E_EMPTY);
	ck_assert_int_eq(slots_begin(&slots), 0);
	ck_assert_int_eq(file_write(fd, text, sizeof(text)), 0);
	ck_assert_int_eq(find(), SLOTS_E_EMPTY);
	ck_assert_int_eq(pwrite(fd, part, sizeof(part), 0), sizeof(part));
	ck_assert_int_eq(find(), SLOTS_E_EMPTY);
	write_generation(1);
	ck_assert_int_eq(find(), 0);
	ck_assert_int_eq(generation(), 1);
}
END_TEST

/* Cut at any length: the older one, or it is said. */
START_TEST(a_file_that_is_cut)
{
	int whole = fd;

	write_generations(4);
	for (size_t n = 0; n < size_of_file(); n += 37) {
		char bytes[8192];
		int r;

		fd = memfd_create("cut", MFD_CLOEXEC);
		ck_assert_int_eq(pread(whole, bytes, n, 0), (ssize_t)n);
		ck_assert_int_eq(file_write(fd, bytes, n), 0);
		r = find();
		ck_assert(n < 4096 ? r != 0 : r == 0 || r == -EINVAL);
		if (r == 0)
			ck_assert_int_eq(generation(), 3);
		if (r == -EINVAL)
			ck_assert_int_ne(defect.code, DIAG_NONE);
		close(fd);
		fd = whole;
	}
}
END_TEST

static void expect(const char *text)
{
	ck_assert_int_eq(find(), -EINVAL);
	ck_assert_str_eq(defect.field, "checkpoint");
	ck_assert_msg(strstr(defect.text, text) != NULL, "%s", defect.text);
}

START_TEST(another_run)
{
	write_generations(3);
	id.options.bytes[5]++;
	expect("other options");
	id.held_out.bytes[5]++;
	expect("other rows that are held out");
	id.data.bytes[5]++;
	expect("other data");
	id.base.bytes[5]++;
	expect("another base model");
	memset(&id, 7, sizeof(id));
	ck_assert_int_eq(find(), 0);
}
END_TEST

/* What is longer or shorter than a slot of this run is neither read nor written. */
START_TEST(another_length)
{
	write_generations(3);
	ck_assert_uint_eq(size_of_file(), slots_file_size(LENGTH));
	length = LENGTH - 1;
	expect("another version");
	length = UINT64_C(1) << 40;
	expect("another version");
	length = UINT64_MAX / 2;
	ck_assert_int_eq(find(), -EFBIG);
	ck_assert_uint_eq(slots_file_size(length), UINT64_MAX);
	length = LENGTH;
	ck_assert_int_eq(find(), 0);
	for (int more = -1; more <= 1; more += 2) {
		char text[LENGTH + 1] = { 4 };

		ck_assert_int_eq(slots_begin(&slots), 0);
		ck_assert_int_eq(file_write(fd, text, (size_t)(LENGTH + more)), 0);
		ck_assert_int_eq(slots_commit(&slots), -EINVAL);
	}
	ck_assert_int_eq(find(), 0);
	ck_assert_int_eq(generation(), 3);
}
END_TEST

START_TEST(other_bytes)
{
	char bytes[8192];
	int pipes[2];

	memset(bytes, 'x', sizeof(bytes));
	ck_assert_int_eq(file_write(fd, bytes, sizeof(bytes)), 0);
	expect("no file of a training run");
	ck_assert_int_eq(ftruncate(fd, 0), 0);
	ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
	write_generations(2);
	ck_assert_int_eq(pwrite(fd, bytes, 2 * LENGTH, 4096), 2 * LENGTH);
	expect("damaged in both");
	close(fd);
	ck_assert_int_eq(pipe2(pipes, O_CLOEXEC), 0);
	fd = pipes[0];
	expect("regular file");
	close(pipes[1]);
}
END_TEST

int main(void)
{
	TCase *c = tcase_create("slots");

	/* Of a busy machine with a slow build. */
	tcase_set_timeout(c, 60);
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, the_newest_is_found);
	tcase_add_loop_test(c, a_bit_that_is_wrong, 0, 2);
	tcase_add_loop_test(c, a_slot_that_is_begun, 0, 4);
	tcase_add_test(c, a_first_slot_that_is_begun);
	tcase_add_test(c, a_file_that_is_cut);
	tcase_add_test(c, another_run);
	tcase_add_test(c, another_length);
	tcase_add_test(c, other_bytes);
	return run_tests("slots", c);
}
