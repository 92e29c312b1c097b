/* SPDX-License-Identifier: MIT */
#include "adapters/train/bpe.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base_model/base_model.h"
#include "util/buf.h"
#include "util/macro.h"
#include "util/utf8.h"

#define NONE UINT32_MAX
#define MAX_WORD 64		/* bytes of a word that is learnt from */

/* How words are cut: as GPT-2 does, and each digit by itself. */
static const char cuts[] = "smollm";

/* A word of the text: its symbols, and how often it occurs. */
struct word {
	uint32_t first, n;	/* in the pool of symbols */
	uint32_t len;		/* bytes */
	uint64_t count;
};

/* Two neighbours: how often they occur, and in which words they have occurred. */
struct pair {
	uint32_t left, right;
	int64_t count;
	uint32_t *words;
	uint32_t n_words, cap_words;
};

struct bpe {
	uint32_t *symbols;	/* of all words; begins as the bytes */
	size_t n_symbols, cap_symbols;
	struct word *words;
	size_t n_words, cap_words;
	uint32_t *word_table;	/* hash of the bytes to a word */
	size_t word_slots;
	struct pair *pairs;
	size_t n_pairs, cap_pairs;
	uint32_t *pair_table;
	size_t pair_slots;
	struct { uint32_t left, right; } *merges;	/* merge i makes symbol 256 + i */
	uint32_t n_merges;
};

int bpe_new(struct bpe **ret)
{
	*ret = calloc(1, sizeof(**ret));
	return *ret ? 0 : -ENOMEM;
}

struct bpe *bpe_free(struct bpe *b)
{
	if (!b)
		return NULL;
	for (size_t i = 0; i < b->n_pairs; i++)
		free(b->pairs[i].words);
	free(b->pairs);
	free(b->pair_table);
	free(b->words);
	free(b->word_table);
	free(b->symbols);
	free(b->merges);
	free(b);
	return NULL;
}

/* Room for @more elements behind @n: 0 or -ENOMEM. */
static int grow(void *array, size_t n, size_t more, size_t *cap, size_t size)
{
	size_t want = *cap ? *cap : 64;
	void *bigger;

	if (n + more <= *cap)
		return 0;
	while (want < n + more)
		want *= 2;
	bigger = reallocarray(*(void **)array, want, size);
	if (!bigger)
		return -ENOMEM;
	*(void **)array = bigger;
	*cap = want;
	return 0;
}

static uint64_t mix(uint64_t h)
{
	h = (h ^ h >> 32) * 0xd6e8feb86659fd93u;
	return h ^ h >> 32;
}

static uint64_t hash_word(const uint32_t *symbols, uint32_t n)
{
	uint64_t h = n;

	for (uint32_t i = 0; i < n; i++)
		h = mix(h ^ symbols[i]) + i;
	return h;
}

static uint64_t hash_pair(uint32_t left, uint32_t right)
{
	return mix((uint64_t)left << 32 | right);
}

typedef uint64_t (*hash_fn)(const struct bpe *b, uint32_t index);

static uint64_t word_hash(const struct bpe *b, uint32_t i)
{
	return hash_word(b->symbols + b->words[i].first, b->words[i].n);
}

static uint64_t pair_hash(const struct bpe *b, uint32_t i)
{
	return hash_pair(b->pairs[i].left, b->pairs[i].right);
}

/* Keeps an open-addressed table of @n entries at most half full: 0 or -ENOMEM. */
static int grow_table(const struct bpe *b, uint32_t **table, size_t *slots, size_t n, hash_fn hash)
{
	size_t want = *slots ? *slots * 2 : 1024;
	uint32_t *bigger;

	if (2 * (n + 1) <= *slots)
		return 0;
	bigger = reallocarray(NULL, want, sizeof(*bigger));
	if (!bigger)
		return -ENOMEM;
	memset(bigger, 0xff, want * sizeof(*bigger));
	for (size_t i = 0; i < n; i++) {
		size_t at = hash(b, (uint32_t)i) & (want - 1);

		while (bigger[at] != NONE)
			at = (at + 1) & (want - 1);
		bigger[at] = (uint32_t)i;
	}
	free(*table);
	*table = bigger;
	*slots = want;
	return 0;
}

static bool same_word(const struct bpe *b, uint32_t i, const uint32_t *symbols, uint32_t n)
{
	const struct word *w = &b->words[i];

	return w->n == n && memcmp(b->symbols + w->first, symbols, n * sizeof(*symbols)) == 0;
}

static int count_word(struct bpe *b, const char *text, uint32_t len)
{
	uint32_t bytes[MAX_WORD];
	size_t at;
	int r = grow_table(b, &b->word_table, &b->word_slots, b->n_words, word_hash);

	if (r < 0 || (r = grow(&b->symbols, b->n_symbols, len, &b->cap_symbols,
			       sizeof(*b->symbols))) < 0 ||
	    (r = grow(&b->words, b->n_words, 1, &b->cap_words, sizeof(*b->words))) < 0)
		return r;
	for (uint32_t i = 0; i < len; i++)
		bytes[i] = (uint8_t)text[i];
	at = hash_word(bytes, len) & (b->word_slots - 1);
	while (b->word_table[at] != NONE) {
		if (same_word(b, b->word_table[at], bytes, len)) {
			b->words[b->word_table[at]].count++;
			return 0;
		}
		at = (at + 1) & (b->word_slots - 1);
	}
	b->word_table[at] = (uint32_t)b->n_words;
	b->words[b->n_words++] = (struct word){ (uint32_t)b->n_symbols, len, len, 1 };
	memcpy(b->symbols + b->n_symbols, bytes, len * sizeof(*bytes));
	b->n_symbols += len;
	return 0;
}

