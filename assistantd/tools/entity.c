/* SPDX-License-Identifier: MIT */
/* From a description to a thing. */
#include "assistantd/tools/entity.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "assistantd/tools/feature.h"
#include "assistantd/tools/names.h"
#include "util/macro.h"

static void availability_deinit(struct entity_availability *a)
{
	free(a->topic);
	free(a->yes);
	free(a->no);
	jinja_free(a->template);
}

struct entity *entity_free(struct entity *e)
{
	if (!e)
		return NULL;
	while (e->n_features)
		feature_deinit(&e->features[--e->n_features]);
	while (e->n_services) {
		struct entity_service *service = &e->services[--e->n_services];

		free(service->topic);
		free(service->payload);
		jinja_free(service->template);
		json_decref(service->implied);
	}
	while (e->n_availability)
		availability_deinit(&e->availability[--e->n_availability]);
	for (size_t i = 0; i < WORDS_MAX; i++)
		free(e->words[i]);
	free(e->unique);
	free(e->base);
	free(e->name);
	free(e->device_class);
	free(e->unit);
	free(e->state_topic);
	jinja_free(e->state_template);
	json_decref(e->attributes);
	free(e);
	return NULL;
}

/* "garage_door" as it is said: "Garage door". */
static char *class_shown(const char *device_class)
{
	char *shown = name_shown(device_class);

	if (shown)
		*shown = (char)toupper((unsigned char)*shown);
	return shown;
}

/* The name of the device with that of its part, or what there is of them. A part without a name is
 * its device; one whose maker said none at all may be called by its class. */
static int take_name(struct entity *e, const struct description *s, const char *object)
{
	const struct description device = { json_object_get(s->root, "device"), s->d };
	_cleanup_free_ char *own = NULL, *whole = NULL, *o = NULL, *w = NULL;
	bool by_class = !json_object_get(s->root, "name") &&
			(e->component->flags & COMPONENT_NAMED);
	int r = description_text(s, "name", DESCRIPTION_TEXT_MAX, "", &own);

	if (r == 0)
		r = description_text(&device, "name", DESCRIPTION_TEXT_MAX, "", &whole);
	if (r < 0)
		return r;
	o = by_class ? class_shown(e->device_class) : name_shown(own);
	w = name_shown(whole);
	if (!o || !w)
		return -ENOMEM;
	e->name = *w ? name_of_part(w, o) : name_shown(*o ? o : object);
	if (e->name && !*e->name)
		return description_bad(s, "name", "it has no name that can be shown");
	return e->name ? 0 : -ENOMEM;
}

/* What the device asks to be called, else its name, else what it must be unique by. */
static int take_base(struct entity *e, const struct description *s, const char *object)
{
	_cleanup_free_ char *asked = NULL, *made = NULL;
	const char *dot;
	int r = description_first(s, "default_entity_id object_id", DESCRIPTION_TEXT_MAX, "",
				  &asked);

	if (r < 0)
		return r;
	dot = strchr(asked, '.');
	made = name_slug(dot ? dot + 1 : *asked ? asked : e->name);
	if (made && !*made) {
		free(made);
		made = name_slug(*e->unique ? e->unique : object);
	}
	if (!made)
		return -ENOMEM;
	if (!*made)
		return description_bad(s, "unique_id", "it has no name of letters or digits");
	if (asprintf(&e->base, "%s.%s", e->component->name, made) < 0) {
		e->base = NULL;
		return -ENOMEM;
	}
	return 0;
}

static int add_availability(struct entity *e, const struct description *s, const char *topic,
			    const char *template)
{
	struct entity_availability *a = &e->availability[e->n_availability];
	int r;

	if (e->n_availability == ENTITY_TOPICS_MAX)
		return description_bad(s, "availability", "too many topics");
	e->n_availability++;
	if (!json_is_object(s->root))
		return description_bad(s, "availability", "expected objects");
	if ((r = description_topic(s, topic, &a->topic)) < 0 ||
	    (r = description_text(s, "payload_available", DESCRIPTION_TEXT_MAX, "online",
				  &a->yes)) < 0 ||
	    (r = description_text(s, "payload_not_available", DESCRIPTION_TEXT_MAX, "offline",
				  &a->no)) < 0)
		return r;
	if (!a->topic)
		return description_bad(s, topic, "missing");
	return description_template(s, template, false, &a->template);
}

/* How several topics count; the last word of any of them where nothing is said. */
static int take_mode(struct entity *e, const struct description *s)
{
	static const char *const modes[] = { "all", "any", "latest" };
	_cleanup_free_ char *mode = NULL;
	int r = description_text(s, "availability_mode", DESCRIPTION_TEXT_MAX, "latest", &mode);

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(modes); i++)
		if (strcmp(modes[i], mode) == 0) {
			e->mode = (enum entity_mode)i;
			return 0;
		}
	return r < 0 ? r : description_bad(s, "availability_mode", "expected all, any or latest");
}

