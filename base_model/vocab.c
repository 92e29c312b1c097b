/* SPDX-License-Identifier: MIT */
#include "base_model/vocab.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/macro.h"
#include "util/utf8.h"

#define MAX_TOKEN 1024
#define MAX_MERGES (4u << 20)

static const char key_tokens[] = "tokenizer.ggml.tokens";
static const char key_types[] = "tokenizer.ggml.token_type";
static const char key_scores[] = "tokenizer.ggml.scores";
static const char key_merges[] = "tokenizer.ggml.merges";

static int missing(int r, const char *key, enum diag_code code, struct diag *d)
{
	return r == GGUF_E_ABSENT ? diag_set(d, -EINVAL, code, key, "missing") : r;
}

static int read_tokens(struct vocab *v, const struct gguf *g, struct diag *d)
{
	struct gguf_array a;
	struct gguf_strings s;
	const char *text;
	size_t len;
	int r = gguf_array(g, key_tokens, GGUF_TYPE_STRING, &a, d);

	r = missing(r, key_tokens, DIAG_TYPE, d);
	if (r < 0)
		return r;
	if (a.count < 2 || a.count > INT32_MAX)
		return diag_set(d, -EINVAL, DIAG_VOCAB, key_tokens, "%llu tokens",
				(unsigned long long)a.count);
	v->n = (uint32_t)a.count;
	v->tokens = calloc(v->n, sizeof(*v->tokens));
	if (!v->tokens)
		return diag_set(d, -ENOMEM, DIAG_SYSTEM, "", "out of memory");
	gguf_strings_init(&s, &a);
	for (uint32_t i = 0; gguf_strings_next(&s, &text, &len); i++) {
		if (len > MAX_TOKEN)
			return diag_set(d, -EINVAL, DIAG_LIMIT, key_tokens,
					"token %u has %zu bytes", i, len);
		if (len == 0 || !utf8_valid(text, len))
			return diag_set(d, -EINVAL, DIAG_VOCAB, key_tokens, "token %u is %s", i,
					len ? "not UTF-8" : "empty");
		v->tokens[i] = (struct token){ text, (uint32_t)len, TOKEN_NORMAL, 0.0f };
	}
	return 0;
}

static int read_types(struct vocab *v, const struct gguf *g, struct diag *d)
{
	struct gguf_array a;
	int r = gguf_array(g, key_types, GGUF_TYPE_I32, &a, d);

	if (r != 0)
		return r == GGUF_E_ABSENT ? 0 : r;
	if (a.count != v->n)
		return diag_set(d, -EINVAL, DIAG_VOCAB, key_types, "%llu types for %u tokens",
				(unsigned long long)a.count, v->n);
	for (uint32_t i = 0; i < v->n; i++) {
		uint32_t type = gguf_array_u32(&a, i);

		if (type < TOKEN_NORMAL || type > TOKEN_BYTE)
			return diag_set(d, -EINVAL, DIAG_RANGE, key_types,
					"token %u has type %d", i, (int32_t)type);
		v->tokens[i].type = (enum token_type)type;
	}
	return 0;
}

static int compare_text(const char *a, size_t a_len, const char *b, size_t b_len)
{
	int c = memcmp(a, b, MIN(a_len, b_len));

	return c ? c : (a_len > b_len) - (a_len < b_len);
}

static int compare_ids(const void *a, const void *b, void *arg)
{
	const struct token *tokens = arg, *x = &tokens[*(const uint32_t *)a],
			   *y = &tokens[*(const uint32_t *)b];

	return compare_text(x->text, x->len, y->text, y->len);
}

static int sort_tokens(struct vocab *v, struct diag *d)
{
	v->by_text = calloc(v->n, sizeof(*v->by_text));
	if (!v->by_text)
		return diag_set(d, -ENOMEM, DIAG_SYSTEM, "", "out of memory");
	for (uint32_t i = 0; i < v->n; i++)
		v->by_text[i] = i;
	qsort_r(v->by_text, v->n, sizeof(*v->by_text), compare_ids, v->tokens);
	for (uint32_t i = 1; i < v->n; i++)
		if (compare_ids(&v->by_text[i - 1], &v->by_text[i], v->tokens) == 0)
			return diag_set(d, -EINVAL, DIAG_VOCAB, key_tokens,
					"tokens %u and %u are the same", v->by_text[i - 1],
					v->by_text[i]);
	return 0;
}

