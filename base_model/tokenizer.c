/* SPDX-License-Identifier: MIT */
#include "base_model/tokenizer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base_model/expressions.h"
#include "base_model/tokenizer-private.h"
#include "util/macro.h"

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

/* How model families spell the end of a turn or text, where no key of the file says it. Some
 * files give such a token another type, and any text could then hold it; but what may be markup
 * of a text is an end only where it is a control token. */
static const struct {
	const char *name;
	bool is_markup;
} end_names[] = {
	{ "<|eot_id|>" }, { "<|im_end|>" }, { "<|end|>" }, { "<|eom_id|>" }, { "<|return|>" },
	{ "<end_of_turn>" }, { "<|endoftext|>" }, { "<|end_of_text|>" }, { "<|end_of_turn|>" },
	{ "<end_of_utterance>" }, { "<EOT>", true }, { "<eos>", true }, { "</s>", true },
	{ "<\xef\xbd\x9c" "end" SPACE_MARK "of" SPACE_MARK "sentence\xef\xbd\x9c>" },
};

static int mark_ends(struct tokenizer *t, const struct gguf *g, struct diag *d)
{
	static const char *const keys[] = { "tokenizer.ggml.eot_token_id",
					    "tokenizer.ggml.eom_token_id" };
	uint32_t id;

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		int r = gguf_u32(g, keys[i], &id, d);

		if (r < 0)
			return r;
		if (r == 0 && id >= t->vocab.n)
			return diag_set(d, -EINVAL, DIAG_VOCAB, keys[i],
					"%u, the vocabulary has %u tokens", id, t->vocab.n);
		if (r == 0)
			t->traits[id] |= TRAIT_END;
	}
	if (t->vocab.eos >= 0)
		t->traits[t->vocab.eos] |= TRAIT_END;
	for (size_t i = 0; i < ARRAY_SIZE(end_names); i++) {
		int32_t found = vocab_find(&t->vocab, end_names[i].name, strlen(end_names[i].name));

		if (found >= 0 && !end_names[i].is_markup)
			t->vocab.tokens[found].type = TOKEN_CONTROL;
		if (found >= 0 && t->vocab.tokens[found].type == TOKEN_CONTROL)
			t->traits[found] |= TRAIT_END;
	}
	return 0;
}

static bool is_str(const struct gguf *g, const char *key, const char *value)
{
	const char *s;
	size_t len;

	return gguf_str(g, key, &s, &len, NULL) == 0 && len == strlen(value) &&
	       memcmp(s, value, len) == 0;
}

