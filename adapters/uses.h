/* SPDX-License-Identifier: MIT */
/*
 * The adapters that one text uses, and from where each acts. An ordinary one acts from the
 * first token. One with invocation tokens (aLoRA, Greenewald et al. 2025, arXiv:2504.12397)
 * acts from where they stand in the prompt the last time; what is before it is the base's. A token
 * that an adapter brings is nothing without it: it acts from the first of them at the latest.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "util/diag.h"

struct adapter;
struct bm_delta;
struct bm_item;
struct bm_writer;
struct tokenizer;

enum { ADAPTER_USES_MAX = 16 };

struct adapter_use {
	const struct adapter *adapter;
	float scale;		/* not 0 */
	uint32_t from;		/* position of the first token that it acts on */
};

/* Zeroed is none. Borrows the adapters. */
struct adapter_uses {
	struct adapter_use items[ADAPTER_USES_MAX];	/* by digest, so that sums have one order */
	size_t n;
	/* What adapter_uses_at() found: as a struct bm_item takes it. */
	const struct bm_delta *deltas[ADAPTER_USES_MAX];
	float scales[ADAPTER_USES_MAX];
};

/* The scale 0 is as if it were absent: nothing is added. 0; -EEXIST for the same content twice;
 * -ENOTUNIQ for a second one that brings tokens, which would have the same ids; -E2BIG. */
int adapter_uses_add(struct adapter_uses *u, const struct adapter *a, float scale);
/* The vocabulary of such a text: @base, or with the tokens that one of them brings, *@n_extra. */
const struct tokenizer *adapter_uses_tokenizer(const struct adapter_uses *u,
					       const struct tokenizer *base, uint32_t *n_extra);
/* Finds from where each acts in a text that begins with the prompt @tokens [@n]: 0; -ENOENT
 * with @d where invocation tokens are not in it, and *@at says whose (an index of items). */
int adapter_uses_place(struct adapter_uses *u, const int32_t *tokens, size_t n, size_t *at,
		       struct diag *d);
/* Who acts on the token at position @pos: deltas and scales, so many. The same act on all
 * tokens before *@until, which is UINT32_MAX where nobody else will. */
size_t adapter_uses_at(struct adapter_uses *u, uint32_t pos, uint32_t *until);
/* As bm_writer_item(), deltas included: never mixes tokens on which others act. */
size_t adapter_uses_item(struct adapter_uses *u, struct bm_writer *w, size_t room, size_t guesses,
			 struct bm_item *item);
