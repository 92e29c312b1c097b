/* SPDX-License-Identifier: MIT */
/*
 * What was understood on the way to a place: slots and how well it fits. The meaning (slots
 * and values) is a number: equal meanings are equal numbers. Where each slot stands is kept
 * beside it, of the best of several ways to one meaning.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct derivation {
	uint32_t meaning;	/* 0: no slots */
	uint32_t places;
	uint16_t wildcard, literal;
};

struct capture {
	uint32_t unit;		/* the list, */
	uint32_t value;		/* and what it returned */
	uint16_t slot, start, end;
};

struct meaning {
	uint32_t before, unit, value;
	uint16_t slot, n;	/* n: slots up to here */
};

struct place {
	uint32_t before;
	struct capture capture;
};

struct derivations {
	struct meaning *meanings;
	size_t n_meanings, cap_meanings;
	uint32_t *index;	/* hash table of meanings, twice as large as needed */
	size_t n_index;
	struct place *places;
	size_t n_places, cap_places;
};

int derivations_init(struct derivations *t);
void derivations_deinit(struct derivations *t);

/* Whether @a is better than @b, which means the same: fewer wildcards, then more words. */
static inline bool derivation_better(const struct derivation *a, const struct derivation *b)
{
	return a->wildcard != b->wildcard ? a->wildcard < b->wildcard : a->literal > b->literal;
}

/* Adds a slot. 0, -ENOMEM, or -E2BIG beyond INTENT_SLOTS_MAX. */
int derivation_capture(struct derivations *t, struct derivation *d, const struct capture *c);
/* Adds all that @more has behind @d. The same results. */
int derivation_append(struct derivations *t, struct derivation *d,
		      const struct derivation *more);
/* The slots in order, at most INTENT_SLOTS_MAX; returns how many. */
size_t derivation_captures(const struct derivations *t, const struct derivation *d,
			   struct capture *ret);