/* Phi-3 takes no white space behind its own tokens for text; no key of a file says so. */
static void mark_strips(struct tokenizer *t, const struct gguf *g)
{
	static const char *const but[] = { "<unk>", "<s>", "<|endoftext|>" };

	if (t->pre || !is_str(g, "general.architecture", "phi3"))
		return;
	for (size_t i = 0; i < t->whole.n; i++)
		t->traits[t->whole.ids[i]] |= TRAIT_STRIPS;
	for (size_t i = 0; i < ARRAY_SIZE(but); i++) {
		int32_t id = vocab_find(&t->vocab, but[i], strlen(but[i]));

		if (id >= 0)
			t->traits[id] &= (uint8_t)~TRAIT_STRIPS;
	}
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
	int named = gguf_str(g, key, &name, &len, d), r;

	if (named < 0)
		return named;
	t->pre = named == 0 ? pretokenizer_find(name, len) : NULL;
	if (t->pre)
		return 0;
	r = expressions_read(&t->own_pre, g, d);
	t->pre = t->own_pre;
	if (r == GGUF_E_ABSENT && named == GGUF_E_ABSENT)
		return diag_set(d, -EINVAL, DIAG_UNSUP, key, "missing");
	if (r == GGUF_E_ABSENT)
		return diag_set(d, -EINVAL, DIAG_UNSUP, key, "'%.*s' is not supported",
				(int)MIN(len, (size_t)64), name);
	return r;
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

static int read_flags(struct tokenizer *t, const struct gguf *g, struct diag *d)
{
	bool bos = t->pre ? pretokenizer_adds_bos(t->pre) : true;
	int r = read_flag(g, "tokenizer.ggml.add_bos_token", bos, &t->adds_bos, d);

	if (r < 0 ||
	    (r = read_flag(g, "tokenizer.ggml.add_eos_token", false, &t->adds_eos, d)) < 0 ||
	    (r = read_flag(g, "tokenizer.ggml.add_space_prefix", true, &t->adds_space, d)) < 0 ||
	    (r = read_flag(g, "tokenizer.ggml.remove_extra_whitespaces", false, &t->joins_spaces,
			   d)) < 0)
		return r;
	if (t->pre)
		t->adds_space = t->joins_spaces = false;
	if (t->adds_bos && t->vocab.bos < 0)
		return diag_set(d, -EINVAL, DIAG_VOCAB, "tokenizer.ggml.bos_token_id",
				"missing, but the model wants one");
	if (t->adds_eos && t->vocab.eos < 0)
		return diag_set(d, -EINVAL, DIAG_VOCAB, "tokenizer.ggml.eos_token_id",
				"missing, but the model wants one");
	return 0;
}

int tokenizer_new(struct tokenizer **ret, const struct gguf *g, struct diag *d)
{
	_cleanup_(tokenizer_freep) struct tokenizer *t = calloc(1, sizeof(*t));
	int r;

	if (!t)
		return diag_set(d, -ENOMEM, DIAG_SYSTEM, "", "out of memory");
	if ((r = vocab_read(&t->vocab, g, d)) < 0 || (r = read_kind(t, g, d)) < 0)
		return r;
	t->traits = calloc(t->vocab.n, sizeof(*t->traits));
	if (!t->traits)
		return diag_set(d, -ENOMEM, DIAG_SYSTEM, "", "out of memory");
	if ((r = mark_ends(t, g, d)) < 0 || (r = read_flags(t, g, d)) < 0)
		return r;
	if (whole_init(&t->whole, &t->vocab) < 0)
		return diag_set(d, -ENOMEM, DIAG_SYSTEM, "", "out of memory");
	mark_strips(t, g);
	*ret = TAKE(t);
	return 0;
}

/* As the file spells it, or as text. */
static bool is_known(const struct tokenizer *t, const struct token *token)
{
	return vocab_find(&t->vocab, token->text, token->len) >= 0 ||
	       (t->pre && find_word(t, token->text, token->len) >= 0);
}

int tokenizer_extend(struct tokenizer **ret, const struct tokenizer *base,
		     const struct gguf_array *texts, const char *field, struct diag *d)
{
	_cleanup_(tokenizer_freep) struct tokenizer *t = malloc(sizeof(*t));
	int r;

	if (!t)
		return diag_set(d, -ENOMEM, DIAG_SYSTEM, field, "out of memory");
	*t = *base;
	t->extends = true;
	r = extra_read(&t->extra, texts, field, d);
	for (uint32_t i = 0; r == 0 && i < t->extra.vocab.n; i++)
		if (is_known(base, &t->extra.vocab.tokens[i]))
			r = diag_set(d, -EINVAL, DIAG_VOCAB, field,
				     "token %u, '%.*s', is one of the base", i,
				     (int)t->extra.vocab.tokens[i].len,
				     t->extra.vocab.tokens[i].text);
	if (r == 0)
		*ret = TAKE(t);
	return r;
}

struct tokenizer *tokenizer_free(struct tokenizer *t)
{
	if (!t)
		return NULL;
	extra_deinit(&t->extra);
	if (t->extends) {
		free(t);
		return NULL;
	}
	vocab_deinit(&t->vocab);
	whole_deinit(&t->whole);
	pretokenizer_free(t->own_pre);
	free(t->traits);
	free(t);
	return NULL;
}

uint32_t tokenizer_n_tokens(const struct tokenizer *t)
{
	return t->vocab.n + t->extra.vocab.n;
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
	const struct token *token = token_of(t, id);

	if (!token)
		return false;
	*name = token->text;
	*len = token->len;
	return true;
}

bool tokenizer_is_end(const struct tokenizer *t, int32_t id)
{
	return id >= 0 && (uint32_t)id < t->vocab.n && t->traits[id] & TRAIT_END;
}
