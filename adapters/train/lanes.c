/* SPDX-License-Identifier: MIT */
/*
 * Cores that share no cache lose a third of their time where all of them work on one product:
 * what one wrote the next has to get from it. So the rows of a base of our own are shared out:
 * each lane is a trainer with some of the rows, activations and gradients of its own and the
 * weights of all. Their number is fixed, and gradients are added lane by lane, so that a step
 * does not depend on the threads.
 */
#include <errno.h>
#include <string.h>

#include "adapters/train/train-private.h"
#include "util/macro.h"

struct lanes_job {
	struct trainer *t;
	const struct train_batch *batch;
	bool backward;
	size_t picked[TRAIN_LANES];
	double losses[TRAIN_LANES];
	int results[TRAIN_LANES];
};

int train_open_lanes(struct trainer *t)
{
	unsigned threads = MAX(t->threads / TRAIN_LANES, 1u);

	if (t->rows % TRAIN_LANES != 0)
		return 0;
	for (size_t i = 0; i < TRAIN_LANES; i++) {
		int r = train_new_lane(&t->lanes[i], t, t->rows / TRAIN_LANES, threads);

		if (r < 0)
			return r;
	}
	t->has_lanes = true;
	return 0;
}

void train_close_lanes(struct trainer *t)
{
	for (size_t i = 0; i < TRAIN_LANES; i++) {
		if (t->lanes[i])
			t->lanes[i]->w = t->lanes[i]->trained.w = NULL;
		t->lanes[i] = trainer_free(t->lanes[i]);
	}
	t->has_lanes = false;
}

/* The parts of the batch weigh by their targets. */
static void run_lane(void *arg, size_t i, unsigned thread)
{
	struct lanes_job *job = arg;
	struct trainer *lane = job->t->lanes[i];
	const struct train_batch *all = job->batch;
	size_t first = i * lane->n;
	struct train_batch part = {
		.tokens = all->tokens + first, .targets = all->targets + first,
		.begins = all->begins ? all->begins + first : NULL,
		.weight = (all->weight > 0 ? all->weight : 1) * (double)job->picked[i] /
			  (double)job->t->n_picked,
	};

	(void)thread;
	if (job->picked[i])
		job->results[i] = trainer_loss(lane, &part, job->backward, &job->losses[i]);
}

static void add_chunk(void *arg, size_t task, unsigned thread)
{
	struct trainer *t = arg;
	size_t at = task * TRAIN_WEIGHTS, n = MIN((size_t)TRAIN_WEIGHTS, t->trained.n - at);

	(void)thread;
	for (size_t i = 0; i < TRAIN_LANES; i++) {
		t->ops->blend(t->trained.g + at, t->lanes[i]->trained.g + at, n, 1, 1);
		memset(t->lanes[i]->trained.g + at, 0, n * sizeof(float));
	}
}

int train_run_lanes(struct trainer *t, const struct train_batch *batch, bool backward,
		    double *loss)
{
	struct lanes_job job = { .t = t, .batch = batch, .backward = backward };
	size_t at = 0;

	for (size_t i = 0; i < t->n_picked; i++)
		job.picked[t->picked[i] / t->lanes[0]->n]++;
	gemm_each(t->gemm, run_lane, &job, TRAIN_LANES);
	*loss = 0;
	for (size_t i = 0; i < TRAIN_LANES; at += job.picked[i++]) {
		if (job.results[i] < 0)
			return job.results[i];
		memcpy(t->losses + at, t->lanes[i]->losses, job.picked[i] * sizeof(double));
		*loss += job.losses[i] * (double)job.picked[i] / (double)t->n_picked;
	}
	if (backward)
		gemm_each(t->gemm, add_chunk, t,
			  (t->trained.n + TRAIN_WEIGHTS - 1) / TRAIN_WEIGHTS);
	return 0;
}
