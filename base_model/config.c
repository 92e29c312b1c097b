/* SPDX-License-Identifier: MIT */
/* Hyper-parameters: metadata keys as docs/gguf.md of ggml and its converters name them. */
#include "base_model/config.h"

#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base_model/family.h"
#include "base_model/keys.h"
#include "util/macro.h"

#define MAX_LAYERS 512
#define MAX_DIM (1u << 17)
#define MAX_HEADS 1024
#define MAX_HEAD_DIM 1024
#define MAX_CONTEXT (1u << 22)
/* Magnitudes whose reciprocals are finite too. */
#define TINY 1e-20f
#define LARGE 1e20f

static int read_architecture(struct bm_config *c, const struct gguf *g, struct diag *d)
{
	static const char key[] = "general.architecture";
	const char *s, *why;
	size_t len;
	int r = gguf_str(g, key, &s, &len, d);

	if (r != 0)
		return diag_set(d, -EINVAL, DIAG_UNSUP, key, "missing");
	snprintf(c->architecture, sizeof(c->architecture), "%.*s", (int)len, s);
	c->family = family_find(c->architecture, &why);
	if (c->family)
		return 0;
	return diag_set(d, -EINVAL, DIAG_UNSUP, key, "'%s' is not supported: %s", c->architecture,
			why);
}

/* What would change the arithmetic and is not built is refused, not ignored. */
static int refuse_unsupported(struct keys *k)
{
	static const struct {
		const char *suffix;
		float neutral;
		const char *what;
	} reals[] = {
		{ "attention.max_alibi_bias", 0.0f, "a bias by distance" },
		{ "attention.clamp_kqv", 0.0f, "a bound of projections" },
		{ "rope.scaling.yarn_ext_factor", 1.0f, "an own weight of YaRN's ramp" },
		{ "rope.scaling.yarn_attn_factor", 1.0f, "an own magnitude of YaRN" },
	};
	uint32_t experts = 0, parts = 1;
	bool causal = true;
	int r;

	if ((r = keys_number(k, "expert_count", 0, UINT32_MAX, &experts)) < 0)
		return r;
	if (experts)
		return diag_set(k->d, -EINVAL, DIAG_UNSUP, k->key,
				"a mixture of %u experts is not supported", experts);
	if ((r = keys_bool(k, "attention.causal", &causal)) < 0)
		return r;
	if (!causal)
		return diag_set(k->d, -EINVAL, DIAG_UNSUP, k->key, "an encoder is not supported");
	for (size_t i = 0; i < ARRAY_SIZE(reals); i++) {
		float value = reals[i].neutral;

		r = keys_real(k, reals[i].suffix, -LARGE, LARGE, &value);
		if (r < 0)
			return r;
		if (value != reals[i].neutral)
			return diag_set(k->d, -EINVAL, DIAG_UNSUP, k->key, "%s is not supported",
					reals[i].what);
	}
	if ((r = gguf_u32(k->g, "split.count", &parts, k->d)) < 0)
		return r;
	if (parts > 1)
		return diag_set(k->d, -EINVAL, DIAG_UNSUP, "split.count",
				"one of %u shards: join them into one file", parts);
	return 0;
}

static int read_sizes(struct bm_config *c, struct keys *k)
{
	static const struct {
		const char *suffix;
		uint32_t min, max;
		size_t at;
	} sizes[] = {
		{ "block_count", 1, MAX_LAYERS, offsetof(struct bm_config, n_layers) },
		{ "embedding_length", 2, MAX_DIM, offsetof(struct bm_config, dim) },
		{ "context_length", 1, MAX_CONTEXT, offsetof(struct bm_config, context) },
	};
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		if ((r = keys_need(k, sizes[i].suffix)) < 0 ||
		    (r = keys_number(k, sizes[i].suffix, sizes[i].min, sizes[i].max,
				     (uint32_t *)((char *)c + sizes[i].at))) < 0)
			return r;
	if (c->dim % 2 != 0)
		return diag_set(k->d, -EINVAL, DIAG_RANGE, keys_name(k, "embedding_length"),
				"%u is odd", c->dim);
	return 0;
}

