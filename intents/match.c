/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>

#include "intents/candidates.h"
#include "util/utf8.h"

struct intent_matches *intent_matches_free(struct intent_matches *m)
{
	if (!m)
		return NULL;
	for (size_t i = 0; i < m->n; i++)
		match_deinit(&m->items[i]);
	free(m->items);
	free(m);
	return NULL;
}

static int find(struct intent_matches *m, const struct intents *s, const char *text, size_t len,
		const struct intent_context *context, size_t n_context)
{
	struct candidates found = { 0 };
	struct run run;
	int r = run_init(&run, s, text, len);

	if (r == 0)
		r = candidates_find(&found, &run, text, context, n_context);
	run_deinit(&run);
	if (r == 0)
		m->n_best = candidates_order(&found);
	m->items = found.items;
	m->n = found.n;
	return r;
}

int intents_match(const struct intents *s, const char *text, size_t len,
		  const struct intent_context *context, size_t n_context,
		  struct intent_matches **ret)
{
	_cleanup_(intent_matches_freep) struct intent_matches *m = NULL;
	int r;

	*ret = NULL;
	if (!s->bound || !utf8_valid(text, len))
		return -EINVAL;
	m = calloc(1, sizeof(*m));
	if (!m)
		return -ENOMEM;
	r = find(m, s, text, len, context, n_context);
	if (r < 0)
		return r;
	r = m->n_best == 0 ? INTENT_E_NONE : m->n_best > 1 ? INTENT_E_AMBIGUOUS : 0;
	*ret = TAKE(m);
	return r;
}

const struct intent_slot *intent_slot_find(const struct intent_match *m, const char *name)
{
	for (size_t i = 0; i < m->n_slots; i++)
		if (strcmp(m->slots[i].name, name) == 0)
			return &m->slots[i];
	return NULL;
}

const char *intent_slot(const struct intent_match *m, const char *name)
{
	const struct intent_slot *slot = intent_slot_find(m, name);

	return slot ? slot->value : NULL;
}

const char *intent_loss_text(enum intent_loss lost)
{
	static const char *const texts[INTENT_LOSS_COUNT] = {
		[INTENT_WON] = "it is the best",
		[INTENT_LOST_WILDCARD] = "more of it is taken by wildcards",
		[INTENT_LOST_LITERAL] = "more words are passed over",
		[INTENT_LOST_CONDITIONS] = "another is made for the very thing or place",
		[INTENT_LOST_NEARER] = "another names something in the same area",
		[INTENT_LOST_RANK] = "another names the thing or the area itself",
		[INTENT_LOST_CONTAINED] = "another says the same and perhaps more",
		[INTENT_LOST_CONTEXT] = "the words fit, the context does not",
		[INTENT_LOST_KEYWORDS] = "the words fit, but a required keyword is missing",
	};

	return (unsigned)lost < INTENT_LOSS_COUNT ? texts[lost] : "";
}

const struct intent_warning *intents_warnings(const struct intents *s, size_t *n)
{
	*n = s->n_warnings;
	return s->warnings;
}
