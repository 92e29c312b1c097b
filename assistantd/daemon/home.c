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

static void drop(struct home *h, bool all)
{
	for (struct home_entity **at = &h->entities; *at;) {
		struct home_entity *e = *at;

		if (e->kept && !all) {
			at = &e->next;
			continue;
		}
		*at = e->next;
		free_entity(e);
	}
}

void home_clear(struct home *h)
{
	drop(h, false);
}

void home_set_lost(struct home *h, bool lost)
{
	h->lost = lost;
}

bool home_available(const struct home *h, const struct home_entity *e)
{
	return e->available && (e->kept || !h->lost);
}

void home_keep(struct home *h, const char *id)
{
	struct home_entity *e = (struct home_entity *)home_find(h, id);

	if (e)
		e->kept = true;
}

struct home *home_free(struct home *h)
{
	if (!h)
		return NULL;
	drop(h, true);
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
