/* SPDX-License-Identifier: MIT */
/*
 * Data table: the expressions of each tokenizer, as its makers published them, and the names
 * that the converter of llama.cpp gives them (convert_hf_to_gguf_update.py there).
 */
#include "base_model/cuts.h"

#include "util/macro.h"

/* What stands in most expressions for letters, signs, and what may precede letters. */
#define SIGNS (CHAR_ALL & ~(CHAR_WHITE | CHAR_LETTER | CHAR_NUMBER))
#define PREFIX (CHAR_ALL & ~(CHAR_NEWLINE | CHAR_LETTER | CHAR_NUMBER))
#define ENDLESS SIZE_MAX
#define NO_CHARACTER UINT32_MAX

#define GPT2 { .fn = split_gpt2 }
#define WORDS(f) { .fn = split_words, .form = &(f) }
#define RUN(set, most) { .fn = split_run, .classes = (set), .longest = (most), \
			 .except = NO_CHARACTER }
#define RUN_WITHOUT(set, cp) { .fn = split_run, .classes = (set), .longest = ENDLESS, \
			       .except = (cp) }
#define IN(function, table) { .fn = (function), .ranges = (table), .n_ranges = ARRAY_SIZE(table) }
#define END { .fn = NULL }

static const struct splitter gpt2[] = { GPT2, END };

/* \p{N}, then as GPT-2 */
static const struct splitter starcoder[] = { RUN(CHAR_NUMBER, 1), GPT2, END };

static const struct word_form llama3_form = {
	.contractions = true, .tail = true, .prefix = PREFIX, .letters = CHAR_LETTER,
	.digits = 3, .signs = SIGNS,
};
static const struct splitter llama3[] = { WORDS(llama3_form), END };

static const struct word_form qwen2_form = {
	.contractions = true, .tail = true, .prefix = PREFIX, .letters = CHAR_LETTER,
	.digits = 1, .signs = SIGNS,
};
static const struct splitter qwen2[] = { WORDS(qwen2_form), END };

static const struct word_form qwen35_form = {
	.contractions = true, .tail = true, .prefix = PREFIX,
	.letters = CHAR_LETTER | CHAR_MARK, .digits = 1, .signs = SIGNS & ~CHAR_MARK,
};
static const struct splitter qwen35[] = { WORDS(qwen35_form), END };

static const struct word_form seed_coder_form = {
	.contractions = true, .prefix = PREFIX, .letters = CHAR_LETTER, .digits = 1,
	.signs = SIGNS,
};
static const struct splitter seed_coder[] = { WORDS(seed_coder_form), END };

static const struct word_form minicpm5_form = {
	.contractions = true, .tail = true, .prefix = PREFIX, .letters = CHAR_LETTER,
	.digits = ENDLESS, .signs = SIGNS,
};
static const struct splitter minicpm5[] = { RUN(CHAR_NUMBER, 3), WORDS(minicpm5_form), END };

static const struct word_form tekken_form = {
	.cased = true, .tail = true, .slash = true, .prefix = PREFIX, .digits = 1,
	.signs = SIGNS,
};
static const struct splitter tekken[] = { WORDS(tekken_form), END };

static const struct word_form gpt4o_form = {
	.cased = true, .suffixes = true, .tail = true, .slash = true, .prefix = PREFIX,
	.digits = 3, .signs = SIGNS,
};
static const struct splitter gpt4o[] = { WORDS(gpt4o_form), END };

/* [一-龥぀-ヿ]+ : Han, Hiragana and Katakana */
static const struct range han_and_kana[] = { { 0x3040, 0x30ff }, { 0x4e00, 0x9fa5 } };
static const struct word_form deepseek_v3_form = {
	.sign_words = true, .tail = true, .letters = CHAR_LETTER | CHAR_MARK,
	.prefix = CHAR_ALL & ~(CHAR_NEWLINE | CHAR_LETTER | CHAR_SIGN), .signs = CHAR_SIGN,
};
static const struct splitter deepseek_v3[] = {
	RUN(CHAR_NUMBER, 3), IN(split_ranges, han_and_kana), WORDS(deepseek_v3_form), END,
};

/* [\r\n]   \s?\p{L}+   \s?\p{P}+   [一-龥ࠀ-一가-퟿]+   \p{N} */
static const struct range east_asian[] = { { 0x0800, 0x9fa5 }, { 0xac00, 0xd7ff } };
static const struct splitter deepseek_coder[] = {
	RUN(CHAR_NEWLINE, 1),
	{ .fn = split_spaced, .classes = CHAR_LETTER },
	{ .fn = split_spaced, .classes = CHAR_PUNCTUATION },
	IN(split_ranges, east_asian), RUN(CHAR_NUMBER, 1), END,
};

