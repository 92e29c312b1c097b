/* SPDX-License-Identifier: MIT */
/*
 * Tokenising is linear in the text, but for the logarithm of a heap, whatever the text is:
 * counted in steps, not in seconds. Texts of one kind of character, or of few, are what makes
 * others quadratic.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base_model/merging.h"
#include "base_model/vocab.h"
#include "base_model/whole.h"
#include "tests/check-main.h"
#include "tests/vocabulary.h"
#include "util/macro.h"

enum { SMALL = 1 << 12, LARGE = 1 << 15, MIB = 1 << 20 };

/* One name of each cut; SentencePiece and a file's own expressions come beside them. */
static const char *const names[] = {
	"gpt-2", "llama-bpe", "qwen2", "qwen35", "seed-coder", "minicpm5", "smollm", "tekken",
	"gpt-4o", "deepseek-v3", "deepseek-coder", "deepseek-llm", "falcon", "default", "bloom",
	"viking", "superbpe",
};
enum { SENTENCEPIECE = ARRAY_SIZE(names), OWN_CUT, KINDS };

/* Repeated up to the length. */
static const char *const patterns[] = {
	"a", " ", "\xcc\x81", "1",
	"\n", " \n", "\n ", "\n  ", "a ", "!", "'", "'s", "'S ", "a1", "\t", "!\n", "/\n", "\r\n",
	"Z", "aZ", "Za", "Z\xcc\x81", "\xcc\x81Z", "1 ", "1\xc2\xb2", "1a", "12 ", "ab", "ba",
	"aab", "the ", "\xe6\x97\xa5", "\xe6\x97\xa5Z", "\xf0\x9f\x98\x80", "\xe2\x96\x81",
	"\xe3\x80\x80", "\xff", "a\xff", "\xc3", "<", "<s", "</s", "[TOOL", "[",
	"          x", "\xcc\x81          ",
};
enum { LONG_PATTERNS = 4 };	/* those that are tried with a megabyte too */

static uint64_t n_steps;

int32_t __real_vocab_find(const struct vocab *v, const char *text, size_t len);
int32_t __wrap_vocab_find(const struct vocab *v, const char *text, size_t len);
bool __real_vocab_merge(const struct vocab *v, int32_t left, int32_t right, int32_t *result,
			uint32_t *rank);
bool __wrap_vocab_merge(const struct vocab *v, int32_t left, int32_t right, int32_t *result,
			uint32_t *rank);
int __real_merging_run(struct merging *m, merge_fn fn, const void *arg);
int __wrap_merging_run(struct merging *m, merge_fn fn, const void *arg);
int __real_pretokenize(const struct pretokenizer *p, const char *text, size_t len,
		       struct words *ret);
int __wrap_pretokenize(const struct pretokenizer *p, const char *text, size_t len,
		       struct words *ret);
int32_t __real_whole_find(const struct whole *w, const struct vocab *v, const char *text,
			  size_t len, bool special, uint64_t *steps);
int32_t __wrap_whole_find(const struct whole *w, const struct vocab *v, const char *text,
			  size_t len, bool special, uint64_t *steps);

/* Hashing reads eight bytes at a time. */
int32_t __wrap_vocab_find(const struct vocab *v, const char *text, size_t len)
{
	n_steps += 1 + MIN(len, (size_t)v->longest) / 8;
	return __real_vocab_find(v, text, len);
}

bool __wrap_vocab_merge(const struct vocab *v, int32_t left, int32_t right, int32_t *result,
			uint32_t *rank)
{
	n_steps++;
	return __real_vocab_merge(v, left, right, result, rank);
}

int __wrap_merging_run(struct merging *m, merge_fn fn, const void *arg)
{
	uint64_t before = m->n_steps;
	int r = __real_merging_run(m, fn, arg);

	n_steps += m->n_steps - before;
	return r;
}

int __wrap_pretokenize(const struct pretokenizer *p, const char *text, size_t len,
		       struct words *ret)
{
	int r = __real_pretokenize(p, text, len, ret);

	n_steps += ret->n_steps;
	return r;
}

int32_t __wrap_whole_find(const struct whole *w, const struct vocab *v, const char *text,
			  size_t len, bool special, uint64_t *steps)
{
	uint64_t before = *steps;
	int32_t id = __real_whole_find(w, v, text, len, special, steps);

	n_steps += *steps - before;
	return id;
}

static char *repeat(const char *pattern, size_t len)
{
	char *text = malloc(len);
	size_t n = strlen(pattern);

	ck_assert_ptr_nonnull(text);
	for (size_t i = 0; i < len; i++)
		text[i] = pattern[i % n];
	return text;
}

static uint32_t next(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 16;
}

static char *prose(size_t len)
{
	static const char *const words[] = {
		"the", "of", "and", "she", "house", "went", "morning", "it's", "remembered", "a",
		"Mary", "London", "without", "in", "was", "door", "nineteen", "1897", "or",
	};
	static const char *const ends[] = { " ", " ", " ", " ", " ", ", ", ". ", "; ", ".\n\n" };
	char *text = malloc(len + 32);
	uint32_t state = 1;

	ck_assert_ptr_nonnull(text);
	for (size_t n = 0; n < len;) {
		const char *word = words[next(&state) % ARRAY_SIZE(words)];
		const char *end = ends[next(&state) % ARRAY_SIZE(ends)];

		n += (size_t)sprintf(text + n, "%s%s", word, end);
	}
	return text;
}

