/* SPDX-License-Identifier: MIT */
/*
 * Any bytes give a verdict, and the listed ones a certain one. Every input is parsed from
 * a heap block of its exact size, where a sanitizer sees the first byte read past it.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base_model/base_model.h"
#include "tests/base_model/assemble.h"
#include "tests/base_model/bounds.h"
#include "tests/base_model/gguf-cases.h"
#include "tests/check-main.h"
#include "util/macro.h"

/* Bound for the largest inputs: a quadratic parser takes minutes. */
#define MAX_SECONDS 5.0

static const char valid_file[] =
	HEAD("2", "6") ARCH "s:general.alignment 4:4 4:32 s:a.flag 4:7 1:1 s:a.rate 4:6 4:0 "
	"s:a.ids 4:9 4:5 8:3 4:1 4:2 4:3 s:a.words 4:9 4:8 8:3 s:one s: s:three "
	"s:first 4:2 8:8 8:2 4:0 8:0 s:second 4:1 8:32 4:8 8:64 p:32 1:7 *64 2:1 1:3 *32 p:32";

/* Walks everything that the parser promises to be there; the sum keeps it from vanishing. */
static uint64_t walk(const struct gguf *g)
{
	const char *key;
	enum gguf_type type;
	uint64_t sum = 0;
	size_t len;

	for (size_t i = 0; gguf_key_at(g, i, &key, &len, &type); i++) {
		char name[GGUF_MAX_KEY + 1] = { 0 };
		struct gguf_strings strings;
		struct gguf_array array;
		const char *s;
		size_t n;

		memcpy(name, key, len);
		if (gguf_str(g, name, &s, &n, NULL) == 0)
			for (size_t k = 0; k < n; k++)
				sum += (unsigned char)s[k];
		if (gguf_array(g, name, GGUF_TYPE_STRING, &array, NULL) != 0)
			continue;
		gguf_strings_init(&strings, &array);
		while (gguf_strings_next(&strings, &s, &n))
			for (size_t k = 0; k < n; k++)
				sum += (unsigned char)s[k];
	}
	for (size_t i = 0; i < gguf_n_tensors(g); i++) {
		const struct gguf_tensor *t = gguf_tensor_at(g, i);

		ck_assert_ptr_eq(gguf_tensor(g, t->name), t);
		for (size_t k = 0; k < t->size; k++)
			sum += ((const uint8_t *)t->data)[k];
	}
	return sum;
}

/* Parses a copy of the exact size; the result is 0 or -EINVAL, and never without a reason. */
static int verdict(const struct buf *file, struct diag *d)
{
	_cleanup_(gguf_freep) struct gguf *g = NULL;
	_cleanup_free_ uint8_t *copy = malloc(MAX(file->len, (size_t)1));
	volatile uint64_t sum;
	int r;

	ck_assert_ptr_nonnull(copy);
	if (file->len)
		memcpy(copy, file->data, file->len);
	*d = (struct diag)DIAG_NULL;
	r = gguf_parse(&g, copy, file->len, d);
	ck_assert(r == 0 || r == -EINVAL);
	ck_assert_int_eq(r == 0, d->code == DIAG_NONE);
	ck_assert_int_eq(r == 0, g != NULL);
	if (g)
		sum = walk(g);
	(void)sum;
	return r;
}

static void check_verdict(const struct buf *file, unsigned number, enum diag_code code,
			  const char *field)
{
	struct diag d;

	verdict(file, &d);
	ck_assert_msg(d.code == code && strcmp(d.field, field) == 0,
		      "case %u: %s at \"%s\" (%s), expected %s at \"%s\"", number,
		      diag_code_name(d.code), d.field, d.text, diag_code_name(code), field);
}

static enum diag_code verdict_of_file(int fd)
{
	_cleanup_(gguf_freep) struct gguf *g = NULL;
	struct diag d = DIAG_NULL;

	ck_assert_int_eq(gguf_open_fd(&g, fd, &d) == 0, d.code == DIAG_NONE);
	return d.code;
}

/* From memory and from disk: the same verdict, and no descriptor stays open. */
static void check_file(const struct buf *file, const struct gguf_case *c)
{
	_cleanup_close_ int fd = memfd_create("case", MFD_CLOEXEC), disk = -1, next = -1;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, file->data, file->len), (ssize_t)file->len);
	disk = copy_to_disk(fd);
	next = dup(fd);
	close(next);
	ck_assert_msg(verdict_of_file(fd) == c->code && verdict_of_file(disk) == c->code,
		      "case %u as a file", c->number);
	ck_assert_int_eq(dup(fd), next);
}

