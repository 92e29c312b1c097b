/* SPDX-License-Identifier: MIT */
/* A trainer's parts that do not depend on where its base is from. */
#include <errno.h>
#include <string.h>

#include "adapters/train/train-private.h"
#include "util/pages.h"

bool train_shape_valid(const struct train_shape *s, size_t rows)
{
	if (!s->vocab || !s->width || !s->layers || !s->heads || !s->kv_heads || !s->ffn ||
	    !s->context || !rows)
		return false;
	if (s->vocab > 1u << 20 || s->width > 1u << 14 || s->layers > 256 || s->ffn > 1u << 16 ||
	    s->context > 1u << 15 || rows > 4096 || s->heads > 1024)
		return false;
	return s->heads % s->kv_heads == 0;
}

int train_block_init(struct train_block *b, size_t n)
{
	*b = (struct train_block){ pages_calloc(n, sizeof(float)), pages_calloc(n, sizeof(float)),
				   pages_calloc(n, sizeof(float)), pages_calloc(n, sizeof(float)),
				   calloc(n / TRAIN_WEIGHTS + 1, sizeof(double)), n };
	return b->w && b->g && b->m1 && b->m2 && b->sums ? 0 : -ENOMEM;
}

void train_block_deinit(struct train_block *b)
{
	free(b->w);
	free(b->g);
	free(b->m1);
	free(b->m2);
	free(b->sums);
	*b = (struct train_block){ 0 };
}

static void shape_matrices(struct trainer *t)
{
	const size_t d = t->s.width, f = t->s.ffn;
	const size_t out[TRAIN_MATRICES] = {
		[BM_ATTN_Q] = t->q, [BM_ATTN_K] = t->kv, [BM_ATTN_V] = t->kv,
		[BM_ATTN_OUTPUT] = d, [BM_FFN_GATE] = f, [BM_FFN_UP] = f, [BM_FFN_DOWN] = d,
	};

	for (uint32_t i = 0; i < t->s.layers; i++)
		for (int m = 0; m < TRAIN_MATRICES; m++) {
			t->layers[i].m[m].parts = 1;
			t->layers[i].m[m].out = out[m];
			t->layers[i].m[m].in = m == BM_ATTN_OUTPUT ? t->q :
					       m == BM_FFN_DOWN ? f : d;
		}
	t->output.out = t->s.vocab;
	t->output.in = d;
}

static int lay_turns(struct trainer *t)
{
	size_t n = (size_t)t->s.context * t->c.rope_dim / 2, at = 0;

	t->turns = calloc(2 * BM_ROTATE_NONE * n + t->s.context, sizeof(float));
	if (!t->turns)
		return -ENOMEM;
	for (int i = 0; i < BM_ROTATE_NONE; i++) {
		t->cos[i] = train_take(t->turns, &at, n);
		t->sin[i] = train_take(t->turns, &at, n);
	}
	if (t->c.attention_temperature > 0)
		t->temperatures = train_take(t->turns, &at, t->s.context);
	return 0;
}

int train_prepare(struct trainer *t, size_t rows, unsigned threads)
{
	int r = gemm_new(&t->gemm, threads);

	if (r < 0)
		return r;
	t->ops = gemm_ops(t->gemm);
	t->threads = threads;
	t->rows = rows;
	t->n = rows * t->s.context;
	t->q = t->head * t->s.heads;
	t->kv = t->head * t->s.kv_heads;
	t->layers = calloc(t->s.layers, sizeof(*t->layers));
	t->saved = calloc(t->s.layers, sizeof(*t->saved));
	t->losses = calloc(t->n, sizeof(*t->losses));
	t->picked = calloc(t->n, sizeof(*t->picked));
	t->spans = calloc(t->n, sizeof(*t->spans));
	t->places = calloc(t->n, sizeof(*t->places));
	if (!t->layers || !t->saved || !t->losses || !t->picked || !t->spans || !t->places)
		return -ENOMEM;
	shape_matrices(t);
	return lay_turns(t);
}

void trainer_set_exact(struct trainer *t)
{
	gemm_set_inputs(t->gemm, GEMM_F32);
	for (size_t i = 0; t->has_lanes && i < TRAIN_LANES; i++)
		trainer_set_exact(t->lanes[i]);
}

double trainer_operations(const struct trainer *t)
{
	double sum = gemm_operations(t->gemm);

	for (size_t i = 0; t->has_lanes && i < TRAIN_LANES; i++)
		sum += gemm_operations(t->lanes[i]->gemm);
	return sum;
}

double trainer_peak(struct trainer *t)
{
	return gemm_peak(t->gemm);
}

struct trainer *trainer_free(struct trainer *t)
{
	if (!t)
		return NULL;
	train_close_lanes(t);
	gemm_free(t->gemm);
	if (t->w != t->trained.w)
		free(t->w);
	if (!t->model)
		free(t->c.layers);
	train_block_deinit(&t->trained);
	free(t->layers);
	free(t->saved);
	free(t->losses);
	free(t->picked);
	free(t->spans);
	free(t->places);
	free(t->turns);
	free(t->xa);
	free(t->block);
	free(t);
	return NULL;
}

const struct train_shape *trainer_shape(const struct trainer *t)
{
	return &t->s;
}

const char *trainer_architecture(const struct trainer *t)
{
	return t->c.architecture;
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
	return t->output.w;
}

float *trainer_norm(struct trainer *t, uint32_t layer, enum bm_norm norm)
{
	const struct train_norm *n = norm == BM_NORM_OUTPUT ? &t->out_norm :
							      &t->layers[layer].norms[norm];

	return t->w + (n->w - t->w);
}

struct train_view trainer_matrix(struct trainer *t, uint32_t layer, enum bm_matrix matrix)
{
	const struct train_matrix *m = &t->layers[layer].m[matrix];

	struct train_view v = { 0, m->in, t->rank, t->alpha, m->parts, m->w, m->a, m->b };

	for (unsigned i = 0; i < m->parts; i++)
		v.out += m[i].out;
	return v;
}
