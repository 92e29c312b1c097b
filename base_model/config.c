/* SPDX-License-Identifier: MIT */
/* Hyper-parameters: metadata keys as docs/gguf.md of ggml names them. */
#include "base_model/config.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/macro.h"

#define MAX_LAYERS 512
#define MAX_DIM (1u << 17)
#define MAX_HEADS 1024
#define MAX_CONTEXT (1u << 22)

/* Architectures that the forward pass knows. */
static const char *const families[] = { "llama" };

struct keys {
	const struct gguf *g;
	const char *architecture;
	char key[160];
	struct diag *d;
};

static const char *key_of(struct keys *k, const char *suffix)
{
	snprintf(k->key, sizeof(k->key), "%s.%s", k->architecture, suffix);
	return k->key;
}

/* A number from @min to @max; @absent where the file may leave it out, else 0 there. */
static int number(struct keys *k, const char *suffix, uint32_t min, uint32_t max, uint32_t absent,
		  uint32_t *ret)
{
	const char *key = key_of(k, suffix);
	int r = gguf_u32(k->g, key, ret, k->d);

	if (r == GGUF_E_ABSENT && absent) {
		*ret = absent;
		return 0;
	}
	if (r == GGUF_E_ABSENT)
		return diag_set(k->d, -EINVAL, DIAG_RANGE, key, "missing");
	if (r == 0 && (*ret < min || *ret > max))
		return diag_set(k->d, -EINVAL, DIAG_RANGE, key, "%u, expected %u to %u", *ret, min,
				max);
	return r;
}

/* A finite number above @above; @absent where the file leaves it out. */
static int real(struct keys *k, const char *suffix, float above, float absent, float *ret)
{
	const char *key = key_of(k, suffix);
	int r = gguf_f32(k->g, key, ret, k->d);

	if (r == GGUF_E_ABSENT && !isnan(absent)) {
		*ret = absent;
		return 0;
	}
	if (r == GGUF_E_ABSENT)
		return diag_set(k->d, -EINVAL, DIAG_RANGE, key, "missing");
	if (r == 0 && !(isfinite(*ret) && *ret > above))
		return diag_set(k->d, -EINVAL, DIAG_RANGE, key, "%g, expected a number above %g",
				(double)*ret, (double)above);
	return r;
}

static int read_architecture(struct bm_config *c, const struct gguf *g, struct diag *d)
{
	static const char key[] = "general.architecture";
	const char *s;
	size_t len;
	int r = gguf_str(g, key, &s, &len, d);

	if (r != 0)
		return diag_set(d, -EINVAL, DIAG_UNSUP, key, "missing");
	snprintf(c->architecture, sizeof(c->architecture), "%.*s", (int)len, s);
	for (size_t i = 0; i < ARRAY_SIZE(families); i++)
		if (strcmp(c->architecture, families[i]) == 0)
			return 0;
	return diag_set(d, -EINVAL, DIAG_UNSUP, key, "'%s' is not supported; llama is",
			c->architecture);
}

/* What would change the arithmetic and is not built is refused, not ignored. */
static int refuse_unsupported(struct keys *k)
{
	static const char *const absent_or_zero[] = { "expert_count", "attention.sliding_window" };
	uint32_t value;
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(absent_or_zero); i++) {
		const char *key = key_of(k, absent_or_zero[i]);

		r = gguf_u32(k->g, key, &value, k->d);
		if (r < 0)
			return r;
		if (r == 0 && value != 0)
			return diag_set(k->d, -EINVAL, DIAG_UNSUP, key, "%u is not supported",
					value);
	}
	return 0;
}

static int read_heads(struct bm_config *c, struct keys *k)
{
	uint32_t value_dim;
	int r;

	if ((r = number(k, "attention.head_count", 1, MAX_HEADS, 0, &c->n_heads)) < 0 ||
	    (r = number(k, "attention.head_count_kv", 1, c->n_heads, c->n_heads,
			&c->n_kv_heads)) < 0)
		return r;
	if (c->n_heads % c->n_kv_heads != 0)
		return diag_set(k->d, -EINVAL, DIAG_RANGE, key_of(k, "attention.head_count_kv"),
				"%u does not divide the %u heads", c->n_kv_heads, c->n_heads);
	r = number(k, "attention.key_length", 2, 1024, MAX(c->dim / c->n_heads, 1u), &c->head_dim);
	if (r < 0)
		return r;
	if (gguf_u32(k->g, key_of(k, "attention.key_length"), &value_dim, NULL) != 0 &&
	    c->dim % c->n_heads != 0)
		return diag_set(k->d, -EINVAL, DIAG_SHAPE, key_of(k, "attention.head_count"),
				"%u heads do not divide the dimension %u", c->n_heads, c->dim);
	r = number(k, "attention.value_length", 2, 1024, c->head_dim, &value_dim);
	if (r == 0 && value_dim != c->head_dim)
		return diag_set(k->d, -EINVAL, DIAG_UNSUP, key_of(k, "attention.value_length"),
				"%u, but keys have %u", value_dim, c->head_dim);
	return r;
}

