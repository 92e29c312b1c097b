/* SPDX-License-Identifier: MIT */
/*
 * The merging that both tokenizers do: neighbouring symbols are joined, the best pair first
 * (of equals the leftmost), until no pair can be. With a heap: n log n for any text.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct symbol {
	const char *text;
	uint32_t len;		/* 0: joined to the one before */
	int32_t id;		/* -1: no token of its own */
	int32_t previous, next;	/* -1 at the ends */
};

/* True when @left and @right may be joined: the token and its place in the order. */
typedef bool (*merge_fn)(const void *arg, const struct symbol *left, const struct symbol *right,
			 int32_t *id, uint64_t *order);

struct candidate_pair;

struct merging {
	struct symbol *symbols;	/* [cap] */
	struct candidate_pair *heap;
	size_t n, cap, n_heap, cap_heap;
	uint64_t n_steps;	/* looks at a pair and moves in the heap, since it was zeroed */
};

void merging_deinit(struct merging *m);
void merging_reset(struct merging *m);
/* 0 or -ENOMEM. */
int merging_add(struct merging *m, const char *text, size_t len, int32_t id);
int merging_run(struct merging *m, merge_fn fn, const void *arg);
