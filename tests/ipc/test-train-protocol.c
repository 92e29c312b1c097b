/* SPDX-License-Identifier: MIT */
/* Messages of a training run: what goes in comes out, and what is cut or odd is refused whole. */
#include <check.h>
#include <errno.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "assistantd/ipc/ipc.h"
#include "tests/check-main.h"
#include "util/macro.h"

static struct ipc_message m;

static void setup(void)
{
	ipc_message_init(&m, TRAIN_BEGIN, 7);
}

static void teardown(void)
{
	ipc_message_deinit(&m);
}

static int free_fd(void)
{
	int fd = dup(0);

	close(fd);
	return fd;
}

static struct train_begin begin(void)
{
	struct train_begin b = TRAIN_BEGIN_NULL;

	b.base_fd = dup(0);
	b.data_fd = dup(0);
	b.checkpoint_fd = dup(0);
	b.has_digests = true;
	memset(b.weights.bytes, 0xab, sizeof(b.weights.bytes));
	ck_assert_int_eq(buf_append_str(&b.name, "mine"), 0);
	ck_assert_int_eq(buf_append_str(&b.prompt, "{{ text }}"), 0);
	for (b.n_languages = 0; b.n_languages < TRAIN_LANGUAGES_MAX; b.n_languages++)
		ck_assert_int_eq(buf_printf(&b.languages[b.n_languages], "l%u", b.n_languages),
				 0);
	b.file_bytes = UINT64_C(1) << 33;
	b.sequence = 3;
	b.rank = 16;
	b.rows = 4;
	b.epochs = 2;
	b.alpha = 32;
	b.rate = 2e-4f;
	b.seed = UINT64_MAX;
	b.tokens = 5;
	return b;
}

START_TEST(a_run_arrives)
{
	struct train_begin out = begin(), in;

	ck_assert_int_eq(train_put_begin(&m, &out), 0);
	ck_assert_int_eq(train_get_begin(&m, &in), 0);
	ck_assert(in.base_fd >= 0 && in.data_fd >= 0 && in.checkpoint_fd >= 0);
	ck_assert_int_eq(in.held_out_fd, -1);
	ck_assert_uint_eq(in.file_bytes, UINT64_C(1) << 33);
	ck_assert(in.has_digests && digest_equal(&in.weights, &out.weights));
	ck_assert_str_eq(in.name.data, "mine");
	ck_assert_str_eq(in.prompt.data, "{{ text }}");
	ck_assert(in.style.len == 0 && in.title.len == 0 && in.task.len == 0);
	ck_assert_uint_eq(in.n_languages, TRAIN_LANGUAGES_MAX);
	ck_assert_str_eq(in.languages[31].data, "l31");
	ck_assert(in.sequence == 3 && in.rank == 16 && in.rows == 4 && in.epochs == 2);
	ck_assert(in.context == 0 && in.threads == 0);
	ck_assert(in.alpha == 32 && in.rate == 2e-4f && in.seed == UINT64_MAX &&
		  in.tokens == 5);
	train_begin_deinit(&in);
	train_begin_deinit(&out);
}
END_TEST

/* Cut at every byte: refused, and neither memory nor a descriptor stays behind. */
START_TEST(a_cut_run_is_refused)
{
	int before = free_fd();
	struct train_begin out = begin(), in;
	size_t len;

	ck_assert_int_eq(train_put_begin(&m, &out), 0);
	len = m.body.len;
	for (size_t n = 0; n < len; n++) {
		struct ipc_message cut;

		ipc_message_init(&cut, TRAIN_BEGIN, 7);
		ck_assert_int_eq(buf_append(&cut.body, m.body.data, n), 0);
		while (cut.n_fds < 3)
			cut.fds[cut.n_fds++] = dup(0);
		ck_assert_int_eq(train_get_begin(&cut, &in), -EBADMSG);
		ipc_message_deinit(&cut);
	}
	train_begin_deinit(&out);
	ipc_message_deinit(&m);
	ck_assert_int_eq(free_fd(), before);
}
END_TEST

START_TEST(odd_options_are_refused)
{
	struct train_begin out = begin();

	out.rate = NAN;
	ck_assert_int_eq(train_put_begin(&m, &out), -EBADMSG);
	ipc_message_deinit(&m);
	out.rate = 1;
	out.n_languages = TRAIN_LANGUAGES_MAX + 1;
	ck_assert_int_eq(train_put_begin(&m, &out), -EBADMSG);
	out.n_languages = 0;
	train_begin_deinit(&out);
}
END_TEST

