/* SPDX-License-Identifier: MIT */
/* Each bad file gets an answer with its class, field and text, and the workshop goes on. */
#include <math.h>
#include <string.h>
#include <sys/mman.h>

#include "tests/check-main.h"
#include "tests/engine/workshop-front.h"
#include "util/file.h"
#include "util/macro.h"

/* Cases 98 to 101 and 103, as a bare LoRA: all are found when it is to be used. */
static const struct {
	const char *what;
	struct lora_fixture l;
	enum diag_code code;
} broken[] = {
	{ "lora_a alone", { .no_b = true }, DIAG_PAIR },
	{ "a stray name", { .stray = true }, DIAG_PAIR },
	{ "rank 257", { .rank = 257 }, DIAG_SHAPE },
	{ "ranks that differ", { .wrong_rank = true }, DIAG_SHAPE },
	{ "other columns", { .wrong_columns = true }, DIAG_SHAPE },
	{ "lora_a.lora_a", { .matrix = "blk.0.attn_q.weight.lora_a" }, DIAG_SHAPE },
	{ "alpha nan", { .alpha = NAN }, DIAG_RANGE },
	{ "alpha infinite", { .alpha = INFINITY }, DIAG_RANGE },
	{ "alpha 1e30", { .alpha = 1e30f }, DIAG_RANGE },
	{ "no alpha", { .no_alpha = true }, DIAG_PAIR },
	{ "a value that is no number", { .not_a_number = true }, DIAG_RANGE },
	{ "layer 7 of 2", { .matrix = "blk.7.attn_q.weight" }, DIAG_SHAPE },
	{ "another prefix", { .matrix = "model.blk.1.attn_q.weight" }, DIAG_SHAPE },
	{ "quantized", { .quantized = true }, DIAG_UNSUP },
	{ "another architecture", { .architecture = "gemma" }, DIAG_UNSUP },
};

START_TEST(broken_adapters)
{
	front_open(2, 1);
	for (size_t i = 0; i < ARRAY_SIZE(broken); i++) {
		const struct lora_fixture whole = LORA_FIXTURE;
		struct lora_fixture l = broken[i].l;
		struct workshop_imported v;
		struct workshop_proved p;
		_cleanup_close_ int fd = -1;

		l.rank = l.rank ? l.rank : whole.rank;
		l.width = whole.width;
		l.seed = whole.seed;
		l.alpha = l.alpha != 0 ? l.alpha : whole.alpha;
		l.architecture = l.architecture ? l.architecture : whole.architecture;
		l.type = whole.type;
		l.kind = whole.kind;
		l.matrix = l.matrix ? l.matrix : whole.matrix;
		fd = fixture_lora_fd(&l);
		front_prove(fd, &p);
		front_expect(&p.defect, broken[i].code, broken[i].what);
		ck_assert_msg(p.defect.field.len > 0, "%s: no field", broken[i].what);
		workshop_proved_deinit(&p);
		front_import(fd, "broken", &v);
		front_expect(&v.defect, broken[i].code, broken[i].what);
		ck_assert_int_eq(v.fd, -1);
		workshop_imported_deinit(&v);
	}
	close(front_package());
}
END_TEST

/* The LoRA with any text as its manifest. */
static int with_manifest(const char *text)
{
	_cleanup_close_ int from = front_lora();
	int to = memfd_create("package", MFD_CLOEXEC);
	struct gguf_writer *w = NULL;
	struct gguf *g = NULL;

	ck_assert_int_eq(gguf_open_fd(&g, from, NULL), 0);
	ck_assert_int_eq(gguf_writer_new(&w), 0);
	ck_assert_int_eq(package_put_lora(w, g, NULL), 0);
	ck_assert_int_eq(gguf_writer_str(w, PACKAGE_MANIFEST_KEY, text, strlen(text)), 0);
	ck_assert_int_eq(gguf_writer_write(w, to), 0);
	gguf_writer_free(w);
	gguf_free(g);
	return to;
}

#define A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HEAD "version: 1\nname: x\ntask: p\nprompt: \"{{ text }}\"\n"
#define TEXT "tokenizer: " A64 "\ntemplate: " A64 "\n"

/* Cases 97, 99 and 101 in the manifest. */
static const struct {
	const char *what, *text;
	enum diag_code code;
} manifests[] = {
	{ "no base", HEAD TEXT "rank: 4\n", DIAG_PAIR },
	{ "base that is no digest", HEAD TEXT "base: x\nrank: 4\n", DIAG_RANGE },
	{ "rank 0", HEAD TEXT "base: " A64 "\nrank: 0\n", DIAG_RANGE },
	{ "rank 257", HEAD TEXT "base: " A64 "\nrank: 257\n", DIAG_RANGE },
	{ "another rank", HEAD TEXT "base: " A64 "\nrank: 8\n", DIAG_SHAPE },
	{ "scale nan", HEAD TEXT "base: " A64 "\nrank: 4\nscale: .nan\n", DIAG_RANGE },
	{ "scale infinite", HEAD TEXT "base: " A64 "\nrank: 4\nscale: .inf\n", DIAG_RANGE },
	{ "scale 1e30", HEAD TEXT "base: " A64 "\nrank: 4\nscale: 1e30\n", DIAG_RANGE },
	{ "scale -1", HEAD TEXT "base: " A64 "\nrank: 4\nscale: -1\n", DIAG_RANGE },
};

