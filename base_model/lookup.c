/* SPDX-License-Identifier: MIT */
#include "base_model/lookup.h"

#include <errno.h>
#include <stdlib.h>

#include "util/cleanup.h"

struct order {
	lookup_order fn;
	const void *arg;
};

static uint64_t bucket_of(const struct lookup *l, uint64_t key)
{
	return l->bits ? key >> (64 - l->bits) : 0;
}

static int compare(const void *a, const void *b, void *arg)
{
	const struct lookup_entry *x = a, *y = b;
	const struct order *o = arg;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return o->fn ? o->fn(o->arg, x->value, y->value) :
		       (x->value > y->value) - (x->value < y->value);
}

int lookup_init(struct lookup *l, struct lookup_entry *entries, uint32_t n, lookup_order order,
		const void *arg)
{
	_cleanup_free_ struct lookup_entry *unsorted = entries;
	struct order o = { order, arg };
	size_t n_buckets;

	*l = (struct lookup){ .n = n };
	while (l->bits < 32 && (uint64_t)1 << l->bits < n)
		l->bits++;
	n_buckets = (size_t)1 << l->bits;
	l->entries = calloc(n ? n : 1, sizeof(*l->entries));
	l->begins = calloc(n_buckets + 2, sizeof(*l->begins));
	if (!l->entries || !l->begins)
		return -ENOMEM;
	/* One place further than where they belong: filling moves each to where it does. */
	for (uint32_t i = 0; i < n; i++)
		l->begins[bucket_of(l, unsorted[i].key) + 2]++;
	for (size_t b = 2; b <= n_buckets; b++)
		l->begins[b] += l->begins[b - 1];
	for (uint32_t i = 0; i < n; i++)
		l->entries[l->begins[bucket_of(l, unsorted[i].key) + 1]++] = unsorted[i];
	for (size_t b = 0; b < n_buckets; b++)
		if (l->begins[b + 1] - l->begins[b] > 1)
			qsort_r(l->entries + l->begins[b], l->begins[b + 1] - l->begins[b],
				sizeof(*l->entries), compare, &o);
	return 0;
}

void lookup_deinit(struct lookup *l)
{
	free(l->entries);
	free(l->begins);
	*l = (struct lookup){ 0 };
}

const struct lookup_entry *lookup_near(const struct lookup *l, uint64_t key, uint32_t *n)
{
	uint64_t b = bucket_of(l, key);

	*n = l->begins[b + 1] - l->begins[b];
	return l->entries + l->begins[b];
}

/* Steele, Lea and Flood's: a bijection, so that other numbers have other keys. */
uint64_t lookup_mix(uint64_t z)
{
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}
