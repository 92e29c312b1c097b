/* SPDX-License-Identifier: MIT */
/*
 * Data table: the expressions of tokenizers as their makers published them, and the names of
 * files for each. Written once more, independently of the passes that stand for them.
 */
#pragma once

#include <stddef.h>

#define GPT2 "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"
#define SHORT "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
#define WHITE "\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
#define LLAMA3(digits)                                                            \
	SHORT "|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}" digits                      \
	"| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|" WHITE
#define UPPER "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]"
#define LOWER "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]"
#define CASED(suffix, digits)                                                     \
	"[^\\r\\n\\p{L}\\p{N}]?" UPPER "*" LOWER "+" suffix                       \
	"|[^\\r\\n\\p{L}\\p{N}]?" UPPER "+" LOWER "*" suffix                      \
	"|\\p{N}" digits "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|" WHITE
#define ASIAN "[\\x{4e00}-\\x{9fa5}\\x{800}-\\x{4e00}\\x{ac00}-\\x{d7ff}]+"
#define CASED_LETTERS                                                             \
	"A-Za-zµÀ-ÖØ-öø-ƺƼ-ƿǄ-ʓʕ-ʯͰ-ͳͶͷͻ-ͽͿΆΈ-ΊΌΎ-ΡΣ-ϵϷ-ҁҊ-ԯԱ-ՖႠ-ჅᎠ-Ᏽᏸ-ᏽᲐ-ᲺᲽ-Ჿ"         \
	"ᴀ-ᴫᵫ-ᵷᵹ-ᶚḀ-ἕἘ-Ἕἠ-ὅὈ-Ὅὐ-ὗὙὛὝ\\x{1f5f}-\\x{1f7d}ᾀ-ᾴᾶ-ᾼ\\x{1fbe}ῂ-ῄῆ-ῌ"             \
	"\\x{1fd0}-\\x{1fd3}\\x{1fd6}-\\x{1fdb}ῠ-Ῥῲ-ῴῶ-ῼℂℇℊ-ℓℕℙ-ℝℤ\\x{2126}ℨ\\x{212a}-ℭ"   \
	"ℯ-ℴℹℼ-ℿⅅ-ⅉⅎↃↄⰀ-ⱻⱾ-ⳤⳫ-ⳮⳲⳳꙀ-ꙭꚀ-ꚛꜢ-ꝯꝱ-ꞇꞋ-ꞎꭰ-ꮿﬀ-ﬆﬓ-ﬗＡ-Ｚａ-ｚ"                    \
	"𐐀-𐑏𐒰-𐓓𐓘-𐓻𐲀-𐲲𐳀-𐳲𑢠-𑣟𞤀-𞥃"

struct expressions {
	const char *names[24];
	const char *expressions[7];
};

static const struct expressions published[] = {
	{ { "gpt-2", "phi-2", "mpt", "olmo", "jais", "trillion", "granite-docling", "exaone4",
	    "gigachat", "a.x-4.0", "mellum", "modern-bert", "roberta-bpe", "jina-es", "jina-de",
	    "jina-v1-en", "jina-v2-es", "jina-v2-de", "jina-v2-code" },
	  { GPT2 } },
	{ { "llama-bpe", "llama3", "llama-v3", "falcon3", "falcon-h1", "pixtral", "midm-2.0",
	    "lfm2", "jina-v5-nano", "dbrx", "smaug-bpe", "glm4", "chatglm-bpe" },
	  { LLAMA3("{1,3}") } },
	{ { "qwen2", "deepseek-r1-qwen", "kormo", "f2llmv2", "megrez", "stablelm2", "hunyuan",
	    "solar-open", "grok-2" },
	  { LLAMA3("") } },
	{ { "bailingmoe", "bailingmoe2", "llada-moe" },
	  { "'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}+|\\p{N}"
	    "| ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*|\\s*[\\r\\n]|\\s+(?!\\S)|\\s+" } },
	{ { "qwen35" },
	  { SHORT "|[^\\r\\n\\p{L}\\p{N}]?[\\p{L}\\p{M}]+|\\p{N}"
	    "| ?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*|" WHITE } },
	{ { "seed-coder" },
	  { SHORT "|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1}| ?[^\\s\\p{L}\\p{N}\\r\\n]+|" WHITE } },
	{ { "minicpm5" }, { "\\p{N}{1,3}", LLAMA3("+") } },
	{ { "starcoder", "refact", "command-r", "smollm", "codeshell", "exaone", "minerva-7b",
	    "mellum2" },
	  { "\\p{N}", GPT2 } },
	{ { "tekken" }, { CASED("", "") } },
	{ { "gpt-4o", "llama4", "kanana2", "talkie", "minimax-m2" },
	  { CASED(SHORT "?", "{1,3}") } },
	{ { "deepseek-v3", "hunyuan-dense", "joyai-llm" },
	  { "\\p{N}{1,3}", "[\\x{4e00}-\\x{9fa5}\\x{3040}-\\x{309f}\\x{30a0}-\\x{30ff}]+",
	    "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+"
	    "|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r\\n]*|" WHITE } },
	{ { "deepseek-coder" }, { "[\\r\\n]", "\\s?\\p{L}+", "\\s?\\p{P}+", ASIAN, "\\p{N}" } },
	{ { "deepseek-llm" },
	  { "[\\r\\n]", "\\s?[" CASED_LETTERS "]+", "\\s?[!-/:-~！-／：-～‘-‟\\x{3000}-。]+",
	    "\\s+$", ASIAN, "\\p{N}+" } },
	{ { "falcon" }, { "[\\p{P}$+<=>^~|`]+", GPT2, "[0-9][0-9][0-9]" } },
	{ { "default" }, { "[\\p{P}$+<=>^~|]+", GPT2, "\\p{N}+", "[0-9][0-9][0-9]" } },
	{ { "bloom", "poro-chat", "gpt3-finnish" }, { " ?[^(\\s|.,!?…。，、।۔،)]+" } },
	{ { "viking" }, { " ?[^(\\s|.,!?…。，、।۔،)]+", "\\p{N}" } },
	{ { "superbpe" }, { "\\p{N}+", "(?=(\\d{3})+(?!\\d))" } },
};
