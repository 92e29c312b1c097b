/* SPDX-License-Identifier: MIT */
/*
 * Numbers by 64-bit keys, made once. Sorted, so that no choice of keys makes it slow, with an
 * index by the keys' highest bits, so that keys of a good hash are found at once.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lookup_entry {
	uint64_t key;
	uint32_t value;
};

/* Orders entries of one key: negative, 0, positive. */
typedef int (*lookup_order)(const void *arg, uint32_t a, uint32_t b);

struct lookup {
	struct lookup_entry *entries;	/* [n], by key, then by the order */
	uint32_t *begins;		/* where the keys of each beginning do; then @n */
	unsigned bits;
	uint32_t n;
};

/* Takes over @entries, in any order; @order NULL: by value. 0 or -ENOMEM. */
int lookup_init(struct lookup *l, struct lookup_entry *entries, uint32_t n, lookup_order order,
		const void *arg);
void lookup_deinit(struct lookup *l);
/* @n entries in their order, among which are all of @key: one or two where keys are a hash. */
const struct lookup_entry *lookup_near(const struct lookup *l, uint64_t key, uint32_t *n);
/* Makes keys of numbers that are close together differ in all bits, each in another way. */
uint64_t lookup_mix(uint64_t number);
