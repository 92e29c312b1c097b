/* SPDX-License-Identifier: MIT */
#include "tests/vocabulary.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base_model/vocab.h"
#include "util/macro.h"
#include "util/utf8.h"

enum { TOKENS_MAX = 512, TEXT_MAX = 32 };

static const char *const specials[VOCABULARY_SPECIALS] = { "<unk>", "<s>", "</s>" };
static const char user_token[] = "[TOOL]";

struct table {
	struct gguf_writer *w;
	char texts[TOKENS_MAX][TEXT_MAX];
	const char *tokens[TOKENS_MAX];
	int32_t types[TOKENS_MAX];
	float scores[TOKENS_MAX];
	size_t n;
};

static void add(struct table *t, const char *text, enum token_type type)
{
	ck_assert_uint_lt(t->n, TOKENS_MAX);
	ck_assert_int_lt(snprintf(t->texts[t->n], TEXT_MAX, "%s", text), TEXT_MAX);
	t->tokens[t->n] = t->texts[t->n];
	t->types[t->n] = type;
	t->scores[t->n] = -(float)t->n;
	t->n++;
}

static struct table *start(const char *model, const char *architecture)
{
	struct table *t = calloc(1, sizeof(*t));

	ck_assert_ptr_nonnull(t);
	ck_assert_int_eq(gguf_writer_new(&t->w), 0);
	ck_assert_int_eq(gguf_writer_str(t->w, "general.architecture", architecture,
					 strlen(architecture)), 0);
	ck_assert_int_eq(gguf_writer_str(t->w, "tokenizer.ggml.model", model, strlen(model)), 0);
	for (int i = 0; i < VOCABULARY_SPECIALS; i++)
		add(t, specials[i], i == VOCABULARY_UNKNOWN ? TOKEN_UNKNOWN : TOKEN_CONTROL);
	add(t, user_token, TOKEN_USER_DEFINED);
	return t;
}

/* What @w has written, which is freed. */
static struct gguf *read_back(struct gguf_writer *w)
{
	int fd = memfd_create("vocabulary", MFD_CLOEXEC);
	struct gguf *g = NULL;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(gguf_writer_write(w, fd), 0);
	ck_assert_int_eq(gguf_open_fd(&g, fd, NULL), 0);
	close(fd);
	gguf_writer_free(w);
	return g;
}

static struct gguf *finish(struct table *t)
{
	struct gguf *g;

	ck_assert_int_eq(gguf_writer_strings(t->w, "tokenizer.ggml.tokens", t->tokens, t->n), 0);
	ck_assert_int_eq(gguf_writer_array(t->w, "tokenizer.ggml.token_type", GGUF_TYPE_I32,
					   t->types, t->n), 0);
	ck_assert_int_eq(gguf_writer_u32(t->w, "tokenizer.ggml.unknown_token_id",
					 VOCABULARY_UNKNOWN), 0);
	ck_assert_int_eq(gguf_writer_u32(t->w, "tokenizer.ggml.bos_token_id", VOCABULARY_BOS), 0);
	ck_assert_int_eq(gguf_writer_u32(t->w, "tokenizer.ggml.eos_token_id", VOCABULARY_EOS), 0);
	g = read_back(t->w);
	free(t);
	return g;
}

static struct table *sentencepiece(const char *architecture)
{
	static const char *const pieces[] = {
		"\xe2\x96\x81", "a", "b", "aa", "aaaa", "ab", "ba", "\xe2\x96\x81" "ab",
		"\xe2\x96\x81" "a", "\xe2\x96\x81\xe2\x96\x81", "<", "s", ">", "/", "</", "s>",
		"t", "h", "e", "th", "the", "\xe2\x96\x81the", "\n", "\n\n", "1", "2", "12",
		"\xc3\xa9", "\xe6\x97\xa5", "\xe6\x9c\xac", "\xe6\x97\xa5\xe6\x9c\xac",
		"\xf0\x9f\x98\x80", "[", "[T", "O", "L]",
	};
	struct table *t = start("llama", architecture);
	char name[8];

	for (unsigned i = 0; i < 256; i++) {
		snprintf(name, sizeof(name), "<0x%02X>", i);
		add(t, name, TOKEN_BYTE);
	}
	for (size_t i = 0; i < ARRAY_SIZE(pieces); i++)
		add(t, pieces[i], TOKEN_NORMAL);
	ck_assert_int_eq(gguf_writer_array(t->w, "tokenizer.ggml.scores", GGUF_TYPE_F32, t->scores,
					   t->n), 0);
	return t;
}

