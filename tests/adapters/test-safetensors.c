/* SPDX-License-Identifier: MIT */
/* safetensors files, well formed and not: every one has a verdict, and a file has one reading. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/safetensors.h"
#include "tests/adapters/folder.h"
#include "tests/check-main.h"
#include "util/macro.h"

/* A tensor of 8 bytes, its members in the usual order. */
#define EIGHT "\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]"
#define A "{\"a\":{" EIGHT "}"
#define BYTES 8

static const struct {
	const char *header;
	size_t data;		/* bytes behind the header */
	enum diag_code code;
	const char *field;
} malformed[] = {
	/* No header in JSON, or one with something beside it. */
	{ "", BYTES, DIAG_SYNTAX, "header" },
	{ "[]", 0, DIAG_SYNTAX, "header" },
	{ " {}", 0, DIAG_SYNTAX, "header" },
	{ "{", 0, DIAG_SYNTAX, "header" },
	{ "{}x", 0, DIAG_SYNTAX, "header" },
	{ "{}{}", 0, DIAG_SYNTAX, "header" },
	{ A "}]", BYTES, DIAG_SYNTAX, "header" },
	{ A ",}", BYTES, DIAG_SYNTAX, "header" },
	{ A, BYTES, DIAG_SYNTAX, "header" },
	{ "{a:{" EIGHT "}}", BYTES, DIAG_SYNTAX, "header" },
	{ "{\"a\"{" EIGHT "}}", BYTES, DIAG_SYNTAX, "header" },
	{ "{\"a\":[]}", BYTES, DIAG_SYNTAX, "a" },
	{ "{\"a\":null}", BYTES, DIAG_SYNTAX, "a" },
	{ "{\"a\":{" EIGHT "}} \"", BYTES, DIAG_SYNTAX, "header" },
	/* Strings. */
	{ "{\"a", 0, DIAG_SYNTAX, "header" },
	{ "{\"a\\", 0, DIAG_SYNTAX, "header" },
	{ "{\"a\\x\":{" EIGHT "}}", BYTES, DIAG_SYNTAX, "header" },
	{ "{\"a\\u12\":{" EIGHT "}}", BYTES, DIAG_SYNTAX, "header" },
	{ "{\"a\\ud800\":{" EIGHT "}}", BYTES, DIAG_SYNTAX, "header" },
	{ "{\"a\\ud800\\u0041\":{" EIGHT "}}", BYTES, DIAG_SYNTAX, "header" },
	{ "{\"a\\udc00\":{" EIGHT "}}", BYTES, DIAG_SYNTAX, "header" },
	{ "{\"a\\u0000\":{" EIGHT "}}", BYTES, DIAG_SYNTAX, "header" },
	{ "{\"a\tb\":{" EIGHT "}}", BYTES, DIAG_SYNTAX, "header" },
	{ "{\"\xff\":{" EIGHT "}}", BYTES, DIAG_TYPE, "header" },
	{ "{\"\xed\xa0\x80\":{" EIGHT "}}", BYTES, DIAG_TYPE, "header" },
	/* Members of a tensor. */
	{ "{\"a\":{}}", 0, DIAG_SYNTAX, "a" },
	{ "{\"a\":{\"shape\":[2],\"data_offsets\":[0,8]}}", BYTES, DIAG_PAIR, "a" },
	{ "{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,8]}}", BYTES, DIAG_PAIR, "a" },
	{ "{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}}", BYTES, DIAG_PAIR, "a" },
	{ "{\"a\":{" EIGHT ",\"shape\":[2]}}", BYTES, DIAG_DUP, "a" },
	{ "{\"a\":{" EIGHT ",\"strides\":[1]}}", BYTES, DIAG_UNSUP, "a" },
	{ "{\"a\":{\"dtype\":\"F33\",\"shape\":[2],\"data_offsets\":[0,8]}}", BYTES, DIAG_UNSUP,
	  "a" },
	{ "{\"a\":{\"dtype\":4,\"shape\":[2],\"data_offsets\":[0,8]}}", BYTES, DIAG_SYNTAX, "a" },
	{ "{\"a\":{\"dtype\":\"F32\",\"shape\":2,\"data_offsets\":[0,8]}}", BYTES, DIAG_SYNTAX,
	  "a" },
	{ "{\"a\":{\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]}}", BYTES, DIAG_TYPE,
	  "a" },
	{ "{\"a\":{\"dtype\":\"F32\",\"shape\":[2.0],\"data_offsets\":[0,8]}}", BYTES, DIAG_TYPE,
	  "a" },
	{ "{\"a\":{\"dtype\":\"F32\",\"shape\":[2e0],\"data_offsets\":[0,8]}}", BYTES, DIAG_TYPE,
	  "a" },
	{ "{\"a\":{\"dtype\":\"F32\",\"shape\":[02],\"data_offsets\":[0,8]}}", BYTES, DIAG_TYPE,
	  "a" },
	{ "{\"a\":{\"dtype\":\"F32\",\"shape\":[\"2\"],\"data_offsets\":[0,8]}}", BYTES,
	  DIAG_TYPE, "a" },
	{ "{\"a\":{\"dtype\":\"F32\",\"shape\":[2,],\"data_offsets\":[0,8]}}", BYTES, DIAG_TYPE,
	  "a" },
	{ "{\"a\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1,1,1,2],\"data_offsets\":[0,8]}}",
	  BYTES, DIAG_LIMIT, "a" },
	{ "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0]}}", BYTES, DIAG_SYNTAX,
	  "a" },
	{ "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8,8]}}", BYTES,
	  DIAG_SYNTAX, "a" },
	{ "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]}}", BYTES, DIAG_RANGE,
	  "a" },
	/* Sizes. */
	{ "{\"a\":{\"dtype\":\"F32\",\"shape\":[18446744073709551616],\"data_offsets\":[0,8]}}",
	  BYTES, DIAG_OVERFLOW, "a" },
	{ "{\"a\":{\"dtype\":\"F32\",\"shape\":[4194305,4194305,211106198978564],"
	  "\"data_offsets\":[0,16]}}", 16, DIAG_OVERFLOW, "a" },
	{ "{\"a\":{\"dtype\":\"U8\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,0]}}",
	  0, DIAG_OVERFLOW, "a" },
	{ "{\"a\":{\"dtype\":\"U8\",\"shape\":[4294967296,4294967296,0],\"data_offsets\":[0,0]}}",
	  0, DIAG_OVERFLOW, "a" },
	{ "{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904],\"data_offsets\":[0,0]}}",
	  0, DIAG_OVERFLOW, "a" },
	{ "{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]}}", BYTES, DIAG_SHAPE,
	  "a" },
	{ "{\"a\":{\"dtype\":\"F16\",\"shape\":[2],\"data_offsets\":[0,8]}}", BYTES, DIAG_SHAPE,
	  "a" },
	{ "{\"a\":{\"dtype\":\"F4\",\"shape\":[3],\"data_offsets\":[0,2]}}", 2, DIAG_ALIGN, "a" },
	{ "{\"a\":{\"dtype\":\"F6_E2M3\",\"shape\":[2],\"data_offsets\":[0,2]}}", 2, DIAG_ALIGN,
	  "a" },
	/* Places. */
	{ A "}", BYTES - 1, DIAG_TRUNC, "a" },
	{ A "}", BYTES + 1, DIAG_LAYOUT, "header" },
	{ "{}", 1, DIAG_LAYOUT, "header" },
	{ "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[1,9]}}", 9, DIAG_LAYOUT,
	  "a" },
	{ A ",\"b\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[9,10]}}", 10, DIAG_LAYOUT,
	  "b" },
	{ A ",\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[4,8]}}", BYTES,
	  DIAG_LAYOUT, "b" },
	{ A ",\"b\":{" EIGHT "}}", BYTES, DIAG_LAYOUT, NULL },
	{ A ",\"b\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[4,4]}}", BYTES,
	  DIAG_LAYOUT, "b" },
	{ A ",\"b\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[9,9]}}", BYTES,
	  DIAG_LAYOUT, "b" },
	{ "{\"a\":{\"dtype\":\"U8\",\"shape\":[18446744073709551615],"
	  "\"data_offsets\":[0,18446744073709551615]}}", BYTES, DIAG_OVERFLOW, "a" },
	/* Twice. */
	{ A ",\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[8,9]}}", 9, DIAG_DUP, "a" },
	{ A ",\"\\u0061\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[8,9]}}", 9, DIAG_DUP,
	  "a" },
	{ A ",\"a\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[8,8]}}", 8, DIAG_DUP, "a" },
	{ "{\"__metadata__\":{},\"__metadata__\":{}}", 0, DIAG_DUP, "header" },
	{ "{\"__metadata__\":{\"a\":\"b\",\"a\":\"c\"}}", 0, DIAG_DUP, "__metadata__" },
	/* Metadata. */
	{ "{\"__metadata__\":[]}", 0, DIAG_SYNTAX, "header" },
	{ "{\"__metadata__\":{\"a\":1}}", 0, DIAG_SYNTAX, "header" },
	{ "{\"__metadata__\":{\"a\":{\"b\":\"c\"}}}", 0, DIAG_SYNTAX, "header" },
	{ "{\"__metadata__\":{\"a\"}}", 0, DIAG_SYNTAX, "header" },
};