START_TEST(listed_cases)
{
	const struct gguf_case *c = &gguf_cases[_i];
	_cleanup_(buf_deinit) struct buf file = BUF_NULL;

	ck_assert_msg(assemble(&file, c->file), "case %u does not assemble: %s", c->number,
		      c->file);
	check_verdict(&file, c->number, c->code, c->field);
	check_file(&file, c);
}
END_TEST

START_TEST(header_cut)
{
	_cleanup_(buf_deinit) struct buf file = BUF_NULL;

	ck_assert(assemble(&file, HEAD("0", "1") ARCH));
	for (size_t len = 0; len < 24; len++) {
		struct buf cut = { .data = file.data, .len = len };

		check_verdict(&cut, len ? 13 : 1, DIAG_TRUNC,
			      len < 4 ? "magic" : len < 8 ? "version"
			      : len < 16 ? "tensor count" : "metadata count");
	}
}
END_TEST

/* Every shorter file is refused, except where only the padding at its end is missing. */
START_TEST(cut_everywhere)
{
	_cleanup_(buf_deinit) struct buf file = BUF_NULL;
	struct diag d;
	size_t whole;

	ck_assert(assemble(&file, valid_file));
	ck_assert_int_eq(verdict(&file, &d), 0);
	whole = file.len - (32 - 34 % 32);
	for (size_t len = 0; len < file.len; len++) {
		struct buf cut = { .data = file.data, .len = len };

		ck_assert_int_eq(verdict(&cut, &d) == 0, len >= whole);
	}
}
END_TEST

/* Every file that differs in one bit has a verdict; in the header each is an error. */
START_TEST(flip_everywhere)
{
	_cleanup_(buf_deinit) struct buf file = BUF_NULL;
	size_t accepted = 0;
	struct diag d;

	ck_assert(assemble(&file, valid_file));
	for (size_t bit = 0; bit < MIN(file.len, (size_t)8192) * 8; bit++) {
		bool ok;

		file.data[bit / 8] ^= (char)(1 << bit % 8);
		ok = verdict(&file, &d) == 0;
		ck_assert(!ok || bit / 8 >= 24);
		accepted += ok;
		file.data[bit / 8] ^= (char)(1 << bit % 8);
	}
	/* Flips inside weights, numbers and letters of names are files of their own. */
	ck_assert_uint_ge(accepted, (64 + 34) * 8);
	ck_assert_int_eq(verdict(&file, &d), 0);
}
END_TEST

static void begin(struct buf *file, const char *tensors, const char *keys)
{
	char text[128];

	snprintf(text, sizeof(text), "'GGUF' 4:3 8:%s 8:%s " ARCH, tensors, keys);
	ck_assert(assemble(file, text));
}

static void add_keys(struct buf *file, unsigned n)
{
	char text[64];

	for (unsigned i = 0; i < n; i++) {
		snprintf(text, sizeof(text), "s:key.%06u 4:0 1:0", i);
		ck_assert(assemble(file, text));
	}
}

static void add_info(struct buf *file, unsigned i)
{
	char text[96];

	snprintf(text, sizeof(text), "s:t%06u 4:1 8:8 4:0 8:%u", i, i * 32);
	ck_assert(assemble(file, text));
}

static void add_infos(struct buf *file, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		add_info(file, i);
}

/* Processor time, so that a busy machine does not matter. */
static void check_timely(const struct buf *file, unsigned number, enum diag_code code,
			 const char *field)
{
	clock_t start = clock();

	check_verdict(file, number, code, field);
	ck_assert_double_lt((double)(clock() - start) / CLOCKS_PER_SEC, MAX_SECONDS);
}

/* What a parsed file holds on to: at most eight times its metadata. */
static void check_memory(const struct buf *file, size_t metadata)
{
	_cleanup_(gguf_freep) struct gguf *g = NULL;
	struct mallinfo2 before = mallinfo2(), after;

	ck_assert_int_eq(gguf_parse(&g, file->data, file->len, NULL), 0);
	after = mallinfo2();
	ck_assert_uint_le(after.uordblks + after.hblkhd - before.uordblks - before.hblkhd,
			  MIN(8 * metadata, (size_t)64 << 20));
}

START_TEST(too_many_keys)
{
	_cleanup_(buf_deinit) struct buf file = BUF_NULL;

	begin(&file, "0", "200001");
	add_keys(&file, 200000);
	check_timely(&file, 23, DIAG_LIMIT, "metadata count");
}
END_TEST

