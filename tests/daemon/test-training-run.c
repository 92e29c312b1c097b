/* SPDX-License-Identifier: MIT */
/* Runs of training as they are kept: orders that are checked, folders that are whole or not
 * there, and what is read of both after a restart. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "assistantd/daemon/training-folder.h"
#include "assistantd/daemon/training-run.h"
#include "tests/check-main.h"
#include "tests/scratch.h"
#include "util/macro.h"

static char parent[sizeof(scratch) + 16];

static void setup(void)
{
	scratch_make();
	snprintf(parent, sizeof(parent), "%s/training", scratch);
}

static void teardown(void)
{
	scratch_remove();
}

static int memory_file(const char *text)
{
	int fd = memfd_create("file", MFD_CLOEXEC);

	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	return fd;
}

#define ORDER "\"name\": \"mine\", \"task\": \"tone\", \"base\": \"/base.gguf\""

static int read_order(struct training_order *o, const char *text, struct diag *d)
{
	json_auto_t *json = json_loads(text, 0, NULL);
	int r;

	ck_assert_msg(json != NULL, "%s", text);
	r = training_order_read(o, json, d);
	return r == 0 ? training_order_check(o, d) : r;
}

START_TEST(an_order_is_read_back)
{
	struct training_order o = { 0 }, again = { 0 };
	struct train_begin v = TRAIN_BEGIN_NULL;
	struct diag d = DIAG_NULL;
	json_t *written;

	ck_assert_msg(read_order(&o, "{" ORDER ", \"style\": \"mine\", \"title\": \"Mine\", "
				 "\"languages\": [\"en\", \"de-AT\"], \"prompt\": \"{{ text }}!\", "
				 "\"sequence\": 3, \"rank\": 8, \"context\": 256, \"rows\": 4, "
				 "\"epochs\": 2, \"threads\": 3, \"alpha\": 16, \"rate\": 0.0005, "
				 "\"seed\": 9007199254740991}", &d) == 0, "%s: %s", d.field,
		      d.text);
	written = training_order_write(&o);
	ck_assert_int_eq(training_order_read(&again, written, &d), 0);
	json_decref(written);
	ck_assert_str_eq(again.title, "Mine");
	ck_assert_uint_eq(again.n_languages, 2);
	ck_assert_str_eq(again.languages[1], "de-AT");
	ck_assert_uint_eq(again.seed, 9007199254740991);
	ck_assert_double_eq(again.rate, 0.0005);
	ck_assert_int_eq(training_order_put(&again, &v), 0);
	ck_assert_str_eq(v.prompt.data, "{{ text }}!");
	ck_assert_str_eq(v.languages[1].data, "de-AT");
	ck_assert_uint_eq(v.n_languages, 2);
	ck_assert_uint_eq(v.sequence, 3);
	ck_assert_uint_eq(v.rank, 8);
	ck_assert_float_eq(v.alpha, 16.0f);
	train_begin_deinit(&v);
	training_order_deinit(&o);
	training_order_deinit(&again);
}
END_TEST

/* What checkpoints of known models need, and how much more is allowed. */
static const struct {
	uint32_t rank, width, kv, ffn, layers;
	uint64_t bytes;		/* of the file */
} bases[] = {
	{ 16, 320, 320, 896, 8, 8700000 },		/* the embedded one */
	{ 256, 320, 320, 896, 8, 8700000 },
	{ 0, 2048, 512, 8192, 16, 600000000 },		/* 1B, 4 bits */
	{ 16, 3072, 1024, 8192, 28, 1690000000 },	/* 3B, 4 bits */
	{ 64, 4096, 1024, 14336, 32, 2950000000 },	/* 8B, 3 bits */
	{ 16, 8192, 1024, 28672, 80, 26000000000 },	/* 70B, 3 bits */
};

START_TEST(a_checkpoint_may_be_so_large)
{
	uint64_t width = bases[_i].width, kv = bases[_i].kv, ffn = bases[_i].ffn;
	uint64_t sides = 4 * width + 2 * (width + kv) + 3 * (width + ffn);
	uint32_t rank = bases[_i].rank;
	uint64_t need = (rank ? rank : 16) * sides * bases[_i].layers * 32;
	uint64_t most = training_order_file_bytes(rank, bases[_i].bytes);

	ck_assert_uint_gt(most, need + need / 4);
	ck_assert_uint_lt(most, 16 * need + (64 << 20));
}
END_TEST

