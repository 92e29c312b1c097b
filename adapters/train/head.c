/* SPDX-License-Identifier: MIT */
/*
 * From the last layer to the loss and back. Logits are there for some positions at a time: those
 * of a whole sequence with a vocabulary of 128,000 tokens would be larger than anything else.
 */
#include <math.h>
#include <string.h>

#include "adapters/train/train-private.h"
#include "util/macro.h"

struct head_job {
	struct trainer *t;
	const int32_t *targets;
	float count;		/* what a position's gradient is divided by */
	size_t first, n;	/* of the picked positions */
};

/* logits = cap tanh(logits / cap), which are kept in @uncapped as the tanh. */
static void bound(float *p, float *uncapped, size_t n, float cap)
{
	for (size_t j = 0; j < n; j++) {
		uncapped[j] = tanhf(p[j] / cap);
		p[j] = cap * uncapped[j];
	}
}

/* Turns the logits of one picked position into the gradient (p - onehot) / count, and keeps
 * its loss. */
static void position_loss(void *arg, size_t i, unsigned thread)
{
	const struct head_job *job = arg;
	struct trainer *t = job->t;
	size_t vocab = t->s.vocab;
	float *p = t->logits + i * vocab, *raw = t->uncapped + thread * vocab;
	float count = job->count, max, sum, cap = t->c.logit_cap;
	int32_t target = job->targets[t->picked[job->first + i]];
	double chosen;

	if (cap > 0)
		bound(p, raw, vocab, cap);
	chosen = (double)p[target];
	sum = t->ops->exponentials(p, vocab, &max);
	t->losses[job->first + i] = (double)max - chosen + log((double)sum);
	t->ops->scale(p, vocab, 1 / (sum * count));
	p[target] -= 1 / count;
	for (size_t j = 0; cap > 0 && j < vocab; j++)
		p[j] *= 1 - raw[j] * raw[j];
}

static void gather(const struct head_job *job)
{
	struct trainer *t = job->t;
	size_t d = t->s.width;

	for (size_t i = 0; i < job->n; i++)
		memcpy(t->head_in + i * d, t->out_in + t->picked[job->first + i] * d,
		       d * sizeof(float));
	if (t->c.logit_divisor != 1)
		t->ops->scale(t->head_in, job->n * d, 1 / t->c.logit_divisor);
}

static void scatter(const struct head_job *job)
{
	struct trainer *t = job->t;
	size_t d = t->s.width;

	if (t->c.logit_divisor != 1)
		t->ops->scale(t->dhead, job->n * d, 1 / t->c.logit_divisor);
	for (size_t i = 0; i < job->n; i++)
		memcpy(t->dt + t->picked[job->first + i] * d, t->dhead + i * d,
		       d * sizeof(float));
}

double train_head(struct trainer *t, const struct train_batch *batch, bool backward)
{
	struct head_job job = { .t = t, .targets = batch->targets };
	size_t bytes = t->n * t->s.width * sizeof(float);
	double sum = 0;

	job.count = (float)((double)t->n_picked / (batch->weight > 0 ? batch->weight : 1));
	train_norm(t, &t->out_norm, t->n, t->last, t->out_in, t->out_r);
	memset(t->dt, 0, bytes);
	for (; job.first < t->n_picked; job.first += job.n) {
		job.n = MIN(t->n_head, t->n_picked - job.first);
		gather(&job);
		train_product(t, &t->output, job.n, t->head_in, NULL, t->logits);
		gemm_each(t->gemm, position_loss, &job, job.n);
		if (!backward)
			continue;
		train_product_back(t, &t->output, job.n, t->logits, t->head_in, t->dhead, false);
		scatter(&job);
	}
	for (size_t i = 0; i < t->n_picked; i++)
		sum += t->losses[i];
	memset(t->dx, 0, bytes);
	if (backward)
		train_norm_back(t, &t->out_norm, t->n, t->last, t->out_r, t->dt, t->dx);
	return sum / (double)t->n_picked;
}
