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
/* Nine lines. */
#define RELEASE(name, task, base, digest)                                            \
	"  - name: " name "\n    task: " task "\n    file: " name ".gguf\n"             \
	"    digest: " digest "\n    base: " base "\n    tokenizer: " A64 "\n"          \
	"    template: " A64 "\n    rank: 8\n    prompt: \"{{ text }}\"\n"
#define ENTRY(name, task, base) RELEASE(name, task, base, A64)
#define HEAD "version: 1\nadapters:\n"

static struct digest digest(const char *hex)
{
	struct digest d;

	ck_assert_int_eq(digest_from_hex(hex, &d), 0);
	return d;
}

static struct catalog *parsed(const char *text)
{
	struct catalog *c = NULL;
	struct diag d = DIAG_NULL;

	ck_assert_msg(catalog_parse(&c, text, strlen(text), &d) == 0, "%s: %s", d.field, d.text);
	return c;
}

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

START_TEST(finds_by_name)
{
	static const char text[] = HEAD
		ENTRY("proofread", "proofread", A64)
		ENTRY("tone-friendly", "tone", A64) "    style: friendly\n    scale: 0.5\n"
		ENTRY("tone-formal", "tone", A64) "    style: formal\n    title: Formal\n"
		ENTRY("proofread-b", "proofread", B64);
	_cleanup_(catalog_freep) struct catalog *c = parsed(text);

	ck_assert_uint_eq(catalog_count(c), 4);
	ck_assert_str_eq(catalog_active(c, "tone-formal")->manifest.title, "Formal");
	ck_assert_str_eq(catalog_active(c, "proofread")->manifest.title, "proofread");
	ck_assert_ptr_null(catalog_active(c, "absent"));
	ck_assert(catalog_active(c, "tone-friendly")->manifest.scale == 0.5f);
	ck_assert_ptr_null(catalog_at(c, 4));
}
END_TEST

static const char versions[] = HEAD
	RELEASE("x", "p", A64, A64) "    state: retired\n    since: 9223372036854775807\n"
				    "    reason: \"r\xc3\xa4tired: by hand\"\n"
	RELEASE("x", "p", A64, B64) "    languages: [en, de]\n    sequence: 2\n    pinned: true\n"
				    "    signature: 0B1B297759D9CEF9\n"
	RELEASE("y", "p", A64, A64) "    enabled: false\n    signature: unknown\n"
	RELEASE("z", "p", A64, A64) "    state: staged\n"
	RELEASE("z", "p", A64, B64) "    state: refused\n";

START_TEST(one_version_of_a_name_is_active)
{
	_cleanup_(catalog_freep) struct catalog *c = parsed(versions);
	struct digest first = digest(A64), second = digest(B64);

	ck_assert_uint_eq(catalog_count(c), 5);
	ck_assert(digest_equal(&catalog_active(c, "x")->digest, &second));
	ck_assert_str_eq(catalog_active(c, "x")->signature, "0B1B297759D9CEF9");
	ck_assert(catalog_active(c, "x")->pinned && catalog_active(c, "x")->enabled);
	ck_assert(!catalog_active(c, "y")->enabled);
	ck_assert_str_eq(catalog_active(c, "y")->signature, CATALOG_UNKNOWN_KEY);
	ck_assert_ptr_null(catalog_active(c, "z"));
	ck_assert_int_eq(catalog_version(c, "x", &first)->state, CATALOG_RETIRED);
	ck_assert(catalog_version(c, "x", &first)->since == INT64_MAX);
	ck_assert_int_eq(catalog_version(c, "z", &second)->state, CATALOG_REFUSED);
	ck_assert_ptr_null(catalog_version(c, "y", &second));
}
END_TEST

static void same(const struct catalog_entry *a, const struct catalog_entry *b)
{
	_cleanup_(buf_deinit) struct buf x = BUF_NULL, y = BUF_NULL;

	/* What is in the manifest, test-manifest compares field by field. */
	ck_assert_int_eq(manifest_write(&a->manifest, &x), 0);
	ck_assert_int_eq(manifest_write(&b->manifest, &y), 0);
	ck_assert_str_eq(x.data, y.data);
	ck_assert_str_eq(a->file, b->file);
	ck_assert(digest_equal(&a->digest, &b->digest));
	ck_assert_int_eq(a->state, b->state);
	ck_assert_str_eq(a->reason, b->reason);
	ck_assert_str_eq(a->signature, b->signature);
	ck_assert(a->since == b->since && a->enabled == b->enabled && a->pinned == b->pinned);
}