static const struct {
	const char *text, *complaint;	/* both are in it */
} wrong[] = {
	{ "{" ORDER ", \"colour\": 1}", "colour" },
	{ "{" ORDER ", \"rank\": 0}", "rank" },
	{ "{" ORDER ", \"rank\": 257}", "rank" },
	{ "{" ORDER ", \"rank\": \"8\"}", "rank" },
	{ "{" ORDER ", \"rank\": 8.5}", "rank" },
	{ "{" ORDER ", \"rank\": 18446744073709551616e0}", "rank" },
	{ "{" ORDER ", \"rate\": 0}", "rate" },
	{ "{" ORDER ", \"rate\": 2}", "rate" },
	{ "{" ORDER ", \"alpha\": true}", "alpha" },
	{ "{" ORDER ", \"context\": 15}", "context" },
	{ "{" ORDER ", \"seed\": -1}", "seed" },
	{ "{" ORDER ", \"seed\": 9007199254740994}", "seed" },
	{ "{" ORDER ", \"threads\": 65}", "threads" },
	{ "{" ORDER ", \"title\": \"two\\nlines\"}", "title" },
	{ "{" ORDER ", \"prompt\": \"{{ text\"}", "prompt" },
	{ "{" ORDER ", \"style\": \"No Name\"}", "style" },
	{ "{" ORDER ", \"languages\": \"en\"}", "languages" },
	{ "{" ORDER ", \"languages\": [1]}", "languages" },
	{ "{" ORDER ", \"languages\": [\"not a language\"]}", "languages" },
	{ "{\"name\": \"../up\", \"task\": \"tone\", \"base\": \"/b\"}", "name" },
	{ "{\"name\": \"a\\u0000b\", \"task\": \"tone\", \"base\": \"/b\"}", "name" },
	{ "[]", "order" },
};

START_TEST(what_is_wrong_is_named)
{
	struct training_order o = { 0 };
	struct diag d = DIAG_NULL;
	json_auto_t *json = json_loads(wrong[_i].text, JSON_ALLOW_NUL, NULL);
	int r;

	ck_assert_msg(json != NULL, "%s", wrong[_i].text);
	r = training_order_read(&o, json, &d);
	if (r == 0)
		r = training_order_check(&o, &d);
	ck_assert_int_eq(r, -EINVAL);
	ck_assert_msg(strstr(d.field, wrong[_i].complaint) || strstr(d.text, wrong[_i].complaint),
		      "%s: %s: %s", wrong[_i].text, d.field, d.text);
	training_order_deinit(&o);
}
END_TEST

static struct training_run *make(uint64_t id, const char *data, const char *held_out)
{
	_cleanup_free_ char *text = NULL;
	struct diag d = DIAG_NULL;
	struct training_run *r;
	int fds[2] = { memory_file(data), held_out ? memory_file(held_out) : -1 };

	ck_assert_int_eq(training_run_new(&r, parent, id), 0);
	ck_assert_int_eq(read_order(&r->order, "{" ORDER "}", &d), 0);
	text = training_run_describe(r);
	ck_assert_ptr_nonnull(text);
	ck_assert_int_eq(training_folder_create(r->folder, text, fds[0], fds[1], 0), 0);
	closep(&fds[0]);
	closep(&fds[1]);
	return r;
}

static void free_all(struct training_run *list)
{
	while (list) {
		struct training_run *next = list->next;

		training_run_free(list);
		list = next;
	}
}

static void save(const struct training_run *r)
{
	_cleanup_free_ char *text = training_run_describe(r);

	ck_assert_int_eq(training_folder_save(r->folder, text), 0);
}

static uint64_t last_id;

static struct training_run *read_all(void)
{
	struct training_run *list;

	ck_assert_int_eq(training_runs_read(&list, parent, &last_id), 0);
	return list;
}

