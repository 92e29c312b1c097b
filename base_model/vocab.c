/* SPDX-License-Identifier: MIT */
#include "base_model/vocab.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/macro.h"
#include "util/utf8.h"

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
		if (len > VOCAB_MAX_TOKEN)
			return diag_set(d, -EINVAL, DIAG_LIMIT, key_tokens,
					"token %u has %zu bytes", i, len);
		if (len == 0 || !utf8_valid(text, len))
			return diag_set(d, -EINVAL, DIAG_VOCAB, key_tokens, "token %u is %s", i,
					len ? "not UTF-8" : "empty");
		v->tokens[i] = (struct token){ text, (uint32_t)len, TOKEN_NORMAL, 0.0f };
		v->longest = MAX(v->longest, (uint32_t)len);
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

static int compare_ids(const void *arg, uint32_t a, uint32_t b)
{
	const struct token *tokens = arg, *x = &tokens[a], *y = &tokens[b];

	return compare_text(x->text, x->len, y->text, y->len);
}

static uint64_t key_of_text(const char *text, size_t len)
{
	uint64_t key = len, word;

	for (size_t i = 0; i < len; i += sizeof(word)) {
		word = 0;
		memcpy(&word, text + i, MIN(len - i, sizeof(word)));
		key = lookup_mix(key ^ word);
	}
	return key;
}

static int sort_tokens(struct vocab *v, struct diag *d)
{
	struct lookup_entry *entries = calloc(v->n, sizeof(*entries));

	if (!entries)
		return diag_set(d, -ENOMEM, DIAG_SYSTEM, "", "out of memory");
	for (uint32_t i = 0; i < v->n; i++)
		entries[i] = (struct lookup_entry){
			key_of_text(v->tokens[i].text, v->tokens[i].len), i,
		};
	if (lookup_init(&v->by_text, entries, v->n, compare_ids, v->tokens) < 0)
		return diag_set(d, -ENOMEM, DIAG_SYSTEM, "", "out of memory");
	entries = v->by_text.entries;
	for (uint32_t i = 1; i < v->n; i++)
		if (entries[i].key == entries[i - 1].key &&
		    compare_ids(v->tokens, entries[i - 1].value, entries[i].value) == 0)
			return diag_set(d, -EINVAL, DIAG_VOCAB, key_tokens,
					"tokens %u and %u are the same", entries[i - 1].value,
					entries[i].value);
	return 0;
}

