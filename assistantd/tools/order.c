/* SPDX-License-Identifier: MIT */
#include "assistantd/tools/order.h"

#include <errno.h>
#include <string.h>

#include "assistantd/tools/feature.h"
#include "util/macro.h"

struct order *order_free(struct order *o)
{
	if (!o)
		return NULL;
	json_decref(o->data);
	json_decref(o->before);
	free(o);
	return NULL;
}

static int add_argument(struct order *o, const struct entity *e, const char *name,
			const json_t *value, struct diag *d)
{
	const struct entity_feature *ef = entity_feature(e, name);
	json_t *checked = NULL;
	int r;

	if (!o->service->arguments || !component_listed(o->service->arguments, name))
		return diag_set(d, -EINVAL, DIAG_UNSUP, name, "%s has no '%.40s'",
				o->service->name, name);
	if (!ef || !feature_can_set(ef))
		return diag_set(d, -EINVAL, DIAG_UNSUP, name, "its %s cannot be set", name);
	r = feature_check(ef, value, &checked, d);
	if (r == 0 && json_object_set_new(o->data, name, checked) < 0)
		r = -ENOMEM;
	return r;
}

/* A light that is dimmed to nothing is off, a fan that does not turn, too. */
static bool means_off(const struct order *o, const struct entity *e)
{
	const char *name;
	json_t *value;

	json_object_foreach(o->data, name, value) {
		const struct entity_feature *ef = entity_feature(e, name);

		if (ef && (ef->f->flags & FEATURE_OFF) && json_is_number(value) &&
		    json_number_value(value) == 0)
			return true;
	}
	return false;
}

/* What the service sets by itself where it sends nothing, and what a light that is switched on by
 * its brightness needs. */
static int add_implied(struct order *o, const struct entity *e, const struct entity_service *es)
{
	const json_t *level = json_object_get(e->attributes, "brightness");
	int r = 0;

	if (es->implied)
		r = json_object_set(o->data, o->service->implied, es->implied);
	else if (e->by_brightness && (o->service->flags & SERVICE_LAST) &&
		 entity_feature(e, "brightness") && !json_object_get(o->data, "brightness"))
		r = json_object_set_new(o->data, "brightness",
					json_integer(json_number_value(level) > 0
						     ? (json_int_t)json_number_value(level)
						     : 100));
	return r < 0 ? -ENOMEM : 0;
}

static int take_data(struct order *o, const struct entity *e, const struct entity_service *es,
		     json_t *root, struct diag *d)
{
	const struct entity_service *off = entity_service(e, "turn_off");
	const char *name;
	json_t *value;
	int r = 0;

	json_object_foreach(root, name, value) {
		if (r == 0)
			r = add_argument(o, e, name, value, d);
	}
	if (r < 0)
		return r;
	if (off && means_off(o, e)) {
		o->service = off->s;
		json_object_clear(o->data);
		es = off;
	}
	r = add_implied(o, e, es);
	if (r == 0 && !es->payload && json_object_size(o->data) == 0)
		return diag_set(d, -EINVAL, DIAG_PAIR, o->service->name, "%s needs %s",
				o->service->name, o->service->arguments);
	return r;
}

int order_new(struct order **ret, const struct entity *e, const char *service, const char *data,
	      size_t len, struct diag *d)
{
	const struct entity_service *es = entity_service(e, service);
	json_auto_t *root = len ? json_loadb(data, len, JSON_REJECT_DUPLICATES, NULL)
				: json_object();
	_cleanup_(order_freep) struct order *o = NULL;
	int r;

	if (!es)
		return diag_set(d, -EINVAL, DIAG_UNSUP, "service", "it cannot do that (%.40s)",
				service);
	if (!json_is_object(root))
		return diag_set(d, -EINVAL, DIAG_SYNTAX, "data", "expected an object of arguments");
	o = calloc(1, sizeof(*o));
	if (!o)
		return -ENOMEM;
	*o = (struct order){ es->s, json_object(), entity_snapshot(e) };
	r = o->data && o->before ? take_data(o, e, es, root, d) : -ENOMEM;
	if (r == 0)
		*ret = TAKE(o);
	return r;
}

/* One of the states in a list, in which !x stands for any other that is known. */
static bool state_in(const char *list, const char *state)
{
	if (!list || !*state)
		return false;
	return *list == '!' ? strcmp(list + 1, state) != 0 : component_listed(list, state);
}

static bool moves(const char *state)
{
	return state_in("opening closing", state);
}

static const char *state_before(const struct order *o)
{
	return json_string_value(json_object_get(o->before, "state"));
}

/* It tells this value at all. */
static bool tells(const struct entity *e, const struct entity_feature *ef)
{
	if (ef->f->flags & FEATURE_ONCE)
		return false;
	return ef->told || (ef->f->member && e->state_topic);
}

bool order_is_seen(const struct order *o, const struct entity *e)
{
	const char *name;
	json_t *value;

	if (o->service->flags & SERVICE_STILL)
		return moves(state_before(o));
	if (o->service->expect ? !entity_tells_state(e) : json_object_size(o->data) == 0)
		return false;
	json_object_foreach(o->data, name, value) {
		const struct entity_feature *ef = entity_feature(e, name);

		/* How long a change takes, and whose code it was, is no state. */
		if (!ef || (!tells(e, ef) && strcmp(name, "transition") != 0 &&
			    strcmp(name, "code") != 0))
			return false;
	}
	return true;
}

/* Far enough, where that is told. */
static bool measured(const struct order *o, const struct entity *e)
{
	const json_t *value = o->service->measured
		? json_object_get(e->attributes, o->service->measured) : NULL;

	return !value || json_number_value(value) >= o->service->least;
}

static bool arguments_reached(const struct order *o, const struct entity *e)
{
	const char *name;
	json_t *value;

	json_object_foreach(o->data, name, value) {
		const struct entity_feature *ef = entity_feature(e, name);

		if (ef && tells(e, ef) &&
		    !feature_reached(ef, value, json_object_get(e->attributes, name)))
			return false;
	}
	return true;
}

/* A cover on its way to a position goes in its direction. */
static bool heads(const struct order *o, const struct entity *e)
{
	const json_t *wanted = json_object_get(o->data, "position");
	const json_t *from = json_object_get(o->before, "position");

	if (!state_in(o->service->heading, e->state))
		return false;
	if (!wanted || !from || !moves(e->state))
		return true;
	return (strcmp(e->state, "opening") == 0) ==
	       (json_number_value(wanted) > json_number_value(from));
}

enum order_progress order_progress(const struct order *o, const struct entity *e)
{
	const struct service *s = o->service;

	if (s->flags & SERVICE_STILL)
		return *e->state && !moves(e->state) ? ORDER_OBEYED : ORDER_WAITING;
	if ((!s->expect || !entity_tells_state(e) || state_in(s->expect, e->state)) &&
	    measured(o, e) && arguments_reached(o, e))
		return ORDER_OBEYED;
	return heads(o, e) ? ORDER_HEADING : ORDER_WAITING;
}

bool order_is_done(const struct order *o, const struct entity *e)
{
	return !(o->service->flags & SERVICE_ALWAYS) && order_is_seen(o, e) &&
	       order_progress(o, e) == ORDER_OBEYED;
}
