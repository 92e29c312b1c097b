/* SPDX-License-Identifier: MIT */
/* What becomes of a run's folder beside the loop: in order, whatever goes meanwhile, and nothing
 * is lost that it needs. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "assistantd/daemon/training-filing.h"
#include "assistantd/daemon/training-folder.h"
#include "assistantd/daemon/training-opening.h"
#include "tests/check-main.h"
#include "tests/scratch.h"

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

static int data_file(void)
{
	int fd = memfd_create("file", MFD_CLOEXEC);

	ck_assert_int_eq(write(fd, "data", 4), 4);
	return fd;
}

/* The fourth run, with rows that are held out. */
static struct training_run *make(void)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_close_ int data = data_file();
	struct training_run *r;

	ck_assert_int_eq(training_run_new(&r, parent, 4), 0);
	r->order.name = strdup("mine");
	r->order.task = strdup("tone");
	r->order.base = strdup("/proc/self/exe");
	text = training_run_describe(r);
	ck_assert_ptr_nonnull(text);
	ck_assert_int_eq(training_folder_create(r->folder, text, data, data, 0), 0);
	return r;
}

/* As the next life of the service finds it. */
static struct training_run *read_again(void)
{
	struct training_run *r;
	uint64_t last_id;

	ck_assert_int_eq(training_runs_read(&r, parent, &last_id), 0);
	ck_assert_uint_eq(last_id, 4);
	ck_assert(r && !r->next);
	return r;
}

static struct loop *loop;
static struct worker *worker;

static void begin_work(void)
{
	ck_assert_int_eq(loop_new(&loop), 0);
	ck_assert_int_eq(worker_new(&worker, loop, scratch, 1 << 20), 0);
}

static void end_work(void)
{
	worker_free(worker);
	loop_free(loop);
}

struct filed {
	unsigned n;
	int result;
	uint64_t id;
	const struct training_run *again;	/* to be saved once more */
};

static void on_filed(void *arg, uint64_t id, int result)
{
	struct filed *f = arg;

	f->n++;
	f->id = id;
	f->result = result;
	if (f->again)
		ck_assert_int_eq(training_filing_post(worker, f->again, TRAINING_SAVE, -1, NULL,
						      NULL), 0);
	f->again = NULL;
}

/* Of many that are posted, the last one stays, also where the run itself is gone before. */
START_TEST(the_last_word_stays)
{
	struct training_run *r = make(), *again;
	int report = data_file();
	struct filed filed = { 0 };

	begin_work();
	ck_assert_int_eq(training_filing_post(worker, r, TRAINING_KEEP, report, NULL, NULL), 0);
	for (uint64_t step = 1; step <= 50; step++) {
		r->figures.step = step;
		r->paused = step % 2;
		ck_assert_int_eq(training_filing_post(worker, r, TRAINING_SAVE, -1, on_filed,
						      &filed), 0);
	}
	close(report);
	training_run_free(r);
	end_work();
	ck_assert(filed.n == 50 && filed.result == 0 && filed.id == 4);
	again = read_again();
	ck_assert_uint_eq(again->figures.step, 50);
	ck_assert(!again->paused && again->has_data && again->has_report);
	training_run_free(again);
}
END_TEST

/* What the last pieces of the service's life post is done, too. */
START_TEST(at_the_end_of_the_service)
{
	struct training_run *r = make(), *again;
	struct filed filed = { .again = r };

	begin_work();
	ck_assert_int_eq(training_filing_post(worker, r, TRAINING_SAVE, -1, on_filed, &filed), 0);
	r->end = TRAINING_REJECTED;
	end_work();
	ck_assert_uint_eq(filed.n, 1);
	again = read_again();
	ck_assert_int_eq(again->end, TRAINING_REJECTED);
	training_run_free(again);
	training_run_free(r);
}
END_TEST