/* The verdict on a block of exactly these bytes, so that a sanitizer sees what is read beyond. */
static int parse(const char *data, size_t len, struct safetensors **ret, struct diag *d,
		 char **block)
{
	*block = malloc(len ? len : 1);
	ck_assert_ptr_nonnull(*block);
	if (len)
		memcpy(*block, data, len);
	return safetensors_parse(ret, *block, len, d);
}

static void assemble(struct buf *file, const char *header, size_t data)
{
	_cleanup_free_ char *zeros = calloc(1, data + 1);

	safetensors_assemble(file, header, strlen(header), zeros, data);
}

static void expect(const struct buf *file, enum diag_code code, const char *field)
{
	_cleanup_free_ char *block = NULL;
	struct safetensors *s = NULL;
	struct diag d = DIAG_NULL;

	ck_assert_int_eq(parse(file->data, file->len, &s, &d, &block), -EINVAL);
	ck_assert_msg(d.code == code && (!field || strcmp(d.field, field) == 0), "%s: %s %s: %s",
		      file->data + 8, diag_code_name(d.code), d.field, d.text);
	ck_assert(d.text[0]);
	ck_assert_ptr_null(s);
}

START_TEST(is_refused)
{
	_cleanup_(buf_deinit) struct buf file = BUF_NULL;

	assemble(&file, malformed[_i].header, malformed[_i].data);
	expect(&file, malformed[_i].code, malformed[_i].field);
}
END_TEST

