/* SPDX-License-Identifier: MIT */
#include "assistantd/engine/training.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "adapters/train/random.h"
#include "assistantd/engine/run.h"
#include "assistantd/engine/verbs.h"
#include "util/macro.h"

enum { REPORT_SECONDS = 15, CHECKPOINT_SECONDS = 180, HELD_OUT_BATCHES = 4 };
enum { HELD_OUT_PART = 30 };	/* measuring takes at most one part in so many of the time */

/* A run in progress. */
struct progress {
	double began, reported, saved;
	double measured;	/* seconds that the last report took */
	uint64_t first_step, total;
	double loss;		/* running mean */
	int32_t *tokens, *targets;
	uint32_t *begins;
	struct train_batch batch;	/* of these */
};

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
	(void)number;
	interrupted = 1;
}

static int load_one(struct training_data *data, const struct gguf *g, uint32_t context)
{
	struct diag d = DIAG_NULL;
	_cleanup_close_ int fd = verb_open(data->path, &d);
	int r = fd < 0 ? -EINVAL : dataset_load(&data->examples, g, fd, context, &d);

	if (r < 0) {
		diag_set(&d, r, DIAG_SYSTEM, "", "%s", strerror(-r));
		return verb_fail(data->path, &d);
	}
	fprintf(stderr, "%s: %zu examples, %zu tokens, %zu too long\n", data->path,
		dataset_n_examples(data->examples), dataset_n_tokens(data->examples),
		dataset_n_skipped(data->examples));
	return VERB_OK;
}

int training_load(struct training *t, const struct gguf *g)
{
	int status = VERB_OK;

	for (size_t i = 0; status == VERB_OK && i < t->n_data; i++)
		status = load_one(&t->data[i], g, t->context);
	if (status == VERB_OK && t->held_out.path)
		status = load_one(&t->held_out, g, t->context);
	return status;
}

void training_deinit(struct training *t)
{
	for (size_t i = 0; i < t->n_data; i++)
		dataset_free(t->data[i].examples);
	dataset_free(t->held_out.examples);
	trainer_free(t->trainer);
}

static void draw_row(const struct training *t, const struct dataset *examples, uint64_t random,
		     size_t row, struct progress *p)
{
	size_t at = row * t->context;

	dataset_draw(examples, random, p->tokens + at, p->targets + at, p->begins + at);
}

/* The sequences of a step depend on the seed and the step alone, so that a resumed run goes
 * on as the interrupted one would have. */
static void draw_batch(const struct training *t, uint64_t step, struct progress *p)
{
	double all = 0;

	for (size_t i = 0; i < t->n_data; i++)
		all += t->data[i].share;
	for (size_t row = 0; row < t->rows; row++) {
		uint64_t random = random_hash(random_hash(t->seed ^ step << 16) + row);
		double at = (double)(random >> 11) * 0x1p-53 * all;
		size_t i = 0;

		while (i + 1 < t->n_data && at >= t->data[i].share)
			at -= t->data[i++].share;
		draw_row(t, t->data[i].examples, random_hash(random), row, p);
	}
}

static double held_out_loss(struct training *t, struct progress *p)
{
	double sum = 0, loss = 0;

	for (uint64_t k = 0; k < HELD_OUT_BATCHES; k++) {
		for (size_t row = 0; row < t->rows; row++)
			draw_row(t, t->held_out.examples, random_hash(k * t->rows + row), row, p);
		if (trainer_loss(t->trainer, &p->batch, false, &loss) < 0)
			return NAN;
		sum += loss;
	}
	return sum / HELD_OUT_BATCHES;
}

static void report(struct training *t, struct progress *p, uint64_t step)
{
	double now = run_seconds(), per_step, left, limit = (double)t->minutes * 60;
	double tokens = (double)(t->rows * t->context);

	p->reported = now;
	per_step = (now - p->began) / (double)(step - p->first_step);
	left = per_step * (double)(p->total - step);
	if (t->minutes)
		left = fmin(left, fmax(limit - (now - p->began), 0));
	fprintf(stderr, "step %llu of %llu, %.2f M tokens, loss %.4f", (unsigned long long)step,
		(unsigned long long)p->total, (double)step * tokens / 1e6, p->loss);
	if (t->held_out.path)
		fprintf(stderr, ", held out %.4f", held_out_loss(t, p));
	fprintf(stderr, ", %.0f tokens/s, %.0f min left\n", tokens / per_step, left / 60);
	p->measured = run_seconds() - now;
}

