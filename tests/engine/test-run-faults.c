/* SPDX-License-Identifier: MIT */
/* What is wrong with a run's inputs is said by name, and nothing is lost that was there. */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "tests/check-main.h"
#include "tests/engine/run-front.h"
#include "util/file.h"
#include "util/macro.h"

static struct train_begin begin;

static void setup(void)
{
	runs_begin(&begin);
}

static void teardown(void)
{
	train_begin_deinit(&begin);
}

static void replace(int *fd, int by)
{
	if (*fd >= 0)
		close(*fd);
	*fd = by;
}

static const struct {
	const char *rows, *field, *text;
} bad_rows[] = {
	{ "", "", "has no row" },
	{ "\n\n", "", "has no row" },
	{ "{\"prompt\": \"a\"", "line 1", "column" },
	{ "{\"prompt\": \"a\", \"completion\": \"b\"}\nnull\n", "line 2", "expected near" },
	{ "{\"prompt\": \"a\", \"completion\": \"\"}", "line 1: completion", "not empty" },
	{ "{\"messages\": [{\"role\": \"user\", \"content\": \"a\"},"
	  " {\"role\": \"user\", \"content\": \"b\"}]}", "line 1: messages[1].role",
	  "'user', expected assistant" },
	{ "{\"text\": \"lamp\"}", "line 1: text", "\"messages\"" },
	{ "{\"prompt\": \"a\", \"completion\": \"b\"}", "", "all rows ask the same" },
	{ "{\"prompt\": \"a\", \"completion\": \"b\"}\n{\"prompt\": \"a\", \"completion\": \"c\"}",
	  "", "all rows ask the same" },
	{ "{\"prompt\": \"a prompt that is much longer than a row\", \"completion\": \"b\"}", "",
	  "all of the 1 rows are longer than 32 tokens" },
};

START_TEST(rows_that_are_wrong)
{
	replace(&begin.data_fd, runs_file(bad_rows[_i].rows));
	runs_expect(&begin, NULL, TRAIN_E_DATA, bad_rows[_i].field, bad_rows[_i].text);
}
END_TEST

START_TEST(held_out_rows_that_are_wrong)
{
	begin.held_out_fd = runs_file("{\"prompt\": \"a\", \"completion\": \"b\"}\n[]\n");
	runs_expect(&begin, NULL, TRAIN_E_HELD_OUT, "line 2", "an object of JSON");
}
END_TEST

START_TEST(options_that_are_wrong)
{
	struct train_begin b = begin;

	b.rank = 257;
	runs_expect(&b, NULL, TRAIN_E_OPTIONS, "rank", "1 to 256");
	b = begin;
	b.alpha = -1;
	runs_expect(&b, NULL, TRAIN_E_OPTIONS, "alpha", "above 0");
	b = begin;
	b.rate = 1.5f;
	runs_expect(&b, NULL, TRAIN_E_OPTIONS, "rate", "up to 1");
	b = begin;
	b.context = 129;
	runs_expect(&b, NULL, TRAIN_E_OPTIONS, "context", "the model has 128");
	b.context = 7;
	runs_expect(&b, NULL, TRAIN_E_OPTIONS, "context", "8 tokens");
	b = begin;
	b.rows = 4097;
	runs_expect(&b, NULL, TRAIN_E_OPTIONS, "rows", "4096");
	b = begin;
	b.epochs = 1001;
	runs_expect(&b, NULL, TRAIN_E_OPTIONS, "epochs", "1000");
	b = begin;
	b.threads = 65;
	runs_expect(&b, NULL, TRAIN_E_OPTIONS, "threads", "64");
}
END_TEST

static const struct {
	struct buf *text;
	const char *value, *expected;
} texts[] = {
	{ &begin.name, "Not A Name", "name" },
	{ &begin.task, "a/b", "task" },
	{ &begin.languages[0], "klingon!", "languages" },
	{ &begin.prompt, "{{ text", NULL },
};

/* Before the first step, and not after a night. */
START_TEST(a_manifest_that_cannot_be)
{
	buf_reset(texts[_i].text);
	ck_assert_int_eq(buf_append_str(texts[_i].text, texts[_i].value), 0);
	runs_expect(&begin, NULL, TRAIN_E_OPTIONS, NULL, texts[_i].expected);
}
END_TEST

