/* SPDX-License-Identifier: MIT */
#include "base_model/merging.h"

#include <errno.h>
#include <stdlib.h>

#include "util/macro.h"

struct candidate_pair {
	uint64_t order;
	int32_t left, right;	/* symbols */
	uint32_t len;		/* of both together: a stale pair has another */
	int32_t id;
};

void merging_deinit(struct merging *m)
{
	free(m->symbols);
	free(m->heap);
	*m = (struct merging){ 0 };
}

void merging_reset(struct merging *m)
{
	m->n = 0;
	m->n_heap = 0;
}

static int grow(void **items, size_t *cap, size_t need, size_t size)
{
	size_t more = *cap ? 2 * *cap : 64;
	void *grown;

	if (need <= *cap)
		return 0;
	grown = reallocarray(*items, more, size);
	if (!grown)
		return -ENOMEM;
	*items = grown;
	*cap = more;
	return 0;
}

int merging_add(struct merging *m, const char *text, size_t len, int32_t id)
{
	int32_t at = (int32_t)m->n;

	if (grow((void **)&m->symbols, &m->cap, m->n + 1, sizeof(*m->symbols)) < 0)
		return -ENOMEM;
	m->symbols[m->n++] = (struct symbol){ text, (uint32_t)len, id, at - 1, -1 };
	if (at > 0)
		m->symbols[at - 1].next = at;
	return 0;
}

static bool before(const struct candidate_pair *a, const struct candidate_pair *b)
{
	return a->order != b->order ? a->order < b->order : a->left < b->left;
}

static void swap(struct candidate_pair *a, struct candidate_pair *b)
{
	struct candidate_pair t = *a;

	*a = *b;
	*b = t;
}

static int push(struct merging *m, const struct candidate_pair *pair)
{
	size_t i = m->n_heap;

	if (grow((void **)&m->heap, &m->cap_heap, i + 1, sizeof(*m->heap)) < 0)
		return -ENOMEM;
	m->heap[m->n_heap++] = *pair;
	for (; i && before(&m->heap[i], &m->heap[(i - 1) / 2]); i = (i - 1) / 2, m->n_steps++)
		swap(&m->heap[i], &m->heap[(i - 1) / 2]);
	return 0;
}

static struct candidate_pair pop(struct merging *m)
{
	struct candidate_pair top = m->heap[0];
	size_t i = 0;

	m->heap[0] = m->heap[--m->n_heap];
	for (;;) {
		size_t child = 2 * i + 1;

		if (child + 1 < m->n_heap && before(&m->heap[child + 1], &m->heap[child]))
			child++;
		if (child >= m->n_heap || !before(&m->heap[child], &m->heap[i]))
			return top;
		swap(&m->heap[i], &m->heap[child]);
		i = child;
		m->n_steps++;
	}
}

static int consider(struct merging *m, int32_t left, merge_fn fn, const void *arg)
{
	struct candidate_pair pair = { .left = left };
	const struct symbol *a, *b;

	m->n_steps++;
	if (left < 0 || m->symbols[left].next < 0)
		return 0;
	a = &m->symbols[left];
	pair.right = a->next;
	b = &m->symbols[pair.right];
	pair.len = a->len + b->len;
	return fn(arg, a, b, &pair.id, &pair.order) ? push(m, &pair) : 0;
}

static void join(struct merging *m, const struct candidate_pair *pair)
{
	struct symbol *a = &m->symbols[pair->left], *b = &m->symbols[pair->right];

	a->len += b->len;
	a->id = pair->id;
	a->next = b->next;
	if (b->next >= 0)
		m->symbols[b->next].previous = pair->left;
	b->len = 0;
}

int merging_run(struct merging *m, merge_fn fn, const void *arg)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i + 1 < m->n; i++)
		r = consider(m, (int32_t)i, fn, arg);
	while (r == 0 && m->n_heap) {
		struct candidate_pair pair = pop(m);
		const struct symbol *a = &m->symbols[pair.left], *b = &m->symbols[pair.right];

		if (!a->len || !b->len || a->next != pair.right || a->len + b->len != pair.len)
			continue;
		join(m, &pair);
		r = consider(m, m->symbols[pair.left].previous, fn, arg);
		if (r == 0)
			r = consider(m, pair.left, fn, arg);
	}
	return r;
}
