/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/home-private.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "assistantd/daemon/log.h"
#include "util/macro.h"

static void free_entity(struct home_entity *e)
{
	free(e->id);
	free(e->domain);
	free(e->name);
	free(e->device_class);
	free(e->state);
	json_decref(e->attributes);
	json_decref(e->services);
	free(e);
}

int home_new(struct home **ret, const char *path)
{
	_cleanup_(home_freep) struct home *h = calloc(1, sizeof(*h));
	int r;

	if (!h || !(h->path = strdup(path)))
		return -ENOMEM;
	r = home_settings_read(h);
	if (r == 0)
		*ret = TAKE(h);
	return r;
}

void home_clear(struct home *h)
{
	while (h->entities) {
		struct home_entity *next = h->entities->next;

		free_entity(h->entities);
		h->entities = next;
	}
}

struct home *home_free(struct home *h)
{
	if (!h)
		return NULL;
	home_clear(h);
	home_settings_deinit(h);
	free(h->path);
	free(h);
	return NULL;
}

static char *copy(const struct buf *b)
{
	return strdup(b->len ? b->data : "");
}

/* An object in the place of the old one; what is none is as if nothing were said. */
static void take_object(json_t **at, const struct buf *b)
{
	json_t *fresh = b->len ? json_loadb(b->data, b->len, 0, NULL) : NULL;

	if (!json_is_object(fresh)) {
		json_decref(fresh);
		fresh = json_object();
	}
	json_decref(*at);
	*at = fresh;
}

static struct home_entity *new_entity(const struct tools_entity *v)
{
	struct home_entity *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	*e = (struct home_entity){ copy(&v->id), copy(&v->domain), copy(&v->name),
				   copy(&v->device_class), strdup("") };
	if (e->id && e->domain && e->name && e->device_class && e->state)
		return e;
	free_entity(e);
	return NULL;
}

bool home_update(struct home *h, const struct tools_entity *v)
{
	struct home_entity *e = (struct home_entity *)home_find(h, v->id.len ? v->id.data : "");
	bool fresh = !e;
	char *state;

	if (!e) {
		e = new_entity(v);
		if (!e)
			return false;
		e->next = h->entities;
		h->entities = e;
	}
	state = copy(&v->state);
	if (state) {
		free(e->state);
		e->state = state;
	}
	take_object(&e->attributes, &v->attributes);
	if (fresh || v->services.len)
		take_object(&e->services, &v->services);
	e->available = v->available;
	return fresh;
}

bool home_remove(struct home *h, const char *id)
{
	for (struct home_entity **at = &h->entities; *at; at = &(*at)->next) {
		struct home_entity *e = *at;

		if (strcmp(e->id, id) != 0)
			continue;
		*at = e->next;
		free_entity(e);
		return true;
	}
	return false;
}

const struct home_entity *home_first(const struct home *h)
{
	return h->entities;
}

const struct home_entity *home_find(const struct home *h, const char *id)
{
	const struct home_entity *e = h->entities;

	while (e && strcmp(e->id, id) != 0)
		e = e->next;
	return e;
}

bool home_entity_supports(const struct home_entity *e, const char *service)
{
	return json_object_get(e->services, service) != NULL;
}

bool home_visible(const struct home *h, const struct home_entity *e)
{
	return !home_settings(h, e->id)->hidden;
}

/* A name stands for itself, whatever the syntax of sentences would make of it. */
static int add(struct intents *set, const char *list, const char *in, const char *out,
	       const struct home_entity *e)
{
	const struct intent_context context[] = {
		{ "domain", e ? e->domain : "" },
		{ "device_class", e ? e->device_class : "" },
	};
	size_t n = !e ? 0 : *e->device_class ? 2 : 1;

	return *in ? intents_add_entity(set, list, in, out, context, n) : 0;
}

static int fill_names(const struct home *h, const struct home_entity *e, const char *list,
		      struct intents *set)
{
	const struct home_settings *s = home_settings(h, e->id);
	int r = add(set, list, e->name, e->id, e);

	for (size_t i = 0; r == 0 && i < s->aliases.n; i++)
		r = add(set, list, s->aliases.names[i], e->id, e);
	return r;
}

/* An area that several share stands in the list once. */
static int fill_places(const struct home *h, const struct home_entity *e, struct intents *set)
{
	const char *area = home_settings(h, e->id)->area, *floor = home_floor(h, e->id);
	bool new_area = *area, new_floor = *floor;
	int r = 0;

	for (const struct home_entity *o = h->entities; o != e; o = o->next) {
		if (!home_visible(h, o))
			continue;
		new_area = new_area && strcmp(home_settings(h, o->id)->area, area) != 0;
		new_floor = new_floor && strcmp(home_floor(h, o->id), floor) != 0;
	}
	if (new_area)
		r = add(set, "area", area, area, NULL);
	if (r == 0 && new_floor)
		r = add(set, "floor", floor, floor, NULL);
	return r;
}

int home_fill(const struct home *h, struct intents *set)
{
	int r = 0;

	for (const struct home_entity *e = h->entities; r == 0 && e; e = e->next) {
		if (!home_visible(h, e))
			continue;
		r = fill_names(h, e, strcmp(e->domain, "cover") == 0 ? "cover" : "name", set);
		if (r == 0)
			r = fill_places(h, e, set);
	}
	return r;
}
