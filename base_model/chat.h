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

/* Labels of the segments: the template's own text, what messages have of the task's, and the rest
 * of them. */
enum { CHAT_TEMPLATE, CHAT_TASK, CHAT_DATA };

/* Text of the task within a message, in bytes of its content. */
struct chat_own {
	size_t message;
	struct token_span span;
};

struct chat_input {
	const json_t *messages;		/* [{"role": …, "content": …}] */
	const struct chat_own *own;	/* [n_own], ascending */
	size_t n_own;
	const json_t *variables;	/* more variables of the template, an object, or NULL */
	const char *bos, *eos;		/* spelling of these tokens; NULL: empty */
	const char *date;		/* YYYY-MM-DD for templates that ask, or NULL */
};

/*
 * Renders @source over the conversation, asking for the assistant's turn. What messages and
 * variables hold is data; only the roles, which are checked to be plain words, and bos and
 * eos are the template's, and @own is the task's. 0; -EINVAL with @d, also when the template
 * refuses the conversation; -ENOMEM.
 */
int chat_render(struct jinja_output **ret, const char *source, size_t len,
		const struct chat_input *input, struct diag *d);
/* The template in a model's metadata: 0, GGUF_E_ABSENT, -EINVAL. */
int chat_template_of(const struct gguf *g, const char **source, size_t *len, struct diag *d);
/* The prompt's tokens: control tokens from the template's segments and from no other; tokens that
 * extend the vocabulary from the task's, too. 0 or the error of tokenizer_encode(). */
int chat_tokenize(const struct tokenizer *t, const struct jinja_output *prompt,
		  struct token_list *out);
/*
 * The tokens of a conversation by a model's own template, with the spelling of its own tokens,
 * whatever bos and eos @input has. Where the model has no template, contents are read one after
 * the other with an empty line between them. 0, or an error of the above.
 */
int chat_encode(struct token_list *out, const struct gguf *g, const struct tokenizer *t,
		const struct chat_input *input, struct diag *d);