START_TEST(kept_until_it_is_removed)
{
	struct training_run *r = make(12, "data", "held out"), *list;
	char text[16] = "";
	int fd;

	r->end = TRAINING_INSTALLED;
	r->paused = true;
	r->ended = 99;
	r->figures = (struct train_progress){ .step = 5, .total = 9, .held_out = 1.25f };
	memset(r->digest, 'a', DIGEST_HEX_LEN);
	training_run_say(r, "good: %d", 1);
	save(r);
	training_run_free(r);
	r = make(3, "other", NULL);
	training_run_free(r);

	list = read_all();
	ck_assert_uint_eq(last_id, 12);
	ck_assert_uint_eq(list->id, 3);
	ck_assert_int_eq(list->end, TRAINING_OPEN);
	ck_assert(!list->paused && !list->text);
	ck_assert(list->has_data && !list->has_report);
	ck_assert(!training_folder_has(list->folder, TRAINING_HELD_OUT));
	r = list->next;
	ck_assert_ptr_null(r->next);
	ck_assert_uint_eq(r->id, 12);
	ck_assert_int_eq(r->end, TRAINING_INSTALLED);
	ck_assert(r->paused && r->ended == 99 && r->since > 0);
	ck_assert_str_eq(r->text, "good: 1");
	ck_assert_uint_eq(r->figures.step, 5);
	ck_assert_float_eq(r->figures.held_out, 1.25f);
	ck_assert_uint_eq(strlen(r->digest), DIGEST_HEX_LEN);
	/* What has ended well needs nothing to go on. */
	ck_assert(!r->has_data && !training_folder_has(r->folder, TRAINING_HELD_OUT));

	fd = training_folder_open(list->folder, TRAINING_DATA, O_RDONLY);
	ck_assert_int_eq(read(fd, text, sizeof(text)), 5);
	ck_assert_str_eq(text, "other");
	close(fd);
	training_folder_remove(r->folder);
	free_all(list);
	list = read_all();
	ck_assert_ptr_null(list->next);
	free_all(list);
}
END_TEST

/* Of what is refused, nothing stays. */
static void expect_refusal(int data, int held_out, uint64_t room, int error)
{
	struct training_run *r, *list;

	ck_assert_int_eq(training_run_new(&r, parent, 1), 0);
	ck_assert_int_eq(training_folder_create(r->folder, "{}", data, held_out, room), error);
	ck_assert_int_lt(access(r->folder, F_OK), 0);
	training_run_free(r);
	list = read_all();
	ck_assert_ptr_null(list);
	closep(&data);
	closep(&held_out);
}

START_TEST(refused)
{
	int pipes[2];

	ck_assert_int_eq(pipe(pipes), 0);
	expect_refusal(pipes[0], -1, 0, -EINVAL);
	close(pipes[1]);
	expect_refusal(memory_file(""), -1, 0, -EINVAL);
	expect_refusal(memory_file("data"), memory_file(""), 0, -EINVAL);
	expect_refusal(memory_file("data"), -1, UINT64_C(1) << 60, -ENOSPC);
}
END_TEST

START_TEST(too_much)
{
	int fd = memory_file("data");

	ck_assert_int_eq(ftruncate(fd, (off_t)TRAINING_DATA_MAX + 1), 0);
	expect_refusal(fd, -1, 0, -EFBIG);
}
END_TEST

static void write_file(const char *name, const char *text)
{
	char path[200];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", parent, name);
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	ck_assert_int_eq(fclose(f), 0);
}

/* What was cut off is removed; what cannot be read stays, and is no run. */
START_TEST(broken_folders)
{
	static const char *const texts[] = {
		"", "{", "[]", "{\"version\": 2}", "{\"version\": 1, \"state\": \"open\"}",
		"{\"version\": 1, \"state\": \"lost\", \"order\": {" ORDER "}}",
		"{\"version\": 1, \"state\": \"open\", \"order\": {\"name\": \"mine\"}}",
		"{\"version\": 1, \"state\": \"open\", \"order\": {" ORDER ", \"rank\": 9999}}",
	};
	struct training_run *list;
	char path[200];

	training_run_free(make(7, "data", NULL));
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		write_file("7/run.json", texts[i]);
		list = read_all();
		ck_assert_msg(!list, "%s", texts[i]);
		/* Its number is not given again. */
		ck_assert_uint_eq(last_id, 7);
	}
	snprintf(path, sizeof(path), "%s/8.new", parent);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	write_file("8.new/data.jsonl", "half");
	write_file("notes", "not ours");
	list = read_all();
	ck_assert_ptr_null(list);
	ck_assert_int_lt(access(path, F_OK), 0);
	snprintf(path, sizeof(path), "%s/7/data.jsonl", parent);
	ck_assert_int_eq(access(path, F_OK), 0);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("training-run");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, an_order_is_read_back);
	tcase_add_loop_test(tests, a_checkpoint_may_be_so_large, 0, ARRAY_SIZE(bases));
	tcase_add_loop_test(tests, what_is_wrong_is_named, 0, ARRAY_SIZE(wrong));
	tcase_add_test(tests, kept_until_it_is_removed);
	tcase_add_test(tests, refused);
	tcase_add_test(tests, too_much);
	tcase_add_test(tests, broken_folders);
	return run_tests("training-run", tests);
}
