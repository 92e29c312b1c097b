/* SPDX-License-Identifier: MIT */
/* A vocabulary with tokens beside a file's: where they are recognised, and where text that is
 * spelled as they are stays text. */
#include <check.h>
#include <errno.h>
#include <string.h>

#include "tests/check-main.h"
#include "tests/vocabulary.h"
#include "util/macro.h"

static const char key[] = "extra";
static const char *const names[] = { "<light_on>", "<light", "<s>x", "日月", "[TOOL]s" };

struct world {
	struct gguf *g, *texts;
	struct tokenizer *base, *t;
	int32_t n;		/* tokens of the base */
};

static int extend(struct world *w, const char *const *texts, size_t n, struct diag *d)
{
	struct gguf_array a;

	w->texts = vocabulary_texts(texts, n, &a);
	return tokenizer_extend(&w->t, w->base, &a, key, d);
}

static void world_open(struct world *w, bool bpe)
{
	*w = (struct world){ .g = bpe ? vocabulary_bpe("llama-bpe") :
					vocabulary_sentencepiece(true) };
	ck_assert_int_eq(tokenizer_new(&w->base, w->g, NULL), 0);
	w->n = (int32_t)tokenizer_n_tokens(w->base);
}

static void world_close(struct world *w)
{
	tokenizer_free(w->t);
	tokenizer_free(w->base);
	gguf_free(w->texts);
	gguf_free(w->g);
}

/* The text's tokens with a blank between them, brought ones as themselves, others as "." */
static void check_kinds(const struct world *w, const struct token_list *list, const char *want)
{
	_cleanup_(buf_deinit) struct buf got = BUF_NULL;

	ck_assert_int_eq(buf_append_str(&got, ""), 0);
	for (size_t i = 0; i < list->n; i++) {
		bool extra = list->ids[i] >= w->n;

		if (!extra && got.len && got.data[got.len - 1] == '.')
			continue;
		ck_assert_int_eq(extra ? tokenizer_piece(w->t, list->ids[i], &got) :
					 buf_append_char(&got, '.'), 0);
	}
	ck_assert_str_eq(got.data, want);
}

START_TEST(recognised_in_a_template)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "a<light_on>b", ".<light_on>." },
		{ "<light_on><light_on>", "<light_on><light_on>" },
		{ "<light_off", "<light." },	/* the longest that there is */
		{ "<light_on", "<light." },
		{ "<s>x<s>y", "<s>x." },
		{ "日月日", "日月." },
		{ "[TOOL]s[TOOL]t", "[TOOL]s." },
		{ "< light_on>", "." },
	};
	struct world w;

	world_open(&w, _i);
	ck_assert_int_eq(extend(&w, names, ARRAY_SIZE(names), NULL), 0);
	ck_assert_uint_eq(tokenizer_n_tokens(w.t), (uint32_t)w.n + ARRAY_SIZE(names));
	ck_assert_uint_eq(tokenizer_n_tokens(w.base), (uint32_t)w.n);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(token_list_deinit) struct token_list list = TOKEN_LIST_NULL;

		ck_assert_int_eq(tokenizer_encode(w.t, cases[i].text, strlen(cases[i].text),
						  TOKENIZE_SPECIAL, &list), 0);
		check_kinds(&w, &list, cases[i].want);
	}
	world_close(&w);
}
END_TEST

static void check_same(const struct token_list *a, const struct token_list *b)
{
	ck_assert_uint_eq(a->n, b->n);
	ck_assert_int_eq(memcmp(a->ids, b->ids, a->n * sizeof(*a->ids)), 0);
}

