/* SPDX-License-Identifier: MIT */
/*
 * The GGUF form of a LoRA, as the conversion script of llama.cpp writes it: for a
 * base matrix NAME of `out` rows and `in` columns two tensors,
 *   NAME.lora_a  ne = [in, rank]
 *   NAME.lora_b  ne = [rank, out]
 * and adapter.lora.alpha for all of them; the update is alpha / rank · B·A. Where it has
 * adapter.alora.invocation_tokens (u32), it acts from these tokens on. Tokens that it brings:
 * tokens.h.
 */
#include "adapters/lora.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/adapters.h"
#include "adapters/tokens.h"
#include "adapters/values.h"
#include "base_model/base_model.h"
#include "util/macro.h"

struct pair {
	const struct gguf_tensor *a, *b;
	uint32_t layer;
	enum bm_matrix matrix;
	uint32_t rank;
};

static int expect_string(const struct gguf *g, const char *key, const char *expected,
			 struct diag *d)
{
	const char *s;
	size_t len;
	int r = gguf_str(g, key, &s, &len, d);

	if (r == GGUF_E_ABSENT)
		return diag_set(d, -EINVAL, DIAG_UNSUP, key, "missing, expected '%s'", expected);
	if (r == 0 && (len != strlen(expected) || memcmp(s, expected, len) != 0))
		return diag_set(d, -EINVAL, DIAG_UNSUP, key, "'%.*s', expected '%s'",
				(int)MIN(len, (size_t)64), s, expected);
	return r;
}

static int check_header(const struct gguf *g, const struct bm_model *m, float *alpha,
			struct diag *d)
{
	int r;

	if ((r = expect_string(g, "general.type", "adapter", d)) < 0 ||
	    (r = expect_string(g, "adapter.type", "lora", d)) < 0 ||
	    (r = expect_string(g, "general.architecture", bm_model_config(m)->architecture, d)) < 0)
		return r;
	r = gguf_f32(g, "adapter.lora.alpha", alpha, d);
	if (r == GGUF_E_ABSENT)
		return diag_set(d, -EINVAL, DIAG_PAIR, "adapter.lora.alpha", "missing");
	if (r == 0 && !(*alpha > 0.0f && *alpha <= 65536.0f))
		return diag_set(d, -EINVAL, DIAG_RANGE, "adapter.lora.alpha",
				"%g, expected a number above 0, at most 65536", (double)*alpha);
	return r;
}

/* @n_vocab: the base's, and what the adapter brings. */
static int read_invocation(struct lora_summary *s, const struct gguf *g, uint32_t n_vocab,
			   struct diag *d)
{
	static const char key[] = "adapter.alora.invocation_tokens";
	struct gguf_array tokens;
	int r = gguf_array(g, key, GGUF_TYPE_U32, &tokens, d);

	if (r != 0)
		return r == GGUF_E_ABSENT ? 0 : r;
	if (tokens.count < 1 || tokens.count > ADAPTER_MAX_INVOCATION)
		return diag_set(d, -EINVAL, DIAG_RANGE, key, "%llu tokens, expected 1 to %d",
				(unsigned long long)tokens.count, ADAPTER_MAX_INVOCATION);
	for (uint32_t i = 0; i < tokens.count; i++) {
		uint32_t id = gguf_array_u32(&tokens, i);

		if (id >= n_vocab)
			return diag_set(d, -EINVAL, DIAG_VOCAB, key,
					"token %u, expected one below %u", id, n_vocab);
		s->invocation[i] = (int32_t)id;
	}
	s->n_invocation = (uint32_t)tokens.count;
	return 0;
}

/* Splits NAME.lora_a or NAME.lora_b; false for any other name. */
static bool split_name(const char *name, size_t *base_len, bool *is_a)
{
	size_t len = strlen(name);

	if (len <= 7 || strncmp(name + len - 7, ".lora_", 6) != 0)
		return false;
	if (name[len - 1] != 'a' && name[len - 1] != 'b')
		return false;
	*base_len = len - 7;
	*is_a = name[len - 1] == 'a';
	return true;
}

static const struct gguf_tensor *other_half(const struct gguf *g, const struct gguf_tensor *t)
{
	char name[GGUF_MAX_NAME + 1];
	size_t len = strlen(t->name);

	memcpy(name, t->name, len + 1);
	name[len - 1] = name[len - 1] == 'a' ? 'b' : 'a';
	return gguf_tensor(g, name);
}

static int check_shapes(const struct pair *p, const struct gguf_tensor *w, struct diag *d)
{
	const struct gguf_tensor *a = p->a, *b = p->b;

	if (a->ne[2] != 1 || a->ne[3] != 1 || b->ne[2] != 1 || b->ne[3] != 1)
		return diag_set(d, -EINVAL, DIAG_SHAPE, a->name,
				"more than two dimensions");
	if (a->ne[1] < 1 || a->ne[1] > ADAPTER_MAX_RANK)
		return diag_set(d, -EINVAL, DIAG_SHAPE, a->name, "rank %llu, expected 1 to %d",
				(unsigned long long)a->ne[1], ADAPTER_MAX_RANK);
	if (b->ne[0] != a->ne[1])
		return diag_set(d, -EINVAL, DIAG_SHAPE, b->name, "rank %llu, but %llu in lora_a",
				(unsigned long long)b->ne[0], (unsigned long long)a->ne[1]);
	if (a->ne[0] != w->ne[0])
		return diag_set(d, -EINVAL, DIAG_SHAPE, a->name,
				"%llu columns, the base's matrix has %llu",
				(unsigned long long)a->ne[0], (unsigned long long)w->ne[0]);
	if (b->ne[1] != w->ne[1])
		return diag_set(d, -EINVAL, DIAG_SHAPE, b->name,
				"%llu rows, the base's matrix has %llu",
				(unsigned long long)b->ne[1], (unsigned long long)w->ne[1]);
	return 0;
}

