/* SPDX-License-Identifier: MIT */
/* What sentences can name: devices, areas, floors, under all the names that they have. */
#include <errno.h>
#include <string.h>

#include "assistantd/daemon/home.h"
#include "assistantd/daemon/languages.h"
#include "util/macro.h"

enum { CONTEXT_MAX = 4 };

struct filling {
	const struct home *h;
	struct intent_entity *items;
	size_t n, cap;
	struct intent_context (*contexts)[CONTEXT_MAX];	/* of each device */
};

/* A name stands for itself, whatever the syntax of sentences would make of it. */
static int add(struct filling *f, const char *list, const char *in, const char *out,
	       const struct intent_context *context)
{
	size_t n = 0;

	if (!*in)
		return 0;
	if (f->n == f->cap) {
		size_t cap = f->cap ? 2 * f->cap : 64;
		struct intent_entity *grown = reallocarray(f->items, cap, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		f->items = grown;
		f->cap = cap;
	}
	while (context && n < CONTEXT_MAX && context[n].key)
		n++;
	f->items[f->n++] = (struct intent_entity){ list, in, out, context, n };
	return 0;
}

static int add_names(struct filling *f, const char *list, const struct home_names *names,
		     const char *out, const struct intent_context *context)
{
	int r = 0;

	for (size_t i = 0; i < names->n && r == 0; i++)
		r = add(f, list, names->names[i], out, context);
	return r;
}

/* What is true of a device, in @ret. */
static void describe(const struct home *h, const struct home_entity *e,
		     struct intent_context ret[CONTEXT_MAX])
{
	const struct intent_context all[CONTEXT_MAX] = {
		{ "domain", e->domain },
		{ "device_class", e->device_class },
		{ "area", home_settings(h, e->id)->area },
		{ "floor", home_floor(h, e->id) },
	};
	size_t n = 0;

	for (size_t i = 0; i < CONTEXT_MAX; i++)
		if (*all[i].value)
			ret[n++] = all[i];
}

/* A place that several share stands in the list once. */
static bool is_there(const struct filling *f, const char *list, const char *name)
{
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->items[i].list, list) == 0 && strcmp(f->items[i].in, name) == 0)
			return true;
	return false;
}

static int add_places(struct filling *f, const struct home_entity *e)
{
	const char *area = home_settings(f->h, e->id)->area, *floor = home_floor(f->h, e->id);
	const struct home_area *more = home_area(f->h, area);
	int r = 0;

	if (!is_there(f, "floor", floor))
		r = add(f, "floor", floor, floor, NULL);
	if (r < 0 || is_there(f, "area", area))
		return r;
	r = add(f, "area", area, area, NULL);
	return r == 0 && more ? add_names(f, "area", &more->aliases, area, NULL) : r;
}

static int add_entity(struct filling *f, const struct home_entity *e,
		      struct intent_context *context)
{
	int r;

	describe(f->h, e, context);
	r = add(f, "name", e->name, e->id, context);
	if (r == 0)
		r = add_names(f, "name", &home_settings(f->h, e->id)->aliases, e->id, context);
	return r == 0 ? add_places(f, e) : r;
}

int home_fill(const struct home *h, struct languages *l)
{
	struct filling f = { .h = h };
	size_t n = 0;
	int r = 0;

	for (const struct home_entity *e = home_first(h); e; e = e->next)
		n++;
	f.contexts = calloc(n + 1, sizeof(*f.contexts));
	if (!f.contexts)
		return -ENOMEM;
	n = 0;
	for (const struct home_entity *e = home_first(h); e && r == 0; e = e->next)
		if (home_visible(h, e))
			r = add_entity(&f, e, f.contexts[n++]);
	if (r == 0)
		r = languages_set_entities(l, f.items, f.n);
	free(f.items);
	free(f.contexts);
	return r;
}