START_TEST(broken_manifests)
{
	front_open(2, 1);
	for (size_t i = 0; i < ARRAY_SIZE(manifests); i++) {
		_cleanup_close_ int fd = with_manifest(manifests[i].text);
		struct workshop_inspected v;
		struct workshop_imported imported;
		struct workshop_proved p;

		front_inspect(fd, &v);
		front_expect(&v.defect, manifests[i].code, manifests[i].what);
		workshop_inspected_deinit(&v);
		front_import(fd, NULL, &imported);
		front_expect(&imported.defect, manifests[i].code, manifests[i].what);
		workshop_imported_deinit(&imported);
		front_prove(fd, &p);
		front_expect(&p.defect, manifests[i].code, manifests[i].what);
		workshop_proved_deinit(&p);
	}
	close(front_package());
}
END_TEST

/* Case 102: the package, and behind it what is no signature of it. */
static int with_signature(const char *text, size_t len, uint32_t said)
{
	static const char magic[] = "ASSISTSIGN1\n";
	_cleanup_(buf_deinit) struct buf bytes = BUF_NULL;
	_cleanup_close_ int package = front_package();
	int fd = memfd_create("signed", MFD_CLOEXEC);

	ck_assert_int_eq(file_read_all(package, 1 << 20, &bytes, NULL), 0);
	ck_assert_int_eq(buf_append(&bytes, text, len), 0);
	ck_assert_int_eq(buf_append(&bytes, &said, sizeof(said)), 0);
	ck_assert_int_eq(buf_append_str(&bytes, magic), 0);
	ck_assert_int_eq(file_write(fd, bytes.data, bytes.len), 0);
	return fd;
}

START_TEST(broken_signatures)
{
	static const struct {
		const char *text;
		uint32_t said;
	} cases[] = {
		{ "", 0 }, { "x", 0 }, { "x", 1 }, { "x", 4097 }, { "x", UINT32_MAX },
		{ "untrusted comment: x\n", 21 },
		{ "untrusted comment: x\nRUQ=\ntrusted comment: y\nAAAA\n", 50 },
	};

	front_open(2, 1);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_close_ int fd = with_signature(cases[i].text, strlen(cases[i].text),
							cases[i].said);
		struct workshop_inspected v;

		front_inspect(fd, &v);
		front_expect(&v.defect, DIAG_SIG, cases[i].text);
		workshop_inspected_deinit(&v);
	}
}
END_TEST

/* Every beginning of a package is refused, and nothing else happens. */
START_TEST(truncated)
{
	_cleanup_(buf_deinit) struct buf bytes = BUF_NULL;
	_cleanup_close_ int fd = -1;

	front_open(2, 1);
	fd = front_package();
	ck_assert_int_eq(file_read_all(fd, 1 << 20, &bytes, NULL), 0);
	for (size_t len = 0; len < bytes.len; len += 1 + len / 64) {
		_cleanup_close_ int cut = memfd_create("cut", MFD_CLOEXEC);
		struct workshop_inspected v;

		ck_assert_int_eq(file_write(cut, bytes.data, len), 0);
		front_inspect(cut, &v);
		ck_assert_msg(v.defect.code != DIAG_NONE, "%zu of %zu bytes", len, bytes.len);
		workshop_inspected_deinit(&v);
	}
}
END_TEST

START_TEST(no_models)
{
	_cleanup_close_ int fd = front_lora();
	struct workshop_model v;

	front_open_fd(fd, &v);
	ck_assert_uint_ne(v.defect.code, DIAG_NONE);
	ck_assert_uint_gt(v.defect.text.len, 0);
	workshop_model_deinit(&v);
	front_open(2, 1);
	close(front_package());
}
END_TEST

/* Not of the form that its type says: the answer says so, and what is no question has none. */
START_TEST(no_questions)
{
	struct workshop_inspected v;
	struct ipc_message m;

	ipc_message_init(&m, 99, 1);
	ck_assert_int_eq(ipc_put_u32(&m, 1), 0);
	ck_assert_int_eq(ipc_send(front_socket(), &m), 0);
	ipc_message_deinit(&m);
	ipc_message_init(&m, WORKSHOP_INSPECT, 0);
	front_ask(&m, ipc_put_u32(&m, 1), WORKSHOP_INSPECTED);
	ck_assert_int_eq(workshop_get_inspected(&m, &v), 0);
	front_expect(&v.defect, DIAG_SYSTEM, "a number");
	workshop_inspected_deinit(&v);
	ipc_message_deinit(&m);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("workshop-malformed");

	tcase_add_checked_fixture(tests, front_begin, front_end);
	tcase_set_timeout(tests, 120);
	tcase_add_test(tests, broken_adapters);
	tcase_add_test(tests, broken_manifests);
	tcase_add_test(tests, broken_signatures);
	tcase_add_test(tests, truncated);
	tcase_add_test(tests, no_models);
	tcase_add_test(tests, no_questions);
	return run_tests("workshop-malformed", tests);
}