static uint64_t steps_to_encode(const struct tokenizer *t, const char *text, size_t len)
{
	_cleanup_(token_list_deinit) struct token_list list = TOKEN_LIST_NULL;

	n_steps = 0;
	ck_assert_int_eq(tokenizer_encode(t, text, len, 0, &list), 0);
	ck_assert_uint_gt(list.n, 0);
	ck_assert_uint_le(list.n, 3 * len);
	ck_assert_uint_ge(n_steps, len / 4);
	return n_steps;
}

/* As much as any text of this kind takes, by the length: a heap's logarithm apart, linear. */
START_TEST(any_text)
{
	struct gguf *g = _i == SENTENCEPIECE ? vocabulary_sentencepiece(true) :
			 vocabulary_bpe(_i == OWN_CUT ? NULL : names[_i]);
	struct tokenizer *t = NULL;
	uint64_t prosaic;
	_cleanup_free_ char *story = prose(MIB);

	ck_assert_int_eq(tokenizer_new(&t, g, NULL), 0);
	prosaic = steps_to_encode(t, story, MIB);
	for (size_t i = 0; i < ARRAY_SIZE(patterns); i++) {
		size_t len = i < LONG_PATTERNS ? MIB : LARGE;
		_cleanup_free_ char *text = repeat(patterns[i], len);
		uint64_t steps = steps_to_encode(t, text, len);

		ck_assert_msg(steps <= 20 * prosaic / (MIB / len), "'%s': %.1f a byte, prose %.1f",
			      patterns[i], (double)steps / (double)len, (double)prosaic / MIB);
	}
	tokenizer_free(t);
	gguf_free(g);
}
END_TEST

static uint64_t steps_to_recognise(const struct tokenizer *t, const char *pattern, size_t len)
{
	_cleanup_(token_list_deinit) struct token_list list = TOKEN_LIST_NULL;
	_cleanup_free_ char *text = repeat(pattern, len);

	n_steps = 0;
	ck_assert_int_eq(tokenizer_encode(t, text, len, TOKENIZE_SPECIAL, &list), 0);
	ck_assert_uint_ge(n_steps, len / 4);
	return n_steps;
}

/* Tokens of which almost all stands at every place of a text. */
START_TEST(tokens_that_extend_it)
{
	static const char *const strings[] = {
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaz",
		"<aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaz", "<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<",
		"ababababab",
	};
	static const char *const some[] = { "a", "<", "<a", "ab", "aab" };
	struct gguf *g = _i ? vocabulary_bpe("llama-bpe") : vocabulary_sentencepiece(true);
	struct tokenizer *base = NULL, *t = NULL;
	struct gguf_array texts;
	struct gguf *file = vocabulary_texts(strings, ARRAY_SIZE(strings), &texts);

	ck_assert_int_eq(tokenizer_new(&base, g, NULL), 0);
	ck_assert_int_eq(tokenizer_extend(&t, base, &texts, "texts", NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(some); i++) {
		uint64_t small = steps_to_recognise(t, some[i], SMALL);
		uint64_t large = steps_to_recognise(t, some[i], LARGE);

		ck_assert_msg(large <= LARGE / SMALL * (small + small / 2), "'%s': %llu, %llu",
			      some[i], (unsigned long long)small, (unsigned long long)large);
	}
	tokenizer_free(t);
	tokenizer_free(base);
	gguf_free(file);
	gguf_free(g);
}
END_TEST

/* How two symbols join, at worst: all of one order, from the right first, or at random. */
static bool join_leftmost(const void *arg, const struct symbol *a, const struct symbol *b,
			  int32_t *id, uint64_t *order)
{
	*id = 1;
	*order = 0;
	return a->len + b->len <= *(const uint32_t *)arg;
}

static bool join_rightmost(const void *arg, const struct symbol *a, const struct symbol *b,
			   int32_t *id, uint64_t *order)
{
	*id = 1;
	*order = UINT64_MAX - (uint64_t)(uintptr_t)a->text;
	return a->len + b->len <= *(const uint32_t *)arg;
}

static bool join_scattered(const void *arg, const struct symbol *a, const struct symbol *b,
			   int32_t *id, uint64_t *order)
{
	*id = 1;
	*order = ((uint64_t)(uintptr_t)a->text * 0x9e3779b97f4a7c15u >> 20) + b->len;
	return a->len + b->len <= *(const uint32_t *)arg;
}

static const merge_fn joins[] = { join_leftmost, join_rightmost, join_scattered };

static uint64_t steps_of(merge_fn fn, size_t n, uint32_t longest)
{
	_cleanup_(merging_deinit) struct merging m = { 0 };
	_cleanup_free_ char *text = repeat("a", n);

	for (size_t i = 0; i < n; i++)
		ck_assert_int_eq(merging_add(&m, text + i, 1, 0), 0);
	ck_assert_int_eq(merging_run(&m, fn, &longest), 0);
	return m.n_steps;
}

START_TEST(heap_steps)
{
	static const uint32_t longest[] = { 1, 2, 16, UINT32_MAX };

	for (size_t i = 0; i < ARRAY_SIZE(longest); i++) {
		uint64_t small = steps_of(joins[_i], SMALL, longest[i]);
		uint64_t large = steps_of(joins[_i], LARGE, longest[i]);

		/* Each symbol is looked at and pushed three times at most, and popped as often. */
		ck_assert_uint_le(small, (uint64_t)SMALL * 3 * (1 + 2 * 12));
		ck_assert_uint_le(large, (uint64_t)LARGE * 3 * (1 + 2 * 15));
		ck_assert_uint_ge(large, LARGE - 1);
	}
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("all");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, any_text, 0, KINDS);
	tcase_add_loop_test(tc, tokens_that_extend_it, 0, 2);
	tcase_add_loop_test(tc, heap_steps, 0, ARRAY_SIZE(joins));
	return run_tests("tokenizer work", tc);
}