START_TEST(most_keys_and_a_duplicate)
{
	_cleanup_(buf_deinit) struct buf file = BUF_NULL;

	begin(&file, "0", "65536");
	add_keys(&file, 65535);
	check_timely(&file, 23, DIAG_NONE, "");
	check_memory(&file, file.len);
	memcpy(file.data + file.len - 11, "000007", 6);
	check_timely(&file, 21, DIAG_DUP, "key.000007");
}
END_TEST

START_TEST(too_many_tensors)
{
	_cleanup_(buf_deinit) struct buf file = BUF_NULL;

	begin(&file, "65537", "1");
	add_infos(&file, 65537);
	check_timely(&file, 72, DIAG_LIMIT, "tensor count");
}
END_TEST

START_TEST(most_tensors_and_a_duplicate)
{
	_cleanup_(buf_deinit) struct buf file = BUF_NULL;
	size_t metadata;

	begin(&file, "65536", "1");
	add_infos(&file, 65536);
	metadata = file.len;
	ck_assert(assemble(&file, "p:32 z:2097152"));
	check_timely(&file, 72, DIAG_NONE, "");
	check_memory(&file, metadata);
	file.len = 0;
	begin(&file, "65536", "1");
	add_infos(&file, 65535);
	add_info(&file, 9);
	check_timely(&file, 55, DIAG_DUP, "t000009");
}
END_TEST

/* A file of @size bytes that begins like @text; the rest is a hole. */
static void check_sparse(const char *text, off_t size, unsigned number, enum diag_code code,
			 const char *field)
{
	_cleanup_(buf_deinit) struct buf head = BUF_NULL;
	_cleanup_(gguf_freep) struct gguf *g = NULL;
	_cleanup_close_ int fd = memfd_create("sparse", MFD_CLOEXEC);
	struct diag d = DIAG_NULL;

	ck_assert(assemble(&head, text));
	ck_assert_int_eq(write(fd, head.data, head.len), (ssize_t)head.len);
	ck_assert_int_eq(ftruncate(fd, size), 0);
	ck_assert_int_eq(gguf_open_fd(&g, fd, &d), -EINVAL);
	ck_assert_msg(d.code == code && strcmp(d.field, field) == 0, "case %u: %s at \"%s\"",
		      number, diag_code_name(d.code), d.field);
}

START_TEST(sparse)
{
	const off_t gib = (off_t)1 << 30;

	check_sparse(HEAD("0", "1") "8:1073741824", 2 * gib, 18, DIAG_LIMIT, "key");
	check_sparse(PAIR("k", "4:8 8:67108864"), gib, 28, DIAG_LIMIT, "k");
	check_sparse(PAIR("k", "4:9 4:0 8:16777217"), gib, 28, DIAG_LIMIT, "k");
	check_sparse(ONE("4:1 8:32 4:0 8:0"), gib, 80, DIAG_LAYOUT, "data");
	check_sparse(HEAD("0", "1") ARCH, 1024 * gib, 84, DIAG_LIMIT, "");
}
END_TEST

/* For the fuzzer: one file per case in the folder that the environment names. */
static int write_corpus(const char *folder)
{
	for (size_t i = 0; i < ARRAY_SIZE(gguf_cases); i++) {
		_cleanup_(buf_deinit) struct buf file = BUF_NULL;
		_cleanup_close_ int fd = -1;
		char path[4096];

		snprintf(path, sizeof(path), "%s/%03u-%03zu", folder, gguf_cases[i].number, i);
		fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
		if (fd < 0 || !assemble(&file, gguf_cases[i].file) ||
		    write(fd, file.data, file.len) != (ssize_t)file.len)
			return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}

int main(void)
{
	const char *corpus = getenv("GGUF_CORPUS");
	Suite *s = suite_create("gguf-malformed");
	TCase *cases = tcase_create("cases"), *large = tcase_create("large");

	if (corpus)
		return write_corpus(corpus);
	tcase_add_checked_fixture(cases, bound_verdicts, NULL);
	tcase_add_loop_test(cases, listed_cases, 0, ARRAY_SIZE(gguf_cases));
	tcase_add_test(cases, header_cut);
	suite_add_tcase(s, cases);
	tcase_set_timeout(large, 120);
	tcase_add_test(large, cut_everywhere);
	tcase_add_test(large, flip_everywhere);
	tcase_add_test(large, too_many_keys);
	tcase_add_test(large, most_keys_and_a_duplicate);
	tcase_add_test(large, too_many_tensors);
	tcase_add_test(large, most_tensors_and_a_duplicate);
	tcase_add_test(large, sparse);
	suite_add_tcase(s, large);
	return run_suite(s);
}