/* Of each layer: heads, those of keys and values, width of the feed-forward. */
static int read_layers(struct bm_config *c, struct keys *k)
{
	uint32_t heads[MAX_LAYERS], kv_heads[MAX_LAYERS], ffn[MAX_LAYERS];
	int r;

	c->layers = calloc(c->n_layers, sizeof(*c->layers));
	if (!c->layers)
		return diag_set(k->d, -ENOMEM, DIAG_SYSTEM, "", "out of memory");
	if ((r = keys_need(k, "attention.head_count")) < 0 ||
	    (r = keys_need(k, "feed_forward_length")) < 0 ||
	    (r = keys_numbers(k, "feed_forward_length", 1, MAX_DIM, c->n_layers, ffn)) < 0 ||
	    (r = keys_numbers(k, "attention.head_count", 1, MAX_HEADS, c->n_layers, heads)) < 0)
		return r;
	memcpy(kv_heads, heads, sizeof(kv_heads));
	r = keys_numbers(k, "attention.head_count_kv", 1, MAX_HEADS, c->n_layers, kv_heads);
	for (uint32_t i = 0; r == 0 && i < c->n_layers; i++) {
		if (heads[i] % kv_heads[i] != 0)
			return diag_set(k->d, -EINVAL, DIAG_RANGE, k->key,
					"%u does not divide the %u heads", kv_heads[i], heads[i]);
		c->layers[i].n_heads = heads[i];
		c->layers[i].n_kv_heads = kv_heads[i];
		c->layers[i].ffn_dim = ffn[i];
		c->n_heads = MAX(c->n_heads, heads[i]);
		c->n_kv_heads = MAX(c->n_kv_heads, kv_heads[i]);
		c->ffn_dim = MAX(c->ffn_dim, ffn[i]);
	}
	return r;
}

static int read_head_dim(struct bm_config *c, struct keys *k)
{
	uint32_t value_dim;
	int r;

	if ((r = keys_number(k, "attention.key_length", 2, MAX_HEAD_DIM, &c->head_dim)) < 0)
		return r;
	if (c->head_dim == 0 && (c->dim % c->n_heads != 0 || c->dim / c->n_heads > MAX_HEAD_DIM))
		return diag_set(k->d, -EINVAL, DIAG_SHAPE, keys_name(k, "attention.head_count"),
				"%u heads do not divide the dimension %u", c->n_heads, c->dim);
	if (c->head_dim == 0)
		c->head_dim = c->dim / c->n_heads;
	value_dim = c->head_dim;
	r = keys_number(k, "attention.value_length", 2, MAX_HEAD_DIM, &value_dim);
	if (r == 0 && value_dim != c->head_dim)
		return diag_set(k->d, -EINVAL, DIAG_UNSUP, k->key, "%u, but keys have %u",
				value_dim, c->head_dim);
	return r;
}

static int read_windows(struct bm_config *c, struct keys *k)
{
	const struct family *f = c->family;
	bool windowed[MAX_LAYERS];
	int r = keys_number(k, "attention.sliding_window", 0, INT32_MAX, &c->window);

	if (r < 0)
		return r;
	if (c->window && !f->windows)
		return diag_set(k->d, -EINVAL, DIAG_UNSUP, k->key,
				"%u: windows are not supported in this architecture", c->window);
	r = keys_pattern(k, "attention.sliding_window_pattern", f->window_period, c->n_layers,
			 windowed);
	for (uint32_t i = 0; r == 0 && i < c->n_layers; i++) {
		struct bm_layer_config *l = &c->layers[i];

		/* A window as wide as the context hides nothing. */
		l->window = windowed[i] && c->window < c->context ? c->window : 0;
		if (windowed[i] && c->window && f->window_rope)
			l->rotation = BM_ROTATE_WINDOW;
		if (f->unrotated_every && (i + 1) % f->unrotated_every == 0)
			l->rotation = BM_ROTATE_NONE;
	}
	return r;
}

/* A file may give the factor without the kind, which is linear then. */
static int read_scaling(struct bm_config *c, struct keys *k)
{
	static const char *const names[] = { "none", "linear", "yarn", "longrope", NULL };
	unsigned scaling = BM_ROPE_LINEAR;
	int r;

	c->rope_original_context = c->context;
	if ((r = keys_choice(k, "rope.scaling.type", names, &scaling)) < 0 ||
	    (r = keys_real(k, "rope.scale_linear", TINY, LARGE, &c->rope_factor)) < 0 ||
	    (r = keys_real(k, "rope.scaling.factor", TINY, LARGE, &c->rope_factor)) < 0 ||
	    (r = keys_number(k, "rope.scaling.original_context_length", 1, MAX_CONTEXT,
			     &c->rope_original_context)) < 0)
		return r;
	c->rope_scaling = (enum bm_rope_scaling)scaling;
	if (c->rope_scaling == BM_ROPE_LINEAR && c->rope_factor == 1.0f)
		c->rope_scaling = BM_ROPE_NONE;
	c->temperature_length = c->rope_original_context;
	return keys_number(k, "attention.temperature_length", 1, MAX_CONTEXT,
			   &c->temperature_length);
}

