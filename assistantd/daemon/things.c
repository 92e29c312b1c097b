/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/things.h"

#include <errno.h>
#include <string.h>

#include "assistantd/daemon/offers.h"
#include "util/macro.h"

enum { HOME, OPTION, OFFER, END };

static void of_home(const struct home *h, const struct home_entity *e, struct thing *ret)
{
	*ret = (struct thing){
		.id = e->id, .domain = e->domain, .name = e->name,
		.device_class = e->device_class, .area = home_settings(h, e->id)->area,
		.floor = home_floor(h, e->id), .state = e->state, .attributes = e->attributes,
		.entity = e, .available = e->available,
	};
}

static void of_offer(const struct offer_entity *o, struct thing *ret)
{
	const char *state = json_string_value(json_object_get(o->data, "state"));

	*ret = (struct thing){ .id = o->id, .domain = o->type, .name = o->name,
			       .device_class = "", .area = "", .floor = "",
			       .state = state ? state : "", .attributes = o->data, .offer = o,
			       .available = true };
}

bool things_next(const struct job *job, struct things *at, struct thing *ret)
{
	const struct daemon *d = job->d;
	const struct offer_entity *o;

	while (at->stage == HOME) {
		at->entity = at->entity ? at->entity->next : home_first(d->home);
		if (!at->entity) {
			at->stage = OPTION;
		} else if (home_visible(d->home, at->entity)) {
			of_home(d->home, at->entity, ret);
			return true;
		}
	}
	if (at->stage == OPTION && at->i < job->options.entities.n) {
		of_offer(&job->options.entities.entities[at->i++], ret);
		return true;
	}
	if (at->stage == OPTION) {
		at->stage = OFFER;
		at->i = 0;
	}
	o = at->stage == OFFER ? offers_of(d->offers, job->caller, at->i++) : NULL;
	if (!o) {
		at->stage = END;
		return false;
	}
	of_offer(o, ret);
	return true;
}

bool thing_find(const struct job *job, const char *id, struct thing *ret)
{
	struct things at = { 0 };

	while (things_next(job, &at, ret))
		if (strcmp(ret->id, id) == 0)
			return true;
	return false;
}

int thing_title(const struct job *job, const struct thing *t, struct buf *ret)
{
	struct things at = { 0 };
	struct thing other;

	while (*t->area && things_next(job, &at, &other))
		if (strcmp(other.id, t->id) != 0 && strcasecmp(other.name, t->name) == 0)
			return buf_printf(ret, "%s (%s)", t->name, t->area);
	return buf_append_str(ret, t->name);
}

json_t *thing_state(const struct thing *t)
{
	json_t *state = t->attributes ? json_copy((json_t *)t->attributes) : json_object();

	if (state && json_object_set_new(state, "state", json_string(t->state)) < 0) {
		json_decref(state);
		return NULL;
	}
	return state;
}