/* In data they are text, token by token as for the base. */
START_TEST(data_stays_text)
{
	static const char *const texts[] = { "a<light_on>b", "<light", "日月日月", "[TOOL]s <s>x" };
	struct world w;

	world_open(&w, _i);
	ck_assert_int_eq(extend(&w, names, ARRAY_SIZE(names), NULL), 0);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		_cleanup_(token_list_deinit) struct token_list a = TOKEN_LIST_NULL;
		_cleanup_(token_list_deinit) struct token_list b = TOKEN_LIST_NULL;
		_cleanup_(buf_deinit) struct buf text = BUF_NULL, same = BUF_NULL;

		ck_assert_int_eq(tokenizer_encode(w.t, texts[i], strlen(texts[i]), 0, &a), 0);
		ck_assert_int_eq(tokenizer_encode(w.base, texts[i], strlen(texts[i]), 0, &b), 0);
		check_same(&a, &b);
		ck_assert_int_eq(tokenizer_decode(w.t, a.ids, a.n, &text), 0);
		ck_assert_int_eq(tokenizer_decode(w.base, b.ids, b.n, &same), 0);
		ck_assert_str_eq(text.data, same.data);
	}
	world_close(&w);
}
END_TEST

/* A token is recognised in a span that has all of it; what spans do not change is encoded as if
 * there were none. */
START_TEST(recognised_in_spans)
{
	static const char text[] = "ab<light_on>ab<light_on>the";
	static const struct {
		struct token_span own[2];
		size_t n;
		const char *want;
	} cases[] = {
		{ { { 0 } }, 0, "." },
		{ { { 0, 12 } }, 1, ".<light_on>." },
		{ { { 0, 11 } }, 1, ".<light." },
		{ { { 2, 12 }, { 14, 24 } }, 2, ".<light_on>.<light_on>." },
		{ { { 3, 14 }, { 15, 24 } }, 2, "." },
		{ { { 0, 2 }, { 13, 1000 } }, 2, ".<light_on>." },
	};
	_cleanup_(token_list_deinit) struct token_list plain = TOKEN_LIST_NULL;
	struct world w;

	world_open(&w, _i);
	ck_assert_int_eq(extend(&w, names, ARRAY_SIZE(names), NULL), 0);
	ck_assert_int_eq(tokenizer_encode(w.base, text, strlen(text), 0, &plain), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(token_list_deinit) struct token_list list = TOKEN_LIST_NULL;

		ck_assert_int_eq(tokenizer_encode_own(w.t, text, strlen(text), 0, cases[i].own,
						      cases[i].n, &list), 0);
		check_kinds(&w, &list, cases[i].want);
		if (strcmp(cases[i].want, ".") == 0)
			check_same(&list, &plain);
	}
	world_close(&w);
}
END_TEST

/* Text goes on behind one as behind a control token. */
START_TEST(text_begins_anew_behind_one)
{
	static const char text[] = "<light_on>ab";
	_cleanup_(token_list_deinit) struct token_list whole = TOKEN_LIST_NULL;
	_cleanup_(token_list_deinit) struct token_list parts = TOKEN_LIST_NULL;
	struct world w;

	world_open(&w, _i);
	ck_assert_int_eq(extend(&w, names, ARRAY_SIZE(names), NULL), 0);
	ck_assert_int_eq(tokenizer_encode(w.t, text, strlen(text), TOKENIZE_SPECIAL, &whole), 0);
	ck_assert_int_eq(tokenizer_encode(w.t, text, 10, TOKENIZE_SPECIAL, &parts), 0);
	ck_assert_int_eq(tokenizer_encode(w.t, text + 10, 2, TOKENIZE_CONTINUES, &parts), 0);
	check_same(&whole, &parts);
	world_close(&w);
}
END_TEST

START_TEST(ids_of_each)
{
	_cleanup_(buf_deinit) struct buf text = BUF_NULL;
	const char *name;
	struct world w;
	size_t len;

	world_open(&w, _i);
	ck_assert_int_eq(extend(&w, names, ARRAY_SIZE(names), NULL), 0);
	for (int32_t i = 0; i < (int32_t)ARRAY_SIZE(names); i++) {
		ck_assert(tokenizer_name(w.t, w.n + i, &name, &len));
		ck_assert(len == strlen(names[i]) && memcmp(name, names[i], len) == 0);
		ck_assert(!tokenizer_is_end(w.t, w.n + i));
		ck_assert(!tokenizer_name(w.base, w.n + i, &name, &len));
		ck_assert_int_eq(tokenizer_piece(w.base, w.n + i, &text), -EINVAL);
	}
	ck_assert_int_eq(tokenizer_piece(w.t, w.n + (int32_t)ARRAY_SIZE(names), &text), -EINVAL);
	world_close(&w);
}
END_TEST

