/* SPDX-License-Identifier: MIT */
/*
 * Text to token ids. It is first cut at the tokens that are recognised as a whole; what lies
 * between goes to one of the two ways of merging. Control, unknown, unused and byte tokens are
 * never the result of merging.
 */
#include <errno.h>
#include <string.h>

#include "base_model/merging.h"
#include "base_model/tokenizer-private.h"
#include "util/macro.h"
#include "util/utf8.h"

#define MAX_TEXT ((size_t)64 << 20)

/* That text may merge to. */
static bool is_text(const struct vocab *v, int32_t id)
{
	return id >= 0 && (v->tokens[id].type == TOKEN_NORMAL ||
			   v->tokens[id].type == TOKEN_USER_DEFINED);
}

static int32_t find_text_token(const struct vocab *v, const char *text, size_t len)
{
	int32_t id = vocab_find(v, text, len);

	return is_text(v, id) ? id : -1;
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
	uint32_t rank;

	if (!vocab_merge(arg, a->id, b->id, id, &rank) || !is_text(arg, *id))
		return false;
	*order = rank;
	return true;
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
static int mark_spaces(const struct tokenizer *t, const char *text, size_t len, bool first,
		       struct buf *out)
{
	int r = first && t->adds_space ? buf_append_str(out, SPACE_MARK) : 0;

	while (t->joins_spaces && len && text[len - 1] == ' ')
		len--;
	for (size_t i = 0; r == 0 && i < len; i++) {
		if (t->joins_spaces && text[i] == ' ' && (i ? text[i - 1] == ' ' : first))
			continue;
		r = text[i] == ' ' ? buf_append_str(out, SPACE_MARK) :
				     buf_append_char(out, text[i]);
	}
	return r;
}

static int encode_sentencepiece(const struct tokenizer *t, const char *text, size_t len,
				bool first, struct token_list *out)
{
	_cleanup_(merging_deinit) struct merging m = { 0 };
	_cleanup_(buf_deinit) struct buf marked = BUF_NULL;
	size_t size;
	int r = mark_spaces(t, text, len, first, &marked);

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
int32_t find_word(const struct tokenizer *t, const char *word, size_t len)
{
	char spelled[VOCAB_MAX_TOKEN];
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

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static unsigned traits_of(const struct tokenizer *t, int32_t id)
{
	return (uint32_t)id < t->vocab.n ? t->traits[id] : 0;
}

/* What the last token in @out says of text that goes on from it. */
static unsigned traits_of_last(const struct tokenizer *t, const struct token_list *out, bool *whole)
{
	int32_t id = out->n ? out->ids[out->n - 1] : -1;
	const struct token *token = token_of(t, id);

	if (!token)
		return 0;
	*whole = token_is_whole(token);
	return traits_of(t, id);
}

static int encode_text(const struct tokenizer *t, const char *text, size_t len, bool first,
		       struct token_list *out)
{
	if (len == 0)
		return 0;
	return t->pre ? encode_bpe(t, text, len, out) :
			encode_sentencepiece(t, text, len, first, out);
}

/* A text, and what is recognised in it as a whole beside the tokens that were added to a file. */
struct source {
	const char *text;
	size_t len;
	bool special;			/* control tokens */
	const struct token_span *own;	/* [n_own] where those that extend the vocabulary are */
	size_t n_own;
};

/* Bytes from @at on to the end of the span that it is in; 0: in none. Spans behind it go. */
static size_t left_of_span(struct source *s, size_t at)
{
	for (; s->n_own && s->own->to <= at; s->n_own--)
		s->own++;
	return s->n_own && s->own->from <= at ? MIN(s->own->to, s->len) - at : 0;
}

/* The longest token at @at that is recognised as a whole, or -1. */
static int32_t find_whole(const struct tokenizer *t, struct source *s, size_t at,
			  uint64_t *n_steps)
{
	const struct extra *e = &t->extra;
	const char *text = s->text + at;
	int32_t id = whole_find(&t->whole, &t->vocab, text, s->len - at, s->special, n_steps);
	size_t left = left_of_span(s, at);
	int32_t extra = -1;

	if (left && e->whole.n)
		extra = whole_find(&e->whole, &e->vocab, text, left, true, n_steps);
	if (extra < 0 || (id >= 0 && t->vocab.tokens[id].len > e->vocab.tokens[extra].len))
		return id;
	return (int32_t)t->vocab.n + extra;
}

/* From @begin on. @first: the text begins anew, as it also does behind a token that is recognised
 * as a whole. */
static int encode_all(const struct tokenizer *t, struct source *s, size_t begin, bool first,
		      struct token_list *out)
{
	uint64_t n_steps = 0;
	size_t at = begin;
	int r = 0;

	while (r == 0 && at < s->len) {
		int32_t id = find_whole(t, s, at, &n_steps);

		if (id < 0) {
			at++;
			continue;
		}
		r = encode_text(t, s->text + begin, at - begin, first, out);
		if (r == 0)
			r = token_list_add(out, id);
		at += token_of(t, id)->len;
		while (traits_of(t, id) & TRAIT_STRIPS && at < s->len && is_blank(s->text[at]))
			at++;
		begin = at;
		first = true;
	}
	return r < 0 ? r : encode_text(t, s->text + begin, s->len - begin, first, out);
}

int tokenizer_encode_own(const struct tokenizer *t, const char *text, size_t len, unsigned flags,
			 const struct token_span *own, size_t n_own, struct token_list *out)
{
	struct source s = { text, len, flags & TOKENIZE_SPECIAL, own, n_own };
	size_t begin = 0;
	bool first = true;
	int r = 0;

	if (len > MAX_TEXT)
		return -EINVAL;
	if (flags & TOKENIZE_BOS && t->adds_bos)
		r = token_list_add(out, t->vocab.bos);
	if (flags & TOKENIZE_CONTINUES) {
		first = false;
		if (traits_of_last(t, out, &first) & TRAIT_STRIPS)
			while (begin < len && is_blank(text[begin]))
				begin++;
	}
	if (r == 0)
		r = encode_all(t, &s, begin, first, out);
	if (r == 0 && flags & TOKENIZE_EOS && t->adds_eos)
		r = token_list_add(out, t->vocab.eos);
	return r;
}

int tokenizer_encode(const struct tokenizer *t, const char *text, size_t len, unsigned flags,
		     struct token_list *out)
{
	const struct token_span all = { 0, len };

	return tokenizer_encode_own(t, text, len, flags, &all, flags & TOKENIZE_SPECIAL ? 1 : 0,
				    out);
}
