/* SPDX-License-Identifier: MIT */
/*
 * Muon (Jordan 2024, https://kellerjordan.github.io/posts/muon/) for the matrices of a base's
 * layers: a step is the momentum with its singular values brought near one, so that the few
 * directions of large gradients do not drown the others. Its size is that of AdamW's steps
 * (Liu et al. 2025, arXiv:2502.16982), so that one learning rate serves both.
 */
#include <math.h>

#include "adapters/train/train-private.h"
#include "util/macro.h"

static const float momentum = 0.95f, size = 0.2f;

/* x becomes a x + b (x xᵀ) x + c (x xᵀ)² x, by Jordan's coefficients: after five times every
 * singular value from 0.01 to 1 lies between 0.7 and 1.2. */
enum { ITERATIONS = 5 };
static const float step_a = 3.4445f, step_b = -4.775f, step_c = 2.0315f;

struct muon_job {
	struct trainer *t;
	const struct train_matrix *m;
	float *mean, *x, *next;			/* [out][in] */
	float *gram, *square, *polynomial;	/* [side][side] */
	size_t n, side;
	float by, shrink;
};

size_t train_muon_floats(const struct train_shape *s)
{
	size_t wide = MAX(s->width, s->ffn);

	return 2 * (size_t)s->width * wide + 3 * (size_t)s->width * s->width;
}

static size_t chunk(const struct muon_job *job, size_t task)
{
	return MIN((size_t)TRAIN_WEIGHTS, job->n - task * TRAIN_WEIGHTS);
}

static void lean_chunk(void *arg, size_t task, unsigned thread)
{
	const struct muon_job *job = arg;
	const struct vector_ops *ops = job->t->ops;
	size_t at = task * TRAIN_WEIGHTS, n = chunk(job, task);

	(void)thread;
	ops->lean(job->m->g + at, job->mean + at, job->x + at, n, momentum);
	job->t->trained.sums[task] = (double)ops->dot(job->x + at, job->x + at, n);
}

static void scale_chunk(void *arg, size_t task, unsigned thread)
{
	const struct muon_job *job = arg;

	(void)thread;
	job->t->ops->scale(job->x + task * TRAIN_WEIGHTS, chunk(job, task), job->by);
}

static void approach_chunk(void *arg, size_t task, unsigned thread)
{
	const struct muon_job *job = arg;
	size_t at = task * TRAIN_WEIGHTS;

	(void)thread;
	job->t->ops->approach(job->m->w + at, job->x + at, chunk(job, task), job->by, job->shrink);
}

/* Nesterov's momentum as @x, with a norm of one, which bounds its singular values. */
static void lean(struct muon_job *job)
{
	size_t chunks = (job->n + TRAIN_WEIGHTS - 1) / TRAIN_WEIGHTS;
	double sum = 0;

	gemm_each(job->t->gemm, lean_chunk, job, chunks);
	for (size_t i = 0; i < chunks; i++)
		sum += job->t->trained.sums[i];
	job->by = (float)(1 / (sqrt(sum) + 1e-12));
	gemm_each(job->t->gemm, scale_chunk, job, chunks);
}

static void polynomial_row(void *arg, size_t row, unsigned thread)
{
	const struct muon_job *job = arg;
	size_t at = row * job->side;

	(void)thread;
	for (size_t i = at; i < at + job->side; i++)
		job->polynomial[i] = step_b * job->gram[i] + step_c * job->square[i];
	job->polynomial[at + row] += step_a;
}

/* With the square of the shorter side, from the left or from the right. */
static void iterate(struct muon_job *job)
{
	size_t out = job->m->out, in = job->m->in, n = job->side;
	struct gemm *g = job->t->gemm;
	bool tall = out > in;
	float *x;

	gemm_run(g, &(struct gemm_args){ .a = job->x, .b = job->x, .c = job->gram, .m = n, .n = n,
					 .k = tall ? out : in, .a_transposed = tall,
					 .b_transposed = !tall });
	gemm_run(g, &(struct gemm_args){ .a = job->gram, .b = job->gram, .c = job->square, .m = n,
					 .n = n, .k = n });
	gemm_each(g, polynomial_row, job, n);
	gemm_run(g, &(struct gemm_args){ .a = tall ? job->x : job->polynomial,
					 .b = tall ? job->polynomial : job->x, .c = job->next,
					 .m = out, .n = in, .k = n });
	x = job->x;
	job->x = job->next;
	job->next = x;
}

void train_muon(struct trainer *t, const struct train_matrix *m, float rate, float decay)
{
	size_t most = (size_t)t->s.width * MAX(t->s.width, t->s.ffn);
	size_t square = (size_t)t->s.width * t->s.width;
	float *squares = t->muon + 2 * most;
	struct muon_job job = {
		.t = t, .m = m, .mean = t->trained.m1 + (m->w - t->trained.w),
		.x = t->muon, .next = t->muon + most, .gram = squares, .square = squares + square,
		.polynomial = squares + 2 * square,
		.n = m->out * m->in, .side = MIN(m->out, m->in),
	};

	lean(&job);
	for (int i = 0; i < ITERATIONS; i++)
		iterate(&job);
	job.by = rate * size * sqrtf((float)MAX(m->out, m->in));
	job.shrink = 1 - rate * decay;
	gemm_each(t->gemm, approach_chunk, &job, (job.n + TRAIN_WEIGHTS - 1) / TRAIN_WEIGHTS);
}
