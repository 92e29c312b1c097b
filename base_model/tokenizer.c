/* SPDX-License-Identifier: MIT */
/*
 * Text is first cut at the tokens that are recognised as a whole: those a user's model
 * added, and, in templates, control tokens. What lies between goes to one of the two ways of
 * merging. Control, unknown, unused and byte tokens are never the result of merging.
 */
#include "base_model/tokenizer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base_model/merging.h"
#include "base_model/pretokenize.h"
#include "base_model/vocab.h"
#include "util/macro.h"
#include "util/utf8.h"

#define MAX_TEXT ((size_t)64 << 20)

static const char space_mark[] = "\xe2\x96\x81";	/* U+2581, a space in SentencePiece */

struct tokenizer {
	struct vocab vocab;
	const struct pretokenizer *pre;	/* NULL: SentencePiece */
	bool adds_bos, adds_space;
	uint32_t *whole;	/* tokens recognised as a whole: by first byte, longest first */
	size_t n_whole;
	size_t whole_of_byte[257];	/* where each first byte's begin */
	bool *is_end;		/* [n] */
};

void token_list_deinit(struct token_list *list)
{
	free(list->ids);
	*list = (struct token_list)TOKEN_LIST_NULL;
}

int token_list_add(struct token_list *list, int32_t id)
{
	size_t cap = list->cap ? 2 * list->cap : 64;
	int32_t *ids;

	if (list->n == list->cap) {
		ids = reallocarray(list->ids, cap, sizeof(*ids));
		if (!ids)
			return -ENOMEM;
		list->ids = ids;
		list->cap = cap;
	}
	list->ids[list->n++] = id;
	return 0;
}

static bool is_whole(const struct token *t)
{
	return t->type == TOKEN_CONTROL || t->type == TOKEN_USER_DEFINED ||
	       t->type == TOKEN_UNKNOWN;
}

static int compare_whole(const void *a, const void *b, void *arg)
{
	const struct token *tokens = arg, *x = &tokens[*(const uint32_t *)a],
			   *y = &tokens[*(const uint32_t *)b];

	if (x->text[0] != y->text[0])
		return (unsigned char)x->text[0] < (unsigned char)y->text[0] ? -1 : 1;
	return (x->len < y->len) - (x->len > y->len);
}

static int collect_whole(struct tokenizer *t)
{
	const struct vocab *v = &t->vocab;

	t->whole = reallocarray(NULL, v->n, sizeof(*t->whole));
	if (!t->whole)
		return -ENOMEM;
	for (uint32_t i = 0; i < v->n; i++)
		if (is_whole(&v->tokens[i]))
			t->whole[t->n_whole++] = i;
	qsort_r(t->whole, t->n_whole, sizeof(*t->whole), compare_whole, v->tokens);
	for (size_t i = 0, byte = 0; byte <= 256; byte++) {
		while (i < t->n_whole && (unsigned char)v->tokens[t->whole[i]].text[0] < byte)
			i++;
		t->whole_of_byte[byte] = i;
	}
	return 0;
}

static int mark_ends(struct tokenizer *t, const struct gguf *g, struct diag *d)
{
	/* How model families spell the end of a turn, where no key of the file says it. */
	static const char *const names[] = { "<|eot_id|>", "<|im_end|>", "<|end|>", "<|eom_id|>",
					     "<end_of_turn>", "<|endoftext|>", "<|end_of_text|>",
					     "</s>" };
	uint32_t eot;
	int32_t id;
	int r = gguf_u32(g, "tokenizer.ggml.eot_token_id", &eot, d);

	if (r < 0)
		return r;
	if (r == 0 && eot >= t->vocab.n)
		return diag_set(d, -EINVAL, DIAG_VOCAB, "tokenizer.ggml.eot_token_id",
				"%u, the vocabulary has %u tokens", eot, t->vocab.n);
	t->is_end = calloc(t->vocab.n, sizeof(*t->is_end));
	if (!t->is_end)
		return diag_set(d, -ENOMEM, DIAG_SYSTEM, "", "out of memory");
	if (r == 0)
		t->is_end[eot] = true;
	if (t->vocab.eos >= 0)
		t->is_end[t->vocab.eos] = true;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		id = vocab_find(&t->vocab, names[i], strlen(names[i]));
		if (id >= 0 && t->vocab.tokens[id].type == TOKEN_CONTROL)
			t->is_end[id] = true;
	}
	return 0;
}