static int take_availability(struct entity *e, const struct description *s)
{
	json_t *list = json_object_get(s->root, "availability"), *item;
	size_t i;
	int r = take_mode(e, s);

	if (r == 0 && description_has(s, "availability_topic"))
		r = add_availability(e, s, "availability_topic", "availability_template");
	if (r == 0 && json_is_object(list))
		return add_availability(e, &(struct description){ list, s->d }, "topic",
					"value_template");
	json_array_foreach(list, i, item) {
		if (r == 0)
			r = add_availability(e, &(struct description){ item, s->d }, "topic",
					     "value_template");
	}
	return r;
}

static int take_words(struct entity *e, const struct description *s)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < e->component->n_words; i++)
		r = description_first(s, e->component->words[i].keys, DESCRIPTION_TEXT_MAX,
				      e->component->words[i].text, &e->words[i]);
	return r;
}

static int take_features(struct entity *e, const struct description *s)
{
	const struct component *c = e->component;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < c->n_features; i++) {
		struct entity_feature *ef = &e->features[e->n_features];

		r = feature_init(ef, &c->features[i], s);
		if (r == FEATURE_E_NONE)
			feature_deinit(ef);
		else
			e->n_features++;
	}
	return r < 0 ? r : 0;
}

/* In the order of the device's words that the service names, the first that the device has. */
static json_t *implied_value(const struct entity *e, const struct service *service)
{
	const struct entity_feature *ef = entity_feature(e, service->implied);
	const char *at = service->value;

	if (!ef || !feature_can_set(ef))
		return NULL;
	if (ef->f->kind == FEATURE_PERCENT)
		return json_integer(atoi(at));
	while (*at) {
		size_t len = strcspn(at, " ");
		json_auto_t *word = json_stringn(at, len);
		json_t *value = NULL;

		if (word && feature_check(ef, word, &value, NULL) == 0)
			return value;
		at += len + (at[len] == ' ');
	}
	return NULL;
}

/* Whether the thing lists it among what it can do. */
static bool is_listed(const struct entity *e, const struct description *s,
		      const struct service *service)
{
	const json_t *list = json_object_get(s->root, e->component->listed
					     ? e->component->listed : "");
	json_t *item;
	size_t i;

	if (!service->listed)
		return true;
	if (!json_is_array(list))
		return component_listed(e->component->listed_at, service->listed);
	json_array_foreach((json_t *)list, i, item)
		if (json_is_string(item) && strcmp(json_string_value(item), service->listed) == 0)
			return true;
	return false;
}

static bool sets_anything(const struct entity *e, const char *arguments)
{
	for (size_t i = 0; arguments && i < e->n_features; i++)
		if (e->features[i].set && component_listed(arguments, e->features[i].f->name))
			return true;
	return false;
}

/* Its own command, what it implies, or its arguments: without any of them there is none. */
static int take_service(struct entity *e, const struct description *s,
			const struct service *service)
{
	struct entity_service *es = &e->services[e->n_services];
	const json_t *said = service->key ? json_object_get(s->root, service->key) : NULL;
	int r;

	*es = (struct entity_service){ .s = service };
	if (!is_listed(e, s, service))
		return 0;
	e->n_services++;
	if (!json_is_null(said)) {
		if ((r = description_topic(s, service->topic, &es->topic)) < 0 ||
		    (r = description_text(s, service->key, DESCRIPTION_TEXT_MAX, service->payload,
					  &es->payload)) < 0 ||
		    (r = description_template(s, service->template, false, &es->template)) < 0)
			return r;
	}
	if (es->topic && es->payload)
		return 0;
	free(TAKE(es->payload));
	if (service->implied && (es->implied = implied_value(e, service)))
		return 0;
	if (sets_anything(e, service->arguments))
		return 0;
	e->n_services--;
	free(es->topic);
	jinja_free(es->template);
	return 0;
}

static int take_services(struct entity *e, const struct description *s, bool guarded)
{
	const struct component *c = e->component;
	int r = 0;

	if (!guarded && (c->flags & COMPONENT_GUARDED))
		return 0;
	for (size_t i = 0; r == 0 && i < c->n_services; i++)
		r = take_service(e, s, &c->services[i]);
	return r;
}