static int save(struct training *t, struct progress *p)
{
	_cleanup_free_ char *fresh = NULL;
	_cleanup_close_ int fd = -1;
	int r;

	p->saved = run_seconds();
	if (asprintf(&fresh, "%s.new", t->checkpoint) < 0)
		return -ENOMEM;
	fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	r = trainer_save(t->trainer, fd);
	if (r == 0 && (fsync(fd) < 0 || rename(fresh, t->checkpoint) < 0))
		r = -errno;
	return r;
}

/* @name is that of the file that an error is of. */
static int resume(struct training *t, const char **name)
{
	_cleanup_close_ int fd = open(t->checkpoint, O_RDONLY | O_CLOEXEC), start = -1;

	*name = t->checkpoint;
	if (fd >= 0)
		return trainer_load(t->trainer, fd);
	if (errno != ENOENT)
		return -errno;
	if (!t->start)
		return 0;
	*name = t->start;
	start = open(t->start, O_RDONLY | O_CLOEXEC);
	return start < 0 ? -errno : trainer_load_weights(t->trainer, start);
}

static int steps(struct training *t, struct progress *p)
{
	struct train_rates rates = { t->rate, 0.05f, MIN(p->total / 20 + 1, (uint64_t)200),
				     (uint64_t)(t->hold * (double)p->total), p->total };
	int r = 0;

	for (uint64_t step = p->first_step; r == 0 && step < p->total && !interrupted; step++) {
		double now = run_seconds(), part = 0, loss, norm;

		if (t->minutes)
			part = (now - p->began) / ((double)t->minutes * 60);
		if (part >= 1)
			break;
		draw_batch(t, step, p);
		r = trainer_loss(t->trainer, &p->batch, true, &loss);
		if (r < 0)
			break;
		p->loss = step == p->first_step ? loss : 0.98 * p->loss + 0.02 * loss;
		/* Whichever ends the run first also ends the decay of the rate. */
		part *= (double)p->total;
		norm = trainer_step(t->trainer, train_rate(&rates, MAX(step, (uint64_t)part)));
		if (!isfinite(loss + norm))
			return -EDOM;
		if (now - p->reported > fmax(REPORT_SECONDS, HELD_OUT_PART * p->measured))
			report(t, p, step + 1);
		if (now - p->saved > CHECKPOINT_SECONDS)
			r = save(t, p);
	}
	return r;
}

int training_run(struct training *t, bool *done)
{
	size_t n = t->rows * t->context;
	struct progress p = { .began = run_seconds() };
	struct sigaction action = { .sa_handler = on_signal };
	const char *name = t->checkpoint;
	int r;

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	p.tokens = calloc(n, sizeof(*p.tokens));
	p.targets = calloc(n, sizeof(*p.targets));
	p.begins = calloc(n, sizeof(*p.begins));
	p.batch = (struct train_batch){ .tokens = p.tokens, .targets = p.targets,
					.begins = p.begins };
	p.saved = p.reported = p.began;
	p.total = (t->tokens + n - 1) / n;
	r = p.tokens && p.targets && p.begins ? resume(t, &name) : -ENOMEM;
	p.first_step = trainer_steps(t->trainer);
	if (r == 0) {
		name = t->checkpoint;
		r = steps(t, &p);
	}
	if (r == 0)
		r = save(t, &p);
	if (r == 0 && trainer_steps(t->trainer) > p.first_step)
		report(t, &p, trainer_steps(t->trainer));
	free(p.tokens);
	free(p.targets);
	free(p.begins);
	*done = !interrupted;
	if (r == -EDOM) {
		fprintf(stderr, "error: step %llu: the loss is no number any more; try a smaller "
			"--rate, or go on from a checkpoint of an earlier time\n",
			(unsigned long long)trainer_steps(t->trainer) + 1);
		return VERB_BAD_INPUT;
	}
	if (r < 0) {
		fprintf(stderr, "error: %s: %s\n", name, strerror(-r));
		return VERB_BAD_INPUT;
	}
	return VERB_OK;
}
