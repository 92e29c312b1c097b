/* SPDX-License-Identifier: MIT */
/* Tables of words with numbers, how texts are cut for them, and what they sort texts by. */
#include <check.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "assistantd/daemon/sorter.h"
#include "tests/check-main.h"
#include "util/file.h"
#include "util/macro.h"

static int read_table(const char *text, size_t len, struct terms **ret, struct diag *d)
{
	int fd = memfd_create("table", MFD_CLOEXEC), r;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(file_write(fd, text, len), 0);
	r = terms_read_fd(ret, fd, d);
	close(fd);
	return r;
}

#define TABLE "# How things sound.\nterm\tloud\tquiet\n" \
	"boom\t2\t-2\nmouse\t-1\t1\nsleeps\t-1\t1.5\n0000\t3\t0\n@drums\t1\t0\n<address>\t0\t4\n"

START_TEST(reads)
{
	_cleanup_(terms_freep) struct terms *t = NULL;
	struct diag d = DIAG_NULL;

	ck_assert_int_eq(read_table(TABLE, strlen(TABLE), &t, &d), 0);
	ck_assert_uint_eq(terms_columns(t), 2);
	ck_assert_str_eq(terms_column(t, 1), "quiet");
	ck_assert_uint_eq(terms_rows(t), 6);
	ck_assert_float_eq(terms_row(t, terms_find(t, "boom"))[0], 2);
	ck_assert_uint_eq(terms_find(t, "bang"), terms_rows(t));
}
END_TEST

static const struct {
	const char *text;
	size_t len;		/* 0: the string's */
	const char *line;
	enum diag_code code;
} defects[] = {
	{ "", 0, "1", DIAG_TRUNC },
	{ "# only this\n", 0, "1", DIAG_TRUNC },
	{ "word\ta\n", 0, "1", DIAG_SYNTAX },
	{ "term\n", 0, "1", DIAG_SYNTAX },
	{ "term\ta\t\n", 0, "1", DIAG_SYNTAX },
	{ "term\ta\nx\n", 0, "2", DIAG_TYPE },
	{ "term\ta\n\nx\tone\n", 0, "3", DIAG_TYPE },
	{ "term\ta\nx\t1e999\n", 0, "2", DIAG_TYPE },
	{ "term\ta\nx\t1\t2\n", 0, "2", DIAG_TYPE },
	{ "term\ta\nx\t1\nx\t1\n", 0, "3", DIAG_DUP },
	{ "term\ta\n\t1\n", 0, "2", DIAG_RANGE },
	{ "term\ta\nx\0\t1\n", 13, "1", DIAG_SYNTAX },
};

START_TEST(names_defects)
{
	size_t len = defects[_i].len ? defects[_i].len : strlen(defects[_i].text);
	_cleanup_(terms_freep) struct terms *t = NULL;
	struct diag d = DIAG_NULL;

	ck_assert_int_eq(read_table(defects[_i].text, len, &t, &d), -EINVAL);
	ck_assert_ptr_null(t);
	ck_assert_int_eq(d.code, defects[_i].code);
	ck_assert_str_eq(d.field, defects[_i].line);
}
END_TEST

/* recipe/terms.py cuts alike: the numbers are learnt from its terms. */
START_TEST(cuts)
{
	static const char text[] = "Don\xe2\x80\x99t pay 1,299.50 at 14:30: caf\xc3\xa9 "
				   "(G-771204), 5%!";
	static const char *const want[] = { "don't", "pay", "000000", "at", "0:00", "caf\xc3\xa9",
					    "g", "000000", "0", "%", "!" };
	struct term term;
	size_t at = 0;

	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		ck_assert(terms_next(text, strlen(text), &at, &term));
		ck_assert_str_eq(term.text, want[i]);
	}
	ck_assert(!terms_next(text, strlen(text), &at, &term));
}
END_TEST

static const struct {
	const char *origin, *text;
	size_t kind;
	const char *evidence;
} sorted[] = {
	{ NULL, "A mouse sleeps here", 1, "mouse sleeps" },
	{ NULL, "Boom, said the mouse", 0, "Boom" },
	{ "The Drums", "nothing", 0, "" },
	{ NULL, "code 4711", 0, "4711" },
	{ NULL, "see quiet.example/now 4711", 1, "" },
};

START_TEST(sorts)
{
	_cleanup_(terms_freep) struct terms *t = NULL;
	const char *text = sorted[_i].text;
	struct diag d = DIAG_NULL;
	struct sorting s;

	ck_assert_int_eq(read_table(TABLE, strlen(TABLE), &t, &d), 0);
	ck_assert_int_eq(sorter_sort(t, sorted[_i].origin, text, strlen(text), &s), 0);
	ck_assert_uint_eq(s.kind, sorted[_i].kind);
	ck_assert_double_gt(s.share, 0.5);
	ck_assert_uint_eq(s.evidence.len, strlen(sorted[_i].evidence));
	ck_assert_mem_eq(text + s.evidence.start, sorted[_i].evidence, s.evidence.len);
}
END_TEST

int main(void)
{
	TCase *c = tcase_create("terms");

	tcase_add_test(c, reads);
	tcase_add_loop_test(c, names_defects, 0, ARRAY_SIZE(defects));
	tcase_add_test(c, cuts);
	tcase_add_loop_test(c, sorts, 0, ARRAY_SIZE(sorted));
	return run_tests("terms", c);
}
