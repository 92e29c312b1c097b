/* SPDX-License-Identifier: MIT */
/* Tokens beyond a file's vocabulary, recognised as a whole where that is asked for. */
#pragma once

#include "base_model/vocab.h"
#include "base_model/whole.h"

struct extra {
	struct vocab vocab;	/* tokens and their number, nothing else */
	struct whole whole;
	char *text;		/* that they borrow */
};

/* From an array of strings; which they may be, see tokenizer_extend(). @e is zeroed before and
 * may be released after any failure. 0; -EINVAL with @field in @d; -ENOMEM. */
int extra_read(struct extra *e, const struct gguf_array *texts, const char *field, struct diag *d);
void extra_deinit(struct extra *e);
