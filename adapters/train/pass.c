/* SPDX-License-Identifier: MIT */
/* The forward and the backward pass, layer by layer, and the loss. */
#include <math.h>
#include <string.h>

#include "adapters/train/train-private.h"

void train_forward(struct trainer *t, const int32_t *tokens)
{
	size_t d = t->s.width;

	for (size_t i = 0; i < t->n; i++)
		memcpy(t->saved[0].x + i * d, t->embd + (size_t)tokens[i] * d, d * sizeof(float));
	for (uint32_t i = 0; i < t->s.layers; i++) {
		struct train_saved *a = &t->saved[i];
		const struct train_layer *l = &t->layers[i];
		float *next = i + 1 < t->s.layers ? t->saved[i + 1].x : t->last;

		train_norm(t, a->x, l->attn_norm, a->attn_in, a->attn_r);
		train_linear(t, &l->m[TRAIN_Q], a->attn_in, NULL, a->q);
		train_linear(t, &l->m[TRAIN_K], a->attn_in, NULL, a->k);
		train_linear(t, &l->m[TRAIN_V], a->attn_in, NULL, a->v);
		train_rope(t, a->q, t->s.heads, false);
		train_rope(t, a->k, t->s.kv_heads, false);
		train_attention(t, a);
		train_linear(t, &l->m[TRAIN_O], a->mix, a->x, a->mid);
		train_norm(t, a->mid, l->ffn_norm, a->ffn_in, a->ffn_r);
		train_linear(t, &l->m[TRAIN_GATE], a->ffn_in, NULL, a->gate);
		train_linear(t, &l->m[TRAIN_UP], a->ffn_in, NULL, a->up);
		train_activate(t, a);
		train_linear(t, &l->m[TRAIN_DOWN], a->hidden, a->mid, next);
	}
	train_norm(t, t->last, t->out_norm, t->out_in, t->out_r);
	for (size_t i = 0; i < t->n_picked; i++)
		memcpy(t->head_in + i * d, t->out_in + t->picked[i] * d, d * sizeof(float));
	gemm_run(t->gemm, &(struct gemm_args){ .a = t->head_in, .b = t->embd, .c = t->logits,
					       .m = t->n_picked, .n = t->s.vocab, .k = d,
					       .b_transposed = true });
}

/* The gradient of the output norm's result, from that of the logits. */
static void head_back(struct trainer *t)
{
	size_t d = t->s.width;

	gemm_run(t->gemm, &(struct gemm_args){ .a = t->logits, .b = t->embd, .c = t->dhead,
					       .m = t->n_picked, .n = d, .k = t->s.vocab });
	if (t->g_embd)
		gemm_run(t->gemm, &(struct gemm_args){ .a = t->logits, .b = t->head_in,
						       .c = t->g_embd, .m = t->s.vocab, .n = d,
						       .k = t->n_picked, .a_transposed = true,
						       .add = t->g_embd });
	memset(t->dt, 0, t->n * d * sizeof(float));
	for (size_t i = 0; i < t->n_picked; i++)
		memcpy(t->dt + t->picked[i] * d, t->dhead + i * d, d * sizeof(float));
}

/* From the gradient of the logits, which the loss left in their place. */
void train_backward(struct trainer *t, const int32_t *tokens)
{
	size_t d = t->s.width;

	head_back(t);
	memset(t->dx, 0, t->n * d * sizeof(float));
	train_norm_back(t, t->last, t->out_r, t->out_norm, t->g_out_norm);
	for (uint32_t i = t->s.layers; i-- > 0;) {
		struct train_saved *a = &t->saved[i];
		const struct train_layer *l = &t->layers[i];

		train_linear_back(t, &l->m[TRAIN_DOWN], t->dx, a->hidden, t->dhidden, false);
		train_activate_back(t, a);
		train_linear_back(t, &l->m[TRAIN_GATE], t->dgate, a->ffn_in, t->dt, false);
		train_linear_back(t, &l->m[TRAIN_UP], t->dup, a->ffn_in, t->dt, true);
		train_norm_back(t, a->mid, a->ffn_r, l->ffn_norm, l->g_ffn_norm);
		train_linear_back(t, &l->m[TRAIN_O], t->dx, a->mix, t->dmix, false);
		train_attention_back(t, a);
		train_rope(t, t->dq, t->s.heads, true);
		train_rope(t, t->dk, t->s.kv_heads, true);
		train_linear_back(t, &l->m[TRAIN_Q], t->dq, a->attn_in, t->dt, false);
		train_linear_back(t, &l->m[TRAIN_K], t->dk, a->attn_in, t->dt, true);
		train_linear_back(t, &l->m[TRAIN_V], t->dv, a->attn_in, t->dt, true);
		train_norm_back(t, a->x, a->attn_r, l->attn_norm, l->g_attn_norm);
	}
	for (size_t i = 0; t->g_embd && i < t->n; i++)
		for (size_t j = 0; j < d; j++)
			t->g_embd[(size_t)tokens[i] * d + j] += t->dx[i * d + j];
}

struct loss_job {
	struct trainer *t;
	const int32_t *targets;
	float count;		/* what a position's gradient is divided by */
};

/* Turns the logits of one picked position into the gradient (p - onehot) / count, and keeps
 * its loss. */
static void position_loss(void *arg, size_t i, unsigned thread)
{
	const struct loss_job *job = arg;
	struct trainer *t = job->t;
	size_t vocab = t->s.vocab;
	float *p = t->logits + i * vocab, count = job->count, max, sum;
	int32_t target = job->targets[t->picked[i]];
	double chosen = (double)p[target];

	(void)thread;
	sum = t->ops->exponentials(p, vocab, &max);
	t->losses[i] = (double)max - chosen + log((double)sum);
	t->ops->scale(p, vocab, 1 / (sum * count));
	p[target] -= 1 / count;
}

int trainer_loss(struct trainer *t, const struct train_batch *batch, bool backward, double *loss)
{
	struct loss_job job = { .t = t, .targets = batch->targets };
	double sum = 0;
	int r = train_take_batch(t, batch);

	if (r < 0)
		return r;
	job.count = (float)((double)t->n_picked / (batch->weight > 0 ? batch->weight : 1));
	train_forward(t, batch->tokens);
	gemm_each(t->gemm, position_loss, &job, t->n_picked);
	for (size_t i = 0; i < t->n_picked; i++)
		sum += t->losses[i];
	*loss = sum / (double)t->n_picked;
	if (backward)
		train_backward(t, batch->tokens);
	return gemm_error(t->gemm);
}

void trainer_losses(const struct trainer *t, double *losses)
{
	memset(losses, 0, t->n * sizeof(*losses));
	for (size_t i = 0; i < t->n_picked; i++)
		losses[t->picked[i]] = t->losses[i];
}