static int read_flag(const struct gguf *g, const char *key, bool absent, bool *ret, struct diag *d)
{
	int r = gguf_bool(g, key, ret, d);

	if (r == GGUF_E_ABSENT)
		*ret = absent;
	return r < 0 ? r : 0;
}

static int read_pretokenizer(struct tokenizer *t, const struct gguf *g, struct diag *d)
{
	static const char key[] = "tokenizer.ggml.pre";
	const char *name;
	size_t len;
	int r = gguf_str(g, key, &name, &len, d);

	if (r == GGUF_E_ABSENT)
		return diag_set(d, -EINVAL, DIAG_UNSUP, key, "missing");
	if (r < 0)
		return r;
	t->pre = pretokenizer_find(name, len);
	if (!t->pre)
		return diag_set(d, -EINVAL, DIAG_UNSUP, key, "'%.*s' is not supported",
				(int)MIN(len, (size_t)64), name);
	return 0;
}

static int read_kind(struct tokenizer *t, const struct gguf *g, struct diag *d)
{
	static const char key[] = "tokenizer.ggml.model";
	const char *model;
	size_t len;
	int r = gguf_str(g, key, &model, &len, d);

	if (r == GGUF_E_ABSENT)
		return diag_set(d, -EINVAL, DIAG_UNSUP, key, "missing");
	if (r < 0)
		return r;
	if (len == 5 && memcmp(model, "llama", 5) == 0)
		return vocab_read_scores(&t->vocab, g, d);
	if (len != 4 || memcmp(model, "gpt2", 4) != 0)
		return diag_set(d, -EINVAL, DIAG_UNSUP, key, "'%.*s' is not supported",
				(int)MIN(len, (size_t)64), model);
	r = read_pretokenizer(t, g, d);
	return r < 0 ? r : vocab_read_merges(&t->vocab, g, d);
}

int tokenizer_new(struct tokenizer **ret, const struct gguf *g, struct diag *d)
{
	_cleanup_(tokenizer_freep) struct tokenizer *t = calloc(1, sizeof(*t));
	bool bos;
	int r;

	if (!t)
		return diag_set(d, -ENOMEM, DIAG_SYSTEM, "", "out of memory");
	if ((r = vocab_read(&t->vocab, g, d)) < 0 || (r = read_kind(t, g, d)) < 0)
		return r;
	bos = t->pre ? pretokenizer_adds_bos(t->pre) : true;
	if ((r = read_flag(g, "tokenizer.ggml.add_bos_token", bos, &t->adds_bos, d)) < 0 ||
	    (r = read_flag(g, "tokenizer.ggml.add_space_prefix", !t->pre, &t->adds_space, d)) < 0 ||
	    (r = mark_ends(t, g, d)) < 0)
		return r;
	if (t->adds_bos && t->vocab.bos < 0)
		return diag_set(d, -EINVAL, DIAG_VOCAB, "tokenizer.ggml.bos_token_id",
				"missing, but the model wants one");
	if (collect_whole(t) < 0)
		return diag_set(d, -ENOMEM, DIAG_SYSTEM, "", "out of memory");
	*ret = TAKE(t);
	return 0;
}

struct tokenizer *tokenizer_free(struct tokenizer *t)
{
	if (!t)
		return NULL;
	vocab_deinit(&t->vocab);
	free(t->whole);
	free(t->is_end);
	free(t);
	return NULL;
}

/* A token of the vocabulary that text may merge to. */
static int32_t find_text_token(const struct vocab *v, const char *text, size_t len)
{
	int32_t id = vocab_find(v, text, len);

	if (id >= 0 && v->tokens[id].type != TOKEN_NORMAL &&
	    v->tokens[id].type != TOKEN_USER_DEFINED)
		return -1;
	return id;
}

/* Highest score first: floats that compare like whole numbers, upside down. */
static uint64_t order_of_score(float score)
{
	uint32_t bits;

	memcpy(&bits, &score, sizeof(bits));
	bits = bits & 0x80000000u ? ~bits : bits | 0x80000000u;
	return ~(uint64_t)bits;
}

static bool merge_pieces(const void *arg, const struct symbol *a, const struct symbol *b,
			 int32_t *id, uint64_t *order)
{
	const struct vocab *v = arg;

	*id = find_text_token(v, a->text, (size_t)a->len + b->len);
	if (*id >= 0)
		*order = order_of_score(v->tokens[*id].score);
	return *id >= 0;
}