START_TEST(what_is_written_reads_back)
{
	_cleanup_(catalog_freep) struct catalog *c = parsed(versions), *again = NULL, *none = NULL;
	_cleanup_(buf_deinit) struct buf text = BUF_NULL, empty = BUF_NULL;
	struct catalog_entry entries[6];
	struct diag d = DIAG_NULL;

	for (size_t i = 0; i < 5; i++)
		entries[i] = *catalog_at(c, i);
	ck_assert_msg(catalog_write(&text, entries, 5, &d) == 0, "%s: %s", d.field, d.text);
	again = parsed(text.data);
	ck_assert_uint_eq(catalog_count(again), 5);
	for (size_t i = 0; i < 5; i++)
		same(catalog_at(again, i), &entries[i]);
	ck_assert_int_eq(catalog_write(&empty, NULL, 0, &d), 0);
	none = parsed(empty.data);
	ck_assert_uint_eq(catalog_count(none), 0);
	/* A second active version is not written, nor any of the text. */
	entries[5] = entries[1];
	entries[5].digest = digest(A64);
	entries[5].manifest.name = "y";
	entries[5].digest.bytes[0] = 1;
	ck_assert_int_eq(catalog_write(&empty, entries, 6, &d), -EINVAL);
	ck_assert_int_eq(d.code, DIAG_DUP);
	ck_assert_str_eq(empty.data, "version: 1\nadapters: []\n");
}
END_TEST

START_TEST(a_catalogue_has_its_limit)
{
	static char prompt[MANIFEST_MAX_PROMPT + 1];
	_cleanup_(catalog_freep) struct catalog *c = parsed(versions);
	_cleanup_(buf_deinit) struct buf text = BUF_NULL;
	struct catalog_entry entries[20];
	struct diag d = DIAG_NULL;

	memset(prompt, 'x', sizeof(prompt) - 1);
	for (size_t i = 0; i < ARRAY_SIZE(entries); i++) {
		entries[i] = *catalog_at(c, 0);
		entries[i].digest.bytes[0] = (uint8_t)i;
		entries[i].manifest.prompt = prompt;
	}
	ck_assert_int_eq(catalog_write(&text, entries, 8, &d), 0);
	buf_reset(&text);
	ck_assert_int_eq(catalog_write(&text, entries, 20, &d), -EINVAL);
	ck_assert_int_eq(d.code, DIAG_LIMIT);
	ck_assert_uint_eq(text.len, 0);
}
END_TEST

#define X(key, value) HEAD ENTRY("x", "p", A64) "    " key ": " value "\n"

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
	{ X("scale", "9"), DIAG_RANGE, "12:12", "scale" },
	{ X("colour", "red"), DIAG_UNSUP, "12:5", "colour" },
	{ X("canaries", "[]"), DIAG_UNSUP, "12:5", "canaries" },
	{ X("state", "gone"), DIAG_RANGE, "12:12", "retired" },
	{ X("state", "[active]"), DIAG_TYPE, "12:12", "single value" },
	{ X("reason", "\"a\\nb\""), DIAG_RANGE, "12:13", "one line" },
	{ X("since", "-1"), DIAG_RANGE, "12:12", "since" },
	{ X("since", "9223372036854775808"), DIAG_RANGE, "12:12", "since" },
	{ X("signature", "0b1b297759d9cef9"), DIAG_RANGE, "12:16", "16 hexadecimal" },
	{ X("signature", "0B1B297759D9CEF"), DIAG_RANGE, "12:16", "16 hexadecimal" },
	{ X("signature", "0B1B297759D9CEF90"), DIAG_RANGE, "12:16", "16 hexadecimal" },
	{ X("enabled", "yes"), DIAG_TYPE, "12:14", "true or false" },
	{ X("pinned", "1"), DIAG_TYPE, "12:13", "true or false" },
	{ HEAD ENTRY("x", "p", A64) ENTRY("x", "p", A64), DIAG_DUP, "12:5", "same version" },
	{ HEAD ENTRY("x", "p", A64) RELEASE("x", "p", A64, B64), DIAG_DUP, "12:5",
	  "two active" },
	{ HEAD "  - name: x\n    task: p\n    file: /etc/passwd\n    digest: " A64
	       "\n    base: " A64 "\n    tokenizer: " A64 "\n    template: " A64
	       "\n    rank: 1\n    prompt: p\n", DIAG_RANGE, "5:11", "beside" },
	{ HEAD "  - name: x\n    task: p\n    file: x\n    base: " A64 "\n    tokenizer: " A64
	       "\n    template: " A64 "\n    rank: 1\n    prompt: p\n", DIAG_PAIR, "3:5",
	  "digest is missing" },
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
	tcase_add_test(tc, finds_by_name);
	tcase_add_test(tc, one_version_of_a_name_is_active);
	tcase_add_test(tc, what_is_written_reads_back);
	tcase_add_test(tc, a_catalogue_has_its_limit);
	tcase_add_loop_test(tc, says_what_is_wrong, 0, ARRAY_SIZE(broken));
	tcase_add_test(tc, reads_from_a_descriptor);
	return run_tests("adapter catalogue", tc);
}
