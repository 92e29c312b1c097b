/* SPDX-License-Identifier: MIT */
/* Small vocabularies that know every byte, for tests of tokenizers. */
#pragma once

#include "base_model/base_model.h"
#include "base_model/gguf-write.h"

enum {
	VOCABULARY_UNKNOWN,	/* control tokens come first */
	VOCABULARY_BOS,
	VOCABULARY_EOS,
	VOCABULARY_SPECIALS,
};

/* A SentencePiece vocabulary with byte fallback and a token "[TOOL]" that users may write. */
struct gguf *vocabulary_sentencepiece(bool space_first);
/* A byte-level one with merges; @pre names how it cuts words, or NULL: the file gives an
 * expression for it. */
struct gguf *vocabulary_bpe(const char *pre);
/* One of the two, with what @keys writes beside it. */
struct gguf *vocabulary_with(bool bpe, const char *architecture,
			     void (*keys)(struct gguf_writer *w));
/* A file that has @n strings, which are @ret. */
struct gguf *vocabulary_texts(const char *const *texts, size_t n, struct gguf_array *ret);