int32_t vocab_find(const struct vocab *v, const char *text, size_t len)
{
	const struct lookup_entry *entries;
	uint32_t low = 0, high;
	uint64_t key;

	if (len > v->longest)
		return -1;
	key = key_of_text(text, len);
	entries = lookup_near(&v->by_text, key, &high);
	while (low < high) {
		uint32_t middle = low + (high - low) / 2, id = entries[middle].value;
		int c = entries[middle].key != key ? (key < entries[middle].key ? -1 : 1) :
			compare_text(text, len, v->tokens[id].text, v->tokens[id].len);

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

/* The first @needed bytes have a token, and of none is it a control token: any text has bytes. */
static int check_bytes(const struct vocab *v, unsigned needed, struct diag *d)
{
	for (unsigned b = 0; b < 256; b++) {
		if (v->bytes[b] < 0 && b < needed)
			return diag_set(d, -EINVAL, DIAG_VOCAB, key_tokens,
					"no token for byte %u", b);
		if (v->bytes[b] >= 0 && v->tokens[v->bytes[b]].type == TOKEN_CONTROL)
			return diag_set(d, -EINVAL, DIAG_VOCAB, key_types,
					"the token for byte %u is a control token", b);
	}
	return 0;
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
	}
	return check_bytes(v, 256, d);
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

static uint64_t key_of_pair(int32_t left, int32_t right)
{
	return lookup_mix((uint64_t)(uint32_t)left << 32 | (uint32_t)right);
}

bool vocab_merge(const struct vocab *v, int32_t left, int32_t right, int32_t *result,
		 uint32_t *rank)
{
	uint64_t key = key_of_pair(left, right);
	uint32_t low = 0, high, n;
	const struct lookup_entry *entries = lookup_near(&v->by_pair, key, &high);

	/* Of equal ones the first counts: it has the better rank. */
	for (n = high; low < high;) {
		uint32_t middle = low + (high - low) / 2;

		if (entries[middle].key < key)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == n || entries[low].key != key)
		return false;
	*rank = entries[low].value;
	*result = v->results[*rank];
	return true;
}

/* "left right"; the space inside a token is written as another character. */
static int read_merge(const struct vocab *v, const char *text, size_t len, uint32_t rank,
		      uint64_t *key, int32_t *result, struct diag *d)
{
	const char *space = len > 1 ? memchr(text + 1, ' ', len - 1) : NULL;
	size_t left_len = space ? (size_t)(space - text) : 0;
	char joined[2 * VOCAB_MAX_TOKEN];
	int32_t left, right;

	if (!space || left_len + 1 == len || len > sizeof(joined))
		return diag_set(d, -EINVAL, DIAG_VOCAB, key_merges, "merge %u: expected two tokens",
				rank);
	left = vocab_find(v, text, left_len);
	right = vocab_find(v, space + 1, len - left_len - 1);
	memcpy(joined, text, left_len);
	memcpy(joined + left_len, space + 1, len - left_len - 1);
	*result = vocab_find(v, joined, len - 1);
	if (left < 0 || right < 0 || *result < 0)
		return diag_set(d, -EINVAL, DIAG_VOCAB, key_merges, "merge %u: %s no token", rank,
				*result < 0 ? "its result is" : "a part is");
	*key = key_of_pair(left, right);
	return 0;
}

static int read_pairs(struct vocab *v, const struct gguf_array *a, struct diag *d)
{
	_cleanup_free_ struct lookup_entry *entries = calloc(a->count + 1, sizeof(*entries));
	struct gguf_strings s;
	const char *text;
	size_t len;
	int r = 0;

	v->results = calloc(a->count + 1, sizeof(*v->results));
	if (!entries || !v->results)
		return diag_set(d, -ENOMEM, DIAG_SYSTEM, "", "out of memory");
	gguf_strings_init(&s, a);
	for (uint32_t rank = 0; r == 0 && gguf_strings_next(&s, &text, &len); rank++) {
		entries[rank].value = rank;
		r = read_merge(v, text, len, rank, &entries[rank].key, &v->results[rank], d);
	}
	if (r < 0)
		return r;
	if (lookup_init(&v->by_pair, TAKE(entries), (uint32_t)a->count, NULL, NULL) < 0)
		return diag_set(d, -ENOMEM, DIAG_SYSTEM, "", "out of memory");
	return 0;
}

static int find_byte_characters(struct vocab *v, struct diag *d)
{
	char text[4];

	for (unsigned b = 0; b < 256; b++)
		v->bytes[b] = vocab_find(v, text, utf8_encode(bpe_char_of_byte((uint8_t)b), text));
	/* A vocabulary made from text may lack bytes that stood nowhere in it. */
	return check_bytes(v, 0x80, d);
}

int vocab_read_merges(struct vocab *v, const struct gguf *g, struct diag *d)
{
	struct gguf_array a;
	int r = gguf_array(g, key_merges, GGUF_TYPE_STRING, &a, d);

	r = missing(r, key_merges, DIAG_VOCAB, d);
	if (r < 0)
		return r;
	if (a.count > MAX_MERGES)
		return diag_set(d, -EINVAL, DIAG_LIMIT, key_merges, "%llu merges, at most %u",
				(unsigned long long)a.count, MAX_MERGES);
	r = read_pairs(v, &a, d);
	return r < 0 ? r : find_byte_characters(v, d);
}

void vocab_deinit(struct vocab *v)
{
	free(v->tokens);
	free(v->results);
	lookup_deinit(&v->by_text);
	lookup_deinit(&v->by_pair);
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
