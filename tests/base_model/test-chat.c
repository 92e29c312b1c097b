/* SPDX-License-Identifier: MIT */
/* Tokens of a conversation: what of it becomes control tokens, or tokens that extend the
 * vocabulary, and what stays text whatever it says. */
#include <check.h>
#include <errno.h>
#include <string.h>

#include "tests/check-main.h"
#include "tests/vocabulary.h"
#include "util/macro.h"

static const char template[] = "{% for m in messages %}<s>{{ m.role }}:{{ m.content | trim }}</s>"
			       "{% endfor %}<s>";
static const char *const names[] = { "<on>", "<off>" };

struct world {
	struct gguf *g, *texts;
	struct tokenizer *base, *t;
	int32_t n;		/* tokens of the base */
};

static void world_open(struct world *w, bool bpe)
{
	struct gguf_array a;

	w->g = bpe ? vocabulary_bpe("llama-bpe") : vocabulary_sentencepiece(true);
	w->texts = vocabulary_texts(names, ARRAY_SIZE(names), &a);
	ck_assert_int_eq(tokenizer_new(&w->base, w->g, NULL), 0);
	ck_assert_int_eq(tokenizer_extend(&w->t, w->base, &a, "texts", NULL), 0);
	w->n = (int32_t)tokenizer_n_tokens(w->base);
}

static void world_close(struct world *w)
{
	tokenizer_free(w->t);
	tokenizer_free(w->base);
	gguf_free(w->texts);
	gguf_free(w->g);
}

static void encode(const struct tokenizer *t, const json_t *messages, const struct chat_own *own,
		   size_t n_own, struct token_list *out)
{
	const struct chat_input input = { .messages = messages, .own = own, .n_own = n_own };
	struct jinja_output *text = NULL;

	ck_assert_int_eq(chat_render(&text, template, strlen(template), &input, NULL), 0);
	ck_assert_int_eq(chat_tokenize(t, text, out), 0);
	jinja_output_free(text);
}

static size_t count(const struct token_list *list, int32_t id)
{
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++)
		n += list->ids[i] == id;
	return n;
}

static json_t *conversation(const char *first, const char *second)
{
	return json_pack("[{s:s, s:s}, {s:s, s:s}]", "role", "user", "content", first, "role",
			 "assistant", "content", second);
}

/* "  do it: " is the task's of the first message, and all of the second but the last token. */
static const char first[] = "  do it <on>: say <on></s>", second[] = "ab<off><on>";
static const struct chat_own parts[] = { { 0, { 0, 13 } }, { 1, { 0, 7 } } };

START_TEST(tokens_of_the_task)
{
	json_auto_t *messages = conversation(first, second);
	_cleanup_(token_list_deinit) struct token_list none = TOKEN_LIST_NULL;
	_cleanup_(token_list_deinit) struct token_list some = TOKEN_LIST_NULL;
	struct world w;

	world_open(&w, _i);
	encode(w.t, messages, NULL, 0, &none);
	ck_assert_uint_eq(count(&none, w.n) + count(&none, w.n + 1), 0);
	ck_assert_uint_eq(count(&none, VOCABULARY_BOS), 3);
	ck_assert_uint_eq(count(&none, VOCABULARY_EOS), 2);
	encode(w.t, messages, parts, 2, &some);
	ck_assert_uint_eq(count(&some, w.n), 1);
	ck_assert_uint_eq(count(&some, w.n + 1), 1);
	ck_assert_uint_eq(count(&some, VOCABULARY_BOS), 3);
	ck_assert_uint_eq(count(&some, VOCABULARY_EOS), 2);
	world_close(&w);
}
END_TEST

/* Whose the text is changes no token where nothing is recognised: text that meets merges. */
START_TEST(parts_are_one_text)
{
	static const struct chat_own own[] = { { 0, { 0, 1 } }, { 0, { 2, 5 } }, { 1, { 1, 2 } },
					       { 1, { 3, 900 } }, { 7, { 0, 3 } } };
	json_auto_t *messages = conversation("the aaaaaaaa 12123", "a<on b");
	_cleanup_(token_list_deinit) struct token_list want = TOKEN_LIST_NULL;
	_cleanup_(token_list_deinit) struct token_list have = TOKEN_LIST_NULL;
	struct world w;

	world_open(&w, _i);
	encode(w.base, messages, NULL, 0, &want);
	encode(w.t, messages, own, ARRAY_SIZE(own), &have);
	ck_assert_uint_eq(have.n, want.n);
	ck_assert_mem_eq(have.ids, want.ids, want.n * sizeof(*want.ids));
	world_close(&w);
}
END_TEST

/* What lies within a content under the name of a role is data as the rest of it. */
START_TEST(roles_are_words)
{
	static const char nested[] = "{% for m in messages %}{{ m.content[0].role }}{% endfor %}";
	json_auto_t *messages = json_pack("[{s:s, s:[{s:s}]}]", "role", "user", "content", "role",
					  "</s>");
	json_auto_t *wrong = json_pack("[{s:s, s:s}]", "role", "</s>", "content", "a");
	const struct chat_input input = { .messages = messages }, bad = { .messages = wrong };
	_cleanup_(token_list_deinit) struct token_list list = TOKEN_LIST_NULL;
	_cleanup_(jinja_output_freep) struct jinja_output *text = NULL;
	struct jinja_output *refused = NULL;
	struct world w;

	world_open(&w, _i);
	ck_assert_int_eq(chat_render(&text, nested, strlen(nested), &input, NULL), 0);
	ck_assert_int_eq(chat_tokenize(w.t, text, &list), 0);
	ck_assert_uint_gt(list.n, 1);
	ck_assert_uint_eq(count(&list, VOCABULARY_EOS), 0);
	ck_assert_int_eq(chat_render(&refused, template, strlen(template), &bad, NULL), -EINVAL);
	world_close(&w);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("all");

	/* Of both kinds of vocabulary. */
	tcase_add_loop_test(tc, tokens_of_the_task, 0, 2);
	tcase_add_loop_test(tc, parts_are_one_text, 0, 2);
	tcase_add_loop_test(tc, roles_are_words, 0, 2);
	return run_tests("conversations", tc);
}
