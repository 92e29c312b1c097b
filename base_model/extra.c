/* SPDX-License-Identifier: MIT */
#include "base_model/extra.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "util/utf8.h"

#define MAX_TEXT 64	/* bytes of a token */

/* Neither blanks nor what a reader does not see: a token is shown as its text. */
static bool is_visible(const char *text, size_t len)
{
	size_t size;

	for (size_t at = 0; at < len; at += size) {
		uint32_t cp = utf8_decode(text + at, len - at, &size);

		if (cp == UTF8_INVALID)
			return false;
		switch (utf8proc_category((utf8proc_int32_t)cp)) {
		case UTF8PROC_CATEGORY_CN:
		case UTF8PROC_CATEGORY_CC:
		case UTF8PROC_CATEGORY_CF:
		case UTF8PROC_CATEGORY_CS:
		case UTF8PROC_CATEGORY_CO:
		case UTF8PROC_CATEGORY_ZS:
		case UTF8PROC_CATEGORY_ZL:
		case UTF8PROC_CATEGORY_ZP:
			return false;
		default:
			break;
		}
	}
	return true;
}

static int read_texts(struct extra *e, const struct gguf_array *texts, const char *field,
		      struct diag *d)
{
	struct gguf_strings s;
	const char *text;
	size_t len, used = 0;

	gguf_strings_init(&s, texts);
	while (gguf_strings_next(&s, &text, &len)) {
		uint32_t i = e->vocab.n++;

		if (len < 1 || len > MAX_TEXT)
			return diag_set(d, -EINVAL, DIAG_LIMIT, field,
					"token %u has %zu bytes, expected 1 to %d", i, len,
					MAX_TEXT);
		if (!is_visible(text, len))
			return diag_set(d, -EINVAL, DIAG_VOCAB, field,
					"token %u is not printable UTF-8 without blanks", i);
		memcpy(e->text + used, text, len);
		e->vocab.tokens[i] = (struct token){ e->text + used, (uint32_t)len,
						     TOKEN_USER_DEFINED, 0.0f };
		used += len;
	}
	return 0;
}

static int check_unique(const struct extra *e, const char *field, struct diag *d)
{
	const struct token *tokens = e->vocab.tokens;

	for (size_t i = 1; i < e->whole.n; i++) {
		uint32_t a = e->whole.ids[i - 1], b = e->whole.ids[i];

		if (tokens[a].len == tokens[b].len &&
		    memcmp(tokens[a].text, tokens[b].text, tokens[a].len) == 0)
			return diag_set(d, -EINVAL, DIAG_VOCAB, field,
					"tokens %u and %u are the same", a, b);
	}
	return 0;
}

int extra_read(struct extra *e, const struct gguf_array *texts, const char *field, struct diag *d)
{
	int r;

	if (texts->count < 1 || texts->count > TOKENIZER_MAX_EXTRA)
		return diag_set(d, -EINVAL, DIAG_RANGE, field, "%llu tokens, expected 1 to %d",
				(unsigned long long)texts->count, TOKENIZER_MAX_EXTRA);
	e->vocab.tokens = calloc(texts->count, sizeof(*e->vocab.tokens));
	e->text = malloc(texts->count * MAX_TEXT);
	if (!e->vocab.tokens || !e->text)
		return diag_set(d, -ENOMEM, DIAG_SYSTEM, field, "out of memory");
	r = read_texts(e, texts, field, d);
	if (r < 0)
		return r;
	if (whole_init(&e->whole, &e->vocab) < 0)
		return diag_set(d, -ENOMEM, DIAG_SYSTEM, field, "out of memory");
	return check_unique(e, field, d);
}

void extra_deinit(struct extra *e)
{
	whole_deinit(&e->whole);
	vocab_deinit(&e->vocab);
	free(e->text);
	e->text = NULL;
}
