/* SPDX-License-Identifier: MIT */
/* What a file's keys say of its tokenizer: flags, cuts of its own, tokens taken whole. */
#include <check.h>
#include <errno.h>
#include <string.h>

#include "tests/check-main.h"
#include "tests/vocabulary.h"
#include "util/macro.h"

struct opened {
	struct gguf *g;
	struct tokenizer *t;
};

static void open_vocabulary(struct opened *o, struct gguf *g)
{
	struct diag d = DIAG_NULL;

	o->g = g;
	o->t = NULL;
	ck_assert_msg(tokenizer_new(&o->t, g, &d) == 0, "%s: %s", d.field, d.text);
}

static void close_vocabulary(struct opened *o)
{
	tokenizer_free(o->t);
	gguf_free(o->g);
}

static void check_refusal(struct gguf *g, enum diag_code code, const char *field, const char *part)
{
	struct tokenizer *t = NULL;
	struct diag d = DIAG_NULL;

	ck_assert_int_eq(tokenizer_new(&t, g, &d), -EINVAL);
	ck_assert_msg(d.code == code && strcmp(d.field, field) == 0 && strstr(d.text, part),
		      "%s at %s: %s, expected '%s'", diag_code_name(d.code), d.field, d.text, part);
	gguf_free(g);
}

/* Tokens by name, a blank before each, joined to @list. */
static void names_of(const struct tokenizer *t, const struct token_list *list, struct buf *out)
{
	buf_reset(out);
	ck_assert_int_eq(buf_append_str(out, ""), 0);
	for (size_t i = 0; i < list->n; i++) {
		const char *name;
		size_t len;

		ck_assert(tokenizer_name(t, list->ids[i], &name, &len));
		ck_assert_int_eq(buf_append_str(out, i ? " " : ""), 0);
		ck_assert_int_eq(buf_append(out, name, len), 0);
	}
}

static void check_tokens(const struct tokenizer *t, const char *text, unsigned flags,
			 const char *names)
{
	_cleanup_(token_list_deinit) struct token_list list = TOKEN_LIST_NULL;
	_cleanup_(buf_deinit) struct buf got = BUF_NULL;

	ck_assert_int_eq(tokenizer_encode(t, text, strlen(text), flags, &list), 0);
	names_of(t, &list, &got);
	ck_assert_msg(strcmp(got.data, names) == 0, "'%s': %s, expected %s", text, got.data, names);
}

#define S "\xe2\x96\x81"	/* a space in SentencePiece */
#define G "\xc4\xa0"		/* and in byte-level BPE */

static void nothing(struct gguf_writer *w)
{
}

START_TEST(space_before_text)
{
	struct opened o;

	open_vocabulary(&o, vocabulary_with(false, "llama", nothing));
	check_tokens(o.t, "ab", 0, S "ab");
	check_tokens(o.t, "  ab", 0, S S " " S "ab");
	check_tokens(o.t, "ab", TOKENIZE_CONTINUES, "ab");
	/* Text begins anew behind a token that was added. */
	check_tokens(o.t, "ab[TOOL]ab", 0, S "ab [TOOL] " S "ab");
	check_tokens(o.t, "ab</s>ab", TOKENIZE_SPECIAL, S "ab </s> " S "ab");
	close_vocabulary(&o);
	open_vocabulary(&o, vocabulary_sentencepiece(false));
	check_tokens(o.t, "ab[TOOL]ab", 0, "ab [TOOL] ab");
	close_vocabulary(&o);
}
END_TEST

/* Also when the text comes in pieces, as a prompt of segments does. */
START_TEST(anew_behind_a_token)
{
	_cleanup_(token_list_deinit) struct token_list list = TOKEN_LIST_NULL;
	_cleanup_(buf_deinit) struct buf got = BUF_NULL;
	struct opened o;

	open_vocabulary(&o, vocabulary_with(false, "llama", nothing));
	ck_assert_int_eq(tokenizer_encode(o.t, "<s>", 3, TOKENIZE_SPECIAL, &list), 0);
	ck_assert_int_eq(tokenizer_encode(o.t, "ab", 2, TOKENIZE_CONTINUES, &list), 0);
	ck_assert_int_eq(tokenizer_encode(o.t, "ab", 2, TOKENIZE_CONTINUES, &list), 0);
	names_of(o.t, &list, &got);
	ck_assert_str_eq(got.data, "<s> " S "ab ab");
	close_vocabulary(&o);
}
END_TEST

static void joins(struct gguf_writer *w)
{
	ck_assert_int_eq(gguf_writer_bool(w, "tokenizer.ggml.remove_extra_whitespaces", true), 0);
}

