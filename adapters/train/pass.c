/* SPDX-License-Identifier: MIT */
/* The forward and the backward pass, layer by layer, by the formula of base_model/family.h. */
#include <string.h>

#include "adapters/train/train-private.h"

struct embed_job {
	struct trainer *t;
	const int32_t *tokens;
};

static void embed_task(void *arg, size_t i, unsigned thread)
{
	const struct embed_job *job = arg;
	const struct trainer *t = job->t;
	size_t d = t->s.width;
	float *x = t->saved[0].x + i * d;

	(void)thread;
	if (t->model)
		bm_part_embedding(t->model, (uint32_t)job->tokens[i], x);
	else
		memcpy(x, t->output.w + (size_t)job->tokens[i] * d, d * sizeof(float));
}

static bool plain_branch(const struct trainer *t, const struct train_norm *norm)
{
	return !norm->w && t->c.residual_scale == 1;
}

/* out = x + what a branch adds: y = in W^T, normed and scaled where the family does so. */
static void add_branch(struct trainer *t, const struct train_matrix *m,
		       const struct train_norm *norm, const float *in, const float *x, float *y,
		       float *r, float *out)
{
	if (plain_branch(t, norm)) {
		train_linear(t, m, in, x, out);
		return;
	}
	train_linear(t, m, in, NULL, y);
	if (norm->w)
		train_norm(t, norm, t->n, y, out, r);
	train_add(t, t->s.width, x, t->c.residual_scale, norm->w ? out : y, out);
}

/* The gradient of y there, from that of the sum in t->dx. */
static const float *branch_back(struct trainer *t, const struct train_norm *norm, const float *y,
				const float *r)
{
	if (plain_branch(t, norm))
		return t->dx;
	train_add(t, t->s.width, NULL, t->c.residual_scale, t->dx, t->branch);
	if (!norm->w)
		return t->branch;
	memset(t->dbranch, 0, t->n * t->s.width * sizeof(float));
	train_norm_back(t, norm, t->n, y, r, t->branch, t->dbranch);
	return t->dbranch;
}

/* The gradient of what a branch read, in t->dt, goes to t->dx. */
static void input_back(struct trainer *t, const struct train_norm *norm, const float *x,
		       const float *r)
{
	if (norm->w)
		train_norm_back(t, norm, t->n, x, r, t->dt, t->dx);
	else
		train_add(t, t->s.width, t->dx, 1, t->dt, t->dx);
}

/* Queries or keys: the norm of each head, and where it stands. */
static void turn_heads(struct trainer *t, uint32_t layer, const struct train_norm *norm,
		       const float *in, float *r, float *x, size_t heads)
{
	if (norm->w)
		train_norm(t, norm, t->n * heads * t->head / norm->width, in, x, r);
	train_rope(t, layer, x, heads, false);
}

/* @dx becomes the gradient of what @in was; returns where it stands. */
static const float *turn_heads_back(struct trainer *t, uint32_t layer,
				    const struct train_norm *norm, const float *in,
				    const float *r, float *dx, float *din, size_t heads)
{
	size_t n = t->n * heads * t->head;

	train_rope(t, layer, dx, heads, true);
	if (!norm->w)
		return dx;
	memset(din, 0, n * sizeof(float));
	train_norm_back(t, norm, n / norm->width, in, r, dx, din);
	return din;
}

/* All of a layer but what its second branch adds. */
static void run_layer(struct trainer *t, uint32_t i)
{
	const struct train_layer *l = &t->layers[i];
	struct train_saved *a = &t->saved[i];

	if (l->norms[BM_NORM_ATTN].w)
		train_norm(t, &l->norms[BM_NORM_ATTN], t->n, a->x, a->attn_in, a->attn_r);
	train_linear(t, &l->m[BM_ATTN_Q], a->attn_in, NULL, a->q_in);
	train_linear(t, &l->m[BM_ATTN_K], a->attn_in, NULL, a->k_in);
	train_linear(t, &l->m[BM_ATTN_V], a->attn_in, NULL, a->v);
	turn_heads(t, i, &l->norms[BM_NORM_Q], a->q_in, a->q_r, a->q, t->s.heads);
	turn_heads(t, i, &l->norms[BM_NORM_K], a->k_in, a->k_r, a->k, t->s.kv_heads);
	train_temper(t, a->q);
	train_attention(t, i, a);
	add_branch(t, &l->m[BM_ATTN_OUTPUT], &l->norms[BM_NORM_ATTN_POST], a->mix, a->x,
		   a->attn_out, a->attn_out_r, a->mid);
	if (l->norms[BM_NORM_FFN].w)
		train_norm(t, &l->norms[BM_NORM_FFN], t->n, a->mid, a->ffn_in, a->ffn_r);
	train_linear(t, &l->m[BM_FFN_GATE], a->ffn_in, NULL, a->gate);
	train_linear(t, &l->m[BM_FFN_UP], a->ffn_in, NULL, a->up);
	train_activate(t, a);
}

