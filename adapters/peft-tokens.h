/* SPDX-License-Identifier: MIT */
/* New tokens of a PEFT folder: rows of an embedding that was resized, and their names. */
#pragma once

#include <jansson.h>

#include "adapters/peft-tensors.h"

/* Texts by id, from the vocabulary's end on. */
struct peft_tokens {
	uint32_t first;		/* id of the first */
	char *texts[TOKENIZER_MAX_EXTRA];	/* or NULL */
	uint32_t n;		/* as many have rows */
};

/*
 * Reads the names that a tokenizer's file gives to ids from @t->first on: @name is one of
 * added_tokens.json, tokenizer_config.json and tokenizer.json; others say nothing. 0; -EINVAL
 * with @d; -ENOMEM. To be released after any failure.
 */
int peft_tokens_read(struct peft_tokens *t, const char *name, const char *text, size_t len,
		     struct diag *d);
/*
 * Checks that the rows of the base's own tokens are the base's, as exactly as its type of
 * weights can hold them, and that the others are those with names, and adds them to @out as
 * token_embd.extra and output.extra [new tokens][dim].
 */
int peft_tokens_add(struct peft_tokens *t, struct peft_tensors *out, const struct bm_model *m,
		    const struct peft_pairs *pairs, struct diag *d);
void peft_tokens_deinit(struct peft_tokens *t);
