/* SPDX-License-Identifier: MIT */
/* What is known of a thing. */
#include <string.h>

#include "assistantd/tools/feature.h"
#include "util/macro.h"

const struct entity_feature *entity_feature(const struct entity *e, const char *name)
{
	const struct entity_feature *read = NULL;

	for (size_t i = 0; i < e->n_features; i++) {
		const struct entity_feature *ef = &e->features[i];

		if (strcmp(ef->f->name, name) != 0)
			continue;
		if (feature_can_set(ef))
			return ef;
		read = read ? read : ef;
	}
	return read;
}

const struct entity_service *entity_service(const struct entity *e, const char *name)
{
	for (size_t i = 0; i < e->n_services; i++)
		if (strcmp(e->services[i].s->name, name) == 0)
			return &e->services[i];
	return NULL;
}

bool entity_tells_state(const struct entity *e)
{
	const struct entity_feature *position = entity_feature(e, "position");

	if (e->state_topic || (position && position->told))
		return true;
	for (size_t i = 0; i < e->n_features; i++)
		if (e->features[i].told && (e->features[i].f->flags & FEATURE_STATE))
			return true;
	return false;
}

int entity_topics(const struct entity *e, int (*fn)(void *arg, const char *topic), void *arg)
{
	int r = e->state_topic ? fn(arg, e->state_topic) : 0;

	for (size_t i = 0; r >= 0 && i < e->n_features; i++)
		if (e->features[i].told)
			r = fn(arg, e->features[i].told);
	for (size_t i = 0; r >= 0 && i < e->n_availability; i++)
		r = fn(arg, e->availability[i].topic);
	return r < 0 ? r : 0;
}

static bool same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

void entity_inherit(struct entity *e, const struct entity *old)
{
	if (e->component != old->component)
		return;
	if (same(e->state_topic, old->state_topic) && e->state_topic) {
		memcpy(e->state, old->state, sizeof(e->state));
		if (e->expires_s == old->expires_s && e->off_delay_s == old->off_delay_s)
			e->lapses = old->lapses;
	}
	for (size_t i = 0; i < e->n_features; i++) {
		const struct entity_feature *ef = &e->features[i];
		const struct entity_feature *was = entity_feature(old, ef->f->name);
		json_t *value = json_object_get(old->attributes, ef->f->name);

		if (!was || !value || !same(ef->told, was->told) ||
		    (!ef->told && !same(e->state_topic, old->state_topic)))
			continue;
		json_object_set(e->attributes, ef->f->name, value);
		if (ef->f->flags & FEATURE_STATE)
			memcpy(e->state, old->state, sizeof(e->state));
	}
	for (size_t i = 0; i < e->n_availability; i++)
		for (size_t k = 0; k < old->n_availability; k++)
			if (same(e->availability[i].topic, old->availability[k].topic))
				e->availability[i].available = old->availability[k].available;
	e->latest = old->latest;
}

json_t *entity_services(const struct entity *e)
{
	json_auto_t *services = json_object();

	for (size_t i = 0; services && i < e->n_services; i++) {
		const struct service *s = e->services[i].s;
		json_t *arguments = json_object();

		for (size_t k = 0; s->arguments && k < e->n_features; k++) {
			const struct entity_feature *ef = &e->features[k];

			if (component_listed(s->arguments, ef->f->name) && feature_can_set(ef) &&
			    json_object_set_new(arguments, ef->f->name, feature_bounds(ef)) < 0) {
				json_decref(arguments);
				return NULL;
			}
		}
		if (json_object_set_new(services, s->name, arguments) < 0)
			return NULL;
	}
	return TAKE(services);
}

json_t *entity_snapshot(const struct entity *e)
{
	json_t *all = json_copy(e->attributes);

	if (all && json_object_set_new(all, "state", json_string(e->state)) < 0) {
		json_decref(all);
		return NULL;
	}
	return all;
}
