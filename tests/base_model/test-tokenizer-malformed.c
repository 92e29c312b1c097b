/* SPDX-License-Identifier: MIT */
/*
 * Files whose tables make no tokenizer: the numbers are those of the project's list of malformed
 * inputs, and each is a valid file but for one thing. Every one has the verdict of the table,
 * from memory and from disk, within bounds.
 */
#include <check.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base_model/base_model.h"
#include "base_model/chat.h"
#include "base_model/gguf-write.h"
#include "base_model/vocab.h"
#include "tests/base_model/bounds.h"
#include "tests/check-main.h"
#include "util/macro.h"
#include "util/utf8.h"

/* Three specials, 256 bytes, some pieces; of SentencePiece or byte-level. */
enum { SPECIALS = 3, PIECES = 6, FIRST_PIECE = SPECIALS + 256, TOKENS = FIRST_PIECE + PIECES };

struct tables {
	bool bpe;
	char names[256][16];
	const char *tokens[TOKENS + 1];
	float scores[TOKENS + 1];
	int32_t types[TOKENS + 1];
	uint32_t n_tokens, n_scores, n_types, n_merges, bos, eos, unknown, padding, eot;
	const char *merges[4];
	const char *model, *pre;
	enum gguf_type token_type, score_type, type_type;
	bool no_bos, adds_bos;
	const char *template;
	size_t template_len;
	char *long_token;
};

static void tables_init(struct tables *t, bool bpe)
{
	static const char *const specials[SPECIALS] = { "<unk>", "<s>", "</s>" };
	static const char *const pieces[PIECES] = { "aa", "ab", "aab", "abaa", "<|x|>", "[TOOL]" };
	static const char *const merges[] = { "a a", "a b", "aa b" };

	*t = (struct tables){ .bpe = bpe, .n_tokens = TOKENS, .n_scores = bpe ? 0 : TOKENS,
			      .n_types = TOKENS, .bos = 1, .eos = 2, .eot = 2,
			      .model = bpe ? "gpt2" : "llama", .pre = bpe ? "gpt-2" : NULL,
			      .token_type = GGUF_TYPE_STRING, .score_type = GGUF_TYPE_F32,
			      .type_type = GGUF_TYPE_I32 };
	for (unsigned i = 0; bpe && i < ARRAY_SIZE(merges); i++)
		t->merges[t->n_merges++] = merges[i];
	for (unsigned b = 0; b < 256; b++)
		if (bpe)
			t->names[b][utf8_encode(bpe_char_of_byte((uint8_t)b), t->names[b])] = '\0';
		else
			snprintf(t->names[b], sizeof(t->names[b]), "<0x%02X>", b);
	for (int i = 0; i < TOKENS; i++) {
		bool byte = i >= SPECIALS && i < FIRST_PIECE;

		t->tokens[i] = i < SPECIALS ? specials[i] : byte ? t->names[i - SPECIALS] :
			       pieces[i - FIRST_PIECE];
		t->types[i] = i == 0 ? TOKEN_UNKNOWN : i < SPECIALS ? TOKEN_CONTROL :
			      byte && !bpe ? TOKEN_BYTE : TOKEN_NORMAL;
		t->scores[i] = -(float)i;
	}
	t->types[TOKENS - 1] = TOKEN_USER_DEFINED;
}

/* One key: a string, some numbers. */
static void put_ids(struct gguf_writer *w, const struct tables *t)
{
	const struct {
		const char *key;
		uint32_t value;
	} ids[] = {
		{ "tokenizer.ggml.eos_token_id", t->eos },
		{ "tokenizer.ggml.unknown_token_id", t->unknown },
		{ "tokenizer.ggml.padding_token_id", t->padding },
		{ "tokenizer.ggml.eot_token_id", t->eot },
		{ "tokenizer.ggml.bos_token_id", t->bos },
	};

	for (size_t i = 0; i < ARRAY_SIZE(ids) - t->no_bos; i++)
		ck_assert_int_eq(gguf_writer_u32(w, ids[i].key, ids[i].value), 0);
	if (t->adds_bos)
		ck_assert_int_eq(gguf_writer_bool(w, "tokenizer.ggml.add_bos_token", true), 0);
}

