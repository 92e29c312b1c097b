/* SPDX-License-Identifier: MIT */
/* AdamW (Loshchilov and Hutter 2019), and the schedule of its rate. */
#include <math.h>

#include "adapters/train/train-private.h"
#include "util/macro.h"

static const float beta1 = 0.9f, beta2 = 0.95f, decay = 0.1f;

struct adamw_job {
	struct trainer *t;
	size_t first, n;
	struct adamw_rates rates;
};

static void sum_squares(void *arg, size_t task, unsigned thread)
{
	const struct adamw_job *job = arg;
	const float *g = job->t->trained.g + task * TRAIN_WEIGHTS;

	(void)thread;
	job->t->trained.sums[task] = (double)job->t->ops->dot(g, g, MIN((size_t)TRAIN_WEIGHTS,
							     job->n - task * TRAIN_WEIGHTS));
}

/* The norm of all gradients, summed chunk by chunk whatever the threads. */
static double gradient_norm(struct trainer *t)
{
	struct adamw_job job = { .t = t, .n = t->trained.n };
	size_t chunks = (t->trained.n + TRAIN_WEIGHTS - 1) / TRAIN_WEIGHTS;
	double norm = 0;

	gemm_each(t->gemm, sum_squares, &job, chunks);
	for (size_t i = 0; i < chunks; i++)
		norm += t->trained.sums[i];
	return sqrt(norm);
}

static void change_chunk(void *arg, size_t task, unsigned thread)
{
	const struct adamw_job *job = arg;
	const struct train_block *b = &job->t->trained;
	size_t done = task * TRAIN_WEIGHTS, at = job->first + done;
	size_t n = MIN((size_t)TRAIN_WEIGHTS, job->n - done);

	(void)thread;
	job->t->ops->adamw(b->w + at, b->g + at, b->m1 + at, b->m2 + at, n, &job->rates);
}

static void change(struct adamw_job *job, const float *first, size_t n, float shrink)
{
	job->first = (size_t)(first - job->t->trained.w);
	job->n = n;
	job->rates.shrink = shrink;
	gemm_each(job->t->gemm, change_chunk, job, (n + TRAIN_WEIGHTS - 1) / TRAIN_WEIGHTS);
}

/* Norms are not decayed: they would pull every output towards zero. */
static void change_base(struct adamw_job *job)
{
	struct trainer *t = job->t;

	change(job, t->output.w, t->s.vocab * t->s.width, decay);
	change(job, t->out_norm.w, t->s.width, 0);
	for (uint32_t i = 0; i < t->s.layers; i++) {
		const struct train_layer *l = &t->layers[i];

		change(job, l->norms[BM_NORM_ATTN].w, t->s.width, 0);
		change(job, l->norms[BM_NORM_FFN].w, t->s.width, 0);
	}
	train_muon(t, job->rates.rate, decay);
}

double trainer_step(struct trainer *t, float rate)
{
	struct adamw_job job = { .t = t };
	double norm = gradient_norm(t);

	if (!isfinite(norm))
		return norm;
	t->steps++;
	job.rates = (struct adamw_rates){
		.rate = rate,
		.clip = norm > 1 ? (float)(1 / norm) : 1,
		.beta1 = beta1,
		.beta2 = beta2,
		.correct1 = 1 / (1 - powf(beta1, (float)t->steps)),
		.correct2 = 1 / (1 - powf(beta2, (float)t->steps)),
		.epsilon = 1e-8f,
	};
	if (t->rank)
		change(&job, t->trained.w, t->trained.n, 0);
	else if (t->w)
		change_base(&job);
	return norm;
}

uint64_t trainer_steps(const struct trainer *t)
{
	return t->steps;
}

float train_rate(const struct train_rates *r, uint64_t step)
{
	uint64_t from = r->warmup + r->hold;
	double part;

	if (step < r->warmup)
		return r->peak * (float)(step + 1) / (float)r->warmup;
	if (step >= r->total)
		return r->peak * r->floor;
	if (step < from)
		return r->peak;
	part = (double)(step - from) / (double)(r->total - from);
	return r->peak * (r->floor + (1 - r->floor) * 0.5f * (float)(1 + cos(M_PI * part)));
}
