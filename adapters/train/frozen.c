/* SPDX-License-Identifier: MIT */
/* A trainer on a model that stays as its file has it: nothing of it is copied. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "adapters/train/model-file.h"
#include "adapters/train/train-private.h"
#include "util/macro.h"

/* Beyond so much memory for activations, layers are computed again. */
enum { MOST_FLOATS = 1 << 27 };

static bool even_layers(const struct bm_config *c)
{
	for (uint32_t i = 0; i < c->n_layers; i++)
		if (c->layers[i].n_heads != c->n_heads ||
		    c->layers[i].n_kv_heads != c->n_kv_heads || c->layers[i].ffn_dim != c->ffn_dim)
			return false;
	return true;
}

/* What the model has that the passes here do not know, or NULL. */
static const char *unknown_part(const struct bm_model *m)
{
	const struct bm_config *c = bm_model_config(m);
	const struct family *f = c->family;

	if (f->layer_norm)
		return "norms that take the mean away";
	if (f->ffn == FFN_GELU)
		return "a feed-forward part without a gate";
	if (c->parallel || (f->pre_norm && !bm_part_norm(m, 0, BM_NORM_FFN)))
		return "branches side by side";
	if (f->head_norm == HEAD_NORM_OWN)
		return "heads with norms of their own";
	if (!even_layers(c))
		return "layers of different widths";
	return bm_part_bias(m, 0, BM_OUTPUT) ? "a bias of the output" : NULL;
}

static void bind_norm(struct trainer *t, uint32_t layer, enum bm_norm which, size_t width,
		      struct train_norm *norm)
{
	*norm = (struct train_norm){ .w = bm_part_norm(t->model, layer, which), .width = width };
}

/* Matrices whose rows are those of one tensor. */
static void bind_parts(struct trainer *t, uint32_t i)
{
	static const char *const fused[] = { "attn_qkv", "ffn_up" };
	enum bm_matrix matrix, first;
	uint32_t layer;
	char name[64];

	for (size_t k = 0; k < ARRAY_SIZE(fused); k++) {
		unsigned n;

		snprintf(name, sizeof(name), "blk.%u.%s.weight", i, fused[k]);
		if (bm_matrix_find(t->model, name, &layer, &matrix) < 0)
			continue;
		n = bm_matrix_parts(matrix, &first);
		for (unsigned part = 0; part < n; part++)
			t->layers[i].m[first + part].parts = part ? 0 : n;
	}
}

static void bind_layer(struct trainer *t, uint32_t i)
{
	bool whole = t->c.family->head_norm == HEAD_NORM_WHOLE;
	struct train_layer *l = &t->layers[i];

	for (int k = 0; k < BM_NORM_OUTPUT; k++)
		bind_norm(t, i, k, k == BM_NORM_Q ? whole ? t->q : t->head :
				   k == BM_NORM_K ? whole ? t->kv : t->head : t->s.width,
			  &l->norms[k]);
	for (int k = 0; k < TRAIN_MATRICES; k++) {
		l->m[k].frozen = bm_part_matrix(t->model, i, k);
		l->m[k].bias = bm_part_bias(t->model, i, k);
	}
	bind_parts(t, i);
}

static void fill_turns(struct trainer *t)
{
	size_t pairs = t->c.rope_dim / 2;

	for (uint32_t pos = 0; pos < t->s.context; pos++) {
		for (int i = 0; i < BM_ROTATE_NONE; i++)
			bm_part_angles(t->model, i, pos, t->cos[i] + pos * pairs,
				       t->sin[i] + pos * pairs);
		if (t->temperatures)
			t->temperatures[pos] = bm_part_temperature(t->model, pos);
	}
}

static int bind_model(struct trainer *t, size_t rows, unsigned threads)
{
	int r = train_prepare(t, rows, threads);

	if (r < 0)
		return r;
	for (uint32_t i = 0; i < t->s.layers; i++)
		bind_layer(t, i);
	bind_norm(t, 0, BM_NORM_OUTPUT, t->s.width, &t->out_norm);
	t->output.frozen = bm_part_matrix(t->model, 0, BM_OUTPUT);
	fill_turns(t);
	t->recompute = train_buffer_floats(t) > MOST_FLOATS;
	return train_lay_buffers(t);
}

int train_from_model(struct trainer **ret, const struct bm_model *m, uint32_t context,
		     size_t rows, unsigned threads, struct diag *d)
{
	const struct bm_config *c = bm_model_config(m);
	_cleanup_(trainer_freep) struct trainer *t = NULL;
	const char *unknown = unknown_part(m);
	int r;

	if (unknown)
		return diag_set(d, -EINVAL, DIAG_UNSUP, c->architecture,
				"training does not know %s", unknown);
	if (context < 1 || context > c->context)
		return diag_set(d, -EINVAL, DIAG_RANGE, "context", "%u, the model has %u",
				context, c->context);
	t = calloc(1, sizeof(*t));
	if (!t)
		return diag_set(d, -ENOMEM, DIAG_SYSTEM, "", "out of memory");
	t->model = m;
	t->c = *c;
	t->head = c->head_dim;
	t->s = (struct train_shape){ c->n_vocab, c->dim, c->n_layers, c->n_heads, c->n_kv_heads,
				     c->ffn_dim, context, c->rope_base, c->norm_eps };
	if (!train_shape_valid(&t->s, rows))
		return diag_set(d, -EINVAL, DIAG_RANGE, "shape",
				"larger than what training knows");
	r = bind_model(t, rows, threads);
	if (r < 0)
		return diag_set(d, r, DIAG_SYSTEM, "", "%s", strerror(-r));
	*ret = TAKE(t);
	return 0;
}

void trainer_replace(struct trainer *t, uint32_t layer, enum bm_matrix matrix,
		     const struct matrix *with)
{
	struct train_matrix *m = matrix == BM_OUTPUT ? &t->output : &t->layers[layer].m[matrix];

	m->frozen = with ? with : bm_part_matrix(t->model, layer, matrix);
}

int trainer_inputs(const struct trainer *t, uint32_t layer, enum bm_matrix matrix, double *sums)
{
	const struct train_saved *a = &t->saved[layer];
	const float *const inputs[BM_MATRIX_COUNT] = {
		[BM_ATTN_Q] = a->attn_in, [BM_ATTN_K] = a->attn_in, [BM_ATTN_V] = a->attn_in,
		[BM_ATTN_OUTPUT] = a->mix, [BM_FFN_GATE] = a->ffn_in, [BM_FFN_UP] = a->ffn_in,
		[BM_FFN_DOWN] = a->hidden, [BM_OUTPUT] = t->out_in,
	};
	size_t in = matrix == BM_OUTPUT ? t->output.in : t->layers[layer].m[matrix].in;

	if (t->recompute)
		return -EINVAL;
	for (size_t i = 0; i < t->n; i++)
		for (size_t j = 0; j < in; j++) {
			double x = (double)inputs[matrix][i * in + j];

			sums[j] += x * x;
		}
	return 0;
}