static void put_array(struct gguf_writer *w, const char *key, enum gguf_type type,
		      const void *values, uint32_t n)
{
	ck_assert_int_eq(type == GGUF_TYPE_STRING ? gguf_writer_strings(w, key, values, n) :
			 gguf_writer_array(w, key, type, values, n), 0);
}

static int tables_fd(const struct tables *t)
{
	struct gguf_writer *w;
	/* Wide enough for any type that the table claims the numbers to have. */
	double zeros[TOKENS + 1] = { 0 };
	int fd = memfd_create("tables", MFD_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(gguf_writer_new(&w), 0);
	ck_assert_int_eq(gguf_writer_str(w, "general.architecture", "llama", 5), 0);
	ck_assert_int_eq(gguf_writer_str(w, "tokenizer.ggml.model", t->model, strlen(t->model)), 0);
	if (t->pre)
		ck_assert_int_eq(gguf_writer_str(w, "tokenizer.ggml.pre", t->pre,
						 strlen(t->pre)), 0);
	if (t->n_tokens <= TOKENS)
		put_array(w, "tokenizer.ggml.tokens", t->token_type,
			  t->token_type == GGUF_TYPE_STRING ? (const void *)t->tokens : zeros,
			  t->n_tokens);
	if (t->n_scores)
		put_array(w, "tokenizer.ggml.scores", t->score_type,
			  t->score_type == GGUF_TYPE_F32 ? (const void *)t->scores : zeros,
			  t->n_scores);
	put_array(w, "tokenizer.ggml.token_type", t->type_type,
		  t->type_type == GGUF_TYPE_I32 ? (const void *)t->types : zeros, t->n_types);
	if (t->n_merges)
		put_array(w, "tokenizer.ggml.merges", GGUF_TYPE_STRING, t->merges, t->n_merges);
	if (t->template)
		ck_assert_int_eq(gguf_writer_str(w, "tokenizer.chat_template", t->template,
						 t->template_len), 0);
	put_ids(w, t);
	ck_assert_int_eq(gguf_writer_write(w, fd), 0);
	gguf_writer_free(w);
	return fd;
}

#define SPOIL(name, statement) static void name(struct tables *t) { statement; }

SPOIL(nothing, (void)t)
SPOIL(no_tokens, t->n_tokens = UINT32_MAX)
SPOIL(tokens_as_numbers, t->token_type = GGUF_TYPE_I32)
SPOIL(no_token, t->n_tokens = 0)
SPOIL(one_token, t->n_tokens = 1)
SPOIL(few_tokens, t->n_tokens = t->n_types = t->n_scores = 2)
SPOIL(few_scores, t->n_scores--)
SPOIL(more_scores, t->n_scores++)
SPOIL(no_scores, t->n_scores = 0)
SPOIL(scores_u8, t->score_type = GGUF_TYPE_U8)
SPOIL(scores_i8, t->score_type = GGUF_TYPE_I8)
SPOIL(scores_f64, t->score_type = GGUF_TYPE_F64)
SPOIL(endless_score, t->scores[5] = INFINITY)
SPOIL(nan_score, t->scores[5] = NAN)
SPOIL(few_types, t->n_types--)
SPOIL(types_u8, t->type_type = GGUF_TYPE_U8)
SPOIL(type_zero, t->types[9] = 0)
SPOIL(type_seven, t->types[9] = 7)
SPOIL(type_negative, t->types[9] = -1)
SPOIL(bos_outside, t->bos = TOKENS)
SPOIL(bos_huge, t->bos = 1u << 31)
SPOIL(bos_minus_one, t->bos = UINT32_MAX)
SPOIL(eos_outside, t->eos = TOKENS)
SPOIL(eos_huge, t->eos = 1u << 31)
SPOIL(unknown_outside, t->unknown = TOKENS)
SPOIL(padding_outside, t->padding = TOKENS)
SPOIL(eot_outside, t->eot = TOKENS)
SPOIL(wanted_bos_missing, t->no_bos = t->adds_bos = true)
SPOIL(doubled, t->tokens[TOKENS - 2] = "ab")
SPOIL(not_utf8, t->tokens[TOKENS - 2] = "\xc3")
SPOIL(nameless, t->tokens[TOKENS - 2] = "")
SPOIL(very_long, memset(t->long_token = calloc(1, (1 << 20) + 1), 'a', 1 << 20);
      t->tokens[TOKENS - 2] = t->long_token)
SPOIL(byte_minus_one, strcpy(t->names[7], "<0x-1>"))
SPOIL(byte_no_hex, strcpy(t->names[7], "<0xZZ>"))
SPOIL(byte_too_large, strcpy(t->names[7], "<0x100>"))
SPOIL(byte_missing, strcpy(t->names[7], "x"); t->types[SPECIALS + 7] = TOKEN_NORMAL)
SPOIL(byte_is_control, t->types[SPECIALS + 'a'] = TOKEN_CONTROL)
SPOIL(no_merges, t->n_merges = 0)
SPOIL(merge_of_one, t->merges[1] = "ab")
SPOIL(merge_of_nothing, t->merges[1] = "")
SPOIL(merge_open, t->merges[1] = "a ")
SPOIL(merge_unknown, t->merges[1] = "a zz")
SPOIL(merge_to_unknown, t->merges[1] = "b a")
SPOIL(merge_of_itself, t->merges[1] = "ab ab")
SPOIL(other_model, t->model = "t5")
SPOIL(other_pre, t->pre = "no-such")
SPOIL(no_pre, t->pre = NULL)

enum { SENTENCEPIECE = 1, BYTE_LEVEL = 2, BOTH = 3 };

static const struct {
	unsigned number, kinds;
	void (*spoil)(struct tables *t);
	enum diag_code code;
	const char *field;	/* behind "tokenizer.ggml." */
} cases[] = {
	{ 0, BOTH, nothing, DIAG_NONE, "" },
	{ 33, BOTH, no_token, DIAG_VOCAB, "tokens" },
	{ 85, BOTH, no_tokens, DIAG_TYPE, "tokens" },
	{ 85, BOTH, tokens_as_numbers, DIAG_TYPE, "tokens" },
	{ 86, BOTH, one_token, DIAG_VOCAB, "tokens" },
	{ 86, BOTH, few_tokens, DIAG_VOCAB, "eos_token_id" },
	{ 87, SENTENCEPIECE, few_scores, DIAG_VOCAB, "scores" },
	{ 87, SENTENCEPIECE, more_scores, DIAG_VOCAB, "scores" },
	{ 87, SENTENCEPIECE, no_scores, DIAG_VOCAB, "scores" },
	{ 88, SENTENCEPIECE, scores_u8, DIAG_TYPE, "scores" },
	{ 88, SENTENCEPIECE, scores_i8, DIAG_TYPE, "scores" },
	{ 88, SENTENCEPIECE, scores_f64, DIAG_TYPE, "scores" },
	{ 88, SENTENCEPIECE, endless_score, DIAG_RANGE, "scores" },
	{ 88, SENTENCEPIECE, nan_score, DIAG_RANGE, "scores" },
	{ 89, BOTH, few_types, DIAG_VOCAB, "token_type" },
	{ 89, BOTH, types_u8, DIAG_TYPE, "token_type" },
	{ 89, BOTH, type_zero, DIAG_RANGE, "token_type" },
	{ 89, BOTH, type_seven, DIAG_RANGE, "token_type" },
	{ 89, BOTH, type_negative, DIAG_RANGE, "token_type" },
	{ 90, BOTH, bos_outside, DIAG_VOCAB, "bos_token_id" },
	{ 90, BOTH, bos_huge, DIAG_VOCAB, "bos_token_id" },
	{ 90, BOTH, bos_minus_one, DIAG_VOCAB, "bos_token_id" },
	{ 90, BOTH, eos_outside, DIAG_VOCAB, "eos_token_id" },
	{ 90, BOTH, eos_huge, DIAG_VOCAB, "eos_token_id" },
	{ 90, BOTH, unknown_outside, DIAG_VOCAB, "unknown_token_id" },
	{ 90, BOTH, padding_outside, DIAG_VOCAB, "padding_token_id" },
	{ 90, BOTH, eot_outside, DIAG_VOCAB, "eot_token_id" },
	{ 90, BOTH, wanted_bos_missing, DIAG_VOCAB, "bos_token_id" },
	{ 91, BOTH, doubled, DIAG_VOCAB, "tokens" },
	{ 92, BOTH, not_utf8, DIAG_VOCAB, "tokens" },
	{ 92, BOTH, nameless, DIAG_VOCAB, "tokens" },
	{ 92, BOTH, very_long, DIAG_LIMIT, "tokens" },
	{ 93, SENTENCEPIECE, byte_minus_one, DIAG_VOCAB, "tokens" },
	{ 93, SENTENCEPIECE, byte_no_hex, DIAG_VOCAB, "tokens" },
	{ 93, SENTENCEPIECE, byte_too_large, DIAG_VOCAB, "tokens" },
	{ 93, BOTH, byte_missing, DIAG_VOCAB, "tokens" },
	{ 93, BYTE_LEVEL, byte_is_control, DIAG_VOCAB, "token_type" },
	{ 94, BYTE_LEVEL, no_merges, DIAG_VOCAB, "merges" },
	{ 94, BYTE_LEVEL, merge_of_one, DIAG_VOCAB, "merges" },
	{ 94, BYTE_LEVEL, merge_of_nothing, DIAG_VOCAB, "merges" },
	{ 94, BYTE_LEVEL, merge_open, DIAG_VOCAB, "merges" },
	{ 94, BYTE_LEVEL, merge_unknown, DIAG_VOCAB, "merges" },
	{ 94, BYTE_LEVEL, merge_to_unknown, DIAG_VOCAB, "merges" },
	{ 94, BYTE_LEVEL, merge_of_itself, DIAG_VOCAB, "merges" },
	{ 0, BOTH, other_model, DIAG_UNSUP, "model" },
	{ 0, BYTE_LEVEL, other_pre, DIAG_UNSUP, "pre" },
	{ 0, BYTE_LEVEL, no_pre, DIAG_UNSUP, "pre" },
};

static void check_verdict(int fd, unsigned number, enum diag_code code, const char *field)
{
	struct tokenizer *t = NULL;
	struct gguf *g = NULL;
	struct diag d = DIAG_NULL;
	char whole[64] = "";
	int r;

	if (*field)
		snprintf(whole, sizeof(whole), "tokenizer.ggml.%s", field);
	ck_assert_int_eq(gguf_open_fd(&g, fd, &d), 0);
	r = tokenizer_new(&t, g, &d);
	ck_assert_msg(r == (code ? -EINVAL : 0) && (t != NULL) == (r == 0) && d.code == code &&
		      strcmp(d.field, whole) == 0, "case %u: %d, %s at \"%s\" (%s)", number, r,
		      diag_code_name(d.code), d.field, d.text);
	tokenizer_free(t);
	gguf_free(g);
}

START_TEST(listed_cases)
{
	struct tables t;

	for (unsigned kind = SENTENCEPIECE; kind <= BYTE_LEVEL; kind++) {
		int fd, disk;

		if (!(cases[_i].kinds & kind))
			continue;
		tables_init(&t, kind == BYTE_LEVEL);
		cases[_i].spoil(&t);
		fd = tables_fd(&t);
		disk = copy_to_disk(fd);
		free(t.long_token);
		check_verdict(fd, cases[_i].number, cases[_i].code, cases[_i].field);
		check_verdict(disk, cases[_i].number, cases[_i].code, cases[_i].field);
		close(fd);
		close(disk);
	}
}
END_TEST

/* 94: of ten million merges none is looked at. */
START_TEST(many_merges)
{
	enum { MANY = 10000000 };
	const char **merges = calloc(MANY, sizeof(*merges));
	struct gguf_writer *w;
	struct tables t;
	int fd, r;

	tables_init(&t, true);
	fd = memfd_create("many", MFD_CLOEXEC);
	ck_assert(merges && gguf_writer_new(&w) == 0);
	for (size_t i = 0; i < MANY; i++)
		merges[i] = "";
	r = gguf_writer_str(w, "general.architecture", "llama", 5) |
	    gguf_writer_str(w, "tokenizer.ggml.model", t.model, strlen(t.model)) |
	    gguf_writer_str(w, "tokenizer.ggml.pre", t.pre, strlen(t.pre)) |
	    gguf_writer_strings(w, "tokenizer.ggml.tokens", t.tokens, t.n_tokens) |
	    gguf_writer_strings(w, "tokenizer.ggml.merges", merges, MANY) |
	    gguf_writer_write(w, fd);
	ck_assert_int_eq(r, 0);
	free(merges);
	gguf_writer_free(w);
	/* The mapping of the file, and a verdict. */
	bound_memory((size_t)lseek(fd, 0, SEEK_END) + VERDICT_MEMORY);
	check_verdict(fd, 94, DIAG_LIMIT, "merges");
	close(fd);
}
END_TEST

/* What a template of a file may try. */
static const struct {
	const char *source;
	size_t repeated;	/* up to so many bytes; 0: it stands once */
	const char *part;	/* of the error */
} templates[] = {
	{ "aaaaaaaaaaaaaaaa", 10000000, "larger than" },
	{ "{{ ''.__class__.__mro__[1].__subclasses__() }}", 0, "" },
	{ "{{ cycler.__init__.__globals__.os.popen('id').read() }}", 0, "undefined" },
	{ "{{ self._TemplateReference__context }}", 0, "undefined" },
	{ "{{ lipsum.__globals__['os'].system('id') }}", 0, "undefined" },
	{ "{{ messages.__class__.__base__ }}", 0, "undefined" },
	{ "{{ messages|attr('x') }}", 0, "'attr'" },
	{ "{% include '/etc/passwd' %}", 0, "'include'" },
	{ "{% import 'os' as os %}", 0, "'import'" },
	{ "{% extends 'x' %}", 0, "'extends'" },
	{ "{{ range(99999999)|length }}", 0, "up to a million" },
	{ "{% for i in range(9999) %}{% for j in range(9999) %}{% endfor %}{% endfor %}", 0,
	  "more than" },
	{ "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", 0, "deeper" },
	{ "{{ ((((((((", 1024, "deeper" },
	{ "{% if 1 %}", 4000, "deeper" },
	{ "{{ 'x' * 1000000000 }}", 0, "" },
};

/* 96: the model is opened all the same, and another template works. */
START_TEST(chat_template)
{
	static const char plain[] = "{{ messages[0]['content'] }}";
	size_t len = strlen(templates[_i].source);
	size_t size = templates[_i].repeated ? templates[_i].repeated : len;
	json_t *messages = json_pack("[{ssss}]", "role", "user", "content", "hello");
	struct chat_input input = { .messages = messages };
	struct jinja_output *out = NULL;
	struct diag d = DIAG_NULL;
	struct gguf *g = NULL;
	struct tables t;
	char *source = malloc(size);
	int fd;

	for (size_t i = 0; i < size; i++)
		source[i] = templates[_i].source[i % len];
	tables_init(&t, true);
	t.template = source;
	t.template_len = size;
	fd = tables_fd(&t);
	check_verdict(fd, 96, DIAG_NONE, "");
	ck_assert_int_eq(gguf_open_fd(&g, fd, &d), 0);
	ck_assert_int_eq(chat_template_of(g, &t.template, &t.template_len, &d), 0);
	ck_assert_int_lt(chat_render(&out, t.template, t.template_len, &input, &d), 0);
	ck_assert_msg(d.code != DIAG_NONE && strstr(d.text, templates[_i].part), "%s: %s",
		      diag_code_name(d.code), d.text);
	ck_assert_int_eq(chat_render(&out, plain, strlen(plain), &input, NULL), 0);
	ck_assert_uint_eq(jinja_output_count(out), 1);
	jinja_output_free(out);
	gguf_free(g);
	free(source);
	json_decref(messages);
	close(fd);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("all"), *large = tcase_create("large");
	Suite *suite = suite_create("malformed tokenizers");

	tcase_add_checked_fixture(tc, bound_verdicts, NULL);
	tcase_add_loop_test(tc, listed_cases, 0, ARRAY_SIZE(cases));
	suite_add_tcase(suite, tc);
	tcase_set_timeout(large, 120);
	tcase_add_test(large, many_merges);
	tcase_add_loop_test(large, chat_template, 0, ARRAY_SIZE(templates));
	suite_add_tcase(suite, large);
	return run_suite(suite);
}
