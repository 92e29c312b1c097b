/* SPDX-License-Identifier: MIT */
/* The catalogue of adapters, and the digests that it holds. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "adapters/catalog.h"
#include "tests/check-main.h"
#include "util/buf.h"
#include "util/macro.h"

#define A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B64 "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define ENTRY(name, task, base)                                                     \
	"  - name: " name "\n    task: " task "\n    file: " name ".gguf\n"            \
	"    digest: " A64 "\n    base: " base "\n    prompt: \"{{ text }}\"\n"
#define HEAD "version: 1\nadapters:\n"

START_TEST(sha256_of_known_text)
{
	/* FIPS 180-4, the example "abc". */
	static const char expected[] =
		"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
	char hex[DIGEST_HEX_LEN + 1];
	struct digest whole, again;
	struct digest_stream *s;

	ck_assert_int_eq(digest_of("abc", 3, &whole), 0);
	digest_to_hex(&whole, hex);
	ck_assert_str_eq(hex, expected);
	ck_assert_int_eq(digest_stream_new(&s), 0);
	ck_assert_int_eq(digest_stream_update(s, "a", 1), 0);
	ck_assert_int_eq(digest_stream_update(s, "bc", 2), 0);
	ck_assert_int_eq(digest_stream_finish(s, &again), 0);
	digest_stream_free(s);
	ck_assert(digest_equal(&whole, &again));
	ck_assert_int_eq(digest_from_hex(expected, &again), 0);
	ck_assert(digest_equal(&whole, &again));
	ck_assert_int_eq(digest_from_hex("ba78", &again), -EINVAL);
	hex[5] = 'g';
	ck_assert_int_eq(digest_from_hex(hex, &again), -EINVAL);
}
END_TEST

START_TEST(finds_and_chooses)
{
	static const char text[] = HEAD
		ENTRY("proofread", "proofread", A64)
		ENTRY("tone-friendly", "tone", A64) "    style: friendly\n    scale: 0.5\n"
		ENTRY("tone-formal", "tone", A64) "    style: formal\n    title: Formal\n"
		ENTRY("proofread-b", "proofread", B64);
	_cleanup_(catalog_freep) struct catalog *c = NULL;
	struct digest a, b;
	struct diag d = DIAG_NULL;

	ck_assert_int_eq(digest_from_hex(A64, &a), 0);
	ck_assert_int_eq(digest_from_hex(B64, &b), 0);
	ck_assert_msg(catalog_parse(&c, text, strlen(text), &d) == 0, "%s: %s", d.field, d.text);
	ck_assert_uint_eq(catalog_count(c), 4);
	ck_assert_str_eq(catalog_find(c, "tone-formal")->title, "Formal");
	ck_assert_str_eq(catalog_find(c, "proofread")->title, "proofread");
	ck_assert_ptr_null(catalog_find(c, "absent"));
	ck_assert_str_eq(catalog_choose(c, "tone", NULL, &a)->name, "tone-friendly");
	ck_assert_str_eq(catalog_choose(c, "tone", "formal", &a)->name, "tone-formal");
	ck_assert(catalog_find(c, "tone-friendly")->scale == 0.5f);
	ck_assert_ptr_null(catalog_choose(c, "tone", "rude", &a));
	/* Never one that was made for another base. */
	ck_assert_str_eq(catalog_choose(c, "proofread", NULL, &b)->name, "proofread-b");
	ck_assert_ptr_null(catalog_choose(c, "tone", NULL, &b));
	ck_assert_ptr_null(catalog_at(c, 4));
}
END_TEST

static const struct {
	const char *text;
	enum diag_code code;
	const char *field, *part;
} broken[] = {
	{ "adapters: []\n", DIAG_PAIR, "1:1", "version is missing" },
	{ "version: 2\nadapters: []\n", DIAG_RANGE, "1:10", "version" },
	{ "version: 1\n", DIAG_PAIR, "1:1", "adapters is missing" },
	{ "version: 1\nadapters: 3\n", DIAG_TYPE, "2:11", "expected a list" },
	{ HEAD "  - name: x\n", DIAG_PAIR, "3:5", "task is missing" },
	{ HEAD ENTRY("Proof", "p", A64), DIAG_RANGE, "3:11", "name" },
	{ HEAD ENTRY("../x", "p", A64), DIAG_RANGE, "3:11", "name" },
	{ HEAD ENTRY("x", "p", "abc"), DIAG_RANGE, "7:11", "64 hexadecimal" },
	{ HEAD ENTRY("x", "p", A64) "    scale: 9\n", DIAG_RANGE, "9:12", "scale" },
	{ HEAD ENTRY("x", "p", A64) "    scale: nan\n", DIAG_RANGE, "9:12", "scale" },
	{ HEAD ENTRY("x", "p", A64) "    colour: red\n", DIAG_UNSUP, "9:5", "colour" },
	{ HEAD ENTRY("x", "p", A64) ENTRY("x", "p", A64), DIAG_DUP, "9:5", "twice" },
	{ HEAD "  - name: x\n    task: p\n    file: /etc/passwd\n    digest: " A64
	       "\n    base: " A64 "\n    prompt: p\n", DIAG_RANGE, "5:11", "beside" },
};

START_TEST(says_what_is_wrong)
{
	struct catalog *c = NULL;
	struct diag d = DIAG_NULL;

	ck_assert_int_eq(catalog_parse(&c, broken[_i].text, strlen(broken[_i].text), &d), -EINVAL);
	ck_assert_ptr_null(c);
	ck_assert_msg(d.code == broken[_i].code, "case %d: %s", _i, d.text);
	ck_assert_str_eq(d.field, broken[_i].field);
	ck_assert_msg(strstr(d.text, broken[_i].part) != NULL, "case %d: %s", _i, d.text);
}
END_TEST

START_TEST(reads_from_a_descriptor)
{
	_cleanup_(catalog_freep) struct catalog *c = NULL;
	struct diag d = DIAG_NULL;
	FILE *f = tmpfile();

	ck_assert_ptr_nonnull(f);
	fputs(HEAD ENTRY("x", "p", A64), f);
	fflush(f);
	ck_assert_int_eq(catalog_read_fd(&c, fileno(f), &d), 0);
	ck_assert_uint_eq(catalog_count(c), 1);
	fclose(f);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, sha256_of_known_text);
	tcase_add_test(tc, finds_and_chooses);
	tcase_add_loop_test(tc, says_what_is_wrong, 0, ARRAY_SIZE(broken));
	tcase_add_test(tc, reads_from_a_descriptor);
	return run_tests("adapter catalogue", tc);
}
