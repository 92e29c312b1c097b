/* SPDX-License-Identifier: MIT */
#include "base_model/model.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base_model/attention.h"
#include "base_model/config.h"
#include "base_model/delta.h"
#include "base_model/dequantize.h"
#include "base_model/family.h"
#include "base_model/model-private.h"
#include "util/macro.h"

#define DEFAULT_BATCH 256
#define MAX_BATCH 4096
#define ALIGNMENT 64

/* Lays arrays one behind the other: first pass sums, second hands out. */
struct layout {
	uint8_t *base;
	size_t size;
	bool overflow;
};

static void *place(struct layout *l, size_t count, size_t width, size_t element)
{
	size_t at = l->size, bytes;

	l->overflow |= mul_overflow(count, width, &bytes) || mul_overflow(bytes, element, &bytes) ||
		       add_overflow(at, bytes, &l->size) ||
		       add_overflow(l->size, (size_t)ALIGNMENT, &l->size);
	l->size &= ~(size_t)(ALIGNMENT - 1);
	return l->base ? l->base + at : NULL;
}

static void place_state(struct run_state *s, const struct bm_model *m, struct layout *l)
{
	const struct bm_config *c = &m->config;
	size_t batch = m->max_batch, heads = (size_t)c->n_heads * c->head_dim;
	size_t kv = (size_t)c->n_kv_heads * c->head_dim;
	size_t widest = MAX((size_t)c->dim, heads);

	widest = MAX(widest, (size_t)c->ffn_dim);
	s->x = place(l, batch, c->dim, sizeof(float));
	s->normed = place(l, batch, c->dim, sizeof(float));
	s->branch = place(l, batch, c->dim, sizeof(float));
	s->q = place(l, batch, heads, sizeof(float));
	s->attended = place(l, batch, heads, sizeof(float));
	s->k = place(l, batch, kv, sizeof(float));
	s->v = place(l, batch, kv, sizeof(float));
	s->gate = place(l, batch, c->ffn_dim, sizeof(float));
	s->up = place(l, batch, c->ffn_dim, sizeof(float));
	for (int i = 0; i < BM_ROTATE_NONE; i++) {
		s->cosines[i] = place(l, batch, m->ropes[i].n, sizeof(float));
		s->sines[i] = place(l, batch, m->ropes[i].n, sizeof(float));
	}
	s->temperatures = place(l, batch, 1, sizeof(float));
	s->attention = place(l, 1, attention_scratch_size(c, m->max_batch,
							   pool_threads(m->pool)), 1);
	s->logits = place(l, HEAD_ROWS, c->n_vocab, sizeof(float));
	s->quantized = place(l, 1, activations_size(batch, widest), 1);
	s->rows = place(l, batch, 1, sizeof(*s->rows));
	s->wanted = place(l, batch, 1, sizeof(*s->wanted));
	s->places = place(l, batch, 1, sizeof(*s->places));
}

