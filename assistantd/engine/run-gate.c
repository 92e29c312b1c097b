/* SPDX-License-Identifier: MIT */
/*
 * Whether an adapter is worth having: by how much the rows that were held out became more likely
 * than they are to the base alone. It must be more than twice the standard error of that figure,
 * so that chance alone passes one time in forty, and one part in a hundred of the base's loss: less
 * would hardly be seen. The error is that of a ratio of sums over examples, whose tokens are
 * not independent (Cochran 1977, Sampling Techniques, 6.4); the differences are paired, since
 * rows differ from each other much more than the two models do on one.
 */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "assistantd/engine/run-private.h"
#include "util/macro.h"

#define LEAST_PART 0.01
#define ERRORS 2.0

/* Of the rows of the last batch, from @first on: the sums of their examples, which follow each
 * other from *@at on. */
static void add_losses(const struct run *r, const double *position, size_t first, size_t n,
		       double *losses, size_t *at)
{
	for (size_t row = first; row < first + n; row++) {
		const double *x = position + (row - first) * r->plan.context;
		size_t count;
		const size_t *which = packing_examples(r->held_rows, row, &count);

		for (size_t i = 0; i < count; i++, (*at)++) {
			size_t len = dataset_example(r->held, which[i]).n;

			losses[*at] = 0;
			for (size_t k = 0; k < len; k++)
				losses[*at] += *x++;
		}
	}
}

int run_measure(struct run *r, double *losses, double *mean)
{
	size_t n_rows = packing_n_rows(r->held_rows), at = 0, learnt = 0;
	_cleanup_free_ double *position = calloc((size_t)r->plan.micro * r->plan.context,
						 sizeof(*position));
	double sum = 0;

	if (!position)
		return -ENOMEM;
	for (size_t row = 0; row < n_rows; row += r->plan.micro) {
		size_t n = MIN((size_t)r->plan.micro, n_rows - row), rows[4096];
		struct train_batch batch = run_batch_of(r);
		double loss;
		int err;

		if (run_stopped(r))
			return RUN_STOPPED;
		for (size_t i = 0; i < n; i++)
			rows[i] = row + i;
		learnt += run_fill(r, r->held_rows, rows, n);
		err = trainer_loss(r->trainer, &batch, false, &loss);
		if (err < 0)
			return err;
		trainer_losses(r->trainer, position);
		add_losses(r, position, row, n, losses, &at);
	}
	for (size_t i = 0; i < at; i++)
		sum += losses[i];
	*mean = sum / (double)learnt;
	return 0;
}

/* Targets of the examples, in the order of their losses. */
static size_t count_targets(const struct run *r, double *targets)
{
	size_t at = 0;

	for (size_t row = 0; row < packing_n_rows(r->held_rows); row++) {
		size_t n;
		const size_t *which = packing_examples(r->held_rows, row, &n);

		for (size_t i = 0; i < n; i++) {
			struct dataset_example e = dataset_example(r->held, which[i]);

			targets[at++] = (double)(e.n - MAX(e.given, (size_t)1));
		}
	}
	return at;
}

static int judge(struct run *r)
{
	_cleanup_free_ double *targets = calloc(r->n_held, sizeof(*targets));
	double all = 0, gain = 0, squares = 0;
	size_t n = targets ? count_targets(r, targets) : 0;

	if (!targets)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		all += targets[i];
		gain += r->base_losses[i] - r->held_losses[i];
	}
	gain /= all;
	for (size_t i = 0; i < n; i++) {
		double rest = r->base_losses[i] - r->held_losses[i] - gain * targets[i];

		squares += rest * rest;
	}
	r->gate.error = n > 1 ? sqrt(squares * (double)n / (double)(n - 1)) / all : 0;
	r->gate.margin = fmax(LEAST_PART * r->state.base, ERRORS * r->gate.error);
	r->gate.better = gain > r->gate.margin;
	return 0;
}

int run_judge(struct run *r)
{
	double mean;
	int err;

	memcpy(trainer_trained(r->trainer), r->best,
	       trainer_n_trained(r->trainer) * sizeof(*r->best));
	err = run_measure(r, r->held_losses, &mean);
	r->state.last = mean;
	return err != 0 ? err : judge(r);
}
