/* SPDX-License-Identifier: MIT */
/* What is done position by position: norms, activation, rotation. A task is a chunk of fixed
 * size, and sums over positions are added chunk by chunk, whatever the number of threads. */
#include <math.h>
#include <string.h>

#include "adapters/train/train-private.h"
#include "util/macro.h"

struct chunk_job {
	struct trainer *t;
	const struct train_saved *a;
	const struct train_norm *norm;
	const float *x, *dy;
	float *y, *r;
	size_t n, heads, width;
	float by;
	enum bm_rotation rotation;
	bool back;
};

size_t train_chunks(size_t n)
{
	return (n + TRAIN_CHUNK - 1) / TRAIN_CHUNK;
}

static size_t chunk_end(const struct chunk_job *job, size_t task)
{
	return MIN((task + 1) * TRAIN_CHUNK, job->n);
}

static void run_chunks(struct chunk_job *job, gemm_fn fn)
{
	gemm_each(job->t->gemm, fn, job, train_chunks(job->n));
}

/* y = x w r with r = 1 / sqrt(mean(x^2) + eps) (Zhang and Sennrich 2019, arXiv:1910.07467). */
static void norm_chunk(void *arg, size_t task, unsigned thread)
{
	const struct chunk_job *job = arg;
	const struct vector_ops *ops = job->t->ops;
	size_t d = job->norm->width;

	(void)thread;
	for (size_t i = task * TRAIN_CHUNK; i < chunk_end(job, task); i++) {
		const float *x = job->x + i * d;

		job->r[i] = 1 / sqrtf(ops->dot(x, x, d) / (float)d + job->t->s.eps);
		ops->norm(x, job->norm->w, job->r[i], job->y + i * d, d);
	}
}

void train_norm(struct trainer *t, const struct train_norm *norm, size_t n, const float *x,
		float *y, float *r)
{
	struct chunk_job job = { .t = t, .norm = norm, .n = n, .x = x, .y = y, .r = r };

	run_chunks(&job, norm_chunk);
}

/* dx += r w dy - x r^3 sum(w dy x) / width */
static void norm_back_chunk(void *arg, size_t task, unsigned thread)
{
	const struct chunk_job *job = arg;
	const struct vector_ops *ops = job->t->ops;
	const struct train_norm *norm = job->norm;
	size_t d = norm->width;
	float *dw = norm->g ? job->t->partial + task * d : NULL;

	(void)thread;
	if (dw)
		memset(dw, 0, d * sizeof(float));
	for (size_t i = task * TRAIN_CHUNK; i < chunk_end(job, task); i++) {
		const float *x = job->x + i * d, *dy = job->dy + i * d;
		float r = job->r[i];
		float sub = ops->dot3(norm->w, dy, x, d) * r * r * r / (float)d;

		ops->norm_back(dy, x, norm->w, r, sub, job->y + i * d, dw, d);
	}
}

void train_norm_back(struct trainer *t, const struct train_norm *norm, size_t n, const float *x,
		     const float *r, const float *dy, float *dx)
{
	struct chunk_job job = { .t = t, .norm = norm, .n = n, .x = x, .dy = dy, .y = dx,
				 .r = (float *)r };

	run_chunks(&job, norm_back_chunk);
	for (size_t i = 0; norm->g && i < train_chunks(n); i++)
		for (size_t j = 0; j < norm->width; j++)
			norm->g[j] += t->partial[i * norm->width + j];
}

static void activate_chunk(void *arg, size_t task, unsigned thread)
{
	const struct chunk_job *job = arg;
	struct trainer *t = job->t;
	const struct vector_ops *ops = t->ops;
	const struct train_saved *a = job->a;
	bool gelu = t->c.family->ffn == FFN_GELU_GATE;
	size_t at = task * TRAIN_CHUNK * t->s.ffn, n = chunk_end(job, task) * t->s.ffn - at;

	(void)thread;
	if (job->back)
		(gelu ? ops->geglu_back : ops->swiglu_back)
			(a->gate + at, a->up + at, t->dhidden + at, t->dgate + at, t->dup + at, n);
	else
		(gelu ? ops->geglu : ops->swiglu)(a->gate + at, a->up + at, a->hidden + at, n);
}

void train_activate(struct trainer *t, const struct train_saved *a)
{
	struct chunk_job job = { .t = t, .a = a, .n = t->n };

	run_chunks(&job, activate_chunk);
}

void train_activate_back(struct trainer *t, const struct train_saved *a)
{
	struct chunk_job job = { .t = t, .a = a, .n = t->n, .back = true };

	run_chunks(&job, activate_chunk);
}

static void rope_chunk(void *arg, size_t task, unsigned thread)
{
	const struct chunk_job *job = arg;
	const struct trainer *t = job->t;
	size_t pairs = t->c.rope_dim / 2;
	bool halves = t->c.family->pairs == ROPE_HALVES;

	(void)thread;
	for (size_t i = task * TRAIN_CHUNK; i < chunk_end(job, task); i++) {
		const float *cos = t->cos[job->rotation] + t->places[i] * pairs;
		const float *sin = t->sin[job->rotation] + t->places[i] * pairs;
		float *x = job->y + i * job->heads * t->head;

		for (size_t h = 0; h < job->heads; h++)
			(halves ? t->ops->turn_halves : t->ops->turn)
				(x + h * t->head, cos, sin, pairs, job->back ? -1 : 1);
	}
}

void train_rope(struct trainer *t, uint32_t layer, float *x, size_t heads, bool back)
{
	struct chunk_job job = { .t = t, .n = t->n, .y = x, .heads = heads, .back = back,
				 .rotation = t->c.layers[layer].rotation };

	if (job.rotation != BM_ROTATE_NONE)
		run_chunks(&job, rope_chunk);
}

static void temper_chunk(void *arg, size_t task, unsigned thread)
{
	const struct chunk_job *job = arg;
	const struct trainer *t = job->t;

	(void)thread;
	for (size_t i = task * TRAIN_CHUNK; i < chunk_end(job, task); i++)
		t->ops->scale(job->y + i * t->q, t->q, t->temperatures[t->places[i]]);
}

void train_temper(struct trainer *t, float *q)
{
	struct chunk_job job = { .t = t, .n = t->n, .y = q };

	if (t->temperatures)
		run_chunks(&job, temper_chunk);
}

static void add_chunk(void *arg, size_t task, unsigned thread)
{
	const struct chunk_job *job = arg;
	size_t at = task * TRAIN_CHUNK * job->width, end = chunk_end(job, task) * job->width;

	(void)thread;
	for (size_t i = at; i < end; i++)
		job->y[i] = (job->dy ? job->dy[i] : 0) + job->by * job->x[i];
}

void train_add(struct trainer *t, size_t width, const float *add, float by, const float *x,
	       float *y)
{
	struct chunk_job job = { .t = t, .n = t->n, .width = width, .dy = add, .by = by, .x = x,
				 .y = y };

	run_chunks(&job, add_chunk);
}

static void bias_chunk(void *arg, size_t task, unsigned thread)
{
	const struct chunk_job *job = arg;

	(void)thread;
	for (size_t i = task * TRAIN_CHUNK; i < chunk_end(job, task); i++)
		for (size_t j = 0; j < job->width; j++)
			job->y[i * job->width + j] += job->x[j];
}

void train_add_bias(struct trainer *t, size_t width, const float *bias, float *y)
{
	struct chunk_job job = { .t = t, .n = t->n, .width = width, .x = bias, .y = y };

	run_chunks(&job, bias_chunk);
}
