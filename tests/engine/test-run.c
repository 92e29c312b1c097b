/* SPDX-License-Identifier: MIT */
/* What a training run comes to, and that it comes to the same however it got there. */
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#include "adapters/adapters.h"
#include "base_model/base_model.h"
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

/* The same run from its beginning. */
static void start_over(void)
{
	ck_assert_int_eq(ftruncate(begin.checkpoint_fd, 0), 0);
}

static void expect_text(int fd, const char *const *texts, size_t n)
{
	_cleanup_(buf_deinit) struct buf all = BUF_NULL;

	ck_assert_int_eq(file_read_all(fd, 1 << 20, &all, NULL), 0);
	for (size_t i = 0; i < n; i++)
		ck_assert_msg(strstr(all.data, texts[i]) != NULL, "%s: not in %s", texts[i],
			      all.data);
}

START_TEST(a_good_one)
{
	static const char *const told[] = {
		"<svg", "class=\"held\"", "Rows held out", "say ", "<th>The adapter</th>",
		"default-src 'none'", "&lt;b&gt; &amp; &quot;", "</html>",
	};
	struct train_done done;
	struct train_failed failed;
	struct digest digest;

	ck_assert_int_eq(buf_append_str(&begin.title, "<b> & \""), 0);
	ck_assert_int_eq(runs_train(&begin, NULL, &done, &failed), 0);
	ck_assert_msg(done.better, "%s", done.text.data);
	ck_assert(done.held_out < done.held_out_base && done.held_out >= 0);
	ck_assert_uint_gt(done.steps, 0);
	ck_assert_uint_eq(done.tokens, done.steps * 4 * 32);
	ck_assert_int_eq(digest_of_fd(done.package_fd, &digest), 0);
	ck_assert(digest_equal(&digest, &done.digest));
	ck_assert_int_ne(fcntl(done.package_fd, F_GET_SEALS) & F_SEAL_WRITE, 0);
	ck_assert_int_ne(fcntl(done.report_fd, F_GET_SEALS) & F_SEAL_WRITE, 0);
	ck_assert_msg(strstr(done.manifest.data, "held_out_rows: \"8\"") != NULL, "%s",
		      done.manifest.data);
	expect_text(done.report_fd, told, ARRAY_SIZE(told));
	train_done_deinit(&done);
}
END_TEST

/* A package is proven by whoever gets it, with the canaries of rows that were held out. */
START_TEST(its_package_is_one)
{
	const struct bm_params params = { .threads = 1 };
	_cleanup_(bm_model_freep) struct bm_model *m = NULL;
	_cleanup_(adapter_unrefp) struct adapter *a = NULL;
	_cleanup_(package_file_freep) struct package_file *f = NULL;
	_cleanup_(manifest_file_freep) struct manifest_file *manifest = NULL;
	struct train_done done;
	struct train_failed failed;
	struct proof proof;
	const struct manifest *says;

	ck_assert_int_eq(runs_train(&begin, NULL, &done, &failed), 0);
	ck_assert_int_eq(bm_model_open_fd(&m, begin.base_fd, &params, NULL), 0);
	ck_assert_int_eq(package_open_fd(&f, done.package_fd, NULL), 0);
	ck_assert_int_eq(package_manifest(&manifest, package_gguf(f), NULL), 0);
	says = manifest_of(manifest);
	ck_assert_str_eq(says->name, "mine");
	ck_assert_str_eq(says->task, "say");
	ck_assert_uint_eq(says->rank, 2);
	ck_assert_uint_gt(says->n_canaries, 0);
	ck_assert_uint_eq(says->n_canaries, done.n_canaries);
	ck_assert_msg(strncmp(says->canaries[0].text, "say ", 4) == 0, "%s",
		      says->canaries[0].text);
	ck_assert_int_eq(adapter_load_fd(&a, m, done.package_fd, NULL), 0);
	ck_assert_int_eq(proof_run(&proof, m, a, says->scale, says, NULL, NULL), 0);
	ck_assert_msg(proof.verdict == PROOF_GOOD, "%s", proof.text);
	train_done_deinit(&done);
}
END_TEST