static bool merge_ids(const void *arg, const struct symbol *a, const struct symbol *b,
		      int32_t *id, uint64_t *order)
{
	const struct merge *m = vocab_merge(arg, a->id, b->id);

	if (m) {
		*id = m->result;
		*order = m->rank;
	}
	return m != NULL;
}

/* A symbol's token, or the tokens of its bytes. */
static int emit(const struct vocab *v, const struct symbol *s, struct token_list *out)
{
	int r = 0;

	if (s->id >= 0)
		return token_list_add(out, s->id);
	for (uint32_t i = 0; r == 0 && i < s->len; i++) {
		int32_t id = v->bytes[(unsigned char)s->text[i]];

		id = id >= 0 ? id : v->unknown;
		r = id >= 0 ? token_list_add(out, id) : 0;
	}
	return r;
}

static int emit_all(const struct vocab *v, const struct merging *m, struct token_list *out)
{
	int r = 0;

	for (int32_t i = m->n ? 0 : -1; r == 0 && i >= 0; i = m->symbols[i].next)
		r = emit(v, &m->symbols[i], out);
	return r;
}

/* The text as SentencePiece sees it: spaces are visible characters. */
static int mark_spaces(const char *text, size_t len, bool space_first, struct buf *out)
{
	int r = space_first ? buf_append_str(out, space_mark) : 0;

	for (size_t i = 0; r == 0 && i < len; i++)
		r = text[i] == ' ' ? buf_append_str(out, space_mark) :
				     buf_append_char(out, text[i]);
	return r;
}

static int encode_sentencepiece(const struct tokenizer *t, const char *text, size_t len,
				bool space_first, struct token_list *out)
{
	_cleanup_(merging_deinit) struct merging m = { 0 };
	_cleanup_(buf_deinit) struct buf marked = BUF_NULL;
	size_t size;
	int r = mark_spaces(text, len, space_first && t->adds_space, &marked);

	for (size_t at = 0; r == 0 && at < marked.len; at += size) {
		utf8_decode(marked.data + at, marked.len - at, &size);
		r = merging_add(&m, marked.data + at, size,
				find_text_token(&t->vocab, marked.data + at, size));
	}
	if (r == 0)
		r = merging_run(&m, merge_pieces, &t->vocab);
	return r < 0 ? r : emit_all(&t->vocab, &m, out);
}

/* The word spelled with the characters that stand for its bytes. */
static int32_t find_word(const struct tokenizer *t, const char *word, size_t len)
{
	char spelled[512];
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (n + 4 > sizeof(spelled))
			return -1;
		n += utf8_encode(bpe_char_of_byte((uint8_t)word[i]), spelled + n);
	}
	return find_text_token(&t->vocab, spelled, n);
}

static int encode_word(const struct tokenizer *t, const char *word, size_t len, struct merging *m,
		       struct token_list *out)
{
	int32_t id = pretokenizer_ignores_merges(t->pre) ? find_word(t, word, len) : -1;
	int r = 0;

	if (id >= 0)
		return token_list_add(out, id);
	merging_reset(m);
	for (size_t i = 0; r == 0 && i < len; i++)
		r = merging_add(m, word + i, 1, t->vocab.bytes[(unsigned char)word[i]]);
	if (r == 0)
		r = merging_run(m, merge_ids, &t->vocab);
	return r < 0 ? r : emit_all(&t->vocab, m, out);
}

static int encode_bpe(const struct tokenizer *t, const char *text, size_t len,
		      struct token_list *out)
{
	_cleanup_(merging_deinit) struct merging m = { 0 };
	_cleanup_(words_deinit) struct words words = { 0 };
	size_t at = 0;
	int r = pretokenize(t->pre, text, len, &words);

	for (size_t i = 0; r == 0 && i < words.n; i++) {
		r = encode_word(t, text + at, words.ends[i] - at, &m, out);
		at = words.ends[i];
	}
	return r;
}

/* The longest token that stands whole at the beginning of @text, or -1. */
static int32_t whole_at(const struct tokenizer *t, const char *text, size_t len, bool special)
{
	unsigned char byte = (unsigned char)text[0];

	for (size_t i = t->whole_of_byte[byte]; i < t->whole_of_byte[byte + 1]; i++) {
		const struct token *token = &t->vocab.tokens[t->whole[i]];

		if ((special || token->type == TOKEN_USER_DEFINED) && token->len <= len &&
		    memcmp(token->text, text, token->len) == 0)
			return (int32_t)t->whole[i];
	}
	return -1;
}

