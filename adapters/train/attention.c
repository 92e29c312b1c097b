/* SPDX-License-Identifier: MIT */
/* Causal attention over whole rows, forward and backward; a task is one row and one group of
 * heads that share keys, so that no two tasks write the same gradient. */
#include <math.h>
#include <string.h>

#include "adapters/train/train-private.h"

struct attention_job {
	struct trainer *t;
	struct train_saved *a;
};

void train_rope(const struct trainer *t, float *x, size_t heads, bool back)
{
	size_t half = t->head / 2;

	for (size_t i = 0; i < t->n * heads; i++, x += t->head) {
		size_t at = i / heads % t->s.context * half;

		for (size_t j = 0; j < half; j++) {
			float c = t->cos[at + j], s = back ? -t->sin[at + j] : t->sin[at + j];
			float a = x[2 * j], b = x[2 * j + 1];

			x[2 * j] = a * c - b * s;
			x[2 * j + 1] = a * s + b * c;
		}
	}
}

static float dot(const float *a, const float *b, size_t n)
{
	float sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += a[i] * b[i];
	return sum;
}

static void axpy(float f, const float *x, float *y, size_t n)
{
	for (size_t i = 0; i < n; i++)
		y[i] += f * x[i];
}

/* One query over the keys 0..last of its row: @p [context], @mix [head]. */
static void attend(const struct trainer *t, const float *q, const float *k, const float *v,
		   size_t last, float *p, float *mix)
{
	float scale = 1 / sqrtf((float)t->head), max = -INFINITY, sum = 0;

	for (size_t j = 0; j <= last; j++) {
		p[j] = scale * dot(q, k + j * t->kv, t->head);
		max = fmaxf(max, p[j]);
	}
	for (size_t j = 0; j <= last; j++) {
		p[j] = expf(p[j] - max);
		sum += p[j];
	}
	memset(mix, 0, t->head * sizeof(float));
	for (size_t j = 0; j <= last; j++) {
		p[j] /= sum;
		axpy(p[j], v + j * t->kv, mix, t->head);
	}
}

static void attend_group(void *arg, size_t task, unsigned thread)
{
	struct attention_job *job = arg;
	struct trainer *t = job->t;
	size_t T = t->s.context, row = task / t->s.kv_heads, group = task % t->s.kv_heads;
	size_t share = t->s.heads / t->s.kv_heads, kv = row * T * t->kv + group * t->head;

	(void)thread;
	for (size_t h = group * share; h < (group + 1) * share; h++)
		for (size_t i = 0; i < T; i++) {
			size_t at = (row * T + i) * t->s.width + h * t->head;

			attend(t, job->a->q + at, job->a->k + kv, job->a->v + kv, i,
			       job->a->p + ((row * t->s.heads + h) * T + i) * T,
			       job->a->mix + at);
		}
}

void train_attention(struct trainer *t, struct train_saved *a)
{
	struct attention_job job = { t, a };

	gemm_each(t->gemm, attend_group, &job, t->rows * t->s.kv_heads);
}

/* @p of one query, its offset @at in q and the offset @kv of its keys; softmax backward:
 * ds = p (dp - sum p dp). */
static void attend_back(struct trainer *t, struct train_saved *a, const float *p, size_t at,
			size_t kv, size_t last, float *dp)
{
	float scale = 1 / sqrtf((float)t->head), sum = 0;

	for (size_t j = 0; j <= last; j++) {
		dp[j] = dot(t->dmix + at, a->v + kv + j * t->kv, t->head);
		sum += p[j] * dp[j];
	}
	memset(t->dq + at, 0, t->head * sizeof(float));
	for (size_t j = 0; j <= last; j++) {
		float ds = p[j] * (dp[j] - sum) * scale;

		axpy(ds, a->k + kv + j * t->kv, t->dq + at, t->head);
		axpy(ds, a->q + at, t->dk + kv + j * t->kv, t->head);
		axpy(p[j], t->dmix + at, t->dv + kv + j * t->kv, t->head);
	}
}

static void attend_group_back(void *arg, size_t task, unsigned thread)
{
	struct attention_job *job = arg;
	struct trainer *t = job->t;
	size_t T = t->s.context, row = task / t->s.kv_heads, group = task % t->s.kv_heads;
	size_t share = t->s.heads / t->s.kv_heads, kv = row * T * t->kv + group * t->head;

	(void)thread;
	for (size_t i = 0; i < T; i++) {
		memset(t->dk + kv + i * t->kv, 0, t->head * sizeof(float));
		memset(t->dv + kv + i * t->kv, 0, t->head * sizeof(float));
	}
	for (size_t h = group * share; h < (group + 1) * share; h++)
		for (size_t i = 0; i < T; i++)
			attend_back(t, job->a, job->a->p + ((row * t->s.heads + h) * T + i) * T,
				    (row * T + i) * t->s.width + h * t->head, kv, i,
				    t->dp + (row * t->s.heads + h) * T);
}

void train_attention_back(struct trainer *t, struct train_saved *a)
{
	struct attention_job job = { t, a };

	gemm_each(t->gemm, attend_group_back, &job, t->rows * t->s.kv_heads);
}
