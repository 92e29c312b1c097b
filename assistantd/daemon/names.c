/* SPDX-License-Identifier: MIT */
/* The lists of the sentences that come from outside: names, areas, floors, "it". */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "assistantd/daemon/commands.h"
#include "assistantd/daemon/languages.h"
#include "assistantd/daemon/references.h"
#include "assistantd/daemon/things.h"
#include "util/macro.h"

enum { CONTEXT_MAX = 4 };

struct name {
	struct intent_entity entity;
	struct intent_context context[CONTEXT_MAX];
};

struct names {
	struct name *items;
	size_t n, cap;
};

/* Empty words name nothing. */
static int add(struct names *s, const char *list, const char *in, const char *out,
	       const struct thing *t)
{
	struct name *n;

	if (!*in)
		return 0;
	if (s->n == s->cap) {
		size_t cap = MAX(2 * s->cap, (size_t)64);
		struct name *items = reallocarray(s->items, cap, sizeof(*items));

		if (!items)
			return -ENOMEM;
		s->items = items;
		s->cap = cap;
	}
	n = &s->items[s->n++];
	*n = (struct name){ .entity = { .list = list, .in = in, .out = out } };
	if (!t)
		return 0;
	n->context[n->entity.n_context++] = (struct intent_context){ "domain", t->domain };
	if (*t->device_class)
		n->context[n->entity.n_context++] =
			(struct intent_context){ "device_class", t->device_class };
	if (*t->area)
		n->context[n->entity.n_context++] = (struct intent_context){ "area", t->area };
	if (*t->floor)
		n->context[n->entity.n_context++] = (struct intent_context){ "floor", t->floor };
	return 0;
}

static int add_thing(struct names *s, const struct home *h, const struct thing *t)
{
	int r = add(s, "name", t->name, t->id, t);

	if (!t->entity)
		return r;
	for (size_t i = 0; r == 0 && i < home_settings(h, t->id)->aliases.n; i++)
		r = add(s, "name", home_settings(h, t->id)->aliases.names[i], t->id, t);
	return r;
}

static bool has(const struct names *s, const char *list, const char *out)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->items[i].entity.list, list) == 0 &&
		    strcasecmp(s->items[i].entity.out, out) == 0)
			return true;
	return false;
}

/* A place that several share stands in the list once. */
static int add_places(struct names *s, const struct home *h, const struct thing *t)
{
	const struct home_area *a = *t->area ? home_area(h, t->area) : NULL;
	int r = 0;

	if (*t->area && !has(s, "area", t->area)) {
		r = add(s, "area", t->area, t->area, NULL);
		for (size_t i = 0; r == 0 && a && i < a->aliases.n; i++)
			r = add(s, "area", a->aliases.names[i], t->area, NULL);
	}
	if (r == 0 && *t->floor && !has(s, "floor", t->floor))
		r = add(s, "floor", t->floor, t->floor, NULL);
	return r;
}

static int add_words(struct names *s, const struct words *w, enum words_kind kind,
		     const char *out, const struct thing *t)
{
	const struct word *word;
	int r = 0;

	for (size_t i = 0; r == 0 && (word = words_at(w, kind, i)); i++)
		r = add(s, "name", word->text, out, t);
	return r;
}

/* What "it" and "the other one" can be decides which sentences they stand in. */
static int add_references(struct names *s, const struct job *job, const struct conversation *c)
{
	const struct words *w = job->d->words;
	struct thing t;
	int r = 0;

	for (size_t i = 0; r == 0 && c && i < c->n_focus; i++) {
		if (!thing_find(job, c->focus[i].entity, &t))
			continue;
		r = add_words(s, w, WORDS_IT, REFERENCE_IT, &t);
		if (r == 0)
			r = add_words(s, w, WORDS_THEM, REFERENCE_IT, &t);
	}
	for (size_t i = 0; r == 0 && c && i < c->n_others; i++)
		if (thing_find(job, c->others[i], &t))
			r = add_words(s, w, WORDS_OTHER, REFERENCE_OTHER, &t);
	return r;
}

