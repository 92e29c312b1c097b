/* SPDX-License-Identifier: MIT */
/* The tables of a tokenizer: tokens, their kinds and scores, merges. */
#pragma once

#include "base_model/lookup.h"
#include "base_model/tokenizer.h"

#define VOCAB_MAX_TOKEN 1024	/* bytes */

enum token_type {
	TOKEN_NORMAL = 1, TOKEN_UNKNOWN, TOKEN_CONTROL, TOKEN_USER_DEFINED, TOKEN_UNUSED,
	TOKEN_BYTE,
};

struct token {
	const char *text;	/* borrowed from the file */
	uint32_t len;
	enum token_type type;
	float score;
};

struct vocab {
	uint32_t n, longest;	/* tokens; bytes of the longest */
	struct token *tokens;
	struct lookup by_text;	/* ids */
	struct lookup by_pair;	/* ranks of merges */
	int32_t *results;	/* of merges, by rank */
	int32_t bytes[256];	/* token of each byte; -1 for one beyond ASCII without */
	int32_t bos, eos, unknown;
};

/* The tokens with what both kinds of tokenizer share; @v is zeroed before and may be
 * released after any failure. */
int vocab_read(struct vocab *v, const struct gguf *g, struct diag *d);
/* Scores, for SentencePiece; every byte needs a token <0xNN>. */
int vocab_read_scores(struct vocab *v, const struct gguf *g, struct diag *d);
/* Merges, for BPE; every byte needs a token. */
int vocab_read_merges(struct vocab *v, const struct gguf *g, struct diag *d);
void vocab_deinit(struct vocab *v);

/* -1 when there is no such token. */
int32_t vocab_find(const struct vocab *v, const char *text, size_t len);
/* False when the pair does not merge. */
bool vocab_merge(const struct vocab *v, int32_t left, int32_t right, int32_t *result,
		 uint32_t *rank);

/* The character that stands for a byte in the tokens of byte-level BPE, and back (-1). */
uint32_t bpe_char_of_byte(uint8_t byte);
int bpe_byte_of_char(uint32_t cp);
