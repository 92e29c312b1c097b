/* SPDX-License-Identifier: MIT */
#include "tests/base_model/oracle.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tests/base_model/sample.h"
#include "util/macro.h"

enum { WIDEST = 512, LONGEST = 48 };

struct run {
	const struct oracle *o;
	const struct gguf *g;
	uint32_t layer, pos;
	/* Of all positions so far. */
	double keys[SAMPLE_MAX_LAYERS][LONGEST][WIDEST], values[SAMPLE_MAX_LAYERS][LONGEST][WIDEST];
};

static const struct gguf_tensor *find(const struct run *r, const char *name)
{
	char full[64];

	snprintf(full, sizeof(full), "blk.%u.%s", r->layer, name);
	return gguf_tensor(r->g, full);
}

/* y = W x for @rows rows from @first on; the bias of the same name is added. */
static void multiply(const struct gguf_tensor *w, const struct gguf_tensor *bias, size_t first,
		     size_t rows, const double *x, double *y)
{
	const float *data = w->data, *b = bias ? bias->data : NULL;

	ck_assert(first + rows <= w->ne[1] && rows <= WIDEST);
	for (size_t i = 0; i < rows; i++) {
		y[i] = b ? b[first + i] : 0.0;
		for (size_t k = 0; k < w->ne[0]; k++)
			y[i] += (double)data[(first + i) * w->ne[0] + k] * x[k];
	}
}

static void norm(const struct oracle *o, const float *weight, const float *bias, double *x,
		 size_t n)
{
	double mean = 0.0, square = 0.0;

	for (size_t i = 0; i < n && o->layer_norm; i++)
		mean += x[i] / (double)n;
	for (size_t i = 0; i < n; i++)
		square += (x[i] - mean) * (x[i] - mean) / (double)n;
	for (size_t i = 0; i < n; i++)
		x[i] = (x[i] - mean) / sqrt(square + o->eps) * weight[i] + (bias ? bias[i] : 0.0f);
}

/* Where there is such a norm. */
static void norm_named(const struct run *r, const char *what, double *x)
{
	char name[48];
	const struct gguf_tensor *w, *b;

	snprintf(name, sizeof(name), "%s.weight", what);
	w = find(r, name);
	snprintf(name, sizeof(name), "%s.bias", what);
	b = find(r, name);
	if (w)
		norm(r->o, w->data, b ? b->data : NULL, x, SAMPLE_DIM);
}

/* By the tensor's shape: all heads together, each by itself with its own or common weights. */
static void norm_heads(const struct run *r, const char *name, double *x, uint32_t heads)
{
	const struct gguf_tensor *w = find(r, name);

	if (!w)
		return;
	if (w->ne[0] != SAMPLE_HEAD_DIM) {
		norm(r->o, w->data, NULL, x, w->ne[0]);
		return;
	}
	for (uint32_t h = 0; h < heads; h++)
		norm(r->o, (const float *)w->data + (w->ne[1] > 1 ? h * SAMPLE_HEAD_DIM : 0), NULL,
		     x + h * SAMPLE_HEAD_DIM, SAMPLE_HEAD_DIM);
}

static bool in_window(const struct run *r)
{
	return r->o->windowed >> r->layer & 1;
}

static void rotate(const struct run *r, double *x, uint32_t heads)
{
	const struct oracle *o = r->o;
	bool own = in_window(r) && o->window_frequencies[0] > 0.0;
	double magnitude = own ? 1.0 : o->magnitude;

	if (o->unrotated >> r->layer & 1)
		return;
	for (uint32_t h = 0; h < heads; h++, x += SAMPLE_HEAD_DIM)
		for (uint32_t i = 0; i < o->pairs; i++) {
			double angle = r->pos * (own ? o->window_frequencies : o->frequencies)[i];
			double *a = x + (o->halves ? i : 2 * i);
			double *b = x + (o->halves ? i + o->pairs : 2 * i + 1), old = *a;

			*a = (old * cos(angle) - *b * sin(angle)) * magnitude;
			*b = (old * sin(angle) + *b * cos(angle)) * magnitude;
		}
}

static double dot(const double *a, const double *b)
{
	double sum = 0.0;

	for (int i = 0; i < SAMPLE_HEAD_DIM; i++)
		sum += a[i] * b[i];
	return sum;
}

static void attend(const struct run *r, const double *q, uint32_t kv_head, double *out)
{
	const struct oracle *o = r->o;
	double scale = o->attention > 0.0 ? o->attention : 1.0 / sqrt(SAMPLE_HEAD_DIM);
	double weights[LONGEST], sum = 0.0;
	uint32_t at = kv_head * SAMPLE_HEAD_DIM, first = 0;

	if (in_window(r) && r->pos + 1 > o->window)
		first = r->pos + 1 - o->window;
	for (uint32_t t = first; t <= r->pos; t++) {
		double score = dot(q, r->keys[r->layer][t] + at) * scale;

		score = o->cap > 0.0 ? o->cap * tanh(score / o->cap) : score;
		weights[t] = exp(score);
		sum += weights[t];
	}
	memset(out, 0, SAMPLE_HEAD_DIM * sizeof(*out));
	for (uint32_t t = first; t <= r->pos; t++)
		for (int i = 0; i < SAMPLE_HEAD_DIM; i++)
			out[i] += weights[t] / sum * r->values[r->layer][t][at + i];
}