#define LONGEST "0123456789012345678901234567890123456789012345678901234567890123"

START_TEST(refused)
{
	static const struct {
		const char *texts[2];
		size_t n;
		enum diag_code code;
	} cases[] = {
		{ { "" }, 0, DIAG_RANGE },
		{ { "" }, 1, DIAG_LIMIT },
		{ { LONGEST "4" }, 1, DIAG_LIMIT },
		{ { "<x>", "<x>" }, 2, DIAG_VOCAB },
		{ { "<x y>" }, 1, DIAG_VOCAB },
		{ { "<x\xc2\xa0y>" }, 1, DIAG_VOCAB },
		{ { "<x\n>" }, 1, DIAG_VOCAB },
		{ { "<x\x7f>" }, 1, DIAG_VOCAB },
		{ { "<x\xe2\x80\xae>" }, 1, DIAG_VOCAB },	/* writes from right to left */
		{ { "<x\xe2\x80\x8b>" }, 1, DIAG_VOCAB },	/* has no width */
		{ { "<x\xff>" }, 1, DIAG_VOCAB },
		{ { "<x\xc3" }, 1, DIAG_VOCAB },
		{ { "<x>", "</s>" }, 2, DIAG_VOCAB },	/* those of the base: control, */
		{ { "[TOOL]" }, 1, DIAG_VOCAB },	/* added, */
		{ { "ab" }, 1, DIAG_VOCAB },		/* text, */
		{ { "\xc3\xa9" }, 1, DIAG_VOCAB },	/* and text that is spelled otherwise */
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct diag d = DIAG_NULL;
		struct world w;

		world_open(&w, _i);
		ck_assert_int_eq(extend(&w, cases[i].texts, cases[i].n, &d), -EINVAL);
		ck_assert_ptr_null(w.t);
		ck_assert_msg(d.code == cases[i].code && strcmp(d.field, key) == 0 && d.text[0],
			      "case %zu: %s %s: %s", i, diag_code_name(d.code), d.field, d.text);
		world_close(&w);
	}
}
END_TEST

START_TEST(as_many_as_may_be)
{
	static char texts[TOKENIZER_MAX_EXTRA + 1][sizeof(LONGEST)];
	const char *pointers[TOKENIZER_MAX_EXTRA + 1];
	struct diag d = DIAG_NULL;
	struct world w;

	for (int i = 0; i <= TOKENIZER_MAX_EXTRA; i++) {
		snprintf(texts[i], sizeof(texts[i]), "<%05u%.*s>", (unsigned)i % 100000, 57,
			 LONGEST);
		ck_assert_uint_eq(strlen(texts[i]), 64);
		pointers[i] = texts[i];
	}
	world_open(&w, _i);
	ck_assert_int_eq(extend(&w, pointers, TOKENIZER_MAX_EXTRA + 1, &d), -EINVAL);
	ck_assert_int_eq(d.code, DIAG_RANGE);
	gguf_free(w.texts);
	ck_assert_int_eq(extend(&w, pointers, TOKENIZER_MAX_EXTRA, NULL), 0);
	for (int32_t i = 0; i < TOKENIZER_MAX_EXTRA; i++) {
		_cleanup_(token_list_deinit) struct token_list list = TOKEN_LIST_NULL;

		ck_assert_int_eq(tokenizer_encode(w.t, texts[i], 64, TOKENIZE_SPECIAL, &list), 0);
		ck_assert(list.n == 1 && list.ids[0] == w.n + i);
	}
	world_close(&w);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("all");

	/* Of both kinds of vocabulary. */
	tcase_add_loop_test(tc, recognised_in_a_template, 0, 2);
	tcase_add_loop_test(tc, data_stays_text, 0, 2);
	tcase_add_loop_test(tc, recognised_in_spans, 0, 2);
	tcase_add_loop_test(tc, text_begins_anew_behind_one, 0, 2);
	tcase_add_loop_test(tc, ids_of_each, 0, 2);
	tcase_add_loop_test(tc, refused, 0, 2);
	tcase_add_loop_test(tc, as_many_as_may_be, 0, 2);
	return run_tests("extended vocabularies", tc);
}