/* Zero pages until they are touched: of attention's, most never are. */
static int state_init(struct run_state *s, const struct bm_model *m)
{
	struct layout l = { 0 };

	place_state(s, m, &l);
	if (l.overflow)
		return -ENOMEM;
	s->size = l.size;
	s->memory = mmap(NULL, s->size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (s->memory == MAP_FAILED) {
		s->memory = NULL;
		return -ENOMEM;
	}
	l = (struct layout){ .base = s->memory };
	place_state(s, m, &l);
	return 0;
}

/* A file without a tokenizer computes logits of ids and nothing else. */
static int tokenizer_init(struct bm_model *m, struct diag *d)
{
	const char *s;
	size_t len;
	int r;

	if (gguf_str(m->gguf, "tokenizer.ggml.model", &s, &len, NULL) == GGUF_E_ABSENT)
		return 0;
	r = tokenizer_new(&m->tokenizer, m->gguf, d);
	if (r == 0 && tokenizer_n_tokens(m->tokenizer) != m->config.n_vocab)
		return diag_set(d, -EINVAL, DIAG_VOCAB, "tokenizer.ggml.tokens",
				"%u tokens, but the embedding has %u rows",
				tokenizer_n_tokens(m->tokenizer), m->config.n_vocab);
	return r;
}

/* Those that some layer rotates by. */
static int ropes_init(struct bm_model *m)
{
	for (uint32_t i = 0; i < m->config.n_layers; i++) {
		enum bm_rotation rotation = m->config.layers[i].rotation;
		int r;

		if (rotation == BM_ROTATE_NONE || m->ropes[rotation].n)
			continue;
		r = rope_init(&m->ropes[rotation], &m->config, rotation, m->weights.rope_factors);
		if (r < 0)
			return r;
	}
	return 0;
}

static int model_init(struct bm_model *m, int fd, const struct bm_params *params, struct diag *d)
{
	int r;

	m->max_batch = params->max_batch ? params->max_batch : DEFAULT_BATCH;
	m->kernels = kernels_choose();
	if ((r = gguf_open_fd(&m->gguf, fd, d)) < 0 ||
	    (r = config_read(&m->config, m->gguf, d)) < 0 ||
	    (r = weights_bind(&m->weights, &m->config, m->gguf, d)) < 0 ||
	    (r = tokenizer_init(m, d)) < 0)
		return r;
	if ((r = pool_new(&m->pool, params->threads)) < 0 ||
	    (r = ropes_init(m)) < 0 || (r = state_init(&m->state, m)) < 0)
		return diag_set(d, r, DIAG_SYSTEM, "", "%s", strerror(-r));
	return 0;
}

int bm_model_open_fd(struct bm_model **ret, int fd, const struct bm_params *params,
		     struct diag *d)
{
	_cleanup_(bm_model_freep) struct bm_model *m = NULL;
	int r;

	if (params->max_batch > MAX_BATCH)
		return diag_set(d, -EINVAL, DIAG_RANGE, "max_batch", "%u, at most %d",
				params->max_batch, MAX_BATCH);
	m = calloc(1, sizeof(*m));
	if (!m)
		return diag_set(d, -ENOMEM, DIAG_SYSTEM, "", "out of memory");
	r = model_init(m, fd, params, d);
	if (r < 0)
		return r;
	*ret = TAKE(m);
	return 0;
}

struct bm_model *bm_model_free(struct bm_model *m)
{
	if (!m)
		return NULL;
	if (m->state.memory)
		munmap(m->state.memory, m->state.size);
	delta_scratch_deinit(&m->updates);
	for (int i = 0; i < BM_ROTATE_NONE; i++)
		rope_deinit(&m->ropes[i]);
	pool_free(m->pool);
	weights_deinit(&m->weights);
	config_deinit(&m->config);
	tokenizer_free(m->tokenizer);
	gguf_free(m->gguf);
	free(m);
	return NULL;
}

const struct bm_config *bm_model_config(const struct bm_model *m)
{
	return &m->config;
}

const struct gguf *bm_model_gguf(const struct bm_model *m)
{
	return m->gguf;
}

const struct tokenizer *bm_model_tokenizer(const struct bm_model *m)
{
	return m->tokenizer;
}

uint32_t bm_model_max_batch(const struct bm_model *m)
{
	return m->max_batch;
}

const char *bm_model_kernels(const struct bm_model *m)
{
	return m->kernels->name;
}

bool bm_tensor_row(const struct gguf_tensor *t, uint64_t row, float *out)
{
	struct matrix w;

	if (!matrix_of_tensor(&w, t))
		return false;
	matrix_row(&w, (uint32_t)row, out);
	return true;
}

void bm_matrix_shape(const struct bm_model *m, uint32_t layer, enum bm_matrix matrix,
		     uint32_t *rows, uint32_t *cols)
{
	const struct matrix *w = matrix == BM_OUTPUT ? &m->weights.output :
						       &m->weights.layers[layer].matrices[matrix];

	*rows = w->rows;
	*cols = w->cols;
}

bool bm_model_pairs_neighbours(const struct bm_model *m)
{
	return m->config.family->pairs == ROPE_ADJACENT;
}

int bm_matrix_find(const struct bm_model *m, const char *name, uint32_t *layer,
		   enum bm_matrix *matrix)
{
	char expected[64];
	unsigned index;

	if (strcmp(name, "output.weight") == 0) {
		*layer = 0;
		*matrix = BM_OUTPUT;
		return m->weights.tied ? -ENOENT : 0;
	}
	if (sscanf(name, "blk.%u.", &index) != 1 || index >= m->config.n_layers ||
	    !gguf_tensor(m->gguf, name))
		return -ENOENT;
	/* From the last on: the name of the fused gate is that of the plain up too. */
	for (int i = m->config.family->fused_gate ? BM_FFN_GATE_UP : BM_ATTN_QKV; i >= 0; i--) {
		snprintf(expected, sizeof(expected), "blk.%u.%s.weight", index, matrix_name(i));
		if (strcmp(name, expected) == 0) {
			*layer = index;
			*matrix = i;
			return 0;
		}
	}
	return -ENOENT;
}
