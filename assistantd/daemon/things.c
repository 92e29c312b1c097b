/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/things.h"

#include <errno.h>
#include <string.h>

#include "assistantd/daemon/offers.h"
#include "util/macro.h"

static void of_home(const struct home *h, const struct home_entity *e, struct thing *ret)
{
	*ret = (struct thing){
		.id = e->id, .domain = e->domain, .name = e->name,
		.device_class = e->device_class, .area = home_settings(h, e->id)->area,
		.floor = home_floor(h, e->id), .state = e->state, .attributes = e->attributes,
		.entity = e, .available = home_available(h, e),
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

static const struct home_entity *next_visible(const struct home *h, const struct home_entity *e)
{
	do {
		e = e ? e->next : home_first(h);
	} while (e && !home_visible(h, e));
	return e;
}

/* The next that is offered with the request, or by its caller; NULL behind the last. */
static const struct offer_entity *next_offered(const struct job *job, struct things *at)
{
	const struct offer_list *given = &job->options.entities;
	const struct offer_entity *o;

	if (at->stage == THINGS_OFFERED && at->i < given->n)
		return &given->entities[at->i++];
	if (at->stage == THINGS_OFFERED) {
		at->stage = THINGS_SHOWN;
		at->i = 0;
	}
	o = at->stage == THINGS_SHOWN ? offers_of(job->d->offers, job->caller, at->i++) : NULL;
	if (!o)
		at->stage = THINGS_END;
	return o;
}

bool things_next(const struct job *job, struct things *at, struct thing *ret)
{
	const struct home *h = job->d->home;
	const struct offer_entity *o;

	if (at->stage == THINGS_HOME) {
		at->entity = next_visible(h, at->entity);
		if (at->entity) {
			of_home(h, at->entity, ret);
			return true;
		}
		at->stage = THINGS_OFFERED;
	}
	do {
		o = next_offered(job, at);
	} while (o && home_find(h, o->id));
	if (o)
		of_offer(o, ret);
	return o;
}

bool thing_find(const struct job *job, const char *id, struct thing *ret)
{
	const struct home_entity *e = home_find(job->d->home, id);
	struct things at = { .stage = THINGS_OFFERED };

	if (e && home_visible(job->d->home, e))
		of_home(job->d->home, e, ret);
	if (e)
		return home_visible(job->d->home, e);
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
