/* SPDX-License-Identifier: MIT */
#include "intents/candidates.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "util/macro.h"

/* One way through a sentence, with things chosen where several have the name. */
struct choice {
	struct run *r;
	const char *text;
	const struct intent_context *context;
	size_t n_context;
	const struct sentence *sentence;
	const struct derivation *d;
	struct capture captures[INTENT_SLOTS_MAX];
	size_t n;
	size_t which[INTENT_SLOTS_MAX];		/* of the things with the same name */
};

static bool is_name(const struct choice *c, size_t i)
{
	return c->r->p->units[c->captures[i].unit].kind == UNIT_LIST &&
	       (c->captures[i].value & VALUE_NAME);
}

static const struct names *names_of(const struct choice *c, size_t i)
{
	return &c->r->set->names[c->r->p->units[c->captures[i].unit].names];
}

static const struct entity *entity_of(const struct choice *c, size_t i)
{
	const struct names *t = names_of(c, i);
	size_t at = (c->captures[i].value & ~VALUE_NAME) + c->which[i];

	return &c->r->set->entities[t->items[at].entity];
}

/* How many things have the name that is said. */
static size_t namesakes(const struct choice *c, size_t i)
{
	const struct names *t = names_of(c, i);
	struct name_span span = { .lo = c->captures[i].value & ~VALUE_NAME, .hi = t->n };

	span.n = t->items[span.lo].n;
	for (size_t n = 1; span.lo + n < t->n; n++)
		if (t->items[span.lo + n].n != span.n ||
		    memcmp(t->items[span.lo + n].key, t->items[span.lo].key,
			   span.n * sizeof(uint32_t)) != 0)
			return n;
	return t->n - span.lo;
}

/* What is true of the value that a slot was given, or NULL. */
static const struct pair *context_of(const struct choice *c, size_t i)
{
	if (c->r->p->units[c->captures[i].unit].kind != UNIT_LIST)
		return NULL;
	return is_name(c, i) ? entity_of(c, i)->context :
			       c->r->set->values[c->captures[i].value]->context;
}

static bool one_of(const struct word *values, const char *v)
{
	for (const struct word *w = values; w; w = w->next)
		if (strcmp(w->text, v) == 0)
			return true;
	return !values;
}

/*
 * Whether the context has one of @values for @key, and which. What the sentence names says
 * more than where it is said: if its context has the key at all, only that counts.
 */
static const char *context_value(const struct choice *c, const char *key,
				 const struct word *values)
{
	bool named = false;

	for (size_t i = 0; i < c->n; i++)
		for (const struct pair *p = context_of(c, i); p; p = p->next) {
			if (strcmp(p->key, key) != 0)
				continue;
			if (one_of(values, p->value))
				return p->value;
			named = true;
		}
	for (size_t i = 0; i < c->n_context && !named; i++)
		if (strcmp(c->context[i].key, key) == 0 && one_of(values, c->context[i].value))
			return c->context[i].value;
	return NULL;
}

/* Whether a slot is said whose value is none of those that @context has for its name. */
static bool contradicts(const struct pair *context, const struct pair *all,
			const struct intent_match *m)
{
	const struct intent_slot *said = intent_slot_find(m, context->key);

	if (!said || said->source != INTENT_SAID)
		return false;
	for (const struct pair *p = all; p; p = p->next)
		if (strcmp(p->key, said->name) == 0 && strcmp(p->value, said->value) == 0)
			return false;
	return true;
}

/* The name of a slot that is said twice, and not the same, or NULL. */
static const char *said_twice(const struct intent_match *m)
{
	for (size_t i = 0; i < m->n_slots; i++)
		if (intent_slot_find(m, m->slots[i].name) != &m->slots[i])
			return m->slots[i].name;
	return NULL;
}