START_TEST(progress_arrives)
{
	struct train_progress out = { .stage = TRAIN_TRAINING, .step = 3, .total = UINT64_MAX,
				      .tokens = 1536, .loss = 2.5f, .held_out = 2.25f,
				      .held_out_base = 3, .rate = 1e-4f, .tokens_per_s = 110,
				      .seconds_left = 4000 }, in;

	ck_assert_int_eq(train_put_progress(&m, &out), 0);
	ck_assert_int_eq(train_get_progress(&m, &in), 0);
	ck_assert(in.stage == TRAIN_TRAINING && in.step == 3 && in.total == UINT64_MAX);
	ck_assert(in.tokens == 1536 && in.loss == 2.5f && in.held_out == 2.25f);
	ck_assert(in.held_out_base == 3 && in.rate == 1e-4f && in.tokens_per_s == 110);
	ck_assert_uint_eq(in.seconds_left, 4000);
	ipc_message_deinit(&m);
	out.stage = TRAIN_STAGE_COUNT;
	ck_assert_int_eq(train_put_progress(&m, &out), -EBADMSG);
	ipc_message_deinit(&m);
	out.stage = TRAIN_READING;
	out.loss = INFINITY;
	ck_assert_int_eq(train_put_progress(&m, &out), -EBADMSG);
}
END_TEST

START_TEST(an_end_arrives)
{
	struct train_done out = TRAIN_DONE_NULL, in;

	out.better = true;
	out.held_out = 1.5f;
	out.held_out_base = 2;
	out.steps = 400;
	out.n_canaries = 2;
	out.report_fd = dup(0);
	ck_assert_int_eq(buf_append_str(&out.text, "better"), 0);
	/* A verdict and what it is of belong together. */
	ck_assert_int_eq(train_put_done(&m, &out), -EBADMSG);
	ipc_message_deinit(&m);
	out.package_fd = dup(0);
	ck_assert_int_eq(train_put_done(&m, &out), 0);
	ck_assert_int_eq(train_get_done(&m, &in), 0);
	ck_assert(in.better && in.held_out == 1.5f && in.held_out_base == 2);
	ck_assert(in.steps == 400 && in.n_canaries == 2);
	ck_assert(in.package_fd >= 0 && in.report_fd >= 0);
	ck_assert_str_eq(in.text.data, "better");
	train_done_deinit(&in);
	ipc_message_deinit(&m);
	out.better = false;
	ck_assert_int_eq(train_put_done(&m, &out), -EBADMSG);
	train_done_deinit(&out);
}
END_TEST

START_TEST(a_failure_arrives)
{
	struct train_failed out = { .error = TRAIN_E_DATA }, in;
	struct diag d = DIAG_NULL;

	diag_set(&d, -EINVAL, DIAG_TYPE, "line 17", "expected an object");
	ck_assert_int_eq(ipc_defect_set(&out.defect, -EINVAL, &d), 0);
	ck_assert_int_eq(train_put_failed(&m, &out), 0);
	ck_assert_int_eq(train_get_failed(&m, &in), 0);
	ck_assert(in.error == TRAIN_E_DATA && in.defect.code == DIAG_TYPE);
	ck_assert_str_eq(in.defect.field.data, "line 17");
	ck_assert_str_eq(in.defect.text.data, "expected an object");
	train_failed_deinit(&in);
	ipc_message_deinit(&m);
	out.error = 0;
	ck_assert_int_eq(train_put_failed(&m, &out), -EBADMSG);
	train_failed_deinit(&out);
}
END_TEST

/* What the system says stands where nothing else was said. */
START_TEST(a_defect_without_words_has_some)
{
	struct ipc_defect v = { 0 };
	struct diag d = DIAG_NULL;

	ck_assert_int_eq(ipc_defect_set(&v, -ENOSPC, &d), 0);
	ck_assert(v.code == DIAG_SYSTEM && v.field.len == 0);
	ck_assert_str_eq(v.text.data, strerror(ENOSPC));
	ipc_defect_deinit(&v);
}
END_TEST

int main(void)
{
	TCase *c = tcase_create("train-protocol");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, a_run_arrives);
	tcase_add_test(c, a_cut_run_is_refused);
	tcase_add_test(c, odd_options_are_refused);
	tcase_add_test(c, progress_arrives);
	tcase_add_test(c, an_end_arrives);
	tcase_add_test(c, a_failure_arrives);
	tcase_add_test(c, a_defect_without_words_has_some);
	return run_tests("train-protocol", c);
}
