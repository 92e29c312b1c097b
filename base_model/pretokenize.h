/* SPDX-License-Identifier: MIT */
/* Cutting text into the words that byte-level BPE merges within. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/cleanup.h"
#include "util/diag.h"

struct pretokenizer;

/* By the name in tokenizer.ggml.pre, or NULL. */
const struct pretokenizer *pretokenizer_find(const char *name, size_t len);
/* By regular expressions, each of which cuts the pieces of the one before: what matches is a
 * piece, and so is what stands between. 0; -EINVAL with @d, whose field is @field; -ENOMEM. */
int pretokenizer_new(struct pretokenizer **ret, const char *const *expressions, size_t n,
		     bool ignores_merges, const char *field, struct diag *d);
/* Of one that pretokenizer_new() made. */
struct pretokenizer *pretokenizer_free(struct pretokenizer *p);
DEFINE_CLEANUP(struct pretokenizer *, pretokenizer_free)
/* Whole words that are tokens are taken as such, without merging. */
bool pretokenizer_ignores_merges(const struct pretokenizer *p);
/* Whether models with it want a beginning-of-text token where the file does not say. */
bool pretokenizer_adds_bos(const struct pretokenizer *p);

struct words {
	uint32_t *ends;		/* ascending offsets in bytes; the last is the text's length */
	size_t n;
	uint64_t n_steps;	/* characters that were looked at, or steps of an expression */
};

void words_deinit(struct words *w);
/* @len below 2^31. 0; -ELOOP when given expressions take more steps than this text
 * allows; -ENOMEM. */
int pretokenize(const struct pretokenizer *p, const char *text, size_t len, struct words *ret);