/* What cannot be saved as ended can go on: nothing that it needs is removed. */
START_TEST(an_end_that_is_not_saved)
{
	struct training_run *r = make(), *again;
	struct filed filed = { 0 };
	char path[200];

	snprintf(path, sizeof(path), "%s/run.json.new", r->folder);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	r->end = TRAINING_REJECTED;
	begin_work();
	ck_assert_int_eq(training_filing_post(worker, r, TRAINING_SAVE | TRAINING_CLEAN, -1,
					      on_filed, &filed), 0);
	end_work();
	ck_assert_int_eq(filed.result, -EISDIR);
	ck_assert_int_eq(rmdir(path), 0);
	training_run_free(r);
	again = read_again();
	ck_assert(again->end == TRAINING_OPEN && again->has_data);
	training_run_free(again);
}
END_TEST

/* Half a report is none, and what else was posted is done. */
START_TEST(a_report_that_cannot_be_kept)
{
	_cleanup_close_ int empty = memfd_create("file", MFD_CLOEXEC);
	struct training_run *r = make(), *again;
	struct filed filed = { 0 };

	begin_work();
	ck_assert_int_eq(training_filing_post(worker, r, TRAINING_KEEP | TRAINING_SAVE, empty,
					      on_filed, &filed), 0);
	end_work();
	training_run_free(r);
	ck_assert(filed.n == 1 && filed.result == -EINVAL);
	again = read_again();
	ck_assert(again->has_data && !again->has_report);
	training_run_free(again);
}
END_TEST

struct opened {
	int result;
	char what[200];
	struct train_begin begin;
};

static void on_opened(void *arg, int result, const char *what, struct train_begin *begin)
{
	struct opened *o = arg;

	o->result = result;
	snprintf(o->what, sizeof(o->what), "%s", what);
	if (result == 0) {
		o->begin = *begin;
		*begin = (struct train_begin)TRAIN_BEGIN_NULL;
	}
	loop_stop(loop);
}

static void open_files(const struct training_run *r, struct opened *o)
{
	struct training_opening *opening;

	*o = (struct opened){ .begin = TRAIN_BEGIN_NULL };
	ck_assert_int_eq(training_opening_new(&opening, worker, r, "/nowhere", on_opened, o), 0);
	ck_assert_int_eq(loop_run(loop), 0);
}

/* The checkpoint is one process's at a time, and what is missing is named. */
START_TEST(its_files_are_opened)
{
	struct training_run *r = make();
	struct training_opening *opening;
	struct opened first, second;

	r->order.rank = 5;
	begin_work();
	open_files(r, &first);
	ck_assert_int_eq(first.result, 0);
	ck_assert(first.begin.base_fd >= 0 && first.begin.data_fd >= 0 &&
		  first.begin.held_out_fd >= 0 && first.begin.checkpoint_fd >= 0);
	ck_assert_uint_eq(first.begin.rank, 5);
	ck_assert_uint_gt(first.begin.file_bytes, 0);
	ck_assert_str_eq(first.begin.name.data, "mine");
	open_files(r, &second);
	ck_assert_int_eq(second.result, -EWOULDBLOCK);
	train_begin_deinit(&first.begin);
	/* One that nobody waits for any more lets the lock go. */
	ck_assert_int_eq(training_opening_new(&opening, worker, r, "", on_opened, NULL), 0);
	ck_assert_ptr_null(training_opening_cancel(opening));
	training_folder_clean(r->folder);
	open_files(r, &second);
	ck_assert_int_eq(second.result, -ENOENT);
	ck_assert_str_eq(second.what, r->folder);
	r->order.base[1] = 'P';
	open_files(r, &second);
	ck_assert_int_eq(second.result, -ENOENT);
	ck_assert_str_eq(second.what, "/Proc/self/exe");
	end_work();
	training_run_free(r);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("training-filing");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, the_last_word_stays);
	tcase_add_test(tests, at_the_end_of_the_service);
	tcase_add_test(tests, an_end_that_is_not_saved);
	tcase_add_test(tests, a_report_that_cannot_be_kept);
	tcase_add_test(tests, its_files_are_opened);
	return run_tests("training-filing", tests);
}
