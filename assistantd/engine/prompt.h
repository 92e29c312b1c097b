/* SPDX-License-Identifier: MIT */
/* The tokens of a request: its turns by the model's chat template, fitted to the context. */
#pragma once

#include "assistantd/ipc/ipc.h"
#include "base_model/base_model.h"

enum { PROMPT_E_TOO_LONG = 1 };

struct prompt {
	struct token_list tokens;
	struct engine_counted counted;
	uint32_t max_answer;	/* tokens that the answer may have */
	/* Of @tokens, the first ones that are the same whatever stands behind the fixed
	 * segments, in whole pages of the KV cache. */
	uint32_t n_fixed;
};

/*
 * Renders the turns of @start and counts them, by @t, the vocabulary of its adapters; segments
 * that may give way are cut, lowest priority first, until prompt and answer fit @context tokens.
 * @start's texts change then. 0; PROMPT_E_TOO_LONG with @ret->counted; -EINVAL with @d when the
 * template refuses the turns; -ENOMEM.
 */
int prompt_build(struct prompt *ret, const struct bm_model *m, const struct tokenizer *t,
		 uint32_t context, struct engine_start *start, struct diag *d);
void prompt_deinit(struct prompt *p);
