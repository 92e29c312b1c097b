/* SPDX-License-Identifier: MIT */
/*
 * The prompt of a conversation, by the model's chat template: a list of segments of which
 * only the template's own are parsed for control tokens.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "base_model/tokenizer.h"
#include "util/cleanup.h"
#include "util/diag.h"
#include "util/jinja.h"

enum { CHAT_TEMPLATE, CHAT_DATA };	/* labels of the segments */

struct chat_input {
	const json_t *messages;		/* [{"role": …, "content": …}] */
	const json_t *variables;	/* more variables of the template, an object, or NULL */
	const char *bos, *eos;		/* spelling of these tokens; NULL: empty */
	const char *date;		/* YYYY-MM-DD for templates that ask, or NULL */
};

/*
 * Renders @source over the conversation, asking for the assistant's turn. What messages and
 * variables hold is data; only the roles, which are checked to be plain words, and bos and
 * eos are the template's. 0; -EINVAL with @d, also when the template refuses the
 * conversation; -ENOMEM.
 */
int chat_render(struct jinja_output **ret, const char *source, size_t len,
		const struct chat_input *input, struct diag *d);
/* The template in a model's metadata: 0, GGUF_E_ABSENT, -EINVAL. */
int chat_template_of(const struct gguf *g, const char **source, size_t *len, struct diag *d);
/* The prompt's tokens: control tokens from the template's segments and from no other.
 * 0 or the error of tokenizer_encode(). */
int chat_tokenize(const struct tokenizer *t, const struct jinja_output *prompt,
		  struct token_list *out);
/*
 * All of that for a model: the tokens of @messages by its own template, with the spelling of
 * its own tokens. 0; GGUF_E_ABSENT where it has no template; else as the above.
 */
int chat_encode(struct token_list *out, const struct gguf *g, const struct tokenizer *t,
		const json_t *messages, const char *date, struct diag *d);
