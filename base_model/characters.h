/* SPDX-License-Identifier: MIT */
/* A text as code points and the classes that the expressions of tokenizers tell apart. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Each character has one of these; the general categories of Unicode, as far as needed. */
enum {
	CHAR_UPPER = 1 << 0,		/* Lu, Lt */
	CHAR_LOWER = 1 << 1,		/* Ll */
	CHAR_CASELESS = 1 << 2,		/* Lm, Lo */
	CHAR_MARK = 1 << 3,		/* M */
	CHAR_DIGIT = 1 << 4,		/* Nd */
	CHAR_NUMERAL = 1 << 5,		/* Nl, No */
	CHAR_PUNCTUATION = 1 << 6,	/* P */
	CHAR_SYMBOL = 1 << 7,		/* S beyond ASCII, and bytes that are no UTF-8 */
	CHAR_ASCII_SYMBOL = 1 << 8,	/* $+<=>^`|~ */
	CHAR_SPACE = 1 << 9,		/* White_Space, but for the next */
	CHAR_NEWLINE = 1 << 10,		/* \r \n */
	CHAR_OTHER = 1 << 11,		/* C */

	CHAR_LETTER = CHAR_UPPER | CHAR_LOWER | CHAR_CASELESS,	/* \p{L} */
	CHAR_NUMBER = CHAR_DIGIT | CHAR_NUMERAL,		/* \p{N} */
	CHAR_SIGN = CHAR_PUNCTUATION | CHAR_SYMBOL | CHAR_ASCII_SYMBOL, /* \p{P}\p{S} */
	CHAR_WHITE = CHAR_SPACE | CHAR_NEWLINE,			/* \s */
	CHAR_ALL = (1 << 12) - 1,
};

struct characters {
	uint32_t *cps;		/* [n]; a byte that is no UTF-8 is U+FFFD */
	uint32_t *offsets;	/* [n + 1]: where each begins, in bytes; then the length */
	uint16_t *classes;	/* [n] */
	size_t n;
	uint64_t n_steps;	/* characters that cutting has looked at */
};

#define CHARACTERS_NULL { 0 }

/* @len below 2^31. 0 or -ENOMEM. */
int characters_init(struct characters *c, const char *text, size_t len);
void characters_deinit(struct characters *c);
