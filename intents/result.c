/* SPDX-License-Identifier: MIT */
/* Whether a walk counts in its context, what it says, and which of several is best. */
#include <errno.h>
#include <string.h>

#include "intents/match.h"

bool intents_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

char intents_fold(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static bool part_of_word(const struct matcher *m, size_t at)
{
	unsigned char c = at < m->len ? (unsigned char)m->text[at] : ' ';

	return c >= 0x80 || c == '\'' || (c >= '0' && c <= '9') ||
	       (intents_fold((char)c) >= 'a' && intents_fold((char)c) <= 'z');
}

static bool stands_at(const struct matcher *m, const char *word, size_t at)
{
	for (; *word; word++, at++)
		if (at >= m->len || intents_fold(m->text[at]) != intents_fold(*word))
			return false;
	return !part_of_word(m, at);
}

bool block_has_keyword(const struct matcher *m, const struct block *b)
{
	for (const struct word *w = b->keywords; w; w = w->next)
		for (size_t at = 0; at < m->len; at++)
			if ((at == 0 || !part_of_word(m, at - 1)) && stands_at(m, w->text, at))
				return true;
	return !b->keywords;
}

/* What the sentence names says more than where it is said. */
static const char *context_value(const struct matcher *m, const char *key)
{
	for (size_t i = 0; i < m->n; i++) {
		const struct value *v = m->captures[i].value;

		for (const struct pair *p = v ? v->context : NULL; p; p = p->next)
			if (strcmp(p->key, key) == 0)
				return p->value;
	}
	for (size_t i = 0; i < m->n_context; i++)
		if (strcmp(m->context[i].key, key) == 0)
			return m->context[i].value;
	return NULL;
}

static bool one_of(const struct word *values, const char *v)
{
	for (const struct word *w = values; w; w = w->next)
		if (strcmp(w->text, v) == 0)
			return true;
	return !values;
}

static bool context_allows(const struct matcher *m, const struct block *b)
{
	for (const struct condition *c = b->conditions; c; c = c->next) {
		const char *v = context_value(m, c->key);

		if ((v && one_of(c->values, v)) == c->excludes)
			return false;
	}
	return true;
}

static int add_slot(struct intent_match *r, const char *name, const char *value, size_t len)
{
	if (r->n_slots == INTENT_SLOTS_MAX)
		return -E2BIG;
	r->slots[r->n_slots].name = name;
	r->slots[r->n_slots].value = strndup(value, len);
	if (!r->slots[r->n_slots].value)
		return -ENOMEM;
	r->n_slots++;
	return 0;
}

static int build(const struct matcher *m, struct intent_match *r)
{
	const struct block *b = m->sentence->block;
	int err = 0;

	*r = (struct intent_match){ .intent = b->intent, .response = b->response,
				    .wildcard = m->wildcard, .literal = m->literal };
	for (const struct condition *c = b->conditions; c; c = c->next)
		r->conditions += !c->excludes;
	for (size_t i = 0; i < m->n && err == 0; i++) {
		const struct capture *c = &m->captures[i];

		err = c->out ? add_slot(r, c->name, c->out, strlen(c->out)) :
			       add_slot(r, c->name, m->text + c->start, c->end - c->start);
	}
	r->rank = intent_slot(r, "name") ? 3 : intent_slot(r, "area") ? 2 : 0;
	for (const struct pair *p = b->slots; p && err == 0; p = p->next)
		if (!intent_slot(r, p->key))
			err = add_slot(r, p->key, p->value, strlen(p->value));
	for (const struct condition *c = b->conditions; c && err == 0; c = c->next) {
		const char *v = c->to_slot && !c->excludes ? context_value(m, c->key) : NULL;

		if (v && !intent_slot(r, c->key))
			err = add_slot(r, c->key, v, strlen(v));
	}
	if (!r->rank && intent_slot(r, "area"))
		r->rank = 1;
	return err;
}

static int compare(const struct intent_match *a, const struct intent_match *b)
{
	if (a->wildcard != b->wildcard)
		return a->wildcard < b->wildcard ? 1 : -1;
	if (a->literal != b->literal)
		return a->literal > b->literal ? 1 : -1;
	if (a->conditions != b->conditions)
		return a->conditions > b->conditions ? 1 : -1;
	return (a->rank > b->rank) - (a->rank < b->rank);
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

static void keep(struct matcher *m, const struct intent_match *r)
{
	intent_match_deinit(&m->best);
	m->best = *r;
	m->have = true;
}

void match_complete(struct matcher *m)
{
	struct intent_match r;
	int order;

	if (!context_allows(m, m->sentence->block))
		return;
	m->error = build(m, &r);
	order = m->error ? -1 : !m->have ? 1 : compare(&r, &m->best);
	if (order > 0 || (order == 0 && !m->tie && contains(&r, &m->best))) {
		keep(m, &r);
		m->tie = false;
		return;
	}
	if (order == 0 && !contains(&m->best, &r)) {
		m->tie = true;
		m->best.other = r.intent;
	}
	intent_match_deinit(&r);
}

void intent_match_deinit(struct intent_match *m)
{
	while (m->n_slots > 0)
		free(m->slots[--m->n_slots].value);
	*m = (struct intent_match){ 0 };
}

const char *intent_slot(const struct intent_match *m, const char *name)
{
	for (size_t i = 0; i < m->n_slots; i++)
		if (strcmp(m->slots[i].name, name) == 0)
			return m->slots[i].value;
	return NULL;
}