int bpe_count(struct bpe *b, const char *text, size_t len)
{
	const struct pretokenizer *p = pretokenizer_find(cuts, sizeof(cuts) - 1);
	struct words words = { 0 };
	int r;

	if (len > 1u << 30 || b->n_pairs)
		return -EINVAL;
	r = pretokenize(p, text, len, &words);
	for (size_t i = 0, from = 0; r == 0 && i < words.n; from = words.ends[i++])
		if (words.ends[i] - from <= MAX_WORD)
			r = count_word(b, text + from, words.ends[i] - (uint32_t)from);
	words_deinit(&words);
	return r;
}

/* The pair's number, made if absent. */
static int find_pair(struct bpe *b, uint32_t left, uint32_t right, uint32_t *ret)
{
	size_t at;
	int r = grow_table(b, &b->pair_table, &b->pair_slots, b->n_pairs, pair_hash);

	if (r < 0 || (r = grow(&b->pairs, b->n_pairs, 1, &b->cap_pairs, sizeof(*b->pairs))) < 0)
		return r;
	at = hash_pair(left, right) & (b->pair_slots - 1);
	while (b->pair_table[at] != NONE) {
		*ret = b->pair_table[at];
		if (b->pairs[*ret].left == left && b->pairs[*ret].right == right)
			return 0;
		at = (at + 1) & (b->pair_slots - 1);
	}
	*ret = b->pair_table[at] = (uint32_t)b->n_pairs;
	b->pairs[b->n_pairs++] = (struct pair){ .left = left, .right = right };
	return 0;
}

/* Adds @sign times the word's count to each of its pairs. */
static int count_pairs(struct bpe *b, uint32_t word, int sign)
{
	const struct word *w = &b->words[word];

	for (uint32_t i = 0; i + 1 < w->n; i++) {
		const uint32_t *s = b->symbols + w->first + i;
		struct pair *p;
		size_t cap;
		uint32_t n;
		int r = find_pair(b, s[0], s[1], &n);

		if (r < 0)
			return r;
		p = &b->pairs[n];
		p->count += sign * (int64_t)w->count;
		if (sign < 0 || (p->n_words && p->words[p->n_words - 1] == word))
			continue;
		cap = p->cap_words;
		r = grow(&p->words, p->n_words, 1, &cap, sizeof(*p->words));
		if (r < 0)
			return r;
		p->cap_words = (uint32_t)cap;
		p->words[p->n_words++] = word;
	}
	return 0;
}

/* Most frequent; the same count goes to the pair that was seen first. */
static const struct pair *best_pair(const struct bpe *b)
{
	const struct pair *best = NULL;

	for (size_t i = 0; i < b->n_pairs; i++)
		if (!best || b->pairs[i].count > best->count)
			best = &b->pairs[i];
	return best && best->count > 1 ? best : NULL;
}

static void merge_word(struct bpe *b, struct word *w, uint32_t left, uint32_t right, uint32_t made)
{
	uint32_t *s = b->symbols + w->first, n = 0;

	for (uint32_t i = 0; i < w->n; n++) {
		bool hit = i + 1 < w->n && s[i] == left && s[i + 1] == right;

		s[n] = hit ? made : s[i];
		i += hit ? 2 : 1;
	}
	w->n = n;
}

static int merge(struct bpe *b, const struct pair *best)
{
	uint32_t left = best->left, right = best->right, n = best->n_words;
	/* The list is read while pairs are added, which may move it. */
	_cleanup_free_ uint32_t *words = reallocarray(NULL, n, sizeof(*words));
	int r = words ? 0 : -ENOMEM;

	if (r == 0)
		memcpy(words, best->words, n * sizeof(*words));
	for (uint32_t i = 0; r == 0 && i < n; i++) {
		r = count_pairs(b, words[i], -1);
		merge_word(b, &b->words[words[i]], left, right, 256 + b->n_merges);
		if (r == 0)
			r = count_pairs(b, words[i], 1);
	}
	b->merges[b->n_merges].left = left;
	b->merges[b->n_merges++].right = right;
	return r;
}

int bpe_learn(struct bpe *b, uint32_t vocab)
{
	const struct pair *best;
	int r = 0;

	if (vocab < 256 + BPE_CONTROLS || vocab > 1u << 18 || b->merges)
		return -EINVAL;
	b->merges = calloc(vocab, sizeof(*b->merges));
	if (!b->merges)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < b->n_words; i++)
		r = count_pairs(b, (uint32_t)i, 1);
	while (r == 0 && bpe_n_tokens(b) < vocab && (best = best_pair(b)))
		r = merge(b, best);
	return r;
}