/* Something unknown can be of any kind that there is. */
static int add_unknown(struct names *s, const struct job *job, bool with_it)
{
	struct things at = { 0 };
	size_t first = s->n;
	struct thing t;
	int r = 0;

	while (r == 0 && things_next(job, &at, &t)) {
		struct thing kind = { .domain = t.domain, .device_class = "", .area = "",
				      .floor = "" };
		size_t i = first;

		while (i < s->n && strcmp(s->items[i].context[0].value, t.domain) != 0)
			i++;
		if (i < s->n)
			continue;
		r = add(s, "name", COMMANDS_UNKNOWN, COMMANDS_UNKNOWN, &kind);
		if (r == 0 && with_it)
			r = add_words(s, job->d->words, WORDS_IT, REFERENCE_IT, &kind);
	}
	return r;
}

/* Places first: they are few, and looked through for each thing. */
static int collect(struct names *s, const struct job *job, const struct conversation *c,
		   enum things_it it)
{
	struct things at = { 0 };
	struct thing t;
	int r = 0;

	while (r == 0 && things_next(job, &at, &t))
		r = add_places(s, job->d->home, &t);
	at = (struct things){ 0 };
	while (r == 0 && things_next(job, &at, &t))
		r = add_thing(s, job->d->home, &t);
	if (r == 0 && it != THINGS_NO_IT)
		r = add_references(s, job, c);
	return r < 0 ? r : add_unknown(s, job, it == THINGS_ANY);
}

/* What decides in which sentences a reference can stand. */
static int add_kind(const struct job *job, const char *what, const char *id, struct buf *key)
{
	struct thing t;

	if (!thing_find(job, id, &t))
		return 0;
	return buf_printf(key, "%s %s %s %s %s\n", what, t.domain, t.device_class, t.area,
			  t.floor);
}

/* What makes one set of names differ from another while the home stays as it is. */
static int make_key(const struct job *job, const struct conversation *c, enum things_it it,
		    struct buf *key)
{
	struct things at = { .stage = THINGS_OFFERED };
	struct thing t;
	bool known = c && it != THINGS_NO_IT;
	int r = it == THINGS_ANY ? buf_append_str(key, "any ") : 0;

	for (size_t i = 0; r == 0 && known && i < c->n_focus; i++)
		r = add_kind(job, "focus", c->focus[i].entity, key);
	for (size_t i = 0; r == 0 && known && i < c->n_others; i++)
		r = add_kind(job, "other", c->others[i], key);
	while (r == 0 && things_next(job, &at, &t))
		r = buf_printf(key, "%s %s %s\n", t.id, t.domain, t.name);
	return r < 0 ? r : buf_append_char(key, '.');
}

static int set_names(struct daemon *d, struct names *s)
{
	struct intent_entity *entities = calloc(MAX(s->n, (size_t)1), sizeof(*entities));
	int r;

	if (!entities)
		return -ENOMEM;
	for (size_t i = 0; i < s->n; i++) {
		s->items[i].entity.context = s->items[i].context;
		entities[i] = s->items[i].entity;
	}
	r = languages_set_entities(d->languages, entities, s->n);
	free(entities);
	return r;
}

int things_bind(const struct job *job, const struct conversation *c, enum things_it it)
{
	_cleanup_(buf_deinit) struct buf key = BUF_NULL;
	struct daemon *d = job->d;
	struct names s = { 0 };
	int r = make_key(job, c, it, &key);

	if (r < 0 || !d->languages)
		return r;
	if (!d->names_stale && d->names_key && strcmp(d->names_key, key.data) == 0)
		return 0;
	r = collect(&s, job, c, it);
	if (r == 0)
		r = set_names(d, &s);
	free(s.items);
	if (r == 0) {
		free(d->names_key);
		d->names_key = buf_steal(&key);
		d->names_stale = false;
	}
	return r;
}
