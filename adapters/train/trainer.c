/* SPDX-License-Identifier: MIT */
/* The trainer's memory: weights in one block, activations in another. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "adapters/train/train-private.h"
#include "util/macro.h"

static uint64_t next_random(uint64_t *s)
{
	uint64_t z = *s += 0x9e3779b97f4a7c15u;	/* splitmix64 (Steele, Lea, Flood 2014) */

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static double uniform(uint64_t *s)
{
	return ((double)(next_random(s) >> 11) + 0.5) * 0x1p-53;
}

/* Normal by Box and Muller. */
static void draw(float *w, size_t n, float deviation, uint64_t *seed)
{
	for (size_t i = 0; i < n; i++) {
		double r = sqrt(-2 * log(uniform(seed)));

		w[i] = (float)(deviation * r * cos(2 * M_PI * uniform(seed)));
	}
}

static void fill_ones(float *w, size_t n)
{
	for (size_t i = 0; i < n; i++)
		w[i] = 1;
}

/* Hands out @base in order; with NULL it only counts. */
static float *take(float *base, size_t *at, size_t n)
{
	float *p = base ? base + *at : NULL;

	*at += n;
	return p;
}

static size_t lay_weights(const struct trainer *t, float *base, float **embd, float **norm,
			  struct train_layer *layers)
{
	const struct train_shape *s = &t->s;
	size_t at = 0, d = s->width, f = s->ffn;

	*embd = take(base, &at, s->vocab * d);
	*norm = take(base, &at, d);
	for (uint32_t i = 0; i < s->layers; i++) {
		struct train_layer *l = &layers[i];

		l->attn_norm = take(base, &at, d);
		l->q = take(base, &at, d * d);
		l->k = take(base, &at, t->kv * d);
		l->v = take(base, &at, t->kv * d);
		l->o = take(base, &at, d * d);
		l->ffn_norm = take(base, &at, d);
		l->gate = take(base, &at, f * d);
		l->up = take(base, &at, f * d);
		l->down = take(base, &at, d * f);
	}
	return at;
}

static void lay_saved(const struct trainer *t, float *b, size_t *at, struct train_saved *a)
{
	size_t nd = t->n * t->s.width, nk = t->n * t->kv, nf = t->n * t->s.ffn;

	a->x = take(b, at, nd);
	a->attn_in = take(b, at, nd);
	a->attn_r = take(b, at, t->n);
	a->q = take(b, at, nd);
	a->k = take(b, at, nk);
	a->v = take(b, at, nk);
	a->p = take(b, at, t->n * t->s.heads * t->s.context);
	a->mix = take(b, at, nd);
	a->mid = take(b, at, nd);
	a->ffn_in = take(b, at, nd);
	a->ffn_r = take(b, at, t->n);
	a->gate = take(b, at, nf);
	a->up = take(b, at, nf);
	a->hidden = take(b, at, nf);
}

static size_t lay_buffers(struct trainer *t, float *b)
{
	size_t at = 0, nd = t->n * t->s.width, nk = t->n * t->kv, nf = t->n * t->s.ffn;

	for (uint32_t i = 0; i < t->s.layers; i++)
		lay_saved(t, b, &at, &t->saved[i]);
	t->last = take(b, &at, nd);
	t->out_in = take(b, &at, nd);
	t->out_r = take(b, &at, t->n);
	t->logits = take(b, &at, t->n * t->s.vocab);
	t->dx = take(b, &at, nd);
	t->dt = take(b, &at, nd);
	t->dq = take(b, &at, nd);
	t->dk = take(b, &at, nk);
	t->dv = take(b, &at, nk);
	t->dmix = take(b, &at, nd);
	t->dgate = take(b, &at, nf);
	t->dup = take(b, &at, nf);
	t->dhidden = take(b, &at, nf);
	t->dp = take(b, &at, t->rows * t->s.heads * t->s.context);
	t->cos = take(b, &at, (size_t)t->s.context * t->head / 2);
	t->sin = take(b, &at, (size_t)t->s.context * t->head / 2);
	return at;
}