START_TEST(bases_that_are_none)
{
	struct fixture f = FIXTURE;

	replace(&begin.base_fd, runs_file("GGUF"));
	runs_expect(&begin, NULL, TRAIN_E_BASE, NULL, NULL);
	replace(&begin.base_fd, fixture_model_fd(&f));
	runs_expect(&begin, NULL, TRAIN_E_BASE, "tokenizer.ggml.model", "missing");
}
END_TEST

START_TEST(checkpoints_of_other_runs)
{
	struct train_begin b;

	runs_digest(&begin, NULL);
	b = begin;
	b.rate = 0.02f;
	runs_expect(&b, NULL, TRAIN_E_CHECKPOINT, "checkpoint", "other options");
	b = begin;
	b.data_fd = runs_rows(ROWS_TAUGHT, 61);
	runs_expect(&b, NULL, TRAIN_E_CHECKPOINT, "checkpoint", "other data");
	close(b.data_fd);
	b = begin;
	b.held_out_fd = runs_rows(ROWS_TAUGHT, 20);
	runs_expect(&b, NULL, TRAIN_E_CHECKPOINT, "checkpoint", "other rows that are held out");
	close(b.held_out_fd);
	b = begin;
	b.base_fd = runs_base(2);
	runs_expect(&b, NULL, TRAIN_E_CHECKPOINT, "checkpoint", "another base model");
	close(b.base_fd);
	replace(&begin.checkpoint_fd, runs_file("this is no checkpoint, and longer than a head is: "
		"....................................................................."
		"....................................................................."
		"....................................................................."
		"....................................................................."
		"....................................................................."
		"....................................................................."
		"....................................................................."
		"....................................................................."));
	runs_expect(&begin, NULL, TRAIN_E_CHECKPOINT, "checkpoint", "no file of a training run");
}
END_TEST

static bool never(void *arg)
{
	(void)arg;
	return false;
}

static rlim_t limit_files(rlim_t bytes)
{
	struct rlimit l;
	rlim_t before;

	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &l), 0);
	before = l.rlim_cur;
	l.rlim_cur = bytes;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &l), 0);
	return before;
}

/* From some step on nothing can be written. */
static void fill_disk(void *arg, const struct train_progress *p)
{
	uint64_t *at = arg;

	if (p->stage == TRAIN_TRAINING && p->step >= *at)
		limit_files(4096);
}

/* It is said, and when there is room again the run goes on to the same. */
START_TEST(a_full_disk)
{
	struct digest whole = runs_digest(&begin, NULL), digest;
	uint64_t at = 0;
	const struct run_front front = { .progress = fill_disk, .stopped = never, .arg = &at,
					 .threads = 1 };
	rlim_t before = limit_files(RLIM_INFINITY);

	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(ftruncate(begin.checkpoint_fd, 0), 0);
	limit_files(20000);
	runs_expect(&begin, NULL, TRAIN_E_SPACE, "checkpoint", strerror(EFBIG));
	limit_files(before);
	/* The stage's beginning is told before its first step. */
	runs_expect(&begin, &front, TRAIN_E_SPACE, "checkpoint", strerror(EFBIG));
	limit_files(before);
	digest = runs_digest(&begin, NULL);
	ck_assert(digest_equal(&digest, &whole));
}
END_TEST

/* What may never be written is told before the first step; what is needed is enough. */
START_TEST(a_checkpoint_that_is_too_large)
{
	struct digest whole = runs_digest(&begin, NULL), digest;
	struct stat st;

	ck_assert_int_eq(fstat(begin.checkpoint_fd, &st), 0);
	ck_assert_int_eq(ftruncate(begin.checkpoint_fd, 0), 0);
	begin.file_bytes = (uint64_t)st.st_size - 1;
	runs_expect(&begin, NULL, TRAIN_E_CHECKPOINT, "checkpoint",
		    "rank 2 of this base needs 1 MiB, and the service allows 0; expected a "
		    "smaller rank");
	begin.file_bytes++;
	digest = runs_digest(&begin, NULL);
	ck_assert(digest_equal(&digest, &whole));
}
END_TEST