uint32_t bpe_n_tokens(const struct bpe *b)
{
	return BPE_CONTROLS + 256 + b->n_merges;
}

/* The bytes of a symbol, spelled as files of this kind do: each byte as a printable character,
 * its own where it has one, else one from U+0100 on. */
static int spell(const struct bpe *b, uint32_t symbol, struct buf *out)
{
	uint32_t cp = symbol, other = 0x100;
	char utf8[4];
	int r;

	if (symbol >= 256) {
		r = spell(b, b->merges[symbol - 256].left, out);
		return r < 0 ? r : spell(b, b->merges[symbol - 256].right, out);
	}
	for (uint32_t i = 0; i <= symbol; i++) {
		bool printable = (i >= 33 && i <= 126) || (i >= 161 && i <= 255 && i != 173);

		cp = printable ? i : other++;
	}
	return buf_append(out, utf8, utf8_encode(cp, utf8));
}

struct spelling {
	char **tokens, **merges;
	int32_t *types;
};

static const char *const controls[BPE_FUNCTION] = {
	"<|begin|>", "<|end|>", "<|system|>", "<|user|>", "<|assistant|>",
};

static const char chat_template[] =
	"{{ bos_token }}{% for m in messages %}<|{{ m.role }}|>{{ m.content }}<|end|>{% endfor %}"
	"{% if add_generation_prompt %}<|assistant|>{% endif %}";

static int spell_control(uint32_t id, struct buf *out)
{
	char name[32];

	if (id < BPE_FUNCTION)
		return buf_append_str(out, controls[id]);
	snprintf(name, sizeof(name), "<|function_%u|>", id - BPE_FUNCTION);
	return buf_append_str(out, name);
}

static int spell_all(const struct bpe *b, struct spelling *s)
{
	uint32_t n = bpe_n_tokens(b);

	s->tokens = calloc(n, sizeof(*s->tokens));
	s->types = calloc(n, sizeof(*s->types));
	s->merges = calloc(b->n_merges + 1, sizeof(*s->merges));
	if (!s->tokens || !s->types || !s->merges)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++) {
		struct buf text = BUF_NULL;
		int r = i < BPE_CONTROLS ? spell_control(i, &text)
					 : spell(b, i - BPE_CONTROLS, &text);

		s->types[i] = i < BPE_CONTROLS ? 3 : 1;
		s->tokens[i] = buf_steal(&text);
		if (r < 0 || !s->tokens[i])
			return -ENOMEM;
	}
	for (uint32_t i = 0; i < b->n_merges; i++)
		if (asprintf(&s->merges[i], "%s %s",
			     s->tokens[BPE_CONTROLS + b->merges[i].left],
			     s->tokens[BPE_CONTROLS + b->merges[i].right]) < 0) {
			s->merges[i] = NULL;
			return -ENOMEM;
		}
	return 0;
}

static int write_spelling(const struct bpe *b, const struct spelling *s, int fd)
{
	_cleanup_(gguf_writer_freep) struct gguf_writer *w = NULL;
	uint32_t n = bpe_n_tokens(b);
	int r = gguf_writer_new(&w);

	if (r < 0 || (r = gguf_writer_str(w, "general.architecture", "llama", 5)) < 0 ||
	    (r = gguf_writer_str(w, "tokenizer.ggml.model", "gpt2", 4)) < 0 ||
	    (r = gguf_writer_str(w, "tokenizer.ggml.pre", cuts,
				 sizeof(cuts) - 1)) < 0 ||
	    (r = gguf_writer_strings(w, "tokenizer.ggml.tokens",
				     (const char *const *)s->tokens, n)) < 0 ||
	    (r = gguf_writer_array(w, "tokenizer.ggml.token_type", GGUF_TYPE_I32, s->types,
				   n)) < 0 ||
	    (r = gguf_writer_strings(w, "tokenizer.ggml.merges",
				     (const char *const *)s->merges, b->n_merges)) < 0 ||
	    (r = gguf_writer_u32(w, "tokenizer.ggml.bos_token_id", BPE_BEGIN)) < 0 ||
	    (r = gguf_writer_u32(w, "tokenizer.ggml.eos_token_id", BPE_END)) < 0 ||
	    (r = gguf_writer_bool(w, "tokenizer.ggml.add_bos_token", true)) < 0 ||
	    (r = gguf_writer_str(w, "tokenizer.chat_template", chat_template,
				 sizeof(chat_template) - 1)) < 0)
		return r;
	return gguf_writer_write(w, fd);
}

int bpe_write(const struct bpe *b, int fd)
{
	struct spelling s = { 0 };
	int r = spell_all(b, &s);

	if (r == 0)
		r = write_spelling(b, &s, fd);
	for (uint32_t i = 0; s.tokens && i < bpe_n_tokens(b); i++)
		free(s.tokens[i]);
	for (uint32_t i = 0; s.merges && i < b->n_merges; i++)
		free(s.merges[i]);
	free(s.tokens);
	free(s.merges);
	free(s.types);
	return r;
}
