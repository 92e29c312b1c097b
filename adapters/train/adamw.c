/* SPDX-License-Identifier: MIT */
/* AdamW (Loshchilov and Hutter 2019), its schedule, and checkpoints. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "adapters/train/train-private.h"

static const float beta1 = 0.9f, beta2 = 0.95f, decay = 0.1f;

static void adamw(struct trainer *t, size_t first, size_t n, float clip, float rate, float shrink)
{
	float c1 = 1 / (1 - powf(beta1, (float)t->steps));
	float c2 = 1 / (1 - powf(beta2, (float)t->steps));

	for (size_t i = first; i < first + n; i++) {
		float g = t->g[i] * clip;

		t->m1[i] = beta1 * t->m1[i] + (1 - beta1) * g;
		t->m2[i] = beta2 * t->m2[i] + (1 - beta2) * g * g;
		t->w[i] -= rate * (t->m1[i] * c1 / (sqrtf(t->m2[i] * c2) + 1e-8f) +
				   shrink * t->w[i]);
	}
}

double trainer_step(struct trainer *t, float rate)
{
	double norm = 0;
	size_t at = 0, d = t->s.width;
	float clip;

	for (size_t i = 0; i < t->n_weights; i++)
		norm += (double)t->g[i] * (double)t->g[i];
	norm = sqrt(norm);
	clip = norm > 1 ? (float)(1 / norm) : 1;
	t->steps++;
	/* Norms are not decayed: they would pull every output towards zero. */
	for (uint32_t i = 0; i < t->s.layers; i++) {
		size_t attn = (size_t)(t->layers[i].attn_norm - t->w);
		size_t ffn = (size_t)(t->layers[i].ffn_norm - t->w);

		if (i == 0) {
			adamw(t, 0, attn - d, clip, rate, decay);
			adamw(t, attn - d, d, clip, rate, 0);
		} else {
			adamw(t, at, attn - at, clip, rate, decay);
		}
		adamw(t, attn, d, clip, rate, 0);
		adamw(t, attn + d, ffn - attn - d, clip, rate, decay);
		adamw(t, ffn, d, clip, rate, 0);
		at = ffn + d;
	}
	adamw(t, at, t->n_weights - at, clip, rate, decay);
	memset(t->g, 0, t->n_weights * sizeof(float));
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
	uint32_t zero;		/* keeps the counts aligned without hidden bytes */
	uint64_t steps, n_weights;
};

static const char magic[8] = "ADTRAIN1";

static int write_all(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

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
	h->n_weights = t->n_weights;
}

int trainer_save(const struct trainer *t, int fd)
{
	size_t bytes = t->n_weights * sizeof(float);
	struct checkpoint_head h;
	int r;

	fill_head(t, &h);
	r = write_all(fd, &h, sizeof(h));
	if (r == 0)
		r = write_all(fd, t->w, bytes);
	if (r == 0)
		r = write_all(fd, t->m1, bytes);
	if (r == 0)
		r = write_all(fd, t->m2, bytes);
	return r;
}

int trainer_load(struct trainer *t, int fd)
{
	size_t bytes = t->n_weights * sizeof(float);
	struct checkpoint_head h, want;
	int r = read_all(fd, &h, sizeof(h));

	if (r < 0)
		return r;
	fill_head(t, &want);
	want.steps = h.steps;
	if (memcmp(&h, &want, sizeof(h)) != 0)
		return -EINVAL;
	r = read_all(fd, t->w, bytes);
	if (r == 0)
		r = read_all(fd, t->m1, bytes);
	if (r == 0)
		r = read_all(fd, t->m2, bytes);
	if (r < 0)
		return r;
	memset(t->g, 0, bytes);
	t->steps = h.steps;
	return 0;
}
