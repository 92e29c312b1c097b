/* SPDX-License-Identifier: MIT */
#include "adapters/uses.h"

#include <errno.h>
#include <string.h>

#include "adapters/adapters.h"
#include "base_model/base_model.h"
#include "util/macro.h"

/* The one that brings tokens, or NULL. */
static const struct adapter *who_extends(const struct adapter_uses *u)
{
	for (size_t i = 0; i < u->n; i++)
		if (adapter_tokenizer(u->items[i].adapter))
			return u->items[i].adapter;
	return NULL;
}

int adapter_uses_add(struct adapter_uses *u, const struct adapter *a, float scale)
{
	size_t at = 0;
	int order = 1;

	if (scale == 0.0f)
		return 0;
	for (; at < u->n; at++) {
		order = memcmp(adapter_digest(u->items[at].adapter), adapter_digest(a),
			       sizeof(struct digest));
		if (order >= 0)
			break;
	}
	if (order == 0)
		return -EEXIST;
	if (adapter_tokenizer(a) && who_extends(u))
		return -ENOTUNIQ;
	if (u->n == ADAPTER_USES_MAX)
		return -E2BIG;
	memmove(&u->items[at + 1], &u->items[at], (u->n++ - at) * sizeof(u->items[0]));
	u->items[at] = (struct adapter_use){ a, scale, 0 };
	return 0;
}

const struct tokenizer *adapter_uses_tokenizer(const struct adapter_uses *u,
					       const struct tokenizer *base, uint32_t *n_extra)
{
	const struct adapter *a = who_extends(u);

	*n_extra = a ? bm_delta_tokens(adapter_delta(a)) : 0;
	return a ? adapter_tokenizer(a) : base;
}

/* Where the first token stands that @a brings; @n where none does. */
static size_t find_extra(const struct adapter *a, const int32_t *tokens, size_t n)
{
	const struct tokenizer *t = adapter_tokenizer(a);
	uint32_t first = t ? tokenizer_n_tokens(t) - bm_delta_tokens(adapter_delta(a)) : 0;
	size_t at = t ? 0 : n;

	while (at < n && (uint32_t)tokens[at] < first)
		at++;
	return at;
}

/* Where @words [@n_words] stand in @tokens [@n] the last time, or -ENOENT. */
static int64_t find_last(const int32_t *tokens, size_t n, const int32_t *words, size_t n_words)
{
	for (size_t end = n; end >= n_words; end--)
		if (memcmp(tokens + end - n_words, words, n_words * sizeof(*words)) == 0)
			return (int64_t)(end - n_words);
	return -ENOENT;
}

int adapter_uses_place(struct adapter_uses *u, const int32_t *tokens, size_t n, size_t *at,
		       struct diag *d)
{
	for (size_t i = 0; i < u->n; i++) {
		size_t n_words;
		const int32_t *words = adapter_invocation(u->items[i].adapter, &n_words);
		int64_t from = n_words ? find_last(tokens, n, words, n_words) : 0;

		if (from < 0) {
			*at = i;
			return diag_set(d, -ENOENT, DIAG_RANGE, "prompt",
					"the tokens that invoke the adapter are not in it");
		}
		u->items[i].from = (uint32_t)MIN((size_t)from,
						 find_extra(u->items[i].adapter, tokens, n));
	}
	return 0;
}

size_t adapter_uses_at(struct adapter_uses *u, uint32_t pos, uint32_t *until)
{
	size_t n = 0;

	*until = UINT32_MAX;
	for (size_t i = 0; i < u->n; i++) {
		const struct adapter_use *use = &u->items[i];

		if (use->from > pos) {
			*until = MIN(*until, use->from);
			continue;
		}
		u->deltas[n] = adapter_delta(use->adapter);
		u->scales[n++] = use->scale;
	}
	return n;
}

size_t adapter_uses_item(struct adapter_uses *u, struct bm_writer *w, size_t room, size_t guesses,
			 struct bm_item *item)
{
	size_t n, n_end, n_deltas, rows;
	uint32_t pos, until;

	bm_writer_tokens(w, &n, &n_end);
	pos = (uint32_t)(n - bm_writer_pending(w));
	n_deltas = adapter_uses_at(u, pos, &until);
	rows = bm_writer_item(w, MIN(room, (size_t)(until - pos)), guesses, item);
	item->deltas = u->deltas;
	item->scales = u->scales;
	item->n_deltas = n_deltas;
	return rows;
}
