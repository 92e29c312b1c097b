/* SPDX-License-Identifier: MIT */
#include "base_model/identity.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base_model/gguf-private.h"
#include "util/macro.h"

#define TEMPLATE "tokenizer.chat_template"

static int put(struct digest_stream *s, const void *data, size_t len)
{
	return len ? digest_stream_update(s, data, len) : 0;
}

static int put_u32(struct digest_stream *s, uint32_t value)
{
	return put(s, &value, sizeof(value));
}

static int put_u64(struct digest_stream *s, uint64_t value)
{
	return put(s, &value, sizeof(value));
}

static int put_name(struct digest_stream *s, const char *name, size_t len)
{
	int r = put_u64(s, len);

	return r < 0 ? r : put(s, name, len);
}

static int put_tensor(struct digest_stream *s, const struct gguf_tensor *t)
{
	int r;

	if ((r = put_name(s, t->name, strlen(t->name))) < 0 || (r = put_u32(s, t->type)) < 0)
		return r;
	for (size_t i = 0; i < GGUF_MAX_DIMS; i++)
		if ((r = put_u64(s, t->ne[i])) < 0)
			return r;
	r = put_u64(s, t->size);
	return r < 0 ? r : put(s, t->data, t->size);
}

static int identify_weights(const struct gguf *g, struct digest *ret)
{
	_cleanup_(digest_stream_freep) struct digest_stream *s = NULL;
	int r = digest_stream_new(&s);

	for (size_t i = 0; r == 0 && i < g->n_tensors; i++)
		r = put_tensor(s, &g->tensors[g->by_name[i]]);
	return r < 0 ? r : digest_stream_finish(s, ret);
}

static bool begins_with(const struct gguf_pair *p, const char *prefix)
{
	size_t len = strlen(prefix);

	return p->key_len >= len && memcmp(p->key, prefix, len) == 0;
}

/* Keys are distinct, so that the shorter of two with the same beginning goes first. */
static int compare_keys(const void *a, const void *b)
{
	const struct gguf_pair *x = *(const struct gguf_pair *const *)a;
	const struct gguf_pair *y = *(const struct gguf_pair *const *)b;
	int c = memcmp(x->key, y->key, MIN(x->key_len, y->key_len));

	return c ? c : (x->key_len > y->key_len) - (x->key_len < y->key_len);
}

static int put_pair(struct digest_stream *s, const struct gguf_pair *p)
{
	int r;

	if ((r = put_name(s, p->key, p->key_len)) < 0 || (r = put_u32(s, p->type)) < 0)
		return r;
	if (p->type == GGUF_TYPE_ARRAY && ((r = put_u32(s, p->array.type)) < 0 ||
					   (r = put_u64(s, p->array.count)) < 0))
		return r;
	return put(s, p->array.data, gguf_array_size(&p->array));
}

static int identify_tokenizer(const struct gguf *g, struct digest *ret)
{
	_cleanup_(digest_stream_freep) struct digest_stream *s = NULL;
	_cleanup_free_ const struct gguf_pair **pairs = calloc(g->n_pairs + 1, sizeof(*pairs));
	size_t n = 0;
	int r = pairs ? digest_stream_new(&s) : -ENOMEM;

	for (size_t i = 0; r == 0 && i < g->n_pairs; i++)
		if (begins_with(&g->pairs[i], "tokenizer.") &&
		    !begins_with(&g->pairs[i], TEMPLATE))
			pairs[n++] = &g->pairs[i];
	if (r == 0 && n)
		qsort(pairs, n, sizeof(*pairs), compare_keys);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = put_pair(s, pairs[i]);
	return r < 0 ? r : digest_stream_finish(s, ret);
}

int bm_identify_text(const struct gguf *g, struct identity *ret, struct diag *d)
{
	const char *text = "";
	size_t len = 0;
	int r = gguf_str(g, TEMPLATE, &text, &len, d);

	if (r < 0)
		return r;
	r = identify_tokenizer(g, &ret->tokenizer);
	return r < 0 ? r : digest_of(text, len, &ret->template);
}

int bm_identify(const struct gguf *g, struct identity *ret, struct diag *d)
{
	int r = bm_identify_text(g, ret, d);

	return r < 0 ? r : identify_weights(g, &ret->weights);
}
