/* SPDX-License-Identifier: MIT */
/* The tokens of texts that are to be scored, and of what stands before them. */
#pragma once

#include "base_model/base_model.h"

struct scoring_texts {
	struct token_list *items;
	size_t n, cap;
};

/* Adds the tokens of @text: with @answers, as they go on from a prompt; with @ends, the end of
 * the text behind them. 0; -ENOMEM and the errors of tokenizer_encode(). */
int scoring_texts_add(struct scoring_texts *t, const struct tokenizer *tokenizer,
		      const char *text, size_t len, bool answers, bool ends);
void scoring_texts_deinit(struct scoring_texts *t);

/* What stands before a text that has no prompt: the beginning of a text, or where the model has
 * no such token, the end of the one before. 0; -EINVAL with @d where it has neither; -ENOMEM. */
int scoring_texts_begin(struct token_list *prompt, const struct tokenizer *tokenizer,
			struct diag *d);