int32_t vocab_find(const struct vocab *v, const char *text, size_t len)
{
	uint32_t low = 0, high = v->n;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2, id = v->by_text[middle];
		int c = compare_text(text, len, v->tokens[id].text, v->tokens[id].len);

		if (c == 0)
			return (int32_t)id;
		if (c < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return -1;
}

static int read_special(const struct vocab *v, const struct gguf *g, const char *key,
			int32_t absent, int32_t *ret, struct diag *d)
{
	uint32_t id;
	int r = gguf_u32(g, key, &id, d);

	*ret = absent;
	if (r < 0 && d && d->code == DIAG_RANGE)
		d->code = DIAG_VOCAB;
	if (r < 0)
		return r;
	if (r == 0)
		*ret = id <= INT32_MAX ? (int32_t)id : INT32_MAX;
	/* A default counts too: it is used just as one that the file gives. */
	if (*ret >= (int32_t)v->n)
		return diag_set(d, -EINVAL, DIAG_VOCAB, key, "%d, the vocabulary has %u tokens",
				*ret, v->n);
	return 0;
}

int vocab_read(struct vocab *v, const struct gguf *g, struct diag *d)
{
	int32_t padding;
	int r = read_tokens(v, g, d);

	if (r < 0 || (r = read_types(v, g, d)) < 0 || (r = sort_tokens(v, d)) < 0 ||
	    (r = read_special(v, g, "tokenizer.ggml.bos_token_id", -1, &v->bos, d)) < 0 ||
	    (r = read_special(v, g, "tokenizer.ggml.eos_token_id", -1, &v->eos, d)) < 0 ||
	    (r = read_special(v, g, "tokenizer.ggml.padding_token_id", -1, &padding, d)) < 0)
		return r;
	return read_special(v, g, "tokenizer.ggml.unknown_token_id", -1, &v->unknown, d);
}

static int find_byte_tokens(struct vocab *v, struct diag *d)
{
	char name[8];

	for (uint32_t i = 0; i < v->n; i++) {
		const struct token *t = &v->tokens[i];
		unsigned byte;

		if (t->type != TOKEN_BYTE)
			continue;
		if (t->len != 6 || sscanf(t->text, "<0x%2X>", &byte) != 1 ||
		    snprintf(name, sizeof(name), "<0x%02X>", byte) != 6 ||
		    memcmp(name, t->text, 6) != 0)
			return diag_set(d, -EINVAL, DIAG_VOCAB, key_tokens,
					"byte token %u is not spelled <0x00> to <0xFF>", i);
	}
	for (unsigned b = 0; b < 256; b++) {
		snprintf(name, sizeof(name), "<0x%02X>", b);
		v->bytes[b] = vocab_find(v, name, 6);
		if (v->bytes[b] < 0)
			return diag_set(d, -EINVAL, DIAG_VOCAB, key_tokens,
					"no token for byte %u", b);
	}
	return 0;
}

int vocab_read_scores(struct vocab *v, const struct gguf *g, struct diag *d)
{
	struct gguf_array a;
	int r = gguf_array(g, key_scores, GGUF_TYPE_F32, &a, d);

	r = missing(r, key_scores, DIAG_VOCAB, d);
	if (r < 0)
		return r;
	if (a.count != v->n)
		return diag_set(d, -EINVAL, DIAG_VOCAB, key_scores, "%llu scores for %u tokens",
				(unsigned long long)a.count, v->n);
	for (uint32_t i = 0; i < v->n; i++) {
		v->tokens[i].score = gguf_array_f32(&a, i);
		if (!isfinite(v->tokens[i].score))
			return diag_set(d, -EINVAL, DIAG_RANGE, key_scores,
					"score of token %u is not a finite number", i);
	}
	return find_byte_tokens(v, d);
}

/* Steele, Lea and Flood's mix: pairs of ids are close together, slots must not be. */
static uint64_t slot_of(const struct vocab *v, int32_t left, int32_t right)
{
	uint64_t z = (uint64_t)(uint32_t)left << 32 | (uint32_t)right;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return (z ^ z >> 31) & (v->n_slots - 1);
}

const struct merge *vocab_merge(const struct vocab *v, int32_t left, int32_t right)
{
	for (uint64_t i = slot_of(v, left, right);; i = (i + 1) & (v->n_slots - 1)) {
		const struct merge *m = &v->merges[i];

		if (m->result < 0)
			return NULL;
		if (m->left == left && m->right == right)
			return m;
	}
}

/* "left right"; the space inside a token is written as another character. */
static int add_merge(struct vocab *v, const char *text, size_t len, uint32_t rank, struct diag *d)
{
	const char *space = len > 1 ? memchr(text + 1, ' ', len - 1) : NULL;
	size_t left_len = space ? (size_t)(space - text) : 0;
	char joined[2 * MAX_TOKEN];
	struct merge m = { .rank = rank };
	uint64_t slot;

	if (!space || left_len + 1 == len || len > sizeof(joined))
		return diag_set(d, -EINVAL, DIAG_VOCAB, key_merges, "merge %u: expected two tokens",
				rank);
	m.left = vocab_find(v, text, left_len);
	m.right = vocab_find(v, space + 1, len - left_len - 1);
	memcpy(joined, text, left_len);
	memcpy(joined + left_len, space + 1, len - left_len - 1);
	m.result = vocab_find(v, joined, len - 1);
	if (m.left < 0 || m.right < 0 || m.result < 0)
		return diag_set(d, -EINVAL, DIAG_VOCAB, key_merges, "merge %u: %s no token", rank,
				m.result < 0 ? "its result is" : "a part is");
	/* The first of two equal ones wins: it has the better rank. */
	if (vocab_merge(v, m.left, m.right))
		return 0;
	for (slot = slot_of(v, m.left, m.right); v->merges[slot].result >= 0;)
		slot = (slot + 1) & (v->n_slots - 1);
	v->merges[slot] = m;
	return 0;
}

static int find_byte_characters(struct vocab *v, struct diag *d)
{
	char text[4];

	for (unsigned b = 0; b < 256; b++) {
		v->bytes[b] = vocab_find(v, text, utf8_encode(bpe_char_of_byte((uint8_t)b), text));
		/* A vocabulary made from text may lack bytes that stood nowhere in it. */
		if (v->bytes[b] < 0 && b < 0x80)
			return diag_set(d, -EINVAL, DIAG_VOCAB, key_tokens,
					"no token for byte %u", b);
	}
	return 0;
}

int vocab_read_merges(struct vocab *v, const struct gguf *g, struct diag *d)
{
	struct gguf_array a;
	struct gguf_strings s;
	const char *text;
	size_t len;
	int r = gguf_array(g, key_merges, GGUF_TYPE_STRING, &a, d);

	r = missing(r, key_merges, DIAG_VOCAB, d);
	if (r < 0)
		return r;
	if (a.count > MAX_MERGES)
		return diag_set(d, -EINVAL, DIAG_LIMIT, key_merges, "%llu merges, at most %u",
				(unsigned long long)a.count, MAX_MERGES);
	for (v->n_slots = 16; v->n_slots < 2 * a.count;)
		v->n_slots *= 2;
	v->merges = reallocarray(NULL, v->n_slots, sizeof(*v->merges));
	if (!v->merges)
		return diag_set(d, -ENOMEM, DIAG_SYSTEM, "", "out of memory");
	memset(v->merges, 0xff, v->n_slots * sizeof(*v->merges));
	gguf_strings_init(&s, &a);
	for (uint32_t rank = 0; gguf_strings_next(&s, &text, &len); rank++) {
		r = add_merge(v, text, len, rank, d);
		if (r < 0)
			return r;
	}
	return find_byte_characters(v, d);
}

void vocab_deinit(struct vocab *v)
{
	free(v->tokens);
	free(v->by_text);
	free(v->merges);
	*v = (struct vocab){ 0 };
}

/* GPT-2's alphabet: printable bytes of Latin-1 stand for themselves, the others for the
 * characters from U+0100 on, in ascending order. */
static bool stands_for_itself(uint32_t byte)
{
	return (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) ||
	       (byte >= 0xae && byte <= 0xff);
}

uint32_t bpe_char_of_byte(uint8_t byte)
{
	if (stands_for_itself(byte))
		return byte;
	/* 33 bytes before '!', then 0x7f..0xa0, then 0xad. */
	return 0x100 + (byte <= 0x20 ? byte : byte <= 0xa0 ? byte - 0x7fu + 0x21u : 0x43u);
}

int bpe_byte_of_char(uint32_t cp)
{
	if (cp < 0x100)
		return stands_for_itself(cp) ? (int)cp : -1;
	if (cp < 0x121)
		return (int)cp - 0x100;
	if (cp < 0x143)
		return (int)cp - 0x121 + 0x7f;
	return cp == 0x143 ? 0xad : -1;
}
