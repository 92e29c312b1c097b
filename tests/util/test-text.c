/* SPDX-License-Identifier: MIT */
/* buf, diag and utf8. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/check-main.h"
#include "util/buf.h"
#include "util/diag.h"
#include "util/macro.h"
#include "util/utf8.h"

START_TEST(buffer_stays_a_string)
{
	struct buf b = BUF_NULL;
	char *s;

	ck_assert_int_eq(buf_append(&b, "ab\0c", 4), 0);
	ck_assert_int_eq(buf_printf(&b, "%d%s", 42, "x"), 0);
	ck_assert_uint_eq(b.len, 7);
	ck_assert_int_eq(memcmp(b.data, "ab\0c42x", 8), 0);
	for (int i = 0; i < 1000; i++)
		ck_assert_int_eq(buf_append_char(&b, 'z'), 0);
	ck_assert_uint_eq(b.len, 1007);
	buf_reset(&b);
	s = buf_steal(&b);
	ck_assert_str_eq(s, "");
	ck_assert_ptr_null(b.data);
	free(s);
}
END_TEST

START_TEST(buffer_refuses_a_size_that_wraps)
{
	struct buf b = BUF_NULL;

	ck_assert_int_eq(buf_append_str(&b, "keep"), 0);
	ck_assert_int_eq(buf_reserve(&b, SIZE_MAX), -ENOMEM);
	ck_assert_int_eq(buf_reserve(&b, SIZE_MAX - 4), -ENOMEM);
	ck_assert_str_eq(b.data, "keep");
	buf_deinit(&b);
}
END_TEST

static const struct {
	const char *bytes;
	size_t len;
	bool valid;
	size_t tail;
} texts[] = {
	{ "", 0, true, 0 },
	{ "plain", 5, true, 0 },
	{ "a\0b", 3, true, 0 },
	{ "\xc3\xa9", 2, true, 0 },
	{ "x\xc3", 2, false, 1 },
	{ "\xe2\x82", 2, false, 2 },
	{ "\xf0\x9f\x98", 3, false, 3 },
	{ "\xf0\x9f\x98\x80", 4, true, 0 },
	{ "\xc0\x80", 2, false, 0 },		/* overlong */
	{ "\xe0\x80", 2, false, 0 },		/* overlong: no continuation can save it */
	{ "\xed\xa0\x80", 3, false, 0 },	/* surrogate */
	{ "\xf4\x90", 2, false, 0 },		/* above U+10FFFF */
	{ "\x80", 1, false, 0 },
	{ "\xff", 1, false, 0 },
};

START_TEST(utf8_verdicts)
{
	ck_assert_msg(utf8_valid(texts[_i].bytes, texts[_i].len) == texts[_i].valid, "text %d", _i);
	ck_assert_msg(utf8_incomplete_tail(texts[_i].bytes, texts[_i].len) == texts[_i].tail,
		      "tail of text %d", _i);
}
END_TEST

START_TEST(utf8_round_trip)
{
	char bytes[4];
	size_t n, size;

	for (uint32_t cp = 0; cp <= 0x110000; cp++) {
		n = utf8_encode(cp, bytes);
		if (cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff)) {
			ck_assert_uint_eq(n, 0);
			continue;
		}
		if (utf8_decode(bytes, n, &size) != cp || size != n || utf8_count(bytes, n) != 1)
			ck_abort_msg("code point %x", cp);
	}
}
END_TEST

START_TEST(diag_keeps_the_first_and_escapes)
{
	struct diag d = DIAG_NULL;

	ck_assert_int_eq(diag_set(&d, -EINVAL, DIAG_TYPE, "k\x1b\n", "value %d", 7), -EINVAL);
	ck_assert_int_eq(diag_set(&d, -ENOMEM, DIAG_LIMIT, "other", "later"), -ENOMEM);
	ck_assert_int_eq(d.code, DIAG_TYPE);
	ck_assert_str_eq(d.field, "k\\x1b\\x0a");
	ck_assert_str_eq(d.text, "value 7");
	ck_assert_str_eq(diag_code_name(d.code), "TYPE");
	ck_assert_int_eq(diag_set(NULL, -EIO, DIAG_TYPE, "f", "t"), -EIO);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, buffer_stays_a_string);
	tcase_add_test(tc, buffer_refuses_a_size_that_wraps);
	tcase_add_loop_test(tc, utf8_verdicts, 0, ARRAY_SIZE(texts));
	tcase_add_test(tc, utf8_round_trip);
	tcase_add_test(tc, diag_keeps_the_first_and_escapes);
	return run_tests("util text", tc);
}
