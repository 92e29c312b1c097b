/* SPDX-License-Identifier: MIT */
/* Packages: their parts, making one of a LoRA, and what loading one looks at. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/check-main.h"
#include "tests/fixture.h"
#include "util/file.h"
#include "util/macro.h"

#define MAGIC "ASSISTSIGN1\n"

static struct manifest sample(uint32_t rank)
{
	static const struct digest base = { { 1 } };

	return (struct manifest){ .name = "x", .task = "p", .title = "x", .prompt = "{{ text }}",
				  .sequence = 1, .rank = rank, .scale = 1.0f, .bases = &base,
				  .n_bases = 1 };
}

/* An unlinked file: the LoRA in @lora with a manifest of @rank, and @signature unless NULL. */
static int package_fd(const struct gguf *lora, uint32_t rank, const char *signature)
{
	_cleanup_(gguf_writer_freep) struct gguf_writer *w = NULL;
	struct manifest m = sample(rank);
	struct diag d = DIAG_NULL;
	FILE *file = tmpfile();
	int fd;

	ck_assert_ptr_nonnull(file);
	fd = dup(fileno(file));
	fclose(file);
	ck_assert_int_eq(gguf_writer_new(&w), 0);
	ck_assert_msg(package_put_lora(w, lora, &d) == 0, "%s", d.text);
	ck_assert_int_eq(package_put_manifest(w, &m, &d), 0);
	ck_assert_int_eq(gguf_writer_write(w, fd), 0);
	if (signature)
		ck_assert_int_eq(package_write_signature(fd, signature, strlen(signature), &d), 0);
	return fd;
}

static struct package_file *opened(int fd)
{
	struct package_file *f = NULL;
	struct diag d = DIAG_NULL;

	ck_assert_msg(package_open_fd(&f, fd, &d) == 0, "%s: %s", d.field, d.text);
	return f;
}

static struct package_file *bare(void)
{
	const struct lora_fixture l = LORA_FIXTURE;
	int fd = fixture_lora_fd(&l);
	struct package_file *f = opened(fd);

	close(fd);
	return f;
}

START_TEST(parts_of_a_file)
{
	static const char plain[] = "content", with[] = "content" "sig" "\x03\0\0\0" MAGIC;
	struct diag d = DIAG_NULL;
	struct package p;

	ck_assert_int_eq(package_split(&p, plain, 7, &d), 0);
	ck_assert_uint_eq(p.content_len, 7);
	ck_assert_ptr_null(p.signature);
	ck_assert_int_eq(package_split(&p, with, sizeof(with) - 1, &d), 0);
	ck_assert_uint_eq(p.content_len, 7);
	ck_assert_uint_eq(p.signature_len, 3);
	ck_assert_mem_eq(p.signature, "sig", 3);
	/* Cut at its end, a file has no signature that could be checked. */
	for (size_t len = 0; len < sizeof(with) - 1; len++) {
		ck_assert_int_eq(package_split(&p, with, len, &d), 0);
		ck_assert_uint_eq(p.content_len, len);
		ck_assert_ptr_null(p.signature);
	}
}
END_TEST

static const struct {
	uint32_t before, length;
	bool good;
} lengths[] = {
	{ 100, 0, false },    { 100, 1, true },	    { 100, 100, true },
	{ 100, 101, false },  { 5000, 4096, true }, { 5000, 4097, false },
	{ 100, 0x80000000, false }, { 100, UINT32_MAX, false }, { 0, 1, false },
};

START_TEST(lengths_of_a_signature)
{
	_cleanup_(buf_deinit) struct buf file = BUF_NULL;
	struct diag d = DIAG_NULL;
	struct package p;
	int r;

	for (uint32_t i = 0; i < lengths[_i].before; i++)
		ck_assert_int_eq(buf_append_char(&file, 'x'), 0);
	ck_assert_int_eq(buf_append(&file, &lengths[_i].length, 4), 0);
	ck_assert_int_eq(buf_append_str(&file, MAGIC), 0);
	r = package_split(&p, file.data, file.len, &d);
	ck_assert_int_eq(r, lengths[_i].good ? 0 : -EINVAL);
	ck_assert_int_eq(d.code, lengths[_i].good ? DIAG_NONE : DIAG_SIG);
	if (r == 0)
		ck_assert_uint_eq(p.content_len + p.signature_len, lengths[_i].before);
}
END_TEST

START_TEST(made_of_a_lora)
{
	_cleanup_(package_file_freep) struct package_file *lora = bare(), *f = NULL, *again = NULL;
	_cleanup_(manifest_file_freep) struct manifest_file *m = NULL, *none = NULL;
	struct digest file, hashed;
	struct diag d = DIAG_NULL;
	int fd = package_fd(package_gguf(lora), 4, "signed\n");

	ck_assert_int_eq(package_manifest(&none, package_gguf(lora), &d), PACKAGE_E_BARE);
	f = opened(fd);
	close(fd);
	ck_assert_int_eq(package_manifest(&m, package_gguf(f), &d), 0);
	ck_assert_str_eq(manifest_of(m)->name, "x");
	ck_assert_uint_eq(package_rank(package_gguf(f)), 4);
	ck_assert_uint_eq(gguf_n_tensors(package_gguf(f)), gguf_n_tensors(package_gguf(lora)));
	ck_assert_uint_eq(package_parts(f)->signature_len, 7);
	/* The digest is of the whole file, signature included. */
	ck_assert_int_eq(package_digest(f, &file, &d), 0);
	ck_assert_int_eq(digest_of(package_parts(f)->content, package_size(f), &hashed), 0);
	ck_assert(digest_equal(&file, &hashed));
	/* A package of a package has one manifest, and the same calls give the same bytes. */
	fd = package_fd(package_gguf(f), 4, "signed\n");
	again = opened(fd);
	close(fd);
	ck_assert_int_eq(package_digest(again, &hashed, &d), 0);
	ck_assert(digest_equal(&file, &hashed));
}
END_TEST

