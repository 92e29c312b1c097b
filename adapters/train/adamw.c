/* SPDX-License-Identifier: MIT */
/* AdamW (Loshchilov and Hutter 2019), its schedule, and checkpoints. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "adapters/train/train-private.h"
#include "util/file.h"
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

	change(job, t->embd, t->s.vocab * t->s.width, decay);
	change(job, t->out_norm, t->s.width, 0);
	for (uint32_t i = 0; i < t->s.layers; i++) {
		const struct train_layer *l = &t->layers[i];

		change(job, l->attn_norm, t->s.width, 0);
		change(job, l->ffn_norm, t->s.width, 0);
		for (int k = 0; k < TRAIN_MATRICES; k++)
			change(job, l->m[k].w, l->m[k].out * l->m[k].in, decay);
	}
}

double trainer_step(struct trainer *t, float rate)
{
	struct adamw_job job = { .t = t };
	double norm = gradient_norm(t);

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
	else
		change_base(&job);
	return norm;
}

uint64_t trainer_steps(const struct trainer *t)
{
	return t->steps;
}

float train_rate(const struct train_rates *r, uint64_t step)
{
	double part;

	if (step < r->warmup)
		return r->peak * (float)(step + 1) / (float)r->warmup;
	if (step >= r->total || r->total <= r->warmup)
		return r->peak * r->floor;
	part = (double)(step - r->warmup) / (double)(r->total - r->warmup);
	return r->peak * (r->floor + (1 - r->floor) * 0.5f * (float)(1 + cos(M_PI * part)));
}

struct checkpoint_head {
	char magic[8];
	struct train_shape shape;
	uint32_t rank;		/* of an adapter, whose base is not in the file; 0: the base */
	uint64_t steps, n_trained;
};

static const char magic[8] = "ADTRAIN2";

static int read_all(int fd, void *data, size_t len)
{
	char *p = data;

	while (len) {
		ssize_t n = read(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EINVAL;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

static void fill_head(const struct trainer *t, struct checkpoint_head *h)
{
	memset(h, 0, sizeof(*h));
	memcpy(h->magic, magic, sizeof(magic));
	h->shape = t->s;
	h->steps = t->steps;
	h->rank = t->rank;
	h->n_trained = t->trained.n;
}

int trainer_save(const struct trainer *t, int fd)
{
	size_t bytes = t->trained.n * sizeof(float);
	struct checkpoint_head h;
	int r;

	fill_head(t, &h);
	r = file_write(fd, &h, sizeof(h));
	if (r == 0)
		r = file_write(fd, t->trained.w, bytes);
	if (r == 0)
		r = file_write(fd, t->trained.m1, bytes);
	if (r == 0)
		r = file_write(fd, t->trained.m2, bytes);
	return r;
}

int trainer_load(struct trainer *t, int fd)
{
	size_t bytes = t->trained.n * sizeof(float);
	struct checkpoint_head h, want;
	int r = read_all(fd, &h, sizeof(h));

	if (r < 0)
		return r;
	fill_head(t, &want);
	want.steps = h.steps;
	if (memcmp(&h, &want, sizeof(h)) != 0)
		return -EINVAL;
	r = read_all(fd, t->trained.w, bytes);
	if (r == 0)
		r = read_all(fd, t->trained.m1, bytes);
	if (r == 0)
		r = read_all(fd, t->trained.m2, bytes);
	if (r < 0)
		return r;
	memset(t->trained.g, 0, bytes);
	t->steps = h.steps;
	return 0;
}
