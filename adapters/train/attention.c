/* SPDX-License-Identifier: MIT */
/* Causal attention within examples, forward and backward, as products of one head's small
 * matrices. A task is one example and one head; backward one group of heads that share keys,
 * so that no two tasks write the same gradient. */
#include <math.h>
#include <string.h>

#include "adapters/train/train-private.h"

struct attention_job {
	struct trainer *t;
	struct train_saved *a;
	size_t window;		/* positions that a query sees, its own included; 0: all */
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

	return (struct place){ span.n, span.first * t->q + h * t->head,
			       span.first * t->kv + group * t->head,
			       job->a->p + ((row * t->s.heads + h) * T + begin) * T + begin };
}

/* The first key that a query sees. */
static size_t first_seen(const struct attention_job *job, size_t query)
{
	return job->window && query >= job->window ? query + 1 - job->window : 0;
}

/* What the query does not see, for the products that read it. */
static void clear_unseen(const struct attention_job *job, float *p, size_t query, size_t n)
{
	memset(p, 0, first_seen(job, query) * sizeof(float));
	memset(p + query + 1, 0, (n - query - 1) * sizeof(float));
}

/* [n][n] = x y^T, of one head each: @x of queries, @y of keys; what no query may see is left. */
static void meet(struct trainer *t, size_t n, const float *x, const float *y, float *out,
		 unsigned thread)
{
	gemm_run_alone(t->gemm, &(struct gemm_args){
		.a = x, .a_stride = t->q, .b = y, .b_stride = t->kv, .b_transposed = true,
		.c = out, .c_stride = t->s.context, .m = n, .n = n, .k = t->head,
		.triangle = GEMM_LOWER_C }, thread);
}

/* out = p y, [n][head] */
static void mix(struct trainer *t, size_t n, const float *p, const float *y, float *out,
		unsigned thread)
{
	gemm_run_alone(t->gemm, &(struct gemm_args){
		.a = p, .a_stride = t->s.context, .b = y, .b_stride = t->kv, .c = out,
		.c_stride = t->q, .m = n, .n = t->head, .k = n,
		.triangle = GEMM_LOWER_A }, thread);
}

/* out (+)= p^T x, [n][head] */
static void collect(struct trainer *t, size_t n, const float *p, const float *x, float *out,
		    bool add, unsigned thread)
{
	gemm_run_alone(t->gemm, &(struct gemm_args){
		.a = p, .a_stride = t->s.context, .a_transposed = true, .b = x,
		.b_stride = t->q, .c = out, .c_stride = t->kv, .add = add ? out : NULL,
		.m = n, .n = t->head, .k = n, .triangle = GEMM_LOWER_A }, thread);
}

/* p = cap tanh(p / cap) where scores have a bound. */
static void bound(float *p, size_t n, float cap)
{
	for (size_t j = 0; cap > 0 && j < n; j++)
		p[j] = cap * tanhf(p[j] / cap);
}

/* The slope of that at each score, which are multiplied again; @ds by it. */
static void bound_back(struct attention_job *job, struct place at, float *ds, unsigned thread)
{
	struct trainer *t = job->t;
	size_t T = t->s.context;
	float *scores = t->scores + thread * T * T, cap = t->c.attention_cap;

	meet(t, at.n, job->a->q + at.q, job->a->k + at.kv, scores, thread);
	for (size_t i = 0; i < at.n; i++)
		for (size_t j = first_seen(job, i); j <= i; j++) {
			float y = tanhf(scores[i * T + j] * t->c.attention_scale / cap);

			ds[i * T + j] *= 1 - y * y;
		}
}

/* Of the next head's probabilities the row in the place of this one, of @n: memory is slower than
 * its task, and nothing else reads it meanwhile. */
static inline void fetch_next_head(const struct trainer *t, const float *p, size_t n)
{
	p += (size_t)t->s.context * t->s.context;
	for (size_t j = 0; j < n; j += 16)
		__builtin_prefetch(p + j, 1, 2);
}

static void attend(void *arg, size_t task, unsigned thread)
{
	const struct attention_job *job = arg;
	struct trainer *t = job->t;
	struct place at = place_of(job, t->spans[task / t->s.heads], task % t->s.heads);
	float max;

	meet(t, at.n, job->a->q + at.q, job->a->k + at.kv, at.p, thread);
	for (size_t i = 0; i < at.n; i++) {
		float *p = at.p + i * t->s.context, *seen = p + first_seen(job, i);
		size_t n = (size_t)(p + i + 1 - seen);

		fetch_next_head(t, p, i + 1);
		t->ops->scale(seen, n, t->c.attention_scale);
		bound(seen, n, t->c.attention_cap);
		t->ops->scale(seen, n, 1 / t->ops->exponentials(seen, n, &max));
		clear_unseen(job, p, i, at.n);
	}
	mix(t, at.n, at.p, job->a->v + at.kv, job->a->mix + at.q, thread);
}

void train_attention(struct trainer *t, uint32_t layer, struct train_saved *a)
{
	struct attention_job job = { t, a, t->c.layers[layer].window };

	gemm_each(t->gemm, attend, &job, t->n_spans * t->s.heads);
}

/* Softmax backward: ds = p (dp - sum p dp). */
static void attend_back(struct attention_job *job, struct place at, bool first, unsigned thread)
{
	struct trainer *t = job->t;
	size_t T = t->s.context;
	float *ds = t->ds + thread * T * T;

	meet(t, at.n, t->dmix + at.q, job->a->v + at.kv, ds, thread);
	for (size_t i = 0; i < at.n; i++) {
		size_t begin = first_seen(job, i), seen = i * T + begin;

		fetch_next_head(t, at.p + i * T, i + 1);
		t->ops->softmax_back(at.p + seen, ds + seen, i + 1 - begin, t->c.attention_scale);
		clear_unseen(job, ds + i * T, i, at.n);
	}
	if (t->c.attention_cap > 0)
		bound_back(job, at, ds, thread);
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

void train_attention_back(struct trainer *t, uint32_t layer, struct train_saved *a)
{
	struct attention_job job = { t, a, t->c.layers[layer].window };

	gemm_each(t->gemm, attend_group_back, &job, t->n_spans * t->s.kv_heads);
}