static int read_rope(struct bm_config *c, struct keys *k)
{
	int r;

	c->rope_dim = c->head_dim;
	if ((r = keys_number(k, "rope.dimension_count", 2, c->head_dim, &c->rope_dim)) < 0)
		return r;
	if (c->rope_dim % 2 != 0)
		return diag_set(k->d, -EINVAL, DIAG_RANGE, keys_name(k, "rope.dimension_count"),
				"%u is odd", c->rope_dim);
	return read_scaling(c, k);
}

static void set_defaults(struct bm_config *c)
{
	c->embedding_scale = c->residual_scale = c->logit_divisor = 1.0f;
	c->attention_scale = 1.0f / sqrtf((float)c->head_dim);
	c->rope_base = 10000.0f;
	c->rope_factor = c->rope_attention = 1.0f;
	c->yarn_fast = 32.0f;
	c->yarn_slow = 1.0f;
	if (c->family->defaults)
		c->family->defaults(c);
}

static int read_reals(struct bm_config *c, struct keys *k)
{
	static const struct {
		const char *suffix;
		float min;
		size_t at;
	} reals[] = {
		{ "embedding_scale", TINY, offsetof(struct bm_config, embedding_scale) },
		{ "residual_scale", TINY, offsetof(struct bm_config, residual_scale) },
		{ "logit_scale", TINY, offsetof(struct bm_config, logit_divisor) },
		{ "final_logit_softcapping", 0.0f, offsetof(struct bm_config, logit_cap) },
		{ "attn_logit_softcapping", 0.0f, offsetof(struct bm_config, attention_cap) },
		{ "attention.scale", TINY, offsetof(struct bm_config, attention_scale) },
		{ "attention.temperature_scale", 0.0f,
		  offsetof(struct bm_config, attention_temperature) },
		{ "rope.freq_base", TINY, offsetof(struct bm_config, rope_base) },
		{ "rope.freq_base_swa", TINY, offsetof(struct bm_config, window_rope_base) },
		{ "rope.scaling.attn_factor", TINY, offsetof(struct bm_config, rope_attention) },
		{ "rope.scaling.yarn_beta_fast", TINY, offsetof(struct bm_config, yarn_fast) },
		{ "rope.scaling.yarn_beta_slow", TINY, offsetof(struct bm_config, yarn_slow) },
		{ "rope.scaling.yarn_log_multiplier", 0.0f,
		  offsetof(struct bm_config, yarn_log_multiplier) },
	};
	const char *epsilon = c->family->layer_norm ? "attention.layer_norm_epsilon" :
						      "attention.layer_norm_rms_epsilon";
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(reals); i++) {
		r = keys_real(k, reals[i].suffix, reals[i].min, LARGE,
			      (float *)((char *)c + reals[i].at));
		if (r < 0)
			return r;
	}
	if (c->window_rope_base == 0.0f)
		c->window_rope_base = c->rope_base;
	r = keys_need(k, epsilon);
	return r < 0 ? r : keys_real(k, epsilon, TINY, LARGE, &c->norm_eps);
}

static int read_residual(struct bm_config *c, struct keys *k)
{
	static const char key[] = "use_parallel_residual";
	int r;

	if (!c->family->parallel_by_key)
		return 0;
	r = keys_need(k, key);
	return r < 0 ? r : keys_bool(k, key, &c->parallel);
}

int config_read(struct bm_config *c, const struct gguf *g, struct diag *d)
{
	struct keys k = { .g = g, .architecture = c->architecture, .d = d };
	int r;

	if ((r = read_architecture(c, g, d)) < 0 || (r = refuse_unsupported(&k)) < 0 ||
	    (r = read_sizes(c, &k)) < 0 || (r = read_layers(c, &k)) < 0 ||
	    (r = read_head_dim(c, &k)) < 0)
		return r;
	set_defaults(c);
	if ((r = read_reals(c, &k)) < 0 || (r = read_residual(c, &k)) < 0 ||
	    (r = read_rope(c, &k)) < 0)
		return r;
	return read_windows(c, &k);
}

void config_deinit(struct bm_config *c)
{
	free(c->layers);
	c->layers = NULL;
}