/* The first key by which the context does not fit, or NULL. */
static const char *unmet(const struct choice *c, const struct intent_match *m)
{
	if (said_twice(m))
		return said_twice(m);
	for (const struct condition *k = c->sentence->block->conditions; k; k = k->next)
		if (!!context_value(c, k->key, k->values) == k->excludes)
			return k->key;
	/* A thing that is not in the place that is said beside it. */
	for (size_t i = 0; i < c->n; i++)
		for (const struct pair *p = context_of(c, i); p; p = p->next)
			if (contradicts(p, context_of(c, i), m))
				return p->key;
	return NULL;
}

static bool has_keyword(struct run *r, const struct block *b)
{
	for (uint32_t pos = 0; b->keywords && pos < r->heard.len; pos++) {
		if (!heard_begins_word(&r->heard, pos))
			continue;
		for (uint32_t i = run_unit(r, b->keywords_unit, pos); i; i = r->results[i].next)
			if (r->results[i].end > pos &&
			    heard_ends_word(&r->heard, r->results[i].end))
				return true;
	}
	return !b->keywords;
}

static int add_slot(struct intent_match *m, const char *name, const char *value, size_t len,
		    enum intent_source source)
{
	struct intent_slot *slot = &m->slots[m->n_slots];
	const struct intent_slot *other = intent_slot_find(m, name);

	if (m->n_slots == INTENT_SLOTS_MAX)
		return 0;
	if (other && strlen(other->value) == len && memcmp(other->value, value, len) == 0)
		return 0;
	slot->name = name;
	slot->source = source;
	slot->value = strndup(value, len);
	if (!slot->value)
		return -ENOMEM;
	m->n_slots++;
	return 0;
}

/* The words themselves, without what closes a sentence. */
static size_t without_marks(const char *text, size_t len)
{
	while (len > 0 && strchr(".!?,;: \t\r\n", text[len - 1]))
		len--;
	return len;
}

static int add_words(const struct choice *c, struct intent_match *m, const char *name,
		     size_t start, size_t end)
{
	const char *text = c->text + start;
	size_t len = without_marks(text, end - start);

	return add_slot(m, name, text, len ? len : end - start, INTENT_SAID);
}

static int add_number(struct intent_match *m, const char *name, const struct range *range,
		      int32_t tenths)
{
	char text[32];

	snprintf(text, sizeof(text), "%.10g", tenths / 10.0 * range->multiplier);
	return add_slot(m, name, text, strlen(text), INTENT_SAID);
}

static int add_said(const struct choice *c, struct intent_match *m, size_t i)
{
	const struct capture *k = &c->captures[i];
	const char *name = c->r->set->slots[k->slot], *out = NULL;
	enum unit_kind kind = c->r->p->units[k->unit].kind;
	size_t start, end, n = m->n_slots;
	int r;

	heard_bytes(&c->r->heard, k->start, k->end, &start, &end);
	if (kind == UNIT_LIST)
		out = is_name(c, i) ? entity_of(c, i)->out : c->r->set->values[k->value]->out;
	if (kind == UNIT_RANGE)
		r = add_number(m, name, &c->r->p->units[k->unit].range, (int32_t)k->value);
	else if (out)
		r = add_slot(m, name, out, strlen(out), INTENT_SAID);
	else
		r = add_words(c, m, name, start, end);
	if (r == 0 && m->n_slots > n) {
		m->slots[n].start = start;
		m->slots[n].end = end;
	}
	return r;
}

/* Slots that the sentence's block fixes, or takes from the context. */
static int add_unsaid(const struct choice *c, struct intent_match *m)
{
	const struct block *b = c->sentence->block;
	int r = 0;

	for (const struct pair *p = b->slots; p && r == 0; p = p->next)
		if (!intent_slot(m, p->key))
			r = add_slot(m, p->key, p->value, strlen(p->value), INTENT_FIXED);
	for (const struct condition *k = b->conditions; k && r == 0; k = k->next) {
		const char *v = k->to_slot && !k->excludes ?
				context_value(c, k->key, k->values) : NULL;

		if (v && !intent_slot(m, k->key))
			r = add_slot(m, k->key, v, strlen(v), INTENT_CONTEXT);
	}
	return r;
}