/* The weights of a matrix are no numbers any more, in the file that is mapped. */
static void spoil(int fd, const char *name)
{
	static const float nothing = NAN;
	_cleanup_(buf_deinit) struct buf file = BUF_NULL;
	_cleanup_(gguf_freep) struct gguf *g = NULL;
	const struct gguf_tensor *t;
	const char *at;

	ck_assert_int_eq(gguf_open_fd(&g, fd, NULL), 0);
	ck_assert_int_eq(file_read_all(fd, 1 << 26, &file, NULL), 0);
	t = gguf_tensor(g, name);
	ck_assert_ptr_nonnull(t);
	at = memmem(file.data, file.len, t->data, t->size);
	ck_assert_ptr_nonnull(at);
	for (size_t i = 0; i < t->size; i += sizeof(nothing))
		ck_assert_int_eq(pwrite(fd, &nothing, sizeof(nothing), at - file.data + (off_t)i),
				 sizeof(nothing));
}

static void spoil_at_step(void *arg, const struct train_progress *p)
{
	bool *spoilt = arg;

	if (p->stage == TRAIN_TRAINING && !*spoilt)
		spoil(begin.base_fd, "blk.0.ffn_down.weight");
	*spoilt |= p->stage == TRAIN_TRAINING;
}

START_TEST(steps_that_come_to_no_number)
{
	bool spoilt = false;
	const struct run_front front = { .progress = spoil_at_step, .stopped = never,
					 .arg = &spoilt, .threads = 1 };

	/* Small files are not mapped. */
	replace(&begin.base_fd, runs_wide_base());
	runs_expect(&begin, &front, TRAIN_E_DIVERGED, "rate", "at step 1 the loss is no number any "
		    "more; try a smaller one than 0.01");
	/* Nor can what it is now be begun with. */
	ck_assert_int_eq(ftruncate(begin.checkpoint_fd, 0), 0);
	runs_expect(&begin, NULL, TRAIN_E_BASE, "loss", "it cannot be trained");
}
END_TEST

/* Both heads are there and one slot is whole: whatever happens to the other, it is gone on. */
START_TEST(a_slot_that_is_damaged)
{
	struct digest whole = runs_digest(&begin, NULL), digest;
	struct stat st;

	ck_assert_int_eq(fstat(begin.checkpoint_fd, &st), 0);
	for (int slot = 0; slot < 2; slot++) {
		off_t at = slot ? st.st_size - 100 : 5000;
		char byte;

		ck_assert_int_eq(pread(begin.checkpoint_fd, &byte, 1, at), 1);
		byte ^= 1;
		ck_assert_int_eq(pwrite(begin.checkpoint_fd, &byte, 1, at), 1);
		if (slot == 0) {
			digest = runs_digest(&begin, NULL);
			ck_assert(digest_equal(&digest, &whole));
			/* It has been written again where it was behind. */
			byte ^= 1;
			ck_assert_int_eq(pwrite(begin.checkpoint_fd, &byte, 1, at), 1);
		}
	}
	digest = runs_digest(&begin, NULL);
	ck_assert(digest_equal(&digest, &whole));
}
END_TEST

int main(void)
{
	TCase *c = tcase_create("run-faults");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_set_timeout(c, 60);
	tcase_add_loop_test(c, rows_that_are_wrong, 0, ARRAY_SIZE(bad_rows));
	tcase_add_test(c, held_out_rows_that_are_wrong);
	tcase_add_test(c, options_that_are_wrong);
	tcase_add_loop_test(c, a_manifest_that_cannot_be, 0, ARRAY_SIZE(texts));
	tcase_add_test(c, bases_that_are_none);
	tcase_add_test(c, checkpoints_of_other_runs);
	tcase_add_test(c, a_full_disk);
	tcase_add_test(c, a_checkpoint_that_is_too_large);
	tcase_add_test(c, steps_that_come_to_no_number);
	tcase_add_test(c, a_slot_that_is_damaged);
	return run_tests("run-faults", c);
}
