/* SPDX-License-Identifier: MIT */
/*
 * The first byte chooses one of the vocabularies, the second the flags, the rest is the text.
 * What is encoded is decoded to the same bytes, and text alone never becomes a control token.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "tests/vocabulary.h"
#include "util/macro.h"

static const char *const cuts[] = {
	"gpt-2", "llama-bpe", "qwen2", "smollm", "deepseek-coder", "qwen35", "seed-coder",
	"minicpm5", "tekken", "gpt-4o", "deepseek-v3", "deepseek-llm", "falcon", "default", "bloom",
	"viking", "superbpe", NULL,	/* the last: by an expression that the file gives */
};

enum { SENTENCEPIECE, SENTENCEPIECE_SPACE, KINDS = 2 + ARRAY_SIZE(cuts) };

static struct tokenizer *tokenizer_of(unsigned kind)
{
	static struct tokenizer *made[KINDS];
	static struct gguf *files[KINDS];	/* which they borrow */

	if (!made[kind]) {
		files[kind] = kind < 2 ? vocabulary_sentencepiece(kind == SENTENCEPIECE_SPACE) :
					 vocabulary_bpe(cuts[kind - 2]);
		if (tokenizer_new(&made[kind], files[kind], NULL) < 0)
			abort();
	}
	return made[kind];
}

/* SentencePiece writes a space as U+2581, so the two are one. */
static size_t as_decoded(unsigned kind, const char *text, size_t len, char *to)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (kind < 2 && len - i >= 3 && memcmp(text + i, "\xe2\x96\x81", 3) == 0) {
			to[n++] = ' ';
			i += 2;
		} else {
			to[n++] = text[i];
		}
	}
	return n;
}

static void check_text(unsigned kind, const struct token_list *list, const char *text, size_t len)
{
	_cleanup_(buf_deinit) struct buf back = BUF_NULL;
	_cleanup_free_ char *expected = malloc(len + 1);
	size_t n;

	/* After a token that users may write, the text begins anew, with its space. */
	if (kind == SENTENCEPIECE_SPACE && memmem(text, len, "[TOOL]", 6))
		return;
	if (!expected || tokenizer_decode(tokenizer_of(kind), list->ids, list->n, &back) < 0)
		abort();
	n = as_decoded(kind, text, len, expected);
	if (back.len != n || (n && memcmp(back.data, expected, n) != 0))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(token_list_deinit) struct token_list list = TOKEN_LIST_NULL;
	const struct tokenizer *t;
	unsigned kind, flags;
	size_t first;

	if (size < 2)
		return 0;
	kind = data[0] % KINDS;
	flags = data[1] & (TOKENIZE_SPECIAL | TOKENIZE_BOS | TOKENIZE_CONTINUES);
	t = tokenizer_of(kind);
	if (tokenizer_encode(t, (const char *)data + 2, size - 2, flags, &list) < 0)
		abort();
	first = flags & TOKENIZE_BOS && list.n && list.ids[0] == VOCABULARY_BOS;
	for (size_t i = first; i < list.n; i++)
		if (list.ids[i] < (flags & TOKENIZE_SPECIAL ? 0 : VOCABULARY_SPECIALS) ||
		    (uint32_t)list.ids[i] >= tokenizer_n_tokens(t))
			abort();
	/* Decoding a text that continues would drop its first space. */
	if (!(flags & (TOKENIZE_SPECIAL | TOKENIZE_CONTINUES)))
		check_text(kind, &list, (const char *)data + 2, size - 2);
	return 0;
}
