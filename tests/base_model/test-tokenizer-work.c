/* SPDX-License-Identifier: MIT */
/*
 * Tokenising is linear in the text, but for the logarithm of a heap, whatever the text is:
 * counted in steps, not in seconds. Texts of one kind of character, or of few, are what makes
 * others quadratic.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base_model/merging.h"
#include "base_model/vocab.h"
#include "tests/check-main.h"
#include "tests/vocabulary.h"
#include "util/macro.h"

enum { SMALL = 1 << 12, LARGE = 1 << 15 };

static const char *const cuts[] = { "gpt-2", "llama-bpe", "qwen2", "smollm", "deepseek-coder" };

/* Repeated up to the length. */
static const char *const patterns[] = {
	"a", " ", "\n", " \n", "\n ", "\n  ", "a ", "1", "!", "'", "'s", "'S ", "a1", "\t", "!\n",
	"Z", "ab", "ba", "aab", "\xe6\x97\xa5", "\xff", "\xc3", "\xe2\x96\x81", "<", "<s", "</s",
	"[TOOL", "[", "the ", "\r\n", "12 ", "\xf0\x9f\x98\x80", "a\xff",
};

static uint64_t n_finds, n_merges;

int32_t __real_vocab_find(const struct vocab *v, const char *text, size_t len);
int32_t __wrap_vocab_find(const struct vocab *v, const char *text, size_t len);
const struct merge *__real_vocab_merge(const struct vocab *v, int32_t left, int32_t right);
const struct merge *__wrap_vocab_merge(const struct vocab *v, int32_t left, int32_t right);

int32_t __wrap_vocab_find(const struct vocab *v, const char *text, size_t len)
{
	n_finds++;
	return __real_vocab_find(v, text, len);
}

const struct merge *__wrap_vocab_merge(const struct vocab *v, int32_t left, int32_t right)
{
	n_merges++;
	return __real_vocab_merge(v, left, right);
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

/* The whole way: looks into the vocabulary, a handful for each byte. */
static void encode(const struct tokenizer *t, const char *pattern, size_t len)
{
	_cleanup_(token_list_deinit) struct token_list list = TOKEN_LIST_NULL;
	_cleanup_free_ char *text = repeat(pattern, len);

	n_finds = n_merges = 0;
	ck_assert_int_eq(tokenizer_encode(t, text, len, 0, &list), 0);
	ck_assert_msg(n_finds + n_merges <= 4 * len + 8, "'%s': %llu looks for %zu bytes", pattern,
		      (unsigned long long)(n_finds + n_merges), len);
	ck_assert_uint_gt(n_finds + n_merges + list.n, 0);
	ck_assert_uint_le(list.n, 3 * len);
}

START_TEST(vocabulary_looks)
{
	struct gguf *g = _i ? vocabulary_bpe(cuts[_i - 1]) : vocabulary_sentencepiece(true);
	struct tokenizer *t = NULL;

	ck_assert_int_eq(tokenizer_new(&t, g, NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(patterns); i++) {
		encode(t, patterns[i], SMALL);
		encode(t, patterns[i], LARGE);
	}
	tokenizer_free(t);
	gguf_free(g);
}
END_TEST

START_TEST(characters_looked_at)
{
	const struct pretokenizer *p = pretokenizer_find(cuts[_i], strlen(cuts[_i]));

	for (size_t i = 0; i < ARRAY_SIZE(patterns); i++) {
		_cleanup_free_ char *text = repeat(patterns[i], LARGE);
		struct words w = { 0 };

		ck_assert_int_eq(pretokenize(p, text, LARGE, &w), 0);
		/* Up to five passes, each of which looks at a character a few times. */
		ck_assert_msg(w.n_steps <= 20 * (uint64_t)LARGE, "'%s': %llu steps", patterns[i],
			      (unsigned long long)w.n_steps);
		ck_assert_uint_gt(w.n_steps, 0);
		words_deinit(&w);
	}
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
	tcase_add_loop_test(tc, vocabulary_looks, 0, 1 + ARRAY_SIZE(cuts));
	tcase_add_loop_test(tc, characters_looked_at, 0, ARRAY_SIZE(cuts));
	tcase_add_loop_test(tc, heap_steps, 0, ARRAY_SIZE(joins));
	return run_tests("tokenizer work", tc);
}
