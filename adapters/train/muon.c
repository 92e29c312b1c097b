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

/* One matrix, by one thread. */
struct muon_job {
	struct trainer *t;
	const struct train_matrix *m;
	float *mean, *x, *next;		/* [out][in] */
	float *gram, *square;		/* [side][side] */
	size_t n, side;
	unsigned thread;
};

size_t train_muon_floats(const struct train_shape *s)
{
	size_t wide = MAX(s->width, s->ffn);

	return 2 * (size_t)s->width * wide + 2 * (size_t)s->width * s->width;
}

/* Nesterov's momentum as @x, with a norm of one, which bounds its singular values. */
static void lean(struct muon_job *job)
{
	const struct vector_ops *ops = job->t->ops;
	double sum = 0;

	for (size_t at = 0; at < job->n; at += TRAIN_WEIGHTS) {
		size_t n = MIN((size_t)TRAIN_WEIGHTS, job->n - at);

		ops->lean(job->m->g + at, job->mean + at, job->x + at, n, momentum);
		sum += (double)ops->dot(job->x + at, job->x + at, n);
	}
	ops->scale(job->x, job->n, (float)(1 / (sqrt(sum) + 1e-12)));
}

/* What stands below the diagonal, above it, too: tile by tile, so that lines are read whole. */
static void mirror(float *square, size_t n)
{
	enum { TILE = 16 };

	for (size_t i = 0; i < n; i += TILE)
		for (size_t j = 0; j <= i; j += TILE)
			for (size_t k = i; k < MIN(i + TILE, n); k++)
				for (size_t l = j; l < MIN(j + TILE, k); l++)
					square[l * n + k] = square[k * n + l];
}

/* With the square of the shorter side, from the left or from the right. Squares are symmetric:
 * one half is computed. */
static void iterate(struct muon_job *job)
{
	size_t out = job->m->out, in = job->m->in, n = job->side;
	struct gemm *g = job->t->gemm;
	bool tall = out > in;
	float *x;

	gemm_run_alone(g, &(struct gemm_args){
		.a = job->x, .b = job->x, .c = job->gram, .m = n, .n = n, .k = tall ? out : in,
		.a_transposed = tall, .b_transposed = !tall, .triangle = GEMM_LOWER_C },
		job->thread);
	mirror(job->gram, n);
	gemm_run_alone(g, &(struct gemm_args){
		.a = job->gram, .b = job->gram, .c = job->square, .m = n, .n = n, .k = n,
		.triangle = GEMM_LOWER_C }, job->thread);
	for (size_t i = 0; i < n; i++) {
		float *row = job->square + i * n;

		job->t->ops->blend(row, job->gram + i * n, i + 1, step_c, step_b);
		row[i] += step_a;
	}
	mirror(job->square, n);
	gemm_run_alone(g, &(struct gemm_args){
		.a = tall ? job->x : job->square, .b = tall ? job->square : job->x,
		.c = job->next, .m = out, .n = in, .k = n }, job->thread);
	x = job->x;
	job->x = job->next;
	job->next = x;
}

struct muon_step {
	struct trainer *t;
	float rate, decay;
};

/* A matrix of a layer: the large ones first, so that the threads end together. */
static const struct train_matrix *matrix_at(const struct trainer *t, size_t task)
{
	static const enum bm_matrix order[] = { BM_FFN_GATE, BM_FFN_UP, BM_FFN_DOWN, BM_ATTN_Q,
						BM_ATTN_OUTPUT, BM_ATTN_K, BM_ATTN_V };

	_Static_assert(ARRAY_SIZE(order) == TRAIN_MATRICES, "every matrix once");
	return &t->layers[task % t->s.layers].m[order[task / t->s.layers]];
}

static void change_matrix(void *arg, size_t task, unsigned thread)
{
	const struct muon_step *step = arg;
	struct trainer *t = step->t;
	const struct train_matrix *m = matrix_at(t, task);
	size_t most = (size_t)t->s.width * MAX(t->s.width, t->s.ffn);
	float *own = t->muon + thread * train_muon_floats(&t->s);
	struct muon_job job = {
		.t = t, .m = m, .mean = t->trained.m1 + (m->w - t->trained.w), .x = own,
		.next = own + most, .gram = own + 2 * most,
		.square = own + 2 * most + (size_t)t->s.width * t->s.width,
		.n = m->out * m->in, .side = MIN(m->out, m->in), .thread = thread,
	};

	lean(&job);
	for (int i = 0; i < ITERATIONS; i++)
		iterate(&job);
	t->ops->blend(m->w, job.x, job.n, 1 - step->rate * step->decay,
		      -step->rate * size * sqrtf((float)MAX(m->out, m->in)));
}

void train_muon(struct trainer *t, float rate, float decay)
{
	struct muon_step step = { t, rate, decay };

	gemm_each(t->gemm, change_matrix, &step, (size_t)TRAIN_MATRICES * t->s.layers);
}
