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

/* Where a task's head begins in q, in k and v, and among the probabilities. */
struct place {
	size_t row, first_head, end_head, kv;
};

static struct place place_of(const struct trainer *t, size_t task)
{
	size_t row = task / t->s.kv_heads, group = task % t->s.kv_heads;
	size_t share = t->s.heads / t->s.kv_heads;

	return (struct place){ row, group * share, (group + 1) * share,
			       row * t->s.context * t->kv + group * t->head };
}

/* [context][stride] to [head][context]: a query meets many keys by one component. */
static void turn(const struct trainer *t, const float *x, float *turned)
{
	for (size_t j = 0; j < t->s.context; j++)
		for (size_t i = 0; i < t->head; i++)
			turned[i * t->s.context + j] = x[j * t->kv + i];
}

static float *turned_of(const struct trainer *t, size_t task)
{
	return t->turned + task * t->s.context * t->head;
}

static void attend_group(void *arg, size_t task, unsigned thread)
{
	const struct attention_job *job = arg;
	struct trainer *t = job->t;
	struct train_saved *a = job->a;
	const struct vector_ops *ops = t->ops;
	struct place at = place_of(t, task);
	size_t T = t->s.context;
	float *kt = turned_of(t, task), scale = 1 / sqrtf((float)t->head);

	(void)thread;
	turn(t, a->k + at.kv, kt);
	for (size_t h = at.first_head; h < at.end_head; h++)
		for (size_t i = 0; i < T; i++) {
			size_t q = (at.row * T + i) * t->s.width + h * t->head;
			float *p = a->p + ((at.row * t->s.heads + h) * T + i) * T, max;

			ops->scores(a->q + q, kt, T, t->head, i + 1, scale, p);
			ops->scale(p, i + 1, 1 / ops->exponentials(p, i + 1, &max));
			ops->mix(p, a->v + at.kv, t->kv, i + 1, t->head, a->mix + q);
		}
}

void train_attention(struct trainer *t, struct train_saved *a)
{
	struct attention_job job = { t, a };

	gemm_each(t->gemm, attend_group, &job, t->rows * t->s.kv_heads);
}

/* One query, at @q in the queries; softmax backward: ds = p (dp - sum p dp). */
static void attend_back(struct trainer *t, struct train_saved *a, const float *vt, const float *p,
			size_t q, size_t kv, size_t n, float *dp)
{
	const struct vector_ops *ops = t->ops;
	float scale = 1 / sqrtf((float)t->head), sum;

	ops->scores(t->dmix + q, vt, t->s.context, t->head, n, 1, dp);
	sum = ops->dot(p, dp, n);
	for (size_t j = 0; j < n; j++)
		dp[j] = p[j] * (dp[j] - sum) * scale;
	ops->mix(dp, a->k + kv, t->kv, n, t->head, t->dq + q);
	ops->outer(dp, a->q + q, n, t->head, t->dk + kv, t->kv);
	ops->outer(p, t->dmix + q, n, t->head, t->dv + kv, t->kv);
}

static void attend_group_back(void *arg, size_t task, unsigned thread)
{
	const struct attention_job *job = arg;
	struct trainer *t = job->t;
	struct place at = place_of(t, task);
	size_t T = t->s.context;
	float *vt = turned_of(t, task);

	(void)thread;
	turn(t, job->a->v + at.kv, vt);
	for (size_t i = 0; i < T; i++) {
		memset(t->dk + at.kv + i * t->kv, 0, t->head * sizeof(float));
		memset(t->dv + at.kv + i * t->kv, 0, t->head * sizeof(float));
	}
	for (size_t h = at.first_head; h < at.end_head; h++)
		for (size_t i = 0; i < T; i++)
			attend_back(t, job->a, vt,
				    job->a->p + ((at.row * t->s.heads + h) * T + i) * T,
				    (at.row * T + i) * t->s.width + h * t->head, at.kv, i + 1,
				    t->dp + task * T);
}

void train_attention_back(struct trainer *t, struct train_saved *a)
{
	struct attention_job job = { t, a };

	gemm_each(t->gemm, attend_group_back, &job, t->rows * t->s.kv_heads);
}
