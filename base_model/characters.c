/* SPDX-License-Identifier: MIT */
#include "base_model/characters.h"

#include <errno.h>
#include <stdlib.h>
#include <utf8proc.h>

#include "util/utf8.h"

#define REPLACEMENT 0xfffd

static const uint16_t class_of_category[] = {
	[UTF8PROC_CATEGORY_CN] = CHAR_OTHER,	  [UTF8PROC_CATEGORY_LU] = CHAR_UPPER,
	[UTF8PROC_CATEGORY_LL] = CHAR_LOWER,	  [UTF8PROC_CATEGORY_LT] = CHAR_UPPER,
	[UTF8PROC_CATEGORY_LM] = CHAR_CASELESS,	  [UTF8PROC_CATEGORY_LO] = CHAR_CASELESS,
	[UTF8PROC_CATEGORY_MN] = CHAR_MARK,	  [UTF8PROC_CATEGORY_MC] = CHAR_MARK,
	[UTF8PROC_CATEGORY_ME] = CHAR_MARK,	  [UTF8PROC_CATEGORY_ND] = CHAR_DIGIT,
	[UTF8PROC_CATEGORY_NL] = CHAR_NUMERAL,	  [UTF8PROC_CATEGORY_NO] = CHAR_NUMERAL,
	[UTF8PROC_CATEGORY_PC] = CHAR_PUNCTUATION, [UTF8PROC_CATEGORY_PD] = CHAR_PUNCTUATION,
	[UTF8PROC_CATEGORY_PS] = CHAR_PUNCTUATION, [UTF8PROC_CATEGORY_PE] = CHAR_PUNCTUATION,
	[UTF8PROC_CATEGORY_PI] = CHAR_PUNCTUATION, [UTF8PROC_CATEGORY_PF] = CHAR_PUNCTUATION,
	[UTF8PROC_CATEGORY_PO] = CHAR_PUNCTUATION, [UTF8PROC_CATEGORY_SM] = CHAR_SYMBOL,
	[UTF8PROC_CATEGORY_SC] = CHAR_SYMBOL,	  [UTF8PROC_CATEGORY_SK] = CHAR_SYMBOL,
	[UTF8PROC_CATEGORY_SO] = CHAR_SYMBOL,	  [UTF8PROC_CATEGORY_ZS] = CHAR_SPACE,
	[UTF8PROC_CATEGORY_ZL] = CHAR_SPACE,	  [UTF8PROC_CATEGORY_ZP] = CHAR_SPACE,
	[UTF8PROC_CATEGORY_CC] = CHAR_OTHER,	  [UTF8PROC_CATEGORY_CF] = CHAR_OTHER,
	[UTF8PROC_CATEGORY_CS] = CHAR_OTHER,	  [UTF8PROC_CATEGORY_CO] = CHAR_OTHER,
};

static uint16_t class_of(uint32_t cp)
{
	uint16_t class;

	if (cp == '\r' || cp == '\n')
		return CHAR_NEWLINE;
	/* The other white space among the control characters. */
	if (cp == '\t' || cp == '\v' || cp == '\f' || cp == 0x85)
		return CHAR_SPACE;
	class = class_of_category[utf8proc_category((utf8proc_int32_t)cp)];
	return class == CHAR_SYMBOL && cp < 0x80 ? CHAR_ASCII_SYMBOL : class;
}

int characters_init(struct characters *c, const char *text, size_t len)
{
	size_t size;

	*c = (struct characters)CHARACTERS_NULL;
	c->cps = reallocarray(NULL, len + 1, sizeof(*c->cps));
	c->offsets = reallocarray(NULL, len + 1, sizeof(*c->offsets));
	c->classes = reallocarray(NULL, len + 1, sizeof(*c->classes));
	if (!c->cps || !c->offsets || !c->classes)
		return -ENOMEM;
	for (size_t at = 0; at < len; at += size, c->n++) {
		uint32_t cp = utf8_decode(text + at, len - at, &size);

		c->offsets[c->n] = (uint32_t)at;
		c->cps[c->n] = cp == UTF8_INVALID ? REPLACEMENT : cp;
		c->classes[c->n] = class_of(c->cps[c->n]);
	}
	c->offsets[c->n] = (uint32_t)len;
	return 0;
}

void characters_deinit(struct characters *c)
{
	free(c->cps);
	free(c->offsets);
	free(c->classes);
	*c = (struct characters)CHARACTERS_NULL;
}
