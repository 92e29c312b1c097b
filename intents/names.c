/* SPDX-License-Identifier: MIT */
#include "intents/names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/cleanup.h"
#include "util/macro.h"

static int add_key(struct names *t, uint32_t *key, uint32_t n, uint32_t entity)
{
	struct name *grown = reallocarray(t->items, t->n + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	t->items = grown;
	t->items[t->n++] = (struct name){ .key = key, .n = n, .entity = entity };
	return 0;
}

int names_add(struct names *t, const char *text, uint32_t entity, struct script script)
{
	_cleanup_(fold_deinit) struct folded f = { 0 };
	_cleanup_free_ uint32_t *key = NULL;
	uint32_t n = 0;
	int r = fold_text(&f, text, strlen(text), script, SIZE_MAX);

	if (r < 0 || !f.n)
		return r;
	key = calloc(f.n, sizeof(*key));
	if (!key)
		return -ENOMEM;
	for (size_t i = 0; i < f.n; i++)
		if (!fold_may_pass(&f, i, script))
			key[n++] = f.chars[i].c;
	while (n > 0 && key[n - 1] == ' ')
		n--;
	r = n == 0 ? 0 : add_key(t, key, n, entity);
	if (r == 0 && n > 0)
		key = NULL;
	return r;
}

static int by_key(const void *a, const void *b)
{
	const struct name *x = a, *y = b;

	for (uint32_t i = 0; i < x->n && i < y->n; i++)
		if (x->key[i] != y->key[i])
			return x->key[i] < y->key[i] ? -1 : 1;
	if (x->n != y->n)
		return x->n < y->n ? -1 : 1;
	return (x->entity > y->entity) - (x->entity < y->entity);
}

void names_sort(struct names *t)
{
	if (t->n > 0)
		qsort(t->items, t->n, sizeof(*t->items), by_key);
}

void names_deinit(struct names *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->items[i].key);
	free(t->items);
	free(t->list);
	*t = (struct names){ 0 };
}

/* The first of the names lo..hi whose character at @at is not below @c. */
static size_t lower_bound(const struct names *t, size_t lo, size_t hi, uint32_t at, uint64_t c)
{
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (t->items[mid].key[at] < c)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

size_t names_complete(const struct names *t, struct name_span span)
{
	size_t n = 0;

	while (span.lo + n < span.hi && t->items[span.lo + n].n == span.n)
		n++;
	return n;
}

struct name_span names_narrow(const struct names *t, struct name_span span, uint32_t c)
{
	size_t lo = span.lo + names_complete(t, span);
	struct name_span r = { .n = span.n + 1 };

	r.lo = lower_bound(t, lo, span.hi, span.n, c);
	r.hi = lower_bound(t, r.lo, span.hi, span.n, (uint64_t)c + 1);
	return r;
}