static void first_weights(struct trainer *t, uint64_t seed)
{
	size_t d = t->s.width;
	float residual = 1 / sqrtf(2.0f * (float)t->s.layers);

	draw(t->w, t->n_weights, 0.02f, &seed);
	fill_ones(t->out_norm, d);
	for (uint32_t i = 0; i < t->s.layers; i++) {
		struct train_layer *l = &t->layers[i];

		fill_ones(l->attn_norm, d);
		fill_ones(l->ffn_norm, d);
		for (size_t j = 0; j < d * d; j++)
			l->o[j] *= residual;
		for (size_t j = 0; j < d * t->s.ffn; j++)
			l->down[j] *= residual;
	}
}

static void fill_rotations(struct trainer *t)
{
	size_t half = t->head / 2;

	for (size_t p = 0; p < t->s.context; p++)
		for (size_t i = 0; i < half; i++) {
			double f = (double)p *
				pow(t->s.rope_base, -2.0 * (double)i / (double)t->head);

			t->cos[p * half + i] = (float)cos(f);
			t->sin[p * half + i] = (float)sin(f);
		}
}

/* Bounds that keep every product below 2^64; memory is then what calloc() can give. */
static bool shape_valid(const struct train_shape *s, size_t rows)
{
	if (!s->vocab || !s->width || !s->layers || !s->heads || !s->kv_heads || !s->ffn ||
	    !s->context || !rows)
		return false;
	if (s->vocab > 1u << 20 || s->width > 1u << 14 || s->layers > 256 || s->ffn > 1u << 16 ||
	    s->context > 1u << 15 || rows > 4096 || s->heads > s->width)
		return false;
	return s->width % s->heads == 0 && s->width / s->heads % 2 == 0 &&
		s->heads % s->kv_heads == 0;
}

static int allocate(struct trainer *t)
{
	t->layers = calloc(t->s.layers, sizeof(*t->layers));
	t->g_layers = calloc(t->s.layers, sizeof(*t->g_layers));
	t->saved = calloc(t->s.layers, sizeof(*t->saved));
	t->losses = calloc(t->n, sizeof(*t->losses));
	if (!t->layers || !t->g_layers || !t->saved || !t->losses)
		return -ENOMEM;
	t->n_weights = lay_weights(t, NULL, &t->embd, &t->out_norm, t->layers);
	t->w = calloc(t->n_weights, sizeof(float));
	t->g = calloc(t->n_weights, sizeof(float));
	t->m1 = calloc(t->n_weights, sizeof(float));
	t->m2 = calloc(t->n_weights, sizeof(float));
	t->block = calloc(lay_buffers(t, NULL), sizeof(float));
	if (!t->w || !t->g || !t->m1 || !t->m2 || !t->block)
		return -ENOMEM;
	lay_weights(t, t->w, &t->embd, &t->out_norm, t->layers);
	lay_weights(t, t->g, &t->g_embd, &t->g_out_norm, t->g_layers);
	lay_buffers(t, t->block);
	return 0;
}

int trainer_new(struct trainer **ret, const struct train_shape *shape, size_t rows,
		unsigned threads, uint64_t seed)
{
	_cleanup_(trainer_freep) struct trainer *t = NULL;
	int r;

	if (!shape_valid(shape, rows))
		return -EINVAL;
	t = calloc(1, sizeof(*t));
	if (!t)
		return -ENOMEM;
	t->s = *shape;
	t->rows = rows;
	t->n = rows * shape->context;
	t->head = shape->width / shape->heads;
	t->kv = t->head * shape->kv_heads;
	r = gemm_new(&t->gemm, threads);
	if (r < 0)
		return r;
	r = allocate(t);
	if (r < 0)
		return r;
	first_weights(t, seed);
	fill_rotations(t);
	*ret = TAKE(t);
	return 0;
}

struct trainer *trainer_free(struct trainer *t)
{
	if (!t)
		return NULL;
	gemm_free(t->gemm);
	free(t->layers);
	free(t->g_layers);
	free(t->saved);
	free(t->losses);
	free(t->w);
	free(t->g);
	free(t->m1);
	free(t->m2);
	free(t->block);
	free(t);
	return NULL;
}

size_t trainer_n_weights(const struct trainer *t)
{
	return t->n_weights;
}

float *trainer_weights(struct trainer *t)
{
	return t->w;
}

const float *trainer_gradients(const struct trainer *t)
{
	return t->g;
}
