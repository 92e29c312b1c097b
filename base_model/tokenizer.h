/* SPDX-License-Identifier: MIT */
/*
 * Text to token ids and back, by the tables of a GGUF file: SentencePiece with scores and
 * byte fallback ("llama"), or byte-level BPE ("gpt2"). Time is linear in the text, but for
 * the logarithm of a heap, whatever the text is.
 *
 * Text never becomes control tokens, unless the caller asks for that with TOKENIZE_SPECIAL.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base_model/gguf.h"
#include "util/buf.h"
#include "util/cleanup.h"
#include "util/diag.h"

struct tokenizer;

enum {
	TOKENIZE_SPECIAL = 1,	/* the text is a template's: control tokens are recognised, and
				 * those that extend the vocabulary */
	TOKENIZE_BOS = 2,	/* put the beginning-of-text token first, if the model wants it */
	TOKENIZE_CONTINUES = 4,	/* text goes on from the tokens before: no space is put before it,
				 * unless the last of them is a control or added token */
	TOKENIZE_EOS = 8,	/* put the end-of-text token last, if the model wants it */
};

struct token_list {
	int32_t *ids;
	size_t n, cap;
};

#define TOKEN_LIST_NULL { 0 }

/* Part of a text, in bytes. */
struct token_span {
	size_t from, to;
};

void token_list_deinit(struct token_list *list);
/* 0 or -ENOMEM. */
int token_list_add(struct token_list *list, int32_t id);

/* Borrows @g's bytes. 0; -EINVAL with @d for tables that are missing or inconsistent, or a
 * kind of tokenizer that we do not have, naming it; -ENOMEM. */
int tokenizer_new(struct tokenizer **ret, const struct gguf *g, struct diag *d);
struct tokenizer *tokenizer_free(struct tokenizer *t);
DEFINE_CLEANUP(struct tokenizer *, tokenizer_free)

#define TOKENIZER_MAX_EXTRA 1024	/* tokens that one adapter may bring */

/*
 * @base with tokens of its own, numbered from its last on, which stand for their @texts, an array
 * of strings: 1 to TOKENIZER_MAX_EXTRA of 1 to 64 bytes, printable UTF-8 without blanks, each
 * given once and none of them spelled as a token of @base is. They are recognised in templates,
 * and where tokenizer_encode_own() is told to. @base, which is not extended itself, must outlive
 * it. 0; -EINVAL with @field in @d; -ENOMEM.
 */
int tokenizer_extend(struct tokenizer **ret, const struct tokenizer *base,
		     const struct gguf_array *texts, const char *field, struct diag *d);

/* Appends the tokens of @text to @out; bytes that are not UTF-8 are tokenized as bytes.
 * 0; -EINVAL beyond 64 MiB; -ELOOP when expressions that the file gives for its words take too
 * many steps on it; -ENOMEM. */
int tokenizer_encode(const struct tokenizer *t, const char *text, size_t len, unsigned flags,
		     struct token_list *out);
/* As tokenizer_encode(); tokens that extend the vocabulary are recognised in the spans @own
 * [n_own], which ascend and do not overlap, too. */
int tokenizer_encode_own(const struct tokenizer *t, const char *text, size_t len, unsigned flags,
			 const struct token_span *own, size_t n_own, struct token_list *out);
/* Appends the bytes that a token stands for: none for control tokens. 0; -EINVAL for an id
 * outside the vocabulary; -ENOMEM. */
int tokenizer_piece(const struct tokenizer *t, int32_t id, struct buf *out);
/* The text of a list of tokens, without the space that encoding puts before it. */
int tokenizer_decode(const struct tokenizer *t, const int32_t *ids, size_t n, struct buf *out);

/* Those that extend the vocabulary included. */
uint32_t tokenizer_n_tokens(const struct tokenizer *t);
/* -1 where the model has none. */
int32_t tokenizer_bos(const struct tokenizer *t);
int32_t tokenizer_eos(const struct tokenizer *t);
/* The token's name as the file spells it; false outside the vocabulary. */
bool tokenizer_name(const struct tokenizer *t, int32_t id, const char **name, size_t *len);
/* True for tokens that end a turn or the text. */
bool tokenizer_is_end(const struct tokenizer *t, int32_t id);