static int read_scaling(struct bm_config *c, struct keys *k)
{
	static const char *const names[] = { "none", "linear", "yarn" };
	const char *key = key_of(k, "rope.scaling.type"), *s;
	size_t len, i;
	int r = gguf_str(k->g, key, &s, &len, k->d);

	c->rope_scaling = BM_ROPE_NONE;
	if (r < 0)
		return r;
	if (r == 0) {
		for (i = 0; i < ARRAY_SIZE(names); i++)
			if (len == strlen(names[i]) && memcmp(s, names[i], len) == 0)
				break;
		if (i == ARRAY_SIZE(names))
			return diag_set(k->d, -EINVAL, DIAG_UNSUP, key, "'%.*s' is not supported",
					(int)MIN(len, (size_t)64), s);
		c->rope_scaling = (enum bm_rope_scaling)i;
	}
	if ((r = real(k, "rope.scaling.factor", 0.0f, 1.0f, &c->rope_factor)) < 0 ||
	    (r = real(k, "rope.scaling.attn_factor", 0.0f, 1.0f, &c->rope_attention)) < 0)
		return r;
	return number(k, "rope.scaling.original_context_length", 1, MAX_CONTEXT, c->context,
		      &c->rope_original_context);
}

static int read_rope(struct bm_config *c, struct keys *k)
{
	int r;

	if ((r = number(k, "rope.dimension_count", 2, c->head_dim, c->head_dim, &c->rope_dim)) < 0)
		return r;
	if (c->rope_dim % 2 != 0)
		return diag_set(k->d, -EINVAL, DIAG_RANGE, key_of(k, "rope.dimension_count"),
				"%u is odd", c->rope_dim);
	r = real(k, "rope.freq_base", 0.0f, 10000.0f, &c->rope_base);
	return r < 0 ? r : read_scaling(c, k);
}

static int layers_init(struct bm_config *c, struct diag *d)
{
	c->attention_scale = 1.0f / sqrtf((float)c->head_dim);
	c->layers = calloc(c->n_layers, sizeof(*c->layers));
	if (!c->layers)
		return diag_set(d, -ENOMEM, DIAG_SYSTEM, "", "out of memory");
	for (uint32_t i = 0; i < c->n_layers; i++)
		c->layers[i] = (struct bm_layer_config){ c->n_heads, c->n_kv_heads, c->ffn_dim, 0 };
	return 0;
}

int config_read(struct bm_config *c, const struct gguf *g, struct diag *d)
{
	struct keys k = { .g = g, .architecture = c->architecture, .d = d };
	int r = read_architecture(c, g, d);

	if (r < 0 || (r = refuse_unsupported(&k)) < 0 ||
	    (r = number(&k, "block_count", 1, MAX_LAYERS, 0, &c->n_layers)) < 0 ||
	    (r = number(&k, "embedding_length", 2, MAX_DIM, 0, &c->dim)) < 0 ||
	    (r = number(&k, "feed_forward_length", 1, MAX_DIM, 0, &c->ffn_dim)) < 0 ||
	    (r = number(&k, "context_length", 1, MAX_CONTEXT, 0, &c->context)) < 0 ||
	    (r = real(&k, "attention.layer_norm_rms_epsilon", 0.0f, NAN, &c->norm_eps)) < 0)
		return r;
	if (c->dim % 2 != 0)
		return diag_set(d, -EINVAL, DIAG_RANGE, key_of(&k, "embedding_length"), "%u is odd",
				c->dim);
	if ((r = read_heads(c, &k)) < 0 || (r = read_rope(c, &k)) < 0)
		return r;
	return layers_init(c, d);
}

void config_deinit(struct bm_config *c)
{
	free(c->layers);
	c->layers = NULL;
}
