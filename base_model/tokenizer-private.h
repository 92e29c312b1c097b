/* SPDX-License-Identifier: MIT */
/* What encoding and decoding share. */
#pragma once

#include "base_model/extra.h"
#include "base_model/pretokenize.h"
#include "base_model/tokenizer.h"
#include "base_model/vocab.h"
#include "base_model/whole.h"

#define SPACE_MARK "\xe2\x96\x81"	/* U+2581, a space in SentencePiece */

enum {
	TRAIT_END = 1,		/* ends a turn or the text */
	TRAIT_STRIPS = 2,	/* white space behind it is not text */
};

struct tokenizer {
	struct vocab vocab;
	struct whole whole;
	const struct pretokenizer *pre;	/* NULL: SentencePiece */
	struct pretokenizer *own_pre;	/* @pre, where the file gives its expressions */
	bool adds_bos, adds_eos;
	bool adds_space;		/* before text, SentencePiece only */
	bool joins_spaces;		/* several are one, none stands first or last */
	uint8_t *traits;		/* [vocab.n] */
	struct extra extra;
	bool extends;			/* all but @extra is another one's */
};

/* NULL outside the vocabulary. */
static inline const struct token *token_of(const struct tokenizer *t, int32_t id)
{
	uint32_t at = (uint32_t)id;

	if (id < 0 || at >= t->vocab.n + t->extra.vocab.n)
		return NULL;
	return at < t->vocab.n ? &t->vocab.tokens[at] : &t->extra.vocab.tokens[at - t->vocab.n];
}

/* The token that text of exactly these bytes is, of byte-level BPE; -1 where there is none. */
int32_t find_word(const struct tokenizer *t, const char *word, size_t len);