/* How a light is switched on beside its brightness. */
static int take_manner(struct entity *e, const struct description *s)
{
	_cleanup_free_ char *type = NULL;
	int r = description_text(s, "on_command_type", DESCRIPTION_TEXT_MAX, "last", &type);

	if (r < 0)
		return r;
	e->own_first = strcmp(type, "first") == 0;
	e->by_brightness = strcmp(type, "brightness") == 0;
	return e->own_first || e->by_brightness || strcmp(type, "last") == 0 ? 0
		: description_bad(s, "on_command_type", "expected last, first or brightness");
}

static int take_times(struct entity *e, const struct description *s)
{
	int r = description_number(s, "expire_after", 0, &e->expires_s);

	if (r == 0)
		r = description_number(s, "off_delay", 0, &e->off_delay_s);
	if (r == 0 && (e->expires_s < 0 || e->off_delay_s < 0))
		return description_bad(s, "expire_after", "expected a positive number");
	return r;
}

static int take_unit(struct entity *e, const struct description *s)
{
	_cleanup_free_ char *unit = NULL, *degrees = NULL;
	int r = description_text(s, "unit_of_measurement", DESCRIPTION_TEXT_MAX, "", &unit);

	if (r == 0)
		r = description_text(s, "temperature_unit", DESCRIPTION_TEXT_MAX, "", &degrees);
	if (r < 0)
		return r;
	if (*degrees == 'C' || *degrees == 'F')
		e->unit = strdup(*degrees == 'C' ? "\302\260C" : "\302\260F");
	else
		e->unit = name_shown(unit);
	return e->unit ? 0 : -ENOMEM;
}

/* A device's settings are no things of a home, nor is what it hides at first; how full its battery
 * is, people ask. */
static bool is_setting(const struct description *s)
{
	const char *category = json_string_value(json_object_get(s->root, "entity_category"));
	const char *class = json_string_value(json_object_get(s->root, "device_class"));

	if (json_is_false(json_object_get(s->root, "enabled_by_default")))
		return true;
	return category && !(strcmp(category, "diagnostic") == 0 && class &&
			     strcmp(class, "battery") == 0);
}

/* Without one of its topics it is nothing. */
static int take_needs(struct entity *e, const struct description *s)
{
	const char *needs = e->component->needs;
	_cleanup_free_ char *topic = NULL;
	int r = needs ? description_first(s, needs, DESCRIPTION_TOPIC_MAX, NULL, &topic) : 0;

	if (r < 0)
		return r;
	if (needs && !topic)
		return description_bad(s, needs, "missing: it can be neither commanded nor read");
	if (!needs && e->n_features + e->n_services == 0)
		return description_bad(s, "command_topic", "it has nothing to command or to read");
	return 0;
}

static int take_all(struct entity *e, const struct description *s, const char *object,
		    bool guarded)
{
	const struct component *c = e->component;
	int r;

	if ((r = description_text(s, "unique_id", DESCRIPTION_TEXT_MAX, "", &e->unique)) < 0 ||
	    (r = description_text(s, "device_class", DESCRIPTION_TEXT_MAX, "",
				  &e->device_class)) < 0 ||
	    (r = take_name(e, s, object)) < 0 || (r = take_base(e, s, object)) < 0 ||
	    (r = description_topic(s, c->state, &e->state_topic)) < 0 ||
	    (r = description_template(s, c->template, false, &e->state_template)) < 0 ||
	    (r = description_flag(s, "retain", false, &e->retain)) < 0 ||
	    (r = take_words(e, s)) < 0 || (r = take_availability(e, s)) < 0 ||
	    (r = take_features(e, s)) < 0 || (r = take_services(e, s, guarded)) < 0 ||
	    (r = take_manner(e, s)) < 0 || (r = take_times(e, s)) < 0 ||
	    (r = take_unit(e, s)) < 0)
		return r;
	return take_needs(e, s);
}

int entity_new(struct entity **ret, const char *component, const char *object,
	       const json_t *description, bool guarded, struct diag *d)
{
	const struct description s = { description, d };
	_cleanup_(entity_freep) struct entity *e = NULL;
	const struct entity_feature *position;
	int r;

	if (!component_known(component) || is_setting(&s))
		return -ENOENT;
	e = calloc(1, sizeof(*e));
	if (!e)
		return -ENOMEM;
	e->component = component_find(component, description);
	if (!e->component)
		return description_bad(&s, "schema", "expected basic, json or template");
	r = take_all(e, &s, object, guarded);
	if (r < 0)
		return r;
	position = entity_feature(e, "position");
	e->by_position = position && (!e->state_topic || (position->told &&
				      strcmp(position->told, e->state_topic) == 0));
	e->attributes = json_object();
	if (!e->attributes ||
	    (*e->unit && json_object_set_new(e->attributes, "unit", json_string(e->unit)) < 0))
		return -ENOMEM;
	*ret = TAKE(e);
	return 0;
}