static double surprise(const float *logits, size_t n, int32_t at)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += exp((double)logits[i] - (double)logits[at]);
	return log(sum);
}

/* The nats that the engine's own pass needs for the answer "Z" and the end, behind a prompt of
 * letters: the fixture's tokens are bytes, and its template is none. */
static double engine_loss(struct bm_model *m, const char *prompt)
{
	size_t n = strlen(prompt), vocab = bm_model_config(m)->n_vocab;
	_cleanup_(bm_sequence_freep) struct bm_sequence *seq = NULL;
	_cleanup_(token_list_deinit) struct token_list tokens = TOKEN_LIST_NULL;
	_cleanup_free_ float *logits = calloc((n + 8) * vocab, sizeof(*logits));
	int32_t end = tokenizer_eos(bm_model_tokenizer(m));
	struct bm_item item = { .logits = logits, .all_logits = true };
	char text[64];

	snprintf(text, sizeof(text), "%sZ", prompt);
	ck_assert_int_eq(tokenizer_encode(bm_model_tokenizer(m), text, n + 1, TOKENIZE_BOS,
					  &tokens), 0);
	ck_assert_int_eq(bm_sequence_new(&seq, m, 64, BM_KV_F32), 0);
	item.seq = seq;
	item.tokens = tokens.ids;
	item.n_tokens = tokens.n;
	ck_assert_int_eq(bm_forward(m, &item, 1, NULL), 0);
	return surprise(logits + (tokens.n - 2) * vocab, vocab, tokens.ids[tokens.n - 1]) +
	       surprise(logits + (tokens.n - 1) * vocab, vocab, end);
}

/* What the base alone loses is what the engine computes of each example by itself, however they
 * were packed. */
