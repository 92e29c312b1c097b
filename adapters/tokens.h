/* SPDX-License-Identifier: MIT */
/*
 * Tokens that an adapter brings, for functions that it was taught: they exist for requests that
 * use it and for no others, with the ids from the base's n_vocab on. In its file:
 *
 *   assistantd.tokens.text   what they stand for, an array of strings; which they may be,
 *                            see tokenizer_extend()
 *   token_embd.extra         ne = [dim, n], their rows of the embedding
 *   output.extra             ne = [dim, n], their rows of the output matrix; where the base
 *                            ties both, it may be left out and is the other one
 *
 * of F32, F16 or BF16. They are recognised in what a task's own prompt says, never in a user's
 * text, and are shown as their text. No scale changes them, but with a scale of 0 there are none.
 */
#pragma once

#include <stdbool.h>

#include "util/diag.h"

struct bm_delta;
struct bm_model;
struct gguf;
struct tokenizer;

/* True for a tensor of theirs. */
bool tokens_tensor(const char *name);
/* Adds them to @delta, and makes *@ret the vocabulary of @m with them, which is NULL where the
 * file has none. 0; -EINVAL with @d; -ENOMEM. */
int tokens_read(struct tokenizer **ret, struct bm_delta *delta, const struct gguf *g,
		const struct bm_model *m, struct diag *d);
