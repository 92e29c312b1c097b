/* SPDX-License-Identifier: MIT */
/* What the workshop finds out about good files, over its socket. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "tests/check-main.h"
#include "tests/engine/workshop-front.h"
#include "util/macro.h"

START_TEST(says_what_a_file_is)
{
	_cleanup_close_ int fd = front_lora();
	struct workshop_inspected v;
	struct digest digest;

	front_inspect(fd, &v);
	front_expect(&v.defect, DIAG_NONE, "inspect");
	ck_assert_uint_eq(v.kind, WORKSHOP_BARE);
	ck_assert_uint_eq(v.rank, 4);
	ck_assert_uint_eq(v.matrices, 1);
	ck_assert(v.alpha == 8.0f);
	ck_assert_str_eq(v.architecture.data, "llama");
	ck_assert_uint_eq(v.signature, WORKSHOP_UNSIGNED);
	ck_assert_int_eq(digest_of_fd(fd, &digest), 0);
	ck_assert(digest_equal(&v.digest, &digest));
	workshop_inspected_deinit(&v);
}
END_TEST

START_TEST(makes_a_package_and_proves_it)
{
	struct identity identity = front_open(2, 1);
	struct workshop_inspected v;
	struct workshop_proved p;
	_cleanup_close_ int fd = front_package();
	char hex[DIGEST_HEX_LEN + 1];

	front_inspect(fd, &v);
	front_expect(&v.defect, DIAG_NONE, "inspect");
	ck_assert_uint_eq(v.kind, WORKSHOP_PACKAGE);
	digest_to_hex(&identity.weights, hex);
	ck_assert_ptr_nonnull(strstr(v.manifest.data, hex));
	ck_assert_ptr_nonnull(strstr(v.manifest.data, "good"));
	workshop_inspected_deinit(&v);

	front_prove(fd, &p);
	front_expect(&p.defect, DIAG_NONE, "prove");
	ck_assert_uint_eq(p.mismatch, WORKSHOP_FITS);
	ck_assert_msg(p.verdict == WORKSHOP_GOOD, "%s", p.text.data);
	workshop_proved_deinit(&p);
	ck_assert_int_ne(fcntl(fd, F_GET_SEALS) & F_SEAL_WRITE, 0);
}
END_TEST

/* Case 97; and 103, which the digest tells before any shape does. */
START_TEST(another_model)
{
	struct workshop_proved p;
	_cleanup_close_ int fd = -1;

	front_open(2, 1);
	fd = front_package();
	front_open(2, 2);
	front_prove(fd, &p);
	front_expect(&p.defect, DIAG_NONE, "other weights");
	ck_assert_uint_eq(p.mismatch, WORKSHOP_WEIGHTS);
	workshop_proved_deinit(&p);
	front_open(1, 1);
	front_prove(fd, &p);
	front_expect(&p.defect, DIAG_NONE, "fewer layers");
	ck_assert_uint_eq(p.mismatch, WORKSHOP_WEIGHTS);
	workshop_proved_deinit(&p);
}
END_TEST

START_TEST(the_named_file_alone)
{
	_cleanup_close_ int fd = front_lora();
	const struct digest another = { { 1 } };
	struct workshop_proved p;

	front_open(2, 1);
	front_prove_as(fd, &another, &p);
	front_expect(&p.defect, DIAG_SIG, "other digest");
	workshop_proved_deinit(&p);
}
END_TEST

START_TEST(nothing_without_a_model)
{
	_cleanup_close_ int fd = front_lora();
	struct workshop_imported i;
	struct workshop_proved p;

	front_prove(fd, &p);
	front_expect(&p.defect, DIAG_UNSUP, "prove");
	workshop_proved_deinit(&p);
	front_import(fd, "good", &i);
	front_expect(&i.defect, DIAG_UNSUP, "import");
	workshop_imported_deinit(&i);
}
END_TEST

/* A package keeps its bytes, and its manifest. */
START_TEST(packages_come_back)
{
	struct workshop_imported v;
	struct digest digest;
	_cleanup_close_ int fd = -1;

	front_open(2, 1);
	fd = front_package();
	ck_assert_int_eq(digest_of_fd(fd, &digest), 0);
	front_import(fd, NULL, &v);
	front_expect(&v.defect, DIAG_NONE, "import");
	ck_assert(digest_equal(&v.digest, &digest));
	workshop_imported_deinit(&v);
	front_import(fd, "another", &v);
	front_expect(&v.defect, DIAG_DUP, "a name for a package");
	workshop_imported_deinit(&v);
}
END_TEST

/* What PEFT saves: two files, of which the one needs the other. */
START_TEST(folders)
{
	static const char module[] = "base_model.model.model.layers.1.self_attn.q_proj";
	struct folder folder = FOLDER_NULL;
	float values[4 * 64];
	uint64_t seed = 1;
	struct workshop_imported v;
	struct workshop_proved p;
	char name[128];

	front_open(2, 1);
	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		values[i] = 0.5f * fixture_random(&seed);
	snprintf(name, sizeof(name), "%s.lora_A.weight", module);
	folder_add(&folder, name, "F32", 4, 64, values);
	snprintf(name, sizeof(name), "%s.lora_B.weight", module);
	folder_add(&folder, name, "F32", 64, 4, values);
	folder_finish(&folder, "[\"q_proj\"]", ",\"layers_to_transform\":[1]");
	front_import_folder(&folder, folder.n_files, 0, &v);
	front_expect(&v.defect, DIAG_NONE, "folder");
	front_prove(v.fd, &p);
	front_expect(&p.defect, DIAG_NONE, "prove");
	ck_assert_uint_eq(p.mismatch, WORKSHOP_FITS);
	ck_assert_msg(p.verdict == WORKSHOP_GOOD, "%s", p.text.data);
	workshop_proved_deinit(&p);
	workshop_imported_deinit(&v);

	for (size_t n = 0; n < folder.n_files; n++) {
		front_import_folder(&folder, n, 0, &v);
		ck_assert_uint_ne(v.defect.code, DIAG_NONE);
		ck_assert_msg(strncmp(v.defect.field.data, "adapter_", 8) == 0, "%s: %s",
			      v.defect.field.data, v.defect.text.data);
		workshop_imported_deinit(&v);
	}
	/* Each alone could be so large. */
	front_import_folder(&folder, 2, PEFT_MAX_SIZE, &v);
	front_expect(&v.defect, DIAG_LIMIT, "two files");
	ck_assert_str_eq(v.defect.field.data, folder.files[1].name);
	workshop_imported_deinit(&v);
	folder_deinit(&folder);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("workshop");

	tcase_add_checked_fixture(tests, front_begin, front_end);
	tcase_set_timeout(tests, 120);
	tcase_add_test(tests, says_what_a_file_is);
	tcase_add_test(tests, makes_a_package_and_proves_it);
	tcase_add_test(tests, another_model);
	tcase_add_test(tests, the_named_file_alone);
	tcase_add_test(tests, nothing_without_a_model);
	tcase_add_test(tests, packages_come_back);
	tcase_add_test(tests, folders);
	return run_tests("workshop", tests);
}