START_TEST(extra_white_space)
{
	struct opened o;

	open_vocabulary(&o, vocabulary_with(false, "llama", joins));
	check_tokens(o.t, "   ab   ab  ", 0, S "ab " S "ab");
	check_tokens(o.t, "   ", 0, S);
	check_tokens(o.t, " ab", TOKENIZE_CONTINUES, S "ab");
	close_vocabulary(&o);
}
END_TEST

static void both_ends(struct gguf_writer *w)
{
	ck_assert_int_eq(gguf_writer_bool(w, "tokenizer.ggml.add_bos_token", true), 0);
	ck_assert_int_eq(gguf_writer_bool(w, "tokenizer.ggml.add_eos_token", true), 0);
}

static void no_ends(struct gguf_writer *w)
{
	ck_assert_int_eq(gguf_writer_bool(w, "tokenizer.ggml.add_bos_token", false), 0);
	ck_assert_int_eq(gguf_writer_bool(w, "tokenizer.ggml.add_eos_token", false), 0);
}

static void eos_as_number(struct gguf_writer *w)
{
	ck_assert_int_eq(gguf_writer_u32(w, "tokenizer.ggml.add_eos_token", 1), 0);
}

START_TEST(first_and_last)
{
	struct opened o;

	open_vocabulary(&o, vocabulary_with(false, "llama", both_ends));
	check_tokens(o.t, "ab", TOKENIZE_BOS | TOKENIZE_EOS, "<s> " S "ab </s>");
	check_tokens(o.t, "ab", 0, S "ab");
	close_vocabulary(&o);
	open_vocabulary(&o, vocabulary_with(false, "llama", no_ends));
	check_tokens(o.t, "ab", TOKENIZE_BOS | TOKENIZE_EOS, S "ab");
	close_vocabulary(&o);
	open_vocabulary(&o, vocabulary_with(false, "llama", nothing));
	check_tokens(o.t, "ab", TOKENIZE_BOS | TOKENIZE_EOS, "<s> " S "ab");
	close_vocabulary(&o);
	check_refusal(vocabulary_with(false, "llama", eos_as_number), DIAG_TYPE,
		      "tokenizer.ggml.add_eos_token", "bool");
}
END_TEST

START_TEST(white_space_behind_phi3_tokens)
{
	_cleanup_(token_list_deinit) struct token_list list = TOKEN_LIST_NULL;
	_cleanup_(buf_deinit) struct buf got = BUF_NULL;
	struct opened o;

	open_vocabulary(&o, vocabulary_with(false, "phi3", nothing));
	check_tokens(o.t, "[TOOL] \n\tab", 0, "[TOOL] " S "ab");
	check_tokens(o.t, "</s>\n ab", TOKENIZE_SPECIAL, "</s> " S "ab");
	check_tokens(o.t, "<s> ab", TOKENIZE_SPECIAL, "<s> " S " " S "ab");
	ck_assert_int_eq(tokenizer_encode(o.t, "</s>\n", 5, TOKENIZE_SPECIAL, &list), 0);
	ck_assert_int_eq(tokenizer_encode(o.t, "\nab\n", 4, TOKENIZE_CONTINUES, &list), 0);
	names_of(o.t, &list, &got);
	ck_assert_str_eq(got.data, "</s> " S "ab \n");
	close_vocabulary(&o);
}
END_TEST

static void named(struct gguf_writer *w, const char *name)
{
	ck_assert_int_eq(gguf_writer_str(w, "tokenizer.ggml.pre", name, strlen(name)), 0);
}

static void given(struct gguf_writer *w, const char *expression)
{
	ck_assert_int_eq(gguf_writer_str(w, "tokenizer.ggml.pretokenizer", expression,
					 strlen(expression)), 0);
}

static void json(struct gguf_writer *w, const char *text)
{
	ck_assert_int_eq(gguf_writer_str(w, "tokenizer.huggingface.json", text, strlen(text)), 0);
}

static void unknown(struct gguf_writer *w) { named(w, "no-such"); }
static void ignoring(struct gguf_writer *w) { named(w, "llama-bpe"); }
static void cutting_a(struct gguf_writer *w) { named(w, "no-such"); given(w, "a"); }
static void spoiled(struct gguf_writer *w) { named(w, "no-such"); given(w, "[a"); }
static void known_after_all(struct gguf_writer *w) { named(w, "gpt-2"); given(w, "[a"); }