/* Cased letters as DeepSeek's first tokenizer lists them: not all that Unicode has. */
static const struct range cased_letters[] = {
	{ 0x41, 0x5a }, { 0x61, 0x7a }, { 0xb5, 0xb5 }, { 0xc0, 0xd6 }, { 0xd8, 0xf6 },
	{ 0xf8, 0x1ba }, { 0x1bc, 0x1bf }, { 0x1c4, 0x293 }, { 0x295, 0x2af }, { 0x370, 0x373 },
	{ 0x376, 0x377 }, { 0x37b, 0x37d }, { 0x37f, 0x37f }, { 0x386, 0x386 }, { 0x388, 0x38a },
	{ 0x38c, 0x38c }, { 0x38e, 0x3a1 }, { 0x3a3, 0x3f5 }, { 0x3f7, 0x481 }, { 0x48a, 0x52f },
	{ 0x531, 0x556 }, { 0x10a0, 0x10c5 }, { 0x13a0, 0x13f5 }, { 0x13f8, 0x13fd },
	{ 0x1c90, 0x1cba }, { 0x1cbd, 0x1cbf }, { 0x1d00, 0x1d2b }, { 0x1d6b, 0x1d77 },
	{ 0x1d79, 0x1d9a }, { 0x1e00, 0x1f15 }, { 0x1f18, 0x1f1d }, { 0x1f20, 0x1f45 },
	{ 0x1f48, 0x1f4d }, { 0x1f50, 0x1f57 }, { 0x1f59, 0x1f59 }, { 0x1f5b, 0x1f5b },
	{ 0x1f5d, 0x1f5d }, { 0x1f5f, 0x1f7d }, { 0x1f80, 0x1fb4 }, { 0x1fb6, 0x1fbc },
	{ 0x1fbe, 0x1fbe }, { 0x1fc2, 0x1fc4 }, { 0x1fc6, 0x1fcc }, { 0x1fd0, 0x1fd3 },
	{ 0x1fd6, 0x1fdb }, { 0x1fe0, 0x1fec }, { 0x1ff2, 0x1ff4 }, { 0x1ff6, 0x1ffc },
	{ 0x2102, 0x2102 }, { 0x2107, 0x2107 }, { 0x210a, 0x2113 }, { 0x2115, 0x2115 },
	{ 0x2119, 0x211d }, { 0x2124, 0x2124 }, { 0x2126, 0x2126 }, { 0x2128, 0x2128 },
	{ 0x212a, 0x212d }, { 0x212f, 0x2134 }, { 0x2139, 0x2139 }, { 0x213c, 0x213f },
	{ 0x2145, 0x2149 }, { 0x214e, 0x214e }, { 0x2183, 0x2184 }, { 0x2c00, 0x2c7b },
	{ 0x2c7e, 0x2ce4 }, { 0x2ceb, 0x2cee }, { 0x2cf2, 0x2cf3 }, { 0xa640, 0xa66d },
	{ 0xa680, 0xa69b }, { 0xa722, 0xa76f }, { 0xa771, 0xa787 }, { 0xa78b, 0xa78e },
	{ 0xab70, 0xabbf }, { 0xfb00, 0xfb06 }, { 0xfb13, 0xfb17 }, { 0xff21, 0xff3a },
	{ 0xff41, 0xff5a }, { 0x10400, 0x1044f }, { 0x104b0, 0x104d3 }, { 0x104d8, 0x104fb },
	{ 0x10c80, 0x10cb2 }, { 0x10cc0, 0x10cf2 }, { 0x118a0, 0x118df }, { 0x1e900, 0x1e943 },
};
/* [!-/:-~‘-‟　-。！-／：-～] */
static const struct range deepseek_signs[] = {
	{ 0x21, 0x2f }, { 0x3a, 0x7e }, { 0x2018, 0x201f }, { 0x3000, 0x3002 },
	{ 0xff01, 0xff0f }, { 0xff1a, 0xff5e },
};
/* [\r\n]   \s?[cased letters]+   \s?[signs]+   \s+$   [一-龥ࠀ-一가-퟿]+   \p{N}+ */
static const struct splitter deepseek_llm[] = {
	RUN(CHAR_NEWLINE, 1), IN(split_spaced_ranges, cased_letters),
	IN(split_spaced_ranges, deepseek_signs), { .fn = split_white_end },
	IN(split_ranges, east_asian), RUN(CHAR_NUMBER, ENDLESS), END,
};

/* [\p{P}$+<=>^~|`]+   as GPT-2   [0-9][0-9][0-9] */
static const struct splitter falcon[] = {
	RUN(CHAR_PUNCTUATION | CHAR_ASCII_SYMBOL, ENDLESS), GPT2, { .fn = split_three_digits }, END,
};
/* What converters wrote before they knew names: [\p{P}$+<=>^~|]+   as GPT-2   \p{N}+
 * [0-9][0-9][0-9] */