static void attention(struct run *r, const double *x, double *y)
{
	const struct oracle *o = r->o;
	uint32_t second = r->layer == 1 && o->heads[1];
	uint32_t heads = o->heads[second], kv_heads = o->kv_heads[second];
	size_t n_q = heads * SAMPLE_HEAD_DIM, n_k = kv_heads * SAMPLE_HEAD_DIM;
	const struct gguf_tensor *fused = find(r, "attn_qkv.weight"), *b = find(r, "attn_qkv.bias");
	double q[WIDEST], *k = r->keys[r->layer][r->pos], *v = r->values[r->layer][r->pos];
	double out[WIDEST], temper = 1.0;

	if (o->temperature > 0.0)
		temper += o->temperature * log(1.0 + floor(r->pos / o->temperature_length));
	multiply(fused ? fused : find(r, "attn_q.weight"), fused ? b : find(r, "attn_q.bias"), 0,
		 n_q, x, q);
	multiply(fused ? fused : find(r, "attn_k.weight"), fused ? b : find(r, "attn_k.bias"),
		 fused ? n_q : 0, n_k, x, k);
	multiply(fused ? fused : find(r, "attn_v.weight"), fused ? b : find(r, "attn_v.bias"),
		 fused ? n_q + n_k : 0, n_k, x, v);
	norm_heads(r, "attn_q_norm.weight", q, heads);
	norm_heads(r, "attn_k_norm.weight", k, kv_heads);
	rotate(r, q, heads);
	rotate(r, k, kv_heads);
	for (size_t i = 0; i < n_q; i++)
		q[i] *= temper;
	for (uint32_t h = 0; h < heads; h++)
		attend(r, q + h * SAMPLE_HEAD_DIM, h / (heads / kv_heads),
		       out + h * SAMPLE_HEAD_DIM);
	multiply(find(r, "attn_output.weight"), find(r, "attn_output.bias"), 0, SAMPLE_DIM, out, y);
}

static double activation(const struct oracle *o, double x)
{
	if (!o->gelu)
		return x / (1.0 + exp(-x));
	return 0.5 * x * (1.0 + tanh(sqrt(2.0 / M_PI) * (x + 0.044715 * x * x * x)));
}

static void feed_forward(const struct run *r, const double *x, double *y)
{
	const struct gguf_tensor *gate = find(r, "ffn_gate.weight"), *up = find(r, "ffn_up.weight");
	size_t n = r->o->ffn[r->layer == 1 && r->o->heads[1]];
	bool fused = !gate && up->ne[1] == 2 * n;
	double g[WIDEST], u[WIDEST];

	multiply(up, find(r, "ffn_up.bias"), fused ? n : 0, n, x, u);
	if (gate || fused)
		multiply(fused ? up : gate, find(r, "ffn_gate.bias"), 0, n, x, g);
	for (size_t i = 0; i < n; i++)
		u[i] = gate || fused ? activation(r->o, g[i]) * u[i] : activation(r->o, u[i]);
	multiply(find(r, "ffn_down.weight"), find(r, "ffn_down.bias"), 0, SAMPLE_DIM, u, y);
}

static void run_layer(struct run *r, double *x)
{
	double n[SAMPLE_DIM], m[SAMPLE_DIM], a[SAMPLE_DIM], f[SAMPLE_DIM];
	double residual = r->o->residual > 0.0 ? r->o->residual : 1.0;
	bool shared = find(r, "attn_norm.weight") && !find(r, "ffn_norm.weight");

	memcpy(n, x, sizeof(n));
	norm_named(r, "attn_norm", n);
	attention(r, n, a);
	norm_named(r, "post_attention_norm", a);
	for (int i = 0; i < SAMPLE_DIM; i++) {
		m[i] = r->o->parallel ? x[i] : x[i] + residual * a[i];
		x[i] += residual * a[i];
	}
	norm_named(r, "ffn_norm", m);
	feed_forward(r, shared ? n : m, f);
	norm_named(r, "post_ffw_norm", f);
	for (int i = 0; i < SAMPLE_DIM; i++)
		x[i] += residual * f[i];
}

static void head(const struct run *r, double *x, double *logits)
{
	const struct oracle *o = r->o;
	const struct gguf_tensor *w = gguf_tensor(r->g, "output.weight");
	const struct gguf_tensor *b = gguf_tensor(r->g, "output_norm.bias");

	norm(o, gguf_tensor(r->g, "output_norm.weight")->data, b ? b->data : NULL, x, SAMPLE_DIM);
	multiply(w ? w : gguf_tensor(r->g, "token_embd.weight"), gguf_tensor(r->g, "output.bias"),
		 0, SAMPLE_VOCAB, x, logits);
	for (int i = 0; i < SAMPLE_VOCAB; i++) {
		logits[i] *= o->logits > 0.0 ? o->logits : 1.0;
		if (o->logit_cap > 0.0)
			logits[i] = o->logit_cap * tanh(logits[i] / o->logit_cap);
	}
}

void oracle_logits(const struct oracle *o, const struct gguf *g, const int32_t *tokens, size_t n,
		   double *logits)
{
	static struct run r;
	const float *embedding = gguf_tensor(g, "token_embd.weight")->data;
	double x[SAMPLE_DIM];

	ck_assert(n <= LONGEST && o->layers <= SAMPLE_MAX_LAYERS);
	r.o = o;
	r.g = g;
	for (r.pos = 0; r.pos < n; r.pos++) {
		for (int i = 0; i < SAMPLE_DIM; i++)
			x[i] = (double)embedding[tokens[r.pos] * SAMPLE_DIM + i] *
			       (o->embedding > 0.0 ? o->embedding : 1.0);
		for (r.layer = 0; r.layer < o->layers; r.layer++)
			run_layer(&r, x);
		head(&r, x, logits + r.pos * SAMPLE_VOCAB);
	}
}
