/* SPDX-License-Identifier: MIT */
/* Which of several matches is meant: the order that intents.h describes. */
#include <string.h>

#include "intents/candidates.h"
#include "util/macro.h"

/* Fewer come first, or more of it. */
static int fewer(size_t a, size_t b)
{
	return (a > b) - (a < b);
}

/* Negative when @a is better; *@by says by what. */
static int compare(const struct intent_match *a, const struct intent_match *b,
		   enum intent_loss *by)
{
	const struct {
		enum intent_loss by;
		int order;
	} rules[] = {
		{ INTENT_LOST_WILDCARD, fewer(a->wildcard, b->wildcard) },
		{ INTENT_LOST_LITERAL, fewer(b->literal, a->literal) },
		{ INTENT_LOST_CONDITIONS, fewer(b->conditions, a->conditions) },
		{ INTENT_LOST_NEARER, fewer(b->nearer, a->nearer) },
		{ INTENT_LOST_RANK, fewer(b->rank, a->rank) },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		if (rules[i].order) {
			*by = rules[i].by;
			return rules[i].order;
		}
	return 0;
}

static bool fits(const struct intent_match *m)
{
	return m->lost != INTENT_LOST_CONTEXT && m->lost != INTENT_LOST_KEYWORDS;
}

/* Whether @a says all that @b says, and perhaps more. */
static bool contains(const struct intent_match *a, const struct intent_match *b)
{
	if (strcmp(a->intent, b->intent) != 0)
		return false;
	for (size_t i = 0; i < b->n_slots; i++) {
		const char *v = intent_slot(a, b->slots[i].name);

		if (!v || strcmp(v, b->slots[i].value) != 0)
			return false;
	}
	return true;
}

/* Of equal ones, those that say less than another, or the same again, lose. */
static void drop_contained(struct candidates *c, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < n && c->items[i].lost == INTENT_WON; k++)
			if (k != i && c->items[k].lost == INTENT_WON &&
			    contains(&c->items[k], &c->items[i]) &&
			    (k < i || !contains(&c->items[i], &c->items[k])))
				c->items[i].lost = INTENT_LOST_CONTAINED;
}

static bool comes_before(const struct intent_match *a, const struct intent_match *b)
{
	enum intent_loss by;

	if (fits(a) != fits(b))
		return fits(a);
	if (fits(a) && (a->lost == INTENT_WON) != (b->lost == INTENT_WON))
		return a->lost == INTENT_WON;
	return compare(a, b, &by) < 0;
}

/* Equal ones stay in the order of the files. */
static void sort(struct intent_match *items, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct intent_match m = items[i];
		size_t k = i;

		for (; k > 0 && comes_before(&m, &items[k - 1]); k--)
			items[k] = items[k - 1];
		items[k] = m;
	}
}

size_t candidates_order(struct candidates *c)
{
	enum intent_loss by;
	size_t n_best = 0, equal = 0;

	sort(c->items, c->n);
	while (equal < c->n && fits(&c->items[equal]) &&
	       compare(&c->items[0], &c->items[equal], &by) == 0)
		equal++;
	for (size_t i = equal; i < c->n && fits(&c->items[i]); i++) {
		compare(&c->items[0], &c->items[i], &by);
		c->items[i].lost = by;
	}
	drop_contained(c, equal);
	sort(c->items, equal);
	while (n_best < equal && c->items[n_best].lost == INTENT_WON)
		n_best++;
	while (c->n > INTENT_MATCHES_MAX)
		match_deinit(&c->items[--c->n]);
	return MIN(n_best, c->n);
}
