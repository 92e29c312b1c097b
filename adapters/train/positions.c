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
	const float *x, *w;
	float *y, *r;
	size_t heads;
	bool back;
};

size_t train_chunks(const struct trainer *t)
{
	return (t->n + TRAIN_CHUNK - 1) / TRAIN_CHUNK;
}

static size_t chunk_end(const struct trainer *t, size_t task)
{
	return MIN((task + 1) * TRAIN_CHUNK, t->n);
}

/* y = x w r with r = 1 / sqrt(mean(x^2) + eps) (Zhang and Sennrich 2019, arXiv:1910.07467). */
static void norm_chunk(void *arg, size_t task, unsigned thread)
{
	const struct chunk_job *job = arg;
	const struct trainer *t = job->t;
	size_t d = t->s.width;

	(void)thread;
	for (size_t i = task * TRAIN_CHUNK; i < chunk_end(t, task); i++) {
		const float *x = job->x + i * d;

		job->r[i] = 1 / sqrtf(t->ops->dot(x, x, d) / (float)d + t->s.eps);
		t->ops->norm(x, job->w, job->r[i], job->y + i * d, d);
	}
}

void train_norm(struct trainer *t, const float *x, const float *w, float *y, float *r)
{
	struct chunk_job job = { .t = t, .x = x, .w = w, .y = y, .r = r };

	gemm_each(t->gemm, norm_chunk, &job, train_chunks(t));
}

/* dx += r w dt - x r^3 sum(w dt x) / width, where dt is the gradient of the output. */
static void norm_back_chunk(void *arg, size_t task, unsigned thread)
{
	const struct chunk_job *job = arg;
	struct trainer *t = job->t;
	size_t d = t->s.width;
	float *dw = job->y ? t->partial + task * d : NULL;

	(void)thread;
	if (dw)
		memset(dw, 0, d * sizeof(float));
	for (size_t i = task * TRAIN_CHUNK; i < chunk_end(t, task); i++) {
		const float *x = job->x + i * d, *dy = t->dt + i * d;
		float r = job->r[i];
		float sub = t->ops->dot3(job->w, dy, x, d) * r * r * r / (float)d;

		t->ops->norm_back(dy, x, job->w, r, sub, t->dx + i * d, dw, d);
	}
}

void train_norm_back(struct trainer *t, const float *x, const float *r, const float *w, float *dw)
{
	struct chunk_job job = { .t = t, .x = x, .w = w, .y = dw, .r = (float *)r };

	gemm_each(t->gemm, norm_back_chunk, &job, train_chunks(t));
	for (size_t i = 0; dw && i < train_chunks(t); i++)
		for (size_t j = 0; j < t->s.width; j++)
			dw[j] += t->partial[i * t->s.width + j];
}

static void activate_chunk(void *arg, size_t task, unsigned thread)
{
	const struct chunk_job *job = arg;
	struct trainer *t = job->t;
	const struct train_saved *a = job->a;
	size_t at = task * TRAIN_CHUNK * t->s.ffn, n = chunk_end(t, task) * t->s.ffn - at;

	(void)thread;
	if (job->back)
		t->ops->swiglu_back(a->gate + at, a->up + at, t->dhidden + at, t->dgate + at,
				    t->dup + at, n);
	else
		t->ops->swiglu(a->gate + at, a->up + at, a->hidden + at, n);
}

void train_activate(struct trainer *t, const struct train_saved *a)
{
	struct chunk_job job = { .t = t, .a = a };

	gemm_each(t->gemm, activate_chunk, &job, train_chunks(t));
}

void train_activate_back(struct trainer *t, const struct train_saved *a)
{
	struct chunk_job job = { .t = t, .a = a, .back = true };

	gemm_each(t->gemm, activate_chunk, &job, train_chunks(t));
}

static void rope_chunk(void *arg, size_t task, unsigned thread)
{
	const struct chunk_job *job = arg;
	const struct trainer *t = job->t;
	size_t half = t->head / 2;

	(void)thread;
	for (size_t i = task * TRAIN_CHUNK; i < chunk_end(t, task); i++) {
		const float *cos = t->cos + t->places[i] * half;
		const float *sin = t->sin + t->places[i] * half;
		float *x = job->y + i * job->heads * t->head;

		for (size_t h = 0; h < job->heads; h++, x += t->head)
			for (size_t j = 0; j < half; j++) {
				float a = x[2 * j], b = x[2 * j + 1];
				float s = job->back ? -sin[j] : sin[j];

				x[2 * j] = a * cos[j] - b * s;
				x[2 * j + 1] = a * s + b * cos[j];
			}
	}
}

void train_rope(struct trainer *t, float *x, size_t heads, bool back)
{
	struct chunk_job job = { .t = t, .y = x, .heads = heads, .back = back };

	gemm_each(t->gemm, rope_chunk, &job, train_chunks(t));
}
