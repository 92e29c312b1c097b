/* SPDX-License-Identifier: MIT */
#include "assistantd/engine/scoring-texts.h"

#include <errno.h>
#include <stdlib.h>

#include "util/macro.h"

int scoring_texts_add(struct scoring_texts *t, const struct tokenizer *tokenizer,
		      const char *text, size_t len, bool answers, bool ends)
{
	struct token_list *tokens;
	int r;

	if (t->n == t->cap) {
		size_t cap = MAX(2 * t->cap, (size_t)16);
		struct token_list *grown = reallocarray(t->items, cap, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		t->items = grown;
		t->cap = cap;
	}
	tokens = &t->items[t->n++];
	*tokens = (struct token_list)TOKEN_LIST_NULL;
	r = tokenizer_encode(tokenizer, text, len, answers ? TOKENIZE_CONTINUES : 0, tokens);
	if (r == 0 && ends && tokenizer_eos(tokenizer) >= 0)
		r = token_list_add(tokens, tokenizer_eos(tokenizer));
	return r;
}

void scoring_texts_deinit(struct scoring_texts *t)
{
	while (t->n)
		token_list_deinit(&t->items[--t->n]);
	free(t->items);
	*t = (struct scoring_texts){ 0 };
}

int scoring_texts_begin(struct token_list *prompt, const struct tokenizer *tokenizer,
			struct diag *d)
{
	int r = tokenizer_encode(tokenizer, "", 0, TOKENIZE_BOS, prompt);

	if (r < 0 || prompt->n)
		return r;
	if (tokenizer_eos(tokenizer) < 0)
		return diag_set(d, -EINVAL, DIAG_VOCAB, "tokenizer.ggml",
				"neither a beginning nor an end of texts has a token");
	return token_list_add(prompt, tokenizer_eos(tokenizer));
}
