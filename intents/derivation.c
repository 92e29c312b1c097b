/* SPDX-License-Identifier: MIT */
#include "intents/derivation.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "intents/intents.h"
#include "util/macro.h"

int derivations_init(struct derivations *t)
{
	*t = (struct derivations){ .n_index = 64, .cap_meanings = 32, .cap_places = 32 };
	t->index = calloc(t->n_index, sizeof(*t->index));
	t->meanings = calloc(t->cap_meanings, sizeof(*t->meanings));
	t->places = calloc(t->cap_places, sizeof(*t->places));
	/* The first of each is for no slots. */
	t->n_meanings = t->n_places = 1;
	return t->index && t->meanings && t->places ? 0 : -ENOMEM;
}

void derivations_deinit(struct derivations *t)
{
	free(t->index);
	free(t->meanings);
	free(t->places);
	*t = (struct derivations){ 0 };
}

static size_t hash(const struct meaning *m)
{
	uint64_t h = ((uint64_t)m->before << 32 | m->value) * 0x9e3779b97f4a7c15u;

	h = (h ^ h >> 29 ^ m->unit ^ (uint64_t)m->slot << 40) * 0xbf58476d1ce4e5b9u;
	return (size_t)(h ^ h >> 32);
}

static uint32_t *entry_of(const struct derivations *t, const struct meaning *m)
{
	size_t i = hash(m) & (t->n_index - 1);

	while (t->index[i]) {
		const struct meaning *o = &t->meanings[t->index[i]];

		if (o->before == m->before && o->unit == m->unit && o->value == m->value &&
		    o->slot == m->slot)
			break;
		i = (i + 1) & (t->n_index - 1);
	}
	return &t->index[i];
}

static int grow_meanings(struct derivations *t)
{
	struct meaning *grown = reallocarray(t->meanings, 2 * t->cap_meanings, sizeof(*grown));
	uint32_t *index = calloc(4 * t->cap_meanings, sizeof(*index));

	t->meanings = grown ? grown : t->meanings;
	if (!grown || !index) {
		free(index);
		return -ENOMEM;
	}
	t->cap_meanings *= 2;
	free(t->index);
	t->index = index;
	t->n_index = 2 * t->cap_meanings;
	for (uint32_t i = 1; i < t->n_meanings; i++)
		*entry_of(t, &t->meanings[i]) = i;
	return 0;
}

static int find_meaning(struct derivations *t, const struct meaning *m, uint32_t *ret)
{
	uint32_t *at = entry_of(t, m);

	if (!*at && t->n_meanings == t->cap_meanings) {
		if (grow_meanings(t) < 0)
			return -ENOMEM;
		at = entry_of(t, m);
	}
	if (!*at) {
		*at = (uint32_t)t->n_meanings;
		t->meanings[t->n_meanings++] = *m;
	}
	*ret = *at;
	return 0;
}

static int add_place(struct derivations *t, struct derivation *d, const struct capture *c)
{
	if (t->n_places == t->cap_places) {
		struct place *grown = reallocarray(t->places, 2 * t->cap_places, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		t->places = grown;
		t->cap_places *= 2;
	}
	t->places[t->n_places] = (struct place){ .before = d->places, .capture = *c };
	d->places = (uint32_t)t->n_places++;
	return 0;
}

int derivation_capture(struct derivations *t, struct derivation *d, const struct capture *c)
{
	struct meaning m = { .before = d->meaning, .unit = c->unit, .value = c->value,
			     .slot = c->slot };
	int r;

	m.n = (uint16_t)(t->meanings[d->meaning].n + 1);
	if (m.n > INTENT_SLOTS_MAX)
		return -E2BIG;
	r = find_meaning(t, &m, &d->meaning);
	return r < 0 ? r : add_place(t, d, c);
}

size_t derivation_captures(const struct derivations *t, const struct derivation *d,
			   struct capture *ret)
{
	size_t n = t->meanings[d->meaning].n;
	uint32_t at = d->places;

	for (size_t i = n; i > 0; i--) {
		ret[i - 1] = t->places[at].capture;
		at = t->places[at].before;
	}
	return n;
}

int derivation_append(struct derivations *t, struct derivation *d,
		      const struct derivation *more)
{
	struct capture captures[INTENT_SLOTS_MAX];
	int r = 0;

	d->wildcard = (uint16_t)(d->wildcard + more->wildcard);
	d->literal = (uint16_t)(d->literal + more->literal);
	if (!more->meaning)
		return 0;
	if (!d->meaning) {
		d->meaning = more->meaning;
		d->places = more->places;
		return 0;
	}
	for (size_t i = 0, n = derivation_captures(t, more, captures); i < n && r == 0; i++)
		r = derivation_capture(t, d, &captures[i]);
	return r;
}
