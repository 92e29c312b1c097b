/* SPDX-License-Identifier: MIT */
/* The forward and the backward pass, layer by layer, and the loss. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "adapters/train/train-private.h"

void train_linear(struct trainer *t, const float *x, const float *w, float *y, size_t out,
		  size_t in, bool add)
{
	gemm_run(t->gemm, &(struct gemm_args){ .a = x, .b = w, .c = y, .m = t->n, .n = out, .k = in,
					       .b_transposed = true, .add = add });
}

void train_linear_back(struct trainer *t, const float *dy, const float *x, const float *w,
		       float *dx, float *dw, size_t out, size_t in, bool add)
{
	gemm_run(t->gemm, &(struct gemm_args){ .a = dy, .b = w, .c = dx, .m = t->n, .n = in,
					       .k = out, .add = add });
	gemm_run(t->gemm, &(struct gemm_args){ .a = dy, .b = x, .c = dw, .m = out, .n = in,
					       .k = t->n, .a_transposed = true, .add = true });
}

/* y = x w r with r = 1 / sqrt(mean(x^2) + eps) of each position. */
static void norm(const struct trainer *t, const float *x, const float *w, float *y, float *r)
{
	size_t d = t->s.width;

	for (size_t i = 0; i < t->n; i++, x += d, y += d) {
		float sum = 0;

		for (size_t j = 0; j < d; j++)
			sum += x[j] * x[j];
		r[i] = 1 / sqrtf(sum / (float)d + t->s.eps);
		for (size_t j = 0; j < d; j++)
			y[j] = x[j] * r[i] * w[j];
	}
}

/* Adds to dx what dt, the gradient of the norm's output, gives:
 * dx += r w dt - x r^3 sum(w dt x) / width. */
void train_norm_back(struct trainer *t, const float *x, const float *r, const float *w, float *dw)
{
	size_t d = t->s.width;
	const float *dy = t->dt;
	float *dx = t->dx;

	for (size_t i = 0; i < t->n; i++, x += d, dx += d, dy += d) {
		float sum = 0;

		for (size_t j = 0; j < d; j++) {
			sum += w[j] * dy[j] * x[j];
			dw[j] += dy[j] * x[j] * r[i];
		}
		sum *= r[i] * r[i] * r[i] / (float)d;
		for (size_t j = 0; j < d; j++)
			dx[j] += w[j] * dy[j] * r[i] - x[j] * sum;
	}
}

static void activate(const struct train_saved *a, size_t n)
{
	for (size_t i = 0; i < n; i++)
		a->hidden[i] = a->gate[i] / (1 + expf(-a->gate[i])) * a->up[i];
}

static void activate_back(struct trainer *t, const struct train_saved *a)
{
	for (size_t i = 0; i < t->n * t->s.ffn; i++) {
		float x = a->gate[i], s = 1 / (1 + expf(-x));

		t->dup[i] = t->dhidden[i] * x * s;
		t->dgate[i] = t->dhidden[i] * a->up[i] * s * (1 + x * (1 - s));
	}
}

void train_forward(struct trainer *t, const int32_t *tokens)
{
	size_t d = t->s.width, f = t->s.ffn, bytes = t->n * d * sizeof(float);

	for (size_t i = 0; i < t->n; i++)
		memcpy(t->saved[0].x + i * d, t->embd + (size_t)tokens[i] * d, d * sizeof(float));
	for (uint32_t i = 0; i < t->s.layers; i++) {
		struct train_saved *a = &t->saved[i];
		const struct train_layer *l = &t->layers[i];
		float *next = i + 1 < t->s.layers ? t->saved[i + 1].x : t->last;

		norm(t, a->x, l->attn_norm, a->attn_in, a->attn_r);
		train_linear(t, a->attn_in, l->q, a->q, d, d, false);
		train_linear(t, a->attn_in, l->k, a->k, t->kv, d, false);
		train_linear(t, a->attn_in, l->v, a->v, t->kv, d, false);
		train_rope(t, a->q, t->s.heads, false);
		train_rope(t, a->k, t->s.kv_heads, false);
		train_attention(t, a);
		memcpy(a->mid, a->x, bytes);
		train_linear(t, a->mix, l->o, a->mid, d, d, true);
		norm(t, a->mid, l->ffn_norm, a->ffn_in, a->ffn_r);
		train_linear(t, a->ffn_in, l->gate, a->gate, f, d, false);
		train_linear(t, a->ffn_in, l->up, a->up, f, d, false);
		activate(a, t->n * f);
		memcpy(next, a->mid, bytes);
		train_linear(t, a->hidden, l->down, next, d, f, true);
	}
	norm(t, t->last, t->out_norm, t->out_in, t->out_r);
	train_linear(t, t->out_in, t->embd, t->logits, t->s.vocab, d, false);
}