static void too_long(struct gguf_writer *w)
{
	char text[5000];

	memset(text, 'a', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	given(w, text);
}

START_TEST(cut_of_the_file)
{
	struct opened o;

	check_refusal(vocabulary_with(true, "llama", nothing), DIAG_UNSUP, "tokenizer.ggml.pre",
		      "missing");
	check_refusal(vocabulary_with(true, "llama", unknown), DIAG_UNSUP, "tokenizer.ggml.pre",
		      "'no-such'");
	check_refusal(vocabulary_with(true, "llama", spoiled), DIAG_UNSUP,
		      "tokenizer.ggml.pretokenizer", "at character 2");
	check_refusal(vocabulary_with(true, "llama", too_long), DIAG_LIMIT,
		      "tokenizer.ggml.pretokenizer", "4999 bytes");
	open_vocabulary(&o, vocabulary_with(true, "llama", cutting_a));
	check_tokens(o.t, "aab theb", 0, "a a b " G "the b");
	close_vocabulary(&o);
	open_vocabulary(&o, vocabulary_with(true, "llama", known_after_all));
	check_tokens(o.t, "aab", 0, "aa b");
	close_vocabulary(&o);
	/* Whole words that are tokens, which no merge makes. */
	open_vocabulary(&o, vocabulary_with(true, "llama", ignoring));
	check_tokens(o.t, "hello", 0, "hello");
	close_vocabulary(&o);
}
END_TEST

static const struct {
	const char *json, *text, *tokens;	/* no text: refused, naming the tokens */
} jsons[] = {
	{ "{\"model\":{\"vocab\":{\"pre_tokenizer\":1,\"},{\":2}},\"pre_tokenizer\":{\"type\":"
	  "\"Sequence\",\"pretokenizers\":[{\"type\":\"Split\",\"pattern\":{\"Regex\":\"a\"},"
	  "\"behavior\":\"Isolated\",\"invert\":false},{\"type\":\"ByteLevel\",\"use_regex\":false}"
	  "]}}",
	  "aab the", "a a b " G "the" },
	{ "{ \"pre_tokenizer\" : { \"type\" : \"ByteLevel\" } , \"model\" : 1 }",
	  "aab the 12", "aa b " G "the " G " 12" },
	{ "{\"pre_tokenizer\":null}", "aab the", "aa b " G "the" },
	{ "{\"pre_tokenizer\":null,\"model\":{\"ignore_merges\":true}}", "hello", "hello" },
	{ "{\"pre_tokenizer\":null,\"model\":{\"ignore_merges\":false}}", "hello", "h e l l o" },
	{ "{\"pre_tokenizer\":{\"type\":\"Digits\",\"individual_digits\":true}}", "1212",
	  "1 2 1 2" },
	{ "{\"pre_tokenizer\":{\"type\":\"Digits\",\"individual_digits\":false}}", "1212a",
	  "12 12 a" },
	{ "{\"pre_tokenizer\":{\"type\":\"Punctuation\"}}", "!!!!", "! ! ! !" },
	{ "{\"pre_tokenizer\":{\"type\":\"Punctuation\",\"behavior\":\"Contiguous\"}}", "!!",
	  "!!" },
	{ "{\"pre_tokenizer\":{\"type\":\"Split\",\"pattern\":{\"String\":\".a\"},"
	  "\"behavior\":\"Contiguous\"}}", ".a.aab", ". a . a ab" },
	{ "{\"pre_tokenizer\":{\"type\":\"Split\",\"pattern\":{\"Regex\":\"aa|b\"},"
	  "\"behavior\":\"Removed\",\"invert\":true}}", "aaaab", "aa aa b" },
	{ "{\"pre_tokenizer\":{\"type\":\"Whitespace\"}}", NULL, "Whitespace" },
	{ "{\"pre_tokenizer\":{\"type\":\"ByteLevel\",\"add_prefix_space\":true}}", NULL,
	  "add_prefix_space" },
	{ "{\"pre_tokenizer\":{\"type\":\"Split\",\"pattern\":{\"Regex\":\"a\"},\"behavior\":"
	  "\"MergedWithNext\"}}", NULL, "MergedWithNext" },
	{ "{\"pre_tokenizer\":{\"type\":\"Split\",\"behavior\":\"Isolated\"}}", NULL, "Split" },
	{ "{\"pre_tokenizer\":{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":\"ByteLevel\"},"
	  "{\"type\":\"Digits\"}]}}", NULL, "ByteLevel" },
	{ "{\"pre_tokenizer\":{\"type\":\"Split\",\"pattern\":{\"Regex\":\"(a\"},\"behavior\":"
	  "\"Isolated\"}}", NULL, "at character 2" },
	{ "{\"pre_tokenizer\":{\"type\":1}}", NULL, "type" },
	{ "{\"pre_tokenizer\":{,}}", NULL, "pre_tokenizer" },
};

static const char *json_text;

static void json_now(struct gguf_writer *w)
{
	json(w, json_text);
}

START_TEST(cut_of_a_tokenizer_json)
{
	struct opened o;
	struct gguf *g;

	json_text = jsons[_i].json;
	g = vocabulary_with(true, "llama", json_now);
	if (!jsons[_i].text) {
		struct tokenizer *t = NULL;
		struct diag d = DIAG_NULL;

		ck_assert_int_eq(tokenizer_new(&t, g, &d), -EINVAL);
		ck_assert_str_eq(d.field, "tokenizer.huggingface.json");
		ck_assert_msg(strstr(d.text, jsons[_i].tokens) != NULL, "%s", d.text);
		gguf_free(g);
		return;
	}
	open_vocabulary(&o, g);
	check_tokens(o.t, jsons[_i].text, 0, jsons[_i].tokens);
	close_vocabulary(&o);
}
END_TEST

static void costly(struct gguf_writer *w) { given(w, "(a+)+$"); }
static void looking_back(struct gguf_writer *w) { given(w, "a\\Kb"); }

/* An expression that backtracks without end is an error of this text, not the end of us. */
START_TEST(costly_expression)
{
	_cleanup_(token_list_deinit) struct token_list list = TOKEN_LIST_NULL;
	char text[64];
	struct opened o;

	memset(text, 'a', sizeof(text));
	text[sizeof(text) - 1] = '!';
	open_vocabulary(&o, vocabulary_with(true, "llama", costly));
	ck_assert_int_eq(tokenizer_encode(o.t, text, sizeof(text), 0, &list), -ELOOP);
	check_tokens(o.t, "aa", 0, "aa");
	close_vocabulary(&o);
	open_vocabulary(&o, vocabulary_with(true, "llama", looking_back));
	check_tokens(o.t, "ab", 0, "a b");
	close_vocabulary(&o);
}
END_TEST

START_TEST(text_never_becomes_control_tokens)
{
	static const char text[] = "<s>ab<0x41></s>[TOOL]<unk>";
	_cleanup_(token_list_deinit) struct token_list list = TOKEN_LIST_NULL;
	_cleanup_(buf_deinit) struct buf back = BUF_NULL;
	struct opened o;

	open_vocabulary(&o, vocabulary_sentencepiece(false));
	ck_assert_int_eq(tokenizer_encode(o.t, text, strlen(text), 0, &list), 0);
	for (size_t i = 0; i < list.n; i++)
		ck_assert_int_ge(list.ids[i], VOCABULARY_SPECIALS);
	/* "<0x41>" is text too, not the byte. */
	ck_assert_int_eq(tokenizer_decode(o.t, list.ids, list.n, &back), 0);
	ck_assert_str_eq(back.data, text);
	check_tokens(o.t, text, TOKENIZE_SPECIAL,
		     "<s> ab < <0x30> <0x78> <0x34> 1 > </s> [TOOL] <unk>");
	ck_assert(tokenizer_is_end(o.t, VOCABULARY_EOS) && !tokenizer_is_end(o.t, VOCABULARY_BOS));
	close_vocabulary(&o);
}
END_TEST

/* Wherever text comes from: nothing that merging makes is a control token. */
START_TEST(no_merge_makes_a_control_token)
{
	struct opened o;

	json_text = jsons[2].json;
	open_vocabulary(&o, vocabulary_with(true, "llama", json_now));
	check_tokens(o.t, "<s>", 0, "<s >");
	check_tokens(o.t, "<s>", TOKENIZE_SPECIAL, "<s>");
	close_vocabulary(&o);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("all");

	tcase_add_test(tc, space_before_text);
	tcase_add_test(tc, anew_behind_a_token);
	tcase_add_test(tc, extra_white_space);
	tcase_add_test(tc, first_and_last);
	tcase_add_test(tc, white_space_behind_phi3_tokens);
	tcase_add_test(tc, cut_of_the_file);
	tcase_add_loop_test(tc, cut_of_a_tokenizer_json, 0, ARRAY_SIZE(jsons));
	tcase_add_test(tc, costly_expression);
	tcase_add_test(tc, text_never_becomes_control_tokens);
	tcase_add_test(tc, no_merge_makes_a_control_token);
	return run_tests("tokenizer", tc);
}