int tokenizer_encode(const struct tokenizer *t, const char *text, size_t len, unsigned flags,
		     struct token_list *out)
{
	bool first = !(flags & TOKENIZE_CONTINUES), special = flags & TOKENIZE_SPECIAL;
	size_t begin = 0, at = 0;
	int r = 0;

	if (len > MAX_TEXT)
		return -EINVAL;
	if (flags & TOKENIZE_BOS && t->adds_bos)
		r = token_list_add(out, t->vocab.bos);
	while (r == 0 && at <= len) {
		int32_t id = at < len ? whole_at(t, text + at, len - at, special) : -1;

		if (at < len && id < 0) {
			at++;
			continue;
		}
		if (begin < at) {
			r = t->pre ? encode_bpe(t, text + begin, at - begin, out) :
				     encode_sentencepiece(t, text + begin, at - begin, first, out);
			first = false;
		}
		if (r == 0 && id >= 0) {
			r = token_list_add(out, id);
			at += t->vocab.tokens[id].len;
			first = true;
		} else {
			at++;
		}
		begin = at;
	}
	return r;
}

static int piece_of_bpe(const struct token *token, struct buf *out)
{
	size_t size;
	int r = 0;

	for (size_t at = 0; r == 0 && at < token->len; at += size) {
		uint32_t cp = utf8_decode(token->text + at, token->len - at, &size);
		int byte = bpe_byte_of_char(cp);

		r = byte >= 0 ? buf_append_char(out, (char)byte) :
				buf_append(out, token->text + at, size);
	}
	return r;
}

static int piece_of_sentencepiece(const struct token *token, struct buf *out)
{
	size_t mark = strlen(space_mark);
	int r = 0;

	for (size_t at = 0; r == 0 && at < token->len;) {
		if (token->len - at >= mark && memcmp(token->text + at, space_mark, mark) == 0) {
			r = buf_append_char(out, ' ');
			at += mark;
		} else {
			r = buf_append_char(out, token->text[at++]);
		}
	}
	return r;
}

int tokenizer_piece(const struct tokenizer *t, int32_t id, struct buf *out)
{
	const struct token *token;

	if (id < 0 || (uint32_t)id >= t->vocab.n)
		return -EINVAL;
	token = &t->vocab.tokens[id];
	switch (token->type) {
	case TOKEN_CONTROL:
	case TOKEN_UNKNOWN:
	case TOKEN_UNUSED:
		return 0;
	case TOKEN_BYTE:
		for (int b = 0; b < 256; b++)
			if (t->vocab.bytes[b] == id)
				return buf_append_char(out, (char)b);
		return 0;
	case TOKEN_USER_DEFINED:
		return buf_append(out, token->text, token->len);
	case TOKEN_NORMAL:
		break;
	}
	return t->pre ? piece_of_bpe(token, out) : piece_of_sentencepiece(token, out);
}

int tokenizer_decode(const struct tokenizer *t, const int32_t *ids, size_t n, struct buf *out)
{
	size_t begin = out->len;
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = tokenizer_piece(t, ids[i], out);
	if (r == 0 && t->adds_space && out->len > begin && out->data[begin] == ' ') {
		memmove(out->data + begin, out->data + begin + 1, out->len - begin);
		out->len--;
	}
	return r;
}

uint32_t tokenizer_n_tokens(const struct tokenizer *t)
{
	return t->vocab.n;
}

int32_t tokenizer_bos(const struct tokenizer *t)
{
	return t->vocab.bos;
}

int32_t tokenizer_eos(const struct tokenizer *t)
{
	return t->vocab.eos;
}

bool tokenizer_name(const struct tokenizer *t, int32_t id, const char **name, size_t *len)
{
	if (id < 0 || (uint32_t)id >= t->vocab.n)
		return false;
	*name = t->vocab.tokens[id].text;
	*len = t->vocab.tokens[id].len;
	return true;
}

bool tokenizer_is_end(const struct tokenizer *t, int32_t id)
{
	return id >= 0 && (uint32_t)id < t->vocab.n && t->is_end[id];
}
