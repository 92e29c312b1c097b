/* SPDX-License-Identifier: MIT */
/* Causal attention within examples, forward and backward, as products of one head's small
 * matrices. A task is one example and one head; backward one group of heads that share keys,
 * so that no two tasks write the same gradient. */
#include <math.h>
#include <string.h>

#include "adapters/train/train-private.h"
#include "util/macro.h"

struct attention_job {
	struct trainer *t;
	struct train_saved *a;
};

/* One head of an example of @n positions: offsets of its first query and key, and its
 * probabilities [n][n], whose rows stand as far apart as those of a whole row's. */
struct place {
	size_t n, q, kv;
	float *p;
};

static struct place place_of(const struct attention_job *job, struct train_span span, size_t h)
{
	const struct trainer *t = job->t;
	size_t T = t->s.context, group = h / (t->s.heads / t->s.kv_heads);
	size_t row = span.first / T, begin = span.first % T;

	return (struct place){ span.n, span.first * t->s.width + h * t->head,
			       span.first * t->kv + group * t->head,
			       job->a->p + ((row * t->s.heads + h) * T + begin) * T + begin };
}

/* What a query may see ends with itself: products go by stretches of queries, and leave out the
 * keys behind the stretch. */
static const size_t stretch = 96;

/* The rest of the query's stretch, which products read. */
static void clear_behind(float *p, size_t query, size_t n)
{
	size_t end = MIN((query / stretch + 1) * stretch, n);

	memset(p + query + 1, 0, (end - query - 1) * sizeof(float));
}

/* [n][n] = x y^T, of one head each: @x of queries, @y of keys. */
static void meet(struct trainer *t, size_t n, const float *x, const float *y, float *out,
		 unsigned thread)
{
	size_t T = t->s.context;

	for (size_t i = 0; i < n; i += stretch) {
		size_t end = MIN(i + stretch, n);

		gemm_run_alone(t->gemm, &(struct gemm_args){
			.a = x + i * t->s.width, .a_stride = t->s.width, .b = y,
			.b_stride = t->kv, .b_transposed = true, .c = out + i * T, .c_stride = T,
			.m = end - i, .n = end, .k = t->head }, thread);
	}
}

/* out = p y, [n][head] */
static void mix(struct trainer *t, size_t n, const float *p, const float *y, float *out,
		unsigned thread)
{
	size_t T = t->s.context;

	for (size_t i = 0; i < n; i += stretch) {
		size_t end = MIN(i + stretch, n);

		gemm_run_alone(t->gemm, &(struct gemm_args){
			.a = p + i * T, .a_stride = T, .b = y, .b_stride = t->kv,
			.c = out + i * t->s.width, .c_stride = t->s.width, .m = end - i,
			.n = t->head, .k = end }, thread);
	}
}

/* out (+)= p^T x, [n][head] */
static void collect(struct trainer *t, size_t n, const float *p, const float *x, float *out,
		    bool add, unsigned thread)
{
	size_t T = t->s.context;

	for (size_t j = 0; j < n; j += stretch) {
		float *o = out + j * t->kv;

		gemm_run_alone(t->gemm, &(struct gemm_args){
			.a = p + j * T + j, .a_stride = T, .a_transposed = true,
			.b = x + j * t->s.width, .b_stride = t->s.width, .c = o,
			.c_stride = t->kv, .add = add ? o : NULL, .m = MIN(stretch, n - j),
			.n = t->head, .k = n - j }, thread);
	}
}

static void attend(void *arg, size_t task, unsigned thread)
{
	const struct attention_job *job = arg;
	struct trainer *t = job->t;
	struct place at = place_of(job, t->spans[task / t->s.heads], task % t->s.heads);
	float scale = 1 / sqrtf((float)t->head), max;

	meet(t, at.n, job->a->q + at.q, job->a->k + at.kv, at.p, thread);
	for (size_t i = 0; i < at.n; i++) {
		float *p = at.p + i * t->s.context;

		t->ops->scale(p, i + 1, scale);
		t->ops->scale(p, i + 1, 1 / t->ops->exponentials(p, i + 1, &max));
		clear_behind(p, i, at.n);
	}
	mix(t, at.n, at.p, job->a->v + at.kv, job->a->mix + at.q, thread);
}

void train_attention(struct trainer *t, struct train_saved *a)
{
	struct attention_job job = { t, a };

	gemm_each(t->gemm, attend, &job, t->n_spans * t->s.heads);
}

/* Softmax backward: ds = p (dp - sum p dp). */
static void attend_back(struct attention_job *job, struct place at, bool first, unsigned thread)
{
	struct trainer *t = job->t;
	size_t T = t->s.context;
	float *ds = t->ds + thread * T * T, scale = 1 / sqrtf((float)t->head);

	meet(t, at.n, t->dmix + at.q, job->a->v + at.kv, ds, thread);
	for (size_t i = 0; i < at.n; i++) {
		t->ops->softmax_back(at.p + i * T, ds + i * T, i + 1, scale);
		clear_behind(ds + i * T, i, at.n);
	}
	mix(t, at.n, ds, job->a->k + at.kv, t->dq + at.q, thread);
	collect(t, at.n, ds, job->a->q + at.q, t->dk + at.kv, !first, thread);
	collect(t, at.n, at.p, t->dmix + at.q, t->dv + at.kv, !first, thread);
}

static void attend_group_back(void *arg, size_t task, unsigned thread)
{
	struct attention_job *job = arg;
	const struct trainer *t = job->t;
	size_t share = t->s.heads / t->s.kv_heads, first = task % t->s.kv_heads * share;
	struct train_span span = t->spans[task / t->s.kv_heads];

	for (size_t h = first; h < first + share; h++)
		attend_back(job, place_of(job, span, h), h == first, thread);
}

void train_attention_back(struct trainer *t, struct train_saved *a)
{
	struct attention_job job = { t, a };

	gemm_each(t->gemm, attend_group_back, &job, t->n_spans * t->s.kv_heads);
}