static void end_layer(struct trainer *t, uint32_t i, float *out)
{
	const struct train_layer *l = &t->layers[i];
	struct train_saved *a = &t->saved[i];

	add_branch(t, &l->m[BM_FFN_DOWN], &l->norms[BM_NORM_FFN_POST], a->hidden, a->mid,
		   a->ffn_out, a->ffn_out_r, out);
}

static void run_forward(struct trainer *t, const int32_t *tokens)
{
	struct embed_job job = { t, tokens };

	gemm_each(t->gemm, embed_task, &job, t->n);
	for (uint32_t i = 0; i < t->s.layers; i++) {
		run_layer(t, i);
		end_layer(t, i, i + 1 < t->s.layers ? t->saved[i + 1].x : t->last);
	}
}

/* Of a layer that others have overwritten since, what its way back needs. */
static void run_again(struct trainer *t, uint32_t i)
{
	run_layer(t, i);
	if (t->layers[i].norms[BM_NORM_FFN_POST].w)
		end_layer(t, i, t->last);
}

static void ffn_back(struct trainer *t, const struct train_layer *l, struct train_saved *a)
{
	const float *dy = branch_back(t, &l->norms[BM_NORM_FFN_POST], a->ffn_out, a->ffn_out_r);

	train_linear_back(t, &l->m[BM_FFN_DOWN], dy, a->hidden, t->dhidden, false);
	train_activate_back(t, a);
	train_linear_back(t, &l->m[BM_FFN_GATE], t->dgate, a->ffn_in, t->dt, false);
	train_linear_back(t, &l->m[BM_FFN_UP], t->dup, a->ffn_in, t->dt, true);
	input_back(t, &l->norms[BM_NORM_FFN], a->mid, a->ffn_r);
}

static void attention_back(struct trainer *t, uint32_t i, const struct train_layer *l,
			   struct train_saved *a)
{
	const float *dy = branch_back(t, &l->norms[BM_NORM_ATTN_POST], a->attn_out,
				      a->attn_out_r);
	const float *dq, *dk;

	train_linear_back(t, &l->m[BM_ATTN_OUTPUT], dy, a->mix, t->dmix, false);
	train_attention_back(t, i, a);
	train_temper(t, t->dq);
	dq = turn_heads_back(t, i, &l->norms[BM_NORM_Q], a->q_in, a->q_r, t->dq, t->dq_in,
			     t->s.heads);
	dk = turn_heads_back(t, i, &l->norms[BM_NORM_K], a->k_in, a->k_r, t->dk, t->dk_in,
			     t->s.kv_heads);
	train_linear_back(t, &l->m[BM_ATTN_Q], dq, a->attn_in, t->dt, false);
	train_linear_back(t, &l->m[BM_ATTN_K], dk, a->attn_in, t->dt, true);
	train_linear_back(t, &l->m[BM_ATTN_V], t->dv, a->attn_in, t->dt, true);
	input_back(t, &l->norms[BM_NORM_ATTN], a->x, a->attn_r);
}

/* From the gradient of what the layers gave, which the head left in t->dx. */
static void run_backward(struct trainer *t, const int32_t *tokens)
{
	size_t d = t->s.width;

	for (uint32_t i = t->s.layers; i-- > 0;) {
		if (t->recompute && i + 1 < t->s.layers)
			run_again(t, i);
		ffn_back(t, &t->layers[i], &t->saved[i]);
		attention_back(t, i, &t->layers[i], &t->saved[i]);
	}
	for (size_t i = 0; t->output.g && i < t->n; i++)
		for (size_t j = 0; j < d; j++)
			t->output.g[(size_t)tokens[i] * d + j] += t->dx[i * d + j];
}

int trainer_loss(struct trainer *t, const struct train_batch *batch, bool backward, double *loss)
{
	int r = train_take_batch(t, batch);

	if (r < 0)
		return r;
	if (t->has_lanes)
		return train_run_lanes(t, batch, backward, loss);
	run_forward(t, batch->tokens);
	*loss = train_head(t, batch, backward);
	if (backward)
		run_backward(t, batch->tokens);
	return gemm_error(t->gemm);
}

void trainer_losses(const struct trainer *t, double *losses)
{
	memset(losses, 0, t->n * sizeof(*losses));
	for (size_t i = 0; i < t->n_picked; i++)
		losses[t->picked[i]] = t->losses[i];
}