struct gguf *vocabulary_sentencepiece(bool space_first)
{
	struct table *t = sentencepiece("llama");

	ck_assert_int_eq(gguf_writer_bool(t->w, "tokenizer.ggml.add_space_prefix", space_first), 0);
	return finish(t);
}

/* Llama 3's, as files give it that do not name it. */
static const char own_cut[] =
	"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}"
	"| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

/* The bytes as byte-level BPE spells them. */
static void spell(const char *bytes, char *to)
{
	for (; *bytes; bytes++)
		to += utf8_encode(bpe_char_of_byte((uint8_t)*bytes), to);
	*to = '\0';
}

static struct table *byte_level(const char *architecture)
{
	static const struct {
		const char *left, *right;
	} merges[] = {
		{ "a", "a" }, { "aa", "aa" }, { "aaaa", "aaaa" }, { "a", "b" }, { "b", "a" },
		{ "t", "h" }, { "th", "e" }, { " ", "the" }, { " ", " " }, { "  ", "  " },
		{ "i", "n" }, { "in", "g" }, { "1", "2" }, { "12", "3" }, { "\n", "\n" },
		{ "'", "s" }, { "\xc3", "\xa9" }, { "\xe6", "\x97" }, { "\xe6\x97", "\xa5" },
		{ "<", "s" }, { "<s", ">" }, { "!", "!" }, { "!!", "!!" },
	};
	char lines[ARRAY_SIZE(merges)][2 * TEXT_MAX], joined[TEXT_MAX];
	const char *pointers[ARRAY_SIZE(merges)];
	struct table *t = start("gpt2", architecture);

	for (unsigned i = 0; i < 256; i++) {
		joined[utf8_encode(bpe_char_of_byte((uint8_t)i), joined)] = '\0';
		add(t, joined, TOKEN_NORMAL);
	}
	for (size_t i = 0; i < ARRAY_SIZE(merges); i++) {
		char left[TEXT_MAX], right[TEXT_MAX];

		spell(merges[i].left, left);
		spell(merges[i].right, right);
		snprintf(lines[i], sizeof(lines[i]), "%s %s", left, right);
		ck_assert_int_lt(snprintf(joined, sizeof(joined), "%s%s", left, right), TEXT_MAX);
		pointers[i] = lines[i];
		/* Control tokens are spelled as they are; text that looks like one merges only up
		 * to it. */
		if (strcmp(joined, specials[VOCABULARY_BOS]) != 0)
			add(t, joined, TOKEN_NORMAL);
	}
	/* Taken whole where the cut does so, and reached by no merge. */
	add(t, "hello", TOKEN_NORMAL);
	ck_assert_int_eq(gguf_writer_strings(t->w, "tokenizer.ggml.merges", pointers,
					     ARRAY_SIZE(merges)), 0);
	return t;
}

struct gguf *vocabulary_bpe(const char *pre)
{
	struct table *t = byte_level("llama");
	const char *key = pre ? "tokenizer.ggml.pre" : "tokenizer.ggml.pretokenizer";

	pre = pre ? pre : own_cut;
	ck_assert_int_eq(gguf_writer_str(t->w, key, pre, strlen(pre)), 0);
	return finish(t);
}

struct gguf *vocabulary_with(bool bpe, const char *architecture,
			     void (*keys)(struct gguf_writer *w))
{
	struct table *t = bpe ? byte_level(architecture) : sentencepiece(architecture);

	keys(t->w);
	return finish(t);
}

struct gguf *vocabulary_texts(const char *const *texts, size_t n, struct gguf_array *ret)
{
	struct gguf_writer *w = NULL;
	struct gguf *g;

	ck_assert_int_eq(gguf_writer_new(&w), 0);
	ck_assert_int_eq(gguf_writer_str(w, "general.architecture", "llama", 5), 0);
	ck_assert_int_eq(gguf_writer_strings(w, "texts", texts, n), 0);
	g = read_back(w);
	ck_assert_int_eq(gguf_array(g, "texts", GGUF_TYPE_STRING, ret, NULL), 0);
	return g;
}