START_TEST(lengths_of_the_header)
{
	static const struct {
		uint64_t length;
		size_t len;
		enum diag_code code;
	} cases[] = {
		{ 0, 0, DIAG_TRUNC },
		{ 2, 7, DIAG_TRUNC },
		{ 3, 10, DIAG_TRUNC },
		{ SAFETENSORS_MAX_HEADER, 10, DIAG_TRUNC },
		{ SAFETENSORS_MAX_HEADER + 1, 10, DIAG_LIMIT },
		{ UINT64_MAX, 10, DIAG_LIMIT },
		{ UINT64_MAX - 7, 10, DIAG_LIMIT },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(buf_deinit) struct buf file = BUF_NULL;

		buf_append(&file, &cases[i].length, 8);
		buf_append_str(&file, "{}");
		file.len = cases[i].len;
		expect(&file, cases[i].code, "header");
	}
}
END_TEST

START_TEST(long_names_and_many_tensors)
{
	_cleanup_(buf_deinit) struct buf file = BUF_NULL, header = BUF_NULL;
	char name[SAFETENSORS_MAX_NAME + 2];

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	buf_printf(&header, "{\"%s\":{" EIGHT "}}", name);
	assemble(&file, header.data, BYTES);
	expect(&file, DIAG_LIMIT, "header");
	buf_reset(&file);
	buf_reset(&header);
	for (int i = 0; i <= SAFETENSORS_MAX_TENSORS; i++)
		buf_printf(&header, "%c\"%d\":{\"dtype\":\"U8\",\"shape\":[0],"
			   "\"data_offsets\":[0,0]}", i ? ',' : '{', i);
	buf_append_char(&header, '}');
	assemble(&file, header.data, 0);
	expect(&file, DIAG_LIMIT, NULL);
}
END_TEST