/* Whether a thing that is named is where the caller is. */
static bool is_near(const struct choice *c)
{
	for (size_t i = 0; i < c->n; i++)
		for (const struct pair *p = context_of(c, i); p; p = p->next)
			for (size_t k = 0; strcmp(p->key, "area") == 0 && k < c->n_context; k++)
				if (strcmp(c->context[k].key, "area") == 0 &&
				    strcmp(c->context[k].value, p->value) == 0)
					return true;
	return false;
}

static unsigned rank_of(const struct intent_match *m)
{
	const struct intent_slot *name = intent_slot_find(m, "name");
	const struct intent_slot *area = intent_slot_find(m, "area");

	if (name && name->source == INTENT_SAID)
		return 3;
	return !area ? 0 : area->source == INTENT_SAID ? 2 : 1;
}

static int fill(const struct choice *c, struct intent_match *m)
{
	const struct block *b = c->sentence->block;
	int r = 0;

	*m = (struct intent_match){
		.intent = b->intent, .response = b->response, .file = b->file,
		.template = c->sentence->template, .line = c->sentence->line,
		.wildcard = c->d->wildcard, .literal = c->d->literal, .nearer = is_near(c),
	};
	for (const struct condition *k = b->conditions; k; k = k->next)
		m->conditions += !k->excludes;
	for (size_t i = 0; i < c->n && r == 0; i++)
		r = add_said(c, m, i);
	if (r == 0)
		r = add_unsaid(c, m);
	if (r < 0)
		return r;
	m->rank = rank_of(m);
	m->unmet = unmet(c, m);
	m->lost = m->unmet ? INTENT_LOST_CONTEXT :
		  has_keyword(c->r, b) ? INTENT_WON : INTENT_LOST_KEYWORDS;
	return 0;
}

void match_deinit(struct intent_match *m)
{
	while (m->n_slots > 0)
		free(m->slots[--m->n_slots].value);
}

static int add_choice(struct candidates *to, const struct choice *c)
{
	struct intent_match *grown;
	int r;

	grown = reallocarray(to->items, to->n + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	to->items = grown;
	r = fill(c, &grown[to->n]);
	to->n++;
	return r;
}

/* The next thing for the last slot that has one, and the first ones behind it; false when all
 * were there. */
static bool choose_next(struct choice *c)
{
	for (size_t i = c->n; i > 0; i--) {
		if (is_name(c, i - 1) && c->which[i - 1] + 1 < namesakes(c, i - 1)) {
			c->which[i - 1]++;
			return true;
		}
		c->which[i - 1] = 0;
	}
	return false;
}

/* Whether the text ends where the sentence does. One that ends with a wildcard takes all of it:
 * words to skip at the end are then part of what it takes. */
static bool is_whole(const struct choice *c, uint32_t end)
{
	const struct capture *last = c->n > 0 ? &c->captures[c->n - 1] : NULL;

	if (last && c->r->p->units[last->unit].kind == UNIT_WILDCARD && end <= last->end + 1u)
		return end == c->r->heard.end;
	return run_at_end(c->r, end);
}

int candidates_find(struct candidates *to, struct run *r, const char *text,
		    const struct intent_context *context, size_t n_context)
{
	int err = 0;

	for (uint32_t i = run_unit(r, r->p->root, 0); i && !r->error && err == 0;
	     i = r->results[i].next) {
		const struct result found = r->results[i];
		struct choice c = { .r = r, .text = text, .context = context,
				    .n_context = n_context, .d = &found.d,
				    .sentence = r->set->by_id[found.value] };

		c.n = derivation_captures(&r->derivations, &found.d, c.captures);
		if (!is_whole(&c, found.end))
			continue;
		do {
			err = add_choice(to, &c);
		} while (err == 0 && to->n < CANDIDATES_MAX && choose_next(&c));
		if (to->n == CANDIDATES_MAX)
			break;
	}
	return r->error ? r->error : err;
}
