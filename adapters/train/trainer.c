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

/* Names the pieces of one block: of the weights, or of their gradients. */
static size_t lay_base(struct trainer *t, float *base, bool gradients)
{
	const size_t d = t->s.width, f = t->s.ffn;
	const size_t out[] = { d, t->kv, t->kv, d, f, f, d }, in[] = { d, d, d, d, d, d, f };
	size_t at = 0;
	float *p = take(base, &at, t->s.vocab * d);

	*(gradients ? &t->g_embd : &t->embd) = p;
	p = take(base, &at, d);
	*(gradients ? &t->g_out_norm : &t->out_norm) = p;
	for (uint32_t i = 0; i < t->s.layers; i++) {
		struct train_layer *l = &t->layers[i];

		for (int m = 0; m < TRAIN_MATRICES; m++) {
			if (m == TRAIN_Q) {
				p = take(base, &at, d);
				*(gradients ? &l->g_attn_norm : &l->attn_norm) = p;
			} else if (m == TRAIN_GATE) {
				p = take(base, &at, d);
				*(gradients ? &l->g_ffn_norm : &l->ffn_norm) = p;
			}
			l->m[m].out = out[m];
			l->m[m].in = in[m];
			p = take(base, &at, out[m] * in[m]);
			*(gradients ? &l->m[m].g : &l->m[m].w) = p;
		}
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
	t->head_in = take(b, &at, nd);
	t->dhead = take(b, &at, nd);
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
	t->partial = take(b, &at, train_chunks(t) * t->s.width);
	t->ds = take(b, &at, t->threads * t->s.context * t->s.context);
	t->muon = take(b, &at, train_muon_floats(&t->s));
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
			l->m[TRAIN_O].w[j] *= residual;
		for (size_t j = 0; j < d * t->s.ffn; j++)
			l->m[TRAIN_DOWN].w[j] *= residual;
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

static int new_block(struct train_block *b, size_t n)
{
	*b = (struct train_block){ calloc(n, sizeof(float)), calloc(n, sizeof(float)),
				   calloc(n, sizeof(float)), calloc(n, sizeof(float)),
				   calloc(n / TRAIN_WEIGHTS + 1, sizeof(double)), n };
	return b->w && b->g && b->m1 && b->m2 && b->sums ? 0 : -ENOMEM;
}

static void free_block(struct train_block *b)
{
	free(b->w);
	free(b->g);
	free(b->m1);
	free(b->m2);
	free(b->sums);
	*b = (struct train_block){ 0 };
}

static int allocate(struct trainer *t)
{
	int r;

	t->layers = calloc(t->s.layers, sizeof(*t->layers));
	t->saved = calloc(t->s.layers, sizeof(*t->saved));
	t->losses = calloc(t->n, sizeof(*t->losses));
	t->picked = calloc(t->n, sizeof(*t->picked));
	t->spans = calloc(t->n, sizeof(*t->spans));
	t->places = calloc(t->n, sizeof(*t->places));
	if (!t->layers || !t->saved || !t->losses || !t->picked || !t->spans || !t->places)
		return -ENOMEM;
	t->n_weights = lay_base(t, NULL, false);
	r = new_block(&t->trained, t->n_weights);
	t->block = calloc(lay_buffers(t, NULL), sizeof(float));
	if (r < 0 || !t->block)
		return -ENOMEM;
	t->w = t->trained.w;
	lay_base(t, t->w, false);
	lay_base(t, t->trained.g, true);
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
	t->threads = threads;
	t->n = rows * shape->context;
	t->head = shape->width / shape->heads;
	t->kv = t->head * shape->kv_heads;
	r = gemm_new(&t->gemm, threads);
	if (r < 0)
		return r;
	t->ops = gemm_ops(t->gemm);
	r = allocate(t);
	if (r < 0)
		return r;
	first_weights(t, seed);
	fill_rotations(t);
	*ret = TAKE(t);
	return 0;
}

void trainer_set_exact(struct trainer *t)
{
	gemm_set_inputs(t->gemm, GEMM_F32);
}

static size_t lay_lora(struct trainer *t, float *w, float *g)
{
	size_t at = 0, at_g = 0;

	for (uint32_t i = 0; i < t->s.layers; i++)
		for (int k = 0; k < TRAIN_MATRICES; k++) {
			struct train_matrix *m = &t->layers[i].m[k];

			m->a = take(w, &at, t->rank * m->in);
			m->b = take(w, &at, m->out * t->rank);
			m->ga = take(g, &at_g, t->rank * m->in);
			m->gb = take(g, &at_g, m->out * t->rank);
		}
	return at;
}

/* The base stays; nothing of it is learnt any more. */
static void freeze(struct trainer *t)
{
	struct train_block base = t->trained;

	base.w = NULL;
	free_block(&base);
	t->trained = (struct train_block){ 0 };
	t->g_embd = t->g_out_norm = NULL;
	for (uint32_t i = 0; i < t->s.layers; i++) {
		struct train_layer *l = &t->layers[i];

		l->g_attn_norm = l->g_ffn_norm = NULL;
		for (int k = 0; k < TRAIN_MATRICES; k++)
			l->m[k].g = NULL;
	}
}

int trainer_add_lora(struct trainer *t, uint32_t rank, float alpha, uint64_t seed)
{
	int r;

	if (t->rank || t->steps || rank < 1 || rank > 256 || !(alpha > 0) || alpha > 4096)
		return -EINVAL;
	freeze(t);
	t->rank = rank;
	t->alpha = alpha;
	t->lora_scale = alpha / (float)rank;
	t->xa = calloc(t->n * rank, sizeof(float));
	r = new_block(&t->trained, lay_lora(t, NULL, NULL));
	if (r < 0 || !t->xa)
		return -ENOMEM;
	lay_lora(t, t->trained.w, t->trained.g);
	/* B begins as zero, so that the first step starts from the base itself. */
	for (uint32_t i = 0; i < t->s.layers; i++)
		for (int k = 0; k < TRAIN_MATRICES; k++)
			draw(t->layers[i].m[k].a, rank * t->layers[i].m[k].in,
			     1 / sqrtf((float)t->layers[i].m[k].in), &seed);
	return 0;
}

struct trainer *trainer_free(struct trainer *t)
{
	if (!t)
		return NULL;
	gemm_free(t->gemm);
	if (t->w != t->trained.w)
		free(t->w);
	free_block(&t->trained);
	free(t->layers);
	free(t->saved);
	free(t->losses);
	free(t->picked);
	free(t->spans);
	free(t->places);
	free(t->xa);
	free(t->block);
	free(t);
	return NULL;
}

const struct train_shape *trainer_shape(const struct trainer *t)
{
	return &t->s;
}

size_t trainer_n_weights(const struct trainer *t)
{
	return t->n_weights;
}

size_t trainer_n_trained(const struct trainer *t)
{
	return t->trained.n;
}

float *trainer_trained(struct trainer *t)
{
	return t->trained.w;
}

const float *trainer_gradients(const struct trainer *t)
{
	return t->trained.g;
}

float *trainer_embedding(struct trainer *t)
{
	return t->embd;
}

float *trainer_norm(struct trainer *t, enum train_norm_place place, uint32_t layer)
{
	switch (place) {
	case TRAIN_NORM_ATTN:
		return t->layers[layer].attn_norm;
	case TRAIN_NORM_FFN:
		return t->layers[layer].ffn_norm;
	case TRAIN_NORM_OUTPUT:
		break;
	}
	return t->out_norm;
}

struct train_view trainer_matrix(struct trainer *t, uint32_t layer, enum train_place place)
{
	const struct train_matrix *m = &t->layers[layer].m[place];

	return (struct train_view){ m->out, m->in, t->rank, t->alpha, m->w, m->a, m->b };
}