START_TEST(loads_as_its_lora)
{
	struct fixture shape = FIXTURE;
	_cleanup_(package_file_freep) struct package_file *lora = bare();
	struct bm_model *m = fixture_open(&shape, 1);
	struct adapter *a = NULL;
	struct diag d = DIAG_NULL;
	int fd = package_fd(package_gguf(lora), 4, "what the signature says is not asked here");

	ck_assert_msg(adapter_load_fd(&a, m, fd, &d) == 0, "%s: %s", d.field, d.text);
	ck_assert_uint_eq(adapter_rank(a), 4);
	adapter_unref(a);
	close(fd);
	bm_model_free(m);
}
END_TEST

static const struct {
	const char *manifest;	/* NULL: no string */
	enum diag_code code;
	const char *field;
} wrong[] = {
	{ NULL, DIAG_TYPE, PACKAGE_MANIFEST_KEY },
	{ "", DIAG_PAIR, "1:1" },
	{ "version: 1\nname: [x\n", DIAG_SYNTAX, "3:1" },
	{ "version: 1\nname: \xff\n", DIAG_SYNTAX, "1:1" },
};

static int wrong_package(const struct gguf *lora, const char *manifest)
{
	_cleanup_(gguf_writer_freep) struct gguf_writer *w = NULL;
	struct diag d = DIAG_NULL;
	FILE *file = tmpfile();
	int fd;

	ck_assert_ptr_nonnull(file);
	fd = dup(fileno(file));
	fclose(file);
	ck_assert_int_eq(gguf_writer_new(&w), 0);
	ck_assert_int_eq(package_put_lora(w, lora, &d), 0);
	ck_assert_int_eq(manifest ? gguf_writer_str(w, PACKAGE_MANIFEST_KEY, manifest,
						    strlen(manifest))
				  : gguf_writer_u32(w, PACKAGE_MANIFEST_KEY, 1), 0);
	ck_assert_int_eq(gguf_writer_write(w, fd), 0);
	return fd;
}

static void not_loaded(int fd, enum diag_code code, const char *field)
{
	struct fixture shape = FIXTURE;
	struct bm_model *m = fixture_open(&shape, 1);
	struct adapter *a = NULL;
	struct diag d = DIAG_NULL;

	ck_assert_int_eq(adapter_load_fd(&a, m, fd, &d), -EINVAL);
	ck_assert_ptr_null(a);
	ck_assert_msg(d.code == code, "%s %s: %s", diag_code_name(d.code), d.field, d.text);
	ck_assert_str_eq(d.field, field);
	close(fd);
	bm_model_free(m);
}

START_TEST(manifests_that_are_none)
{
	_cleanup_(package_file_freep) struct package_file *lora = bare();

	not_loaded(wrong_package(package_gguf(lora), wrong[_i].manifest), wrong[_i].code,
		   wrong[_i].field);
}
END_TEST

START_TEST(a_rank_that_is_not_the_files)
{
	_cleanup_(package_file_freep) struct package_file *lora = bare();

	not_loaded(package_fd(package_gguf(lora), 5, NULL), DIAG_SHAPE, "rank");
}
END_TEST

START_TEST(a_broken_footer)
{
	_cleanup_(package_file_freep) struct package_file *lora = bare();
	static const char footer[] = "\xff\xff\xff\xff" MAGIC;
	int fd = package_fd(package_gguf(lora), 4, NULL);

	ck_assert_int_eq(file_write(fd, footer, sizeof(footer) - 1), 0);
	not_loaded(fd, DIAG_SIG, "signature");
}
END_TEST

START_TEST(too_much_to_write)
{
	static char text[MANIFEST_MAX_PROMPT + 1];
	_cleanup_(gguf_writer_freep) struct gguf_writer *w = NULL;
	struct manifest_canary canaries[MANIFEST_MAX_CANARIES];
	struct manifest m = sample(4);
	struct diag d = DIAG_NULL;

	/* Six bytes each when escaped: together more than a manifest may have. */
	memset(text, 1, sizeof(text) - 1);
	for (size_t i = 0; i < ARRAY_SIZE(canaries); i++)
		canaries[i] = (struct manifest_canary){ text, "", 1 };
	m.canaries = canaries;
	m.n_canaries = ARRAY_SIZE(canaries);
	ck_assert_int_eq(gguf_writer_new(&w), 0);
	ck_assert_int_eq(package_put_manifest(w, &m, &d), -EINVAL);
	ck_assert_int_eq(d.code, DIAG_LIMIT);
	ck_assert_int_eq(package_write_signature(-1, text, PACKAGE_MAX_SIGNATURE + 1, NULL),
			 -EINVAL);
	ck_assert_int_eq(package_write_signature(-1, text, 0, NULL), -EINVAL);
	ck_assert_int_eq(package_write_signature(-1, text, 1, NULL), -EBADF);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("package");

	tcase_add_test(tc, parts_of_a_file);
	tcase_add_loop_test(tc, lengths_of_a_signature, 0, ARRAY_SIZE(lengths));
	tcase_add_test(tc, made_of_a_lora);
	tcase_add_test(tc, loads_as_its_lora);
	tcase_add_loop_test(tc, manifests_that_are_none, 0, ARRAY_SIZE(wrong));
	tcase_add_test(tc, a_rank_that_is_not_the_files);
	tcase_add_test(tc, a_broken_footer);
	tcase_add_test(tc, too_much_to_write);
	return run_tests("adapter package", tc);
}