static const char whole[] = "{ \"__metadata__\" : {\"format\":\"pt\","
	"\"\\u00e9\\ud83d\\ude00\":\"\"},"
	"\"b.weight\":{\"shape\":[2,3],\"data_offsets\":[4,16],\"dtype\":\"BF16\"},"
	"\"a\\n\\\"\\u00e9\":{\"dtype\":\"I64\",\"shape\":[0,7],\"data_offsets\":[4,4]},"
	"\"\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]},"
	"\"z\":{\"dtype\":\"F4\",\"shape\":[0],\"data_offsets\":[16,16]}}  \t\r\n";

START_TEST(what_is_read)
{
	_cleanup_(buf_deinit) struct buf file = BUF_NULL;
	_cleanup_free_ char *block = NULL;
	const struct safetensors_tensor *t;
	struct safetensors *s = NULL;
	struct diag d = DIAG_NULL;

	assemble(&file, whole, 16);
	ck_assert_msg(parse(file.data, file.len, &s, &d, &block) == 0, "%s: %s", d.field, d.text);
	ck_assert_uint_eq(safetensors_count(s), 4);
	ck_assert_str_eq(safetensors_at(s, 0)->name, "");
	ck_assert_uint_eq(safetensors_at(s, 0)->n_dims, 0);
	ck_assert_ptr_null(safetensors_at(s, 4));
	ck_assert_ptr_nonnull(safetensors_find(s, "a\n\"\xc3\xa9"));
	ck_assert_ptr_null(safetensors_find(s, "b"));
	t = safetensors_find(s, "b.weight");
	ck_assert_ptr_nonnull(t);
	ck_assert_uint_eq(t->n_dims, 2);
	ck_assert_uint_eq(t->shape[0], 2);
	ck_assert_uint_eq(t->shape[1], 3);
	ck_assert_uint_eq(t->size, 12);
	ck_assert_str_eq(safetensors_type_name(t->type), "BF16");
	ck_assert_ptr_eq(t->data, block + file.len - 12);
	safetensors_free(s);
}
END_TEST

/* Every beginning of a file is none. */
START_TEST(truncated_anywhere)
{
	_cleanup_(buf_deinit) struct buf file = BUF_NULL;

	assemble(&file, whole, 16);
	for (size_t len = 0; len < file.len; len++) {
		_cleanup_free_ char *block = NULL;
		struct safetensors *s = NULL;
		struct diag d = DIAG_NULL;

		ck_assert_int_eq(parse(file.data, len, &s, &d, &block), -EINVAL);
		ck_assert(d.code != DIAG_NONE && d.text[0]);
	}
}
END_TEST

/* A flipped bit may leave a well-formed file; all of its tensors lie in the file then. */
START_TEST(any_flipped_bit)
{
	_cleanup_(buf_deinit) struct buf file = BUF_NULL;
	size_t accepted = 0;

	assemble(&file, whole, 16);
	for (size_t bit = 0; bit < 8 * (file.len - 16); bit++) {
		_cleanup_free_ char *block = NULL;
		struct safetensors *s = NULL;
		struct diag d = DIAG_NULL;
		size_t sum = 0;

		file.data[bit / 8] ^= (char)(1 << bit % 8);
		if (parse(file.data, file.len, &s, &d, &block) == 0) {
			for (size_t i = 0; i < safetensors_count(s); i++)
				sum += safetensors_at(s, i)->size;
			ck_assert_uint_eq(sum, 16);
			safetensors_free(s);
			accepted++;
		} else {
			ck_assert(d.code != DIAG_NONE && d.text[0]);
		}
		file.data[bit / 8] ^= (char)(1 << bit % 8);
	}
	/* Bits of names and of free text. */
	ck_assert_uint_gt(accepted, 0);
	ck_assert_uint_lt(accepted, 8 * file.len / 4);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("all");

	tcase_add_loop_test(tc, is_refused, 0, ARRAY_SIZE(malformed));
	tcase_add_test(tc, lengths_of_the_header);
	tcase_add_test(tc, long_names_and_many_tensors);
	tcase_add_test(tc, what_is_read);
	tcase_add_test(tc, truncated_anywhere);
	tcase_add_test(tc, any_flipped_bit);
	return run_tests("safetensors", tc);
}
