/* SPDX-License-Identifier: MIT */
/* The steps of a run, what is measured between them, and when it is enough. */
#include <errno.h>
#include <math.h>
#include <string.h>
#include <time.h>

#include "assistantd/engine/run-private.h"
#include "util/macro.h"

enum {
	PATIENCE = 5,		/* measurements that are hardly better end a run */
	WARMUP_PART = 20, WARMUP_MOST = 100,
	PAUSE = 4,		/* a step that takes so many times as long was stopped meanwhile */
};

double run_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

bool run_stopped(const struct run *r)
{
	return r->front->stopped(r->front->arg);
}

static struct train_rates rates_of(const struct run_plan *p)
{
	return (struct train_rates){ .peak = p->rate, .floor = 0.05f, .total = p->total,
				     .warmup = MIN(p->total / WARMUP_PART + 1,
						   (uint64_t)WARMUP_MOST) };
}

static float told_number(double x)
{
	return isfinite(x) ? (float)x : 0;
}

void run_tell(struct run *r, enum train_stage stage)
{
	const struct run_state *s = &r->state;
	const struct run_plan *p = &r->plan;
	struct train_rates rates = rates_of(p);
	struct train_progress told = {
		.stage = stage, .step = s->step, .total = p->total, .tokens = s->tokens,
		.loss = told_number(s->recent), .held_out_base = told_number(s->base),
		/* Until then `last` is the base's own. */
		.held_out = s->measured ? told_number(s->last) : 0,
	};
	double left = r->per_step * (double)(p->total - MIN(s->step, p->total));

	if (stage == TRAIN_TRAINING)
		told.rate = train_rate(&rates, s->step);
	if (r->per_step > 0) {
		told.tokens_per_s = told_number((double)p->rows * p->context / r->per_step);
		told.seconds_left = (uint32_t)fmin(left, UINT32_MAX);
	}
	r->told = run_seconds();
	r->front->progress(r->front->arg, &told);
}

static void add_point(struct run_curve *c, uint64_t step, double loss)
{
	if (c->n < RUN_POINTS)
		c->points[c->n++] = (struct run_point){ step, loss };
}

/* A point of the curve is the mean of the steps since the one before. */
static void note_loss(struct run *r, double loss)
{
	struct run_state *s = &r->state;
	uint64_t steps = r->plan.total / (RUN_POINTS - 1) + 1;

	s->recent = s->step == 1 ? loss : 0.9 * s->recent + 0.1 * loss;
	s->sum += loss;
	if (++s->n_sum == steps || s->step == r->plan.total) {
		add_point(&s->train, s->step, s->sum / (double)s->n_sum);
		s->sum = 0;
		s->n_sum = 0;
	}
}

/* Adds the gradients of the rows from @at on, which have @all targets together; their part of
 * the step's loss goes to @loss. */
static int add_rows(struct run *r, uint64_t at, size_t all, double *loss)
{
	size_t rows[4096], learnt;
	struct train_batch batch;
	double part;
	int err;

	for (uint32_t i = 0; i < r->plan.micro; i++)
		rows[i] = packing_row_at(r->train_rows, at + i);
	learnt = run_fill(r, r->train_rows, rows, r->plan.micro);
	batch = run_batch_of(r);
	batch.weight = (double)learnt / (double)all;
	err = trainer_loss(r->trainer, &batch, true, &part);
	*loss += part * batch.weight;
	return err;
}

static int diverged(struct run *r)
{
	r->blame = TRAIN_E_DIVERGED;
	return diag_set(&r->d, -EDOM, DIAG_RANGE, "rate", "at step %llu the loss is no number any "
			"more; try a smaller one than %g", (unsigned long long)r->state.step + 1,
			(double)r->plan.rate);
}

/* One step, or RUN_STOPPED within one that is to be begun again. */
static int step(struct run *r)
{
	const struct run_plan *p = &r->plan;
	struct train_rates rates = rates_of(p);
	uint64_t first = r->state.step * p->rows;
	double loss = 0, norm;
	size_t all = 0;

	for (uint32_t i = 0; i < p->rows; i++)
		all += packing_learnt(r->train_rows, packing_row_at(r->train_rows, first + i));
	for (uint32_t i = 0; i < p->rows; i += p->micro) {
		int err = run_stopped(r) ? RUN_STOPPED : add_rows(r, first + i, all, &loss);

		if (err != 0)
			return err;
	}
	norm = trainer_step(r->trainer, train_rate(&rates, r->state.step));
	if (!isfinite(loss + norm))
		return diverged(r);
	r->state.step++;
	r->state.tokens += (uint64_t)p->rows * p->context;
	note_loss(r, loss);
	return 0;
}

/* What is better by less than this part of the base's loss is no reason to go on. */
#define LEAST_GAIN 1e-3

/* The best weights are kept; says whether it is enough. */
static int measure(struct run *r, bool *enough)
{
	struct run_state *s = &r->state;
	double mean;
	int err = run_measure(r, r->held_losses, &mean);

	if (err != 0)
		return err;
	if (!isfinite(mean))
		return diverged(r);
	s->last = mean;
	s->measured = s->step;
	add_point(&s->held_out, s->step, mean);
	s->stale = mean < s->best - LEAST_GAIN * s->base ? 0 : s->stale + 1;
	if (mean < s->best) {
		s->best = mean;
		s->best_step = s->step;
		memcpy(r->best, trainer_trained(r->trainer),
		       trainer_n_trained(r->trainer) * sizeof(*r->best));
	}
	*enough = s->stale >= PATIENCE;
	return 0;
}

static void time_step(struct run *r, double took)
{
	if (r->per_step == 0)
		r->per_step = took;
	else if (took < PAUSE * r->per_step)
		r->per_step = 0.95 * r->per_step + 0.05 * took;
}

/* A run that was stopped while it measured begins with that again. */
static bool measuring_due(const struct run *r)
{
	const struct run_state *s = &r->state;

	return s->measured < s->step &&
	       (s->step % r->plan.every == 0 || s->step == r->plan.total);
}

/* A step and what is due behind it. */
static int advance(struct run *r, bool *enough)
{
	double began = run_seconds();
	int err = 0;

	r->blame = TRAIN_E_INTERNAL;
	if (!measuring_due(r)) {
		err = step(r);
		if (err != 0)
			return err;
		time_step(r, run_seconds() - began);
	}
	if (measuring_due(r))
		err = measure(r, enough);
	if (err == 0 && run_seconds() - r->told >= 1)
		run_tell(r, TRAIN_TRAINING);
	return err;
}

int run_steps(struct run *r)
{
	struct run_state *s = &r->state;
	bool enough = false;
	int err = 0;

	while (err == 0 && !s->finished) {
		err = advance(r, &enough);
		if (err == 0)
			s->finished = enough || s->step == r->plan.total;
		if (err == 0 && (s->finished ||
				 run_seconds() - r->saved >= r->front->checkpoint_seconds))
			err = run_save(r);
	}
	if (err == RUN_STOPPED) {
		/* Of the step that was begun nothing is kept. */
		int saved = run_save(r);

		err = saved < 0 ? saved : err;
	}
	return err;
}