/* @t is a lora_a; everything about its pair is checked but the values. */
static int pair_init(struct pair *p, const struct gguf *g, const struct bm_model *m,
		     const struct gguf_tensor *t, size_t base_len, struct diag *d)
{
	char base[GGUF_MAX_NAME + 1];
	const struct gguf_tensor *w;
	int r;

	p->a = t;
	p->b = other_half(g, t);
	if (!p->b)
		return diag_set(d, -EINVAL, DIAG_PAIR, t->name, "its lora_b is missing");
	memcpy(base, t->name, base_len);
	base[base_len] = '\0';
	w = gguf_tensor(bm_model_gguf(m), base);
	if (!w || bm_matrix_find(m, base, &p->layer, &p->matrix) != 0)
		return diag_set(d, -EINVAL, DIAG_SHAPE, t->name,
				"the base has no matrix '%s' that an adapter can change", base);
	if ((r = values_check_type(p->a, d)) < 0 || (r = values_check_type(p->b, d)) < 0 ||
	    (r = check_shapes(p, w, d)) < 0)
		return r;
	p->rank = (uint32_t)t->ne[1];
	return 0;
}

/* As they are in the file, which is in memory; bf16 as f32 in @converted, the caller's to free. */
static int values_of(struct bm_values *ret, float **converted, const struct gguf_tensor *t,
		     struct diag *d)
{
	/* The product was checked when the file was parsed. */
	size_t rows = (size_t)t->ne[1], cols = (size_t)t->ne[0];
	int r = values_check_finite(t, d);

	*ret = (struct bm_values){ t->data, t->type == TENSOR_F16 };
	if (r < 0 || t->type != TENSOR_BF16)
		return r;
	*converted = reallocarray(NULL, rows * cols, sizeof(**converted));
	if (!*converted)
		return diag_set(d, -ENOMEM, DIAG_SYSTEM, t->name, "out of memory");
	for (size_t row = 0; row < rows; row++)
		bm_tensor_row(t, row, *converted + row * cols);
	ret->data = *converted;
	return 0;
}

static int add_pair(struct bm_delta *delta, const struct pair *p, float alpha, struct diag *d)
{
	_cleanup_free_ float *converted_a = NULL, *converted_b = NULL;
	struct bm_values a, b;
	int r;

	if ((r = values_of(&a, &converted_a, p->a, d)) < 0 ||
	    (r = values_of(&b, &converted_b, p->b, d)) < 0)
		return r;
	r = bm_delta_set(delta, p->layer, p->matrix, p->rank, alpha / (float)p->rank, a, b);
	return r < 0 ? diag_set(d, r, DIAG_SYSTEM, p->a->name, "%s", strerror(-r)) : 0;
}

static int add_pairs(struct bm_delta *delta, struct lora_summary *summary, const struct gguf *g,
		     const struct bm_model *m, float alpha, struct diag *d)
{
	int r;

	for (size_t i = 0; i < gguf_n_tensors(g); i++) {
		const struct gguf_tensor *t = gguf_tensor_at(g, i);
		struct pair p;
		size_t base_len;
		bool is_a;

		if (tokens_tensor(t->name))
			continue;
		if (!split_name(t->name, &base_len, &is_a))
			return diag_set(d, -EINVAL, DIAG_UNSUP, t->name,
					"expected a name that ends in .lora_a or .lora_b");
		if (!is_a && !other_half(g, t))
			return diag_set(d, -EINVAL, DIAG_PAIR, t->name, "its lora_a is missing");
		if (!is_a)
			continue;
		if ((r = pair_init(&p, g, m, t, base_len, d)) < 0 ||
		    (r = add_pair(delta, &p, alpha, d)) < 0)
			return r;
		summary->matrix_count++;
		summary->max_rank = MAX(summary->max_rank, p.rank);
		/* Whoever computes a stream meanwhile need not wait for the rest. */
		sched_yield();
	}
	if (summary->matrix_count == 0)
		return diag_set(d, -EINVAL, DIAG_PAIR, "tensors", "the adapter changes no matrix");
	return 0;
}

int lora_build(struct bm_delta **ret, struct tokenizer **tokenizer, struct lora_summary *summary,
	       const struct gguf *g, const struct bm_model *m, struct diag *d)
{
	_cleanup_(bm_delta_freep) struct bm_delta *delta = NULL;
	_cleanup_(tokenizer_freep) struct tokenizer *extended = NULL;
	uint32_t n_vocab = bm_model_config(m)->n_vocab;
	float alpha;
	int r;

	*summary = (struct lora_summary){ 0 };
	r = check_header(g, m, &alpha, d);
	if (r < 0)
		return r;
	r = bm_delta_new(&delta, m);
	if (r < 0)
		return diag_set(d, r, DIAG_SYSTEM, "", "out of memory");
	if ((r = tokens_read(&extended, delta, g, m, d)) < 0 ||
	    (r = read_invocation(summary, g, n_vocab + bm_delta_tokens(delta), d)) < 0 ||
	    (r = add_pairs(delta, summary, g, m, alpha, d)) < 0)
		return r;
	*ret = TAKE(delta);
	*tokenizer = TAKE(extended);
	return 0;
}