/* From the gradient of the logits, which the loss left in their place. */
void train_backward(struct trainer *t, const int32_t *tokens)
{
	size_t d = t->s.width, f = t->s.ffn;

	memset(t->dx, 0, t->n * d * sizeof(float));
	train_linear_back(t, t->logits, t->out_in, t->embd, t->dt, t->g_embd, t->s.vocab, d, false);
	train_norm_back(t, t->last, t->out_r, t->out_norm, t->g_out_norm);
	for (uint32_t i = t->s.layers; i-- > 0;) {
		struct train_saved *a = &t->saved[i];
		const struct train_layer *l = &t->layers[i], *g = &t->g_layers[i];

		train_linear_back(t, t->dx, a->hidden, l->down, t->dhidden, g->down, d, f, false);
		activate_back(t, a);
		train_linear_back(t, t->dgate, a->ffn_in, l->gate, t->dt, g->gate, f, d, false);
		train_linear_back(t, t->dup, a->ffn_in, l->up, t->dt, g->up, f, d, true);
		train_norm_back(t, a->mid, a->ffn_r, l->ffn_norm, g->ffn_norm);
		train_linear_back(t, t->dx, a->mix, l->o, t->dmix, g->o, d, d, false);
		train_attention_back(t, a);
		train_rope(t, t->dq, t->s.heads, true);
		train_rope(t, t->dk, t->s.kv_heads, true);
		train_linear_back(t, t->dq, a->attn_in, l->q, t->dt, g->q, d, d, false);
		train_linear_back(t, t->dk, a->attn_in, l->k, t->dt, g->k, t->kv, d, true);
		train_linear_back(t, t->dv, a->attn_in, l->v, t->dt, g->v, t->kv, d, true);
		train_norm_back(t, a->x, a->attn_r, l->attn_norm, g->attn_norm);
	}
	for (size_t i = 0; i < t->n; i++)
		for (size_t j = 0; j < d; j++)
			t->g_embd[(size_t)tokens[i] * d + j] += t->dx[i * d + j];
}

struct loss_job {
	struct trainer *t;
	const int32_t *targets;
	size_t count;
};

/* Turns one position's logits into the gradient (p - onehot) / count, and keeps its loss. */
static void position_loss(void *arg, size_t i, unsigned thread)
{
	const struct loss_job *job = arg;
	struct trainer *t = job->t;
	size_t vocab = t->s.vocab;
	float *p = t->logits + i * vocab, max = -INFINITY, sum = 0;
	int32_t target = job->targets[i];

	(void)thread;
	t->losses[i] = 0;
	if (target == TRAIN_IGNORE) {
		memset(p, 0, vocab * sizeof(float));
		return;
	}
	for (size_t j = 0; j < vocab; j++)
		max = fmaxf(max, p[j]);
	t->losses[i] = (double)max - (double)p[target];
	for (size_t j = 0; j < vocab; j++) {
		p[j] = expf(p[j] - max);
		sum += p[j];
	}
	t->losses[i] += log((double)sum);
	for (size_t j = 0; j < vocab; j++)
		p[j] /= sum * (float)job->count;
	p[target] -= 1 / (float)job->count;
}

static int count_targets(const struct trainer *t, const int32_t *tokens, const int32_t *targets,
			 size_t *count)
{
	int32_t vocab = (int32_t)t->s.vocab;

	*count = 0;
	for (size_t i = 0; i < t->n; i++) {
		if (tokens[i] < 0 || tokens[i] >= vocab)
			return -EINVAL;
		if (targets[i] == TRAIN_IGNORE)
			continue;
		if (targets[i] < 0 || targets[i] >= vocab)
			return -EINVAL;
		(*count)++;
	}
	return *count ? 0 : -EINVAL;
}

int trainer_loss(struct trainer *t, const int32_t *tokens, const int32_t *targets, bool backward,
		 double *loss)
{
	struct loss_job job = { t, targets, 0 };
	double sum = 0;
	int r = count_targets(t, tokens, targets, &job.count);

	if (r < 0)
		return r;
	train_forward(t, tokens);
	gemm_each(t->gemm, position_loss, &job, t->n);
	for (size_t i = 0; i < t->n; i++)
		sum += t->losses[i];
	*loss = sum / (double)job.count;
	if (backward)
		train_backward(t, tokens);
	return 0;
}
