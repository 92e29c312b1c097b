/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/home.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "assistantd/daemon/log.h"
#include "util/macro.h"

struct home {
	char *path;
	struct home_entity *entities;
	struct home_settings *settings;
};

static const struct home_settings no_settings = { .area = (char *)"", .floor = (char *)"" };

struct home_settings *home_settings_free(struct home_settings *s)
{
	if (!s)
		return NULL;
	while (s->n_aliases)
		free(s->aliases[--s->n_aliases]);
	free(s->entity);
	free(s->area);
	free(s->floor);
	free(s);
	return NULL;
}

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

struct home_settings *home_settings_copy(const struct home *h, const char *id)
{
	_cleanup_(home_settings_freep) struct home_settings *s = calloc(1, sizeof(*s));
	const struct home_settings *old = home_settings(h, id);

	if (!s)
		return NULL;
	s->entity = strdup(id);
	s->area = strdup(old->area);
	s->floor = strdup(old->floor);
	s->hidden = old->hidden;
	if (!s->entity || !s->area || !s->floor)
		return NULL;
	for (; s->n_aliases < old->n_aliases; s->n_aliases++) {
		s->aliases[s->n_aliases] = strdup(old->aliases[s->n_aliases]);
		if (!s->aliases[s->n_aliases])
			return NULL;
	}
	return TAKE(s);
}

void home_set(struct home *h, struct home_settings *s)
{
	struct home_settings **at = &h->settings, *old;

	while (*at && strcmp((*at)->entity, s->entity) != 0)
		at = &(*at)->next;
	old = *at;
	s->next = old ? old->next : NULL;
	*at = s;
	home_settings_free(old);
}

static int read_one(struct home *h, const char *id, const json_t *object)
{
	_cleanup_(home_settings_freep) struct home_settings *s = home_settings_copy(h, id);
	const char *area = json_string_value(json_object_get(object, "area"));
	const char *floor = json_string_value(json_object_get(object, "floor"));
	json_t *alias;
	size_t i;

	if (!s)
		return -ENOMEM;
	if (area) {
		free(s->area);
		s->area = strdup(area);
	}
	if (floor) {
		free(s->floor);
		s->floor = strdup(floor);
	}
	s->hidden = json_is_true(json_object_get(object, "hidden"));
	json_array_foreach(json_object_get(object, "aliases"), i, alias)
		if (json_is_string(alias) && s->n_aliases < HOME_ALIASES_MAX &&
		    (s->aliases[s->n_aliases] = strdup(json_string_value(alias))))
			s->n_aliases++;
	if (!s->area || !s->floor)
		return -ENOMEM;
	home_set(h, TAKE(s));
	return 0;
}

static int read_settings(struct home *h)
{
	json_error_t error;
	json_auto_t *root = NULL;
	const char *id;
	json_t *value;
	int r = 0;

	if (access(h->path, F_OK) < 0)
		return 0;
	root = json_load_file(h->path, JSON_REJECT_DUPLICATES, &error);
	if (!json_is_object(root)) {
		log_error("%s:%d: %s", h->path, root ? 1 : error.line,
			  root ? "expected an object" : error.text);
		return 0;
	}
	json_object_foreach(root, id, value) {
		if (r == 0)
			r = read_one(h, id, value);
	}
	return r;
}

int home_new(struct home **ret, const char *path)
{
	_cleanup_(home_freep) struct home *h = calloc(1, sizeof(*h));
	int r;

	if (!h || !(h->path = strdup(path)))
		return -ENOMEM;
	r = read_settings(h);
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
	while (h->settings) {
		struct home_settings *next = h->settings->next;

		home_settings_free(h->settings);
		h->settings = next;
	}
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

const struct home_settings *home_settings(const struct home *h, const char *id)
{
	const struct home_settings *s = h->settings;

	while (s && strcmp(s->entity, id) != 0)
		s = s->next;
	return s ? s : &no_settings;
}

bool home_entity_supports(const struct home_entity *e, const char *service)
{
	return json_object_get(e->services, service) != NULL;
}

bool home_visible(const struct home *h, const struct home_entity *e)
{
	return !home_settings(h, e->id)->hidden;
}

int home_save(const struct home *h)
{
	json_auto_t *root = json_object();
	_cleanup_free_ char *fresh = NULL;

	for (const struct home_settings *s = h->settings; s; s = s->next) {
		json_t *aliases = json_array();

		for (size_t i = 0; i < s->n_aliases; i++)
			json_array_append_new(aliases, json_string(s->aliases[i]));
		json_object_set_new(root, s->entity,
				    json_pack("{s:s, s:s, s:o, s:b}", "area", s->area, "floor",
					      s->floor, "aliases", aliases, "hidden", s->hidden));
	}
	if (asprintf(&fresh, "%s.new", h->path) < 0)
		return -ENOMEM;
	if (json_dump_file(root, fresh, JSON_INDENT(2) | JSON_SORT_KEYS) < 0)
		return -EIO;
	return rename(fresh, h->path) < 0 ? -errno : 0;
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

	for (size_t i = 0; r == 0 && i < s->n_aliases; i++)
		r = add(set, list, s->aliases[i], e->id, e);
	return r;
}

/* An area that several share stands in the list once. */
static int fill_places(const struct home *h, const struct home_entity *e, struct intents *set)
{
	const struct home_settings *s = home_settings(h, e->id);
	bool area = *s->area, floor = *s->floor;
	int r = 0;

	for (const struct home_entity *o = h->entities; o != e; o = o->next) {
		const struct home_settings *other = home_settings(h, o->id);

		if (!home_visible(h, o))
			continue;
		area = area && strcmp(other->area, s->area) != 0;
		floor = floor && strcmp(other->floor, s->floor) != 0;
	}
	if (area)
		r = add(set, "area", s->area, s->area, NULL);
	if (r == 0 && floor)
		r = add(set, "floor", s->floor, s->floor, NULL);
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