static const struct splitter unnamed[] = {
	RUN_WITHOUT(CHAR_PUNCTUATION | CHAR_ASCII_SYMBOL, '`'), GPT2, RUN(CHAR_NUMBER, ENDLESS),
	{ .fn = split_three_digits }, END,
};

/* ?[^(\s|.,!?…。，、।۔،)]+ : in the brackets, these characters themselves */
static const struct range bloom_ends[] = {
	{ '!', '!' }, { '(', ')' }, { ',', ',' }, { '.', '.' }, { '?', '?' }, { '|', '|' },
	{ 0x60c, 0x60c }, { 0x6d4, 0x6d4 }, { 0x964, 0x964 }, { 0x2026, 0x2026 },
	{ 0x3001, 0x3002 }, { 0xff0c, 0xff0c },
};
static const struct splitter bloom[] = { IN(split_outside, bloom_ends), END };
static const struct splitter viking[] = { IN(split_outside, bloom_ends), RUN(CHAR_NUMBER, 1), END };

/* \p{N}+   (?=(\d{3})+(?!\d)) : words are not cut at all */
static const struct splitter superbpe[] = {
	RUN(CHAR_NUMBER, ENDLESS), { .fn = split_digit_groups }, END,
};

/* Whole words that are tokens are taken as such; a beginning is wanted if the file is silent. */
#define WHOLE .ignores_merges = true
#define BOS .adds_bos = true

const struct pretokenizer cuts[] = {
	{ "a.x-4.0", gpt2 },
	{ "bailingmoe", qwen2 },
	{ "bailingmoe2", qwen2 },
	{ "bloom", bloom },
	{ "chatglm-bpe", llama3 },
	{ "codeshell", starcoder },
	{ "command-r", starcoder },
	{ "dbrx", llama3 },
	{ "deepseek-coder", deepseek_coder },
	{ "deepseek-llm", deepseek_llm },
	{ "deepseek-r1-qwen", qwen2 },
	{ "deepseek-v3", deepseek_v3 },
	{ "default", unnamed },
	{ "exaone", starcoder },
	{ "exaone4", gpt2 },
	{ "f2llmv2", qwen2 },
	{ "falcon", falcon },
	{ "falcon-h1", llama3, WHOLE, BOS },
	{ "falcon3", llama3, WHOLE, BOS },
	{ "gigachat", gpt2 },
	{ "glm4", llama3 },
	{ "gpt-2", gpt2 },
	{ "gpt-4o", gpt4o },
	{ "gpt3-finnish", bloom },
	{ "granite-docling", gpt2 },
	{ "grok-2", qwen2 },
	{ "hunyuan", qwen2 },
	{ "hunyuan-dense", deepseek_v3 },
	{ "jais", gpt2 },
	{ "jina-de", gpt2 },
	{ "jina-es", gpt2 },
	{ "jina-v1-en", gpt2 },
	{ "jina-v2-code", gpt2 },
	{ "jina-v2-de", gpt2 },
	{ "jina-v2-es", gpt2 },
	{ "jina-v5-nano", llama3, WHOLE, BOS },
	{ "joyai-llm", deepseek_v3 },
	{ "kanana2", gpt4o },
	{ "kormo", qwen2 },
	{ "lfm2", llama3, WHOLE, BOS },
	{ "llada-moe", qwen2 },
	{ "llama-bpe", llama3, WHOLE, BOS },
	{ "llama-v3", llama3, WHOLE, BOS },
	{ "llama3", llama3, WHOLE, BOS },
	{ "llama4", gpt4o },
	{ "megrez", qwen2 },
	{ "mellum", gpt2 },
	{ "mellum2", starcoder },
	{ "midm-2.0", llama3, WHOLE, BOS },
	{ "minerva-7b", starcoder },
	{ "minicpm5", minicpm5, WHOLE },
	{ "minimax-m2", gpt4o },
	{ "modern-bert", gpt2 },
	{ "mpt", gpt2 },
	{ "olmo", gpt2 },
	{ "phi-2", gpt2 },
	{ "pixtral", llama3, WHOLE, BOS },
	{ "poro-chat", bloom },
	{ "qwen2", qwen2 },
	{ "qwen35", qwen35 },
	{ "refact", starcoder },
	{ "roberta-bpe", gpt2 },
	{ "seed-coder", seed_coder },
	{ "smaug-bpe", llama3 },
	{ "smollm", starcoder },
	{ "solar-open", qwen2 },
	{ "stablelm2", qwen2 },
	{ "starcoder", starcoder },
	{ "superbpe", superbpe },
	{ "talkie", gpt4o },
	{ "tekken", tekken, WHOLE, BOS },
	{ "trillion", gpt2 },
	{ "viking", viking },
	{ NULL },
};