START_TEST(the_base_is_measured_right)
{
	static const char *const prompts[] = { "a", "lamp", "the long prompt of one", "bb", "xyz",
					       "on and off" };
	const struct bm_params params = { .threads = 1 };
	_cleanup_(bm_model_freep) struct bm_model *m = NULL;
	_cleanup_(buf_deinit) struct buf lines = BUF_NULL;
	struct train_done done;
	struct train_failed failed;
	double sum = 0;

	ck_assert_int_eq(bm_model_open_fd(&m, begin.base_fd, &params, NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(prompts); i++) {
		sum += engine_loss(m, prompts[i]);
		ck_assert_int_eq(buf_printf(&lines, "{\"prompt\": \"%s\", \"completion\": \"Z\"}\n",
					    prompts[i]), 0);
	}
	begin.held_out_fd = runs_file(lines.data);
	begin.epochs = 1;
	ck_assert_int_eq(runs_train(&begin, NULL, &done, &failed), 0);
	ck_assert_double_eq_tol((double)done.held_out_base, sum / (2 * ARRAY_SIZE(prompts)),
				0.02 * (double)done.held_out_base);
	train_done_deinit(&done);
}
END_TEST

START_TEST(twice_and_by_more_threads)
{
	struct digest first = runs_digest(&begin, NULL), again;

	start_over();
	again = runs_digest(&begin, NULL);
	ck_assert(digest_equal(&first, &again));
	start_over();
	begin.threads = 3;
	again = runs_digest(&begin, NULL);
	ck_assert(digest_equal(&first, &again));
	start_over();
	begin.seed++;
	again = runs_digest(&begin, NULL);
	ck_assert(!digest_equal(&first, &again));
}
END_TEST

/* A run that is over is told again from its checkpoint. */
START_TEST(what_is_over_is_told_again)
{
	struct digest first = runs_digest(&begin, NULL), again = runs_digest(&begin, NULL);

	ck_assert(digest_equal(&first, &again));
}
END_TEST

/* Rows that are too long are told by their lines. */
START_TEST(long_rows_are_left_out)
{
	static const char *const told[] = { "<th>Rows left out, too long</th><td>1 (line 61)" };
	static const char more[] =
		"{\"prompt\": \"this is longer than a row is, by far\", \"completion\": \"a\"}\n";
	struct train_done done;
	struct train_failed failed;

	ck_assert_int_ge(lseek(begin.data_fd, 0, SEEK_END), 0);
	ck_assert_int_eq(file_write(begin.data_fd, more, strlen(more)), 0);
	begin.epochs = 1;
	ck_assert_int_eq(runs_train(&begin, NULL, &done, &failed), 0);
	ck_assert_msg(strstr(done.text.data, "left out: 1 (line 61).") != NULL, "%s",
		      done.text.data);
	expect_text(done.report_fd, told, ARRAY_SIZE(told));
	train_done_deinit(&done);
}
END_TEST

static bool never(void *arg)
{
	(void)arg;
	return false;
}

struct stops {
	unsigned asked, at;
	uint32_t stage;
	uint64_t last_step;
	bool went_back;
};

static bool stop_at(void *arg)
{
	struct stops *s = arg;

	return ++s->asked == s->at;
}

static void watch(void *arg, const struct train_progress *p)
{
	struct stops *s = arg;

	s->went_back |= p->stage >= TRAIN_TRAINING && p->step < s->last_step;
	s->last_step = p->step;
	s->stage = p->stage;
}

/* What is held out has no loss with the adapter until it was measured with it: the base's is told
 * as the base's. */
static void note_held_out(void *arg, const struct train_progress *p)
{
	float *told = arg;

	if (p->stage == TRAIN_TRAINING && p->step == 0)
		ck_assert(p->held_out == 0 && p->held_out_base > 0);
	told[0] = p->held_out;
	told[1] = p->held_out_base;
}

START_TEST(the_base_is_not_told_for_it)
{
	float told[2] = { 0 };
	const struct run_front front = { .progress = note_held_out, .stopped = never, .arg = told,
					 .threads = 1 };

	runs_digest(&begin, &front);
	ck_assert(told[0] > 0 && told[0] < told[1]);
}
END_TEST

/* Stopped after a few batches each time, and at times at once, it comes to the same. */
START_TEST(stopped_again_and_again)
{
	struct digest whole = runs_digest(&begin, NULL), parts;
	struct stops stops = { .asked = 0 };
	const struct run_front front = { .progress = watch, .stopped = stop_at, .arg = &stops,
					 .threads = 1, .checkpoint_seconds = 3600 };

	start_over();
	for (unsigned i = 0; i < 9; i++) {
		stops.asked = 0;
		stops.at = 1 + i % 4;
		runs_expect(&begin, &front, TRAIN_E_STOPPED, "", "stopped");
	}
	stops.at = 0;
	parts = runs_digest(&begin, &front);
	ck_assert(digest_equal(&whole, &parts));
	ck_assert(!stops.went_back && stops.last_step > 0);
}
END_TEST

/* Wherever a run is stopped once on its way to the last step, also while it measures. */
START_TEST(stopped_anywhere)
{
	struct digest whole = runs_digest(&begin, NULL), parts;
	struct stops stops = { .at = 0 };
	const struct run_front front = { .progress = watch, .stopped = stop_at, .arg = &stops,
					 .threads = 1, .checkpoint_seconds = 3600 };

	while (stops.stage < TRAIN_PROVING) {
		start_over();
		stops = (struct stops){ .at = stops.at + 1 };
		runs_expect(&begin, &front, TRAIN_E_STOPPED, "", "stopped");
		parts = runs_digest(&begin, NULL);
		ck_assert_msg(digest_equal(&whole, &parts), "stopped when asked %u times",
			      stops.at);
	}
	ck_assert_uint_gt(stops.at, 20);
}
END_TEST

/* What follows the last step is left at the next pass, and made anew. */
START_TEST(stopped_while_it_proves)
{
	struct digest whole = runs_digest(&begin, NULL), again;
	struct stops stops = { .at = 0 };
	const struct run_front front = { .progress = watch, .stopped = stop_at, .arg = &stops,
					 .threads = 1, .checkpoint_seconds = 3600 };
	unsigned passes, n = 0;

	again = runs_digest(&begin, &front);
	ck_assert(digest_equal(&whole, &again));
	passes = stops.asked;
	/* Of what is measured, written for the report, recorded, and proven. */
	ck_assert_uint_gt(passes, 60);
	for (unsigned at = 1; at <= passes; at += 1 + passes / 50, n++) {
		stops = (struct stops){ .at = at };
		runs_expect(&begin, &front, TRAIN_E_STOPPED, "", "stopped");
		ck_assert_uint_eq(stops.asked, at);
		ck_assert_uint_eq(stops.stage, TRAIN_PROVING);
	}
	ck_assert_uint_gt(n, 25);
	again = runs_digest(&begin, NULL);
	ck_assert(digest_equal(&whole, &again));
}
END_TEST

static uint64_t random_state = 12345;

static unsigned random_below(unsigned end)
{
	float x = (fixture_random(&random_state) + 1) / 2;

	return MIN((unsigned)(x * (float)end), end - 1);
}

/* In a process of its own: 0 where it came to @expected. */
static pid_t start_run(const struct digest *expected)
{
	pid_t pid = fork();

	if (pid == 0) {
		struct digest digest = runs_digest(&begin, NULL);

		_exit(digest_equal(&digest, expected) ? 0 : 1);
	}
	ck_assert_int_gt(pid, 0);
	return pid;
}

/* Two hundred steps. SIGKILL at random moments, many of them within the writing of a checkpoint,
 * which is after every step: it goes on until it is through. */
START_TEST(killed_again_and_again)
{
	struct train_done done;
	struct train_failed failed;
	struct digest whole;
	unsigned kills = 0;
	int status = -1;

	/* So many are held out that they are measured too seldom for an early end. */
	begin.held_out_fd = runs_rows(ROWS_TAUGHT, 200);
	begin.tokens = 200 * 4 * 32;
	begin.epochs = 0;
	ck_assert_int_eq(runs_train(&begin, NULL, &done, &failed), 0);
	ck_assert_msg(done.better, "%s", done.text.data);
	ck_assert_uint_eq(done.steps, 200);
	whole = done.digest;
	train_done_deinit(&done);
	random_state += (uint64_t)_i;
	start_over();
	while (status != 0) {
		struct timespec pause = { 0, (long)random_below(40) * 1000000 };
		pid_t pid = start_run(&whole);

		if (kills < 40) {
			nanosleep(&pause, NULL);
			kill(pid, SIGKILL);
		}
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		ck_assert_msg(!WIFEXITED(status) || WEXITSTATUS(status) == 0, "another end");
		kills++;
	}
}
END_TEST

/* What it learns, next to nothing, helps nothing that is held out: there is nothing to install,
 * and that is told. */
START_TEST(the_gate_refuses)
{
	static const char *const told[] = { "not better", "<svg", "<th>The adapter</th>" };
	struct train_done done;
	struct train_failed failed;

	begin.held_out_fd = runs_rows(ROWS_OTHER, 30);
	begin.epochs = 60;
	begin.rate = 1e-7f;
	ck_assert_int_eq(runs_train(&begin, NULL, &done, &failed), 0);
	ck_assert(!done.better && done.package_fd == -1 && done.n_canaries == 0);
	ck_assert(strstr(done.text.data, "not better") != NULL);
	ck_assert(done.held_out <= done.held_out_base);
	/* It ended early: an epoch has three steps at least. */
	ck_assert_uint_lt(done.steps, 60 * 3);
	expect_text(done.report_fd, told, ARRAY_SIZE(told));
	train_done_deinit(&done);
}
END_TEST

int main(void)
{
	TCase *c = tcase_create("run");

	tcase_add_checked_fixture(c, setup, teardown);
	/* However busy the machine is: after that it hangs. */
	tcase_set_timeout(c, 600);
	tcase_add_test(c, a_good_one);
	tcase_add_test(c, its_package_is_one);
	tcase_add_test(c, the_base_is_measured_right);
	tcase_add_test(c, twice_and_by_more_threads);
	tcase_add_test(c, what_is_over_is_told_again);
	tcase_add_test(c, long_rows_are_left_out);
	tcase_add_test(c, the_base_is_not_told_for_it);
	tcase_add_test(c, stopped_again_and_again);
	tcase_add_test(c, stopped_anywhere);
	tcase_add_test(c, stopped_while_it_proves);
	tcase_add_loop_test(c, killed_again_and_again, 0, 2);
	tcase_add_test(c, the_gate_refuses);
	return run_tests("run", c);
}
