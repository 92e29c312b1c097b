/* SPDX-License-Identifier: MIT */
#include "tools_api/binding.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "tools_api/schema.h"
#include "util/macro.h"

static bool lists(const json_t *names, const char *name)
{
	for (size_t i = 0; name && i < json_array_size(names); i++)
		if (strcmp(json_string_value(json_array_get(names, i)), name) == 0)
			return true;
	return false;
}

static const char *slot_value(const struct tool_wish *w, const char *name)
{
	for (size_t i = 0; i < w->n_slots; i++)
		if (strcmp(w->slots[i].name, name) == 0)
			return w->slots[i].value;
	return NULL;
}

static bool names_target(const char *slot)
{
	static const char *const names[] = { "name", "area", "floor", "domain", "device_class",
					     "except_name", "except_area", "quantity" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(slot, names[i]) == 0)
			return true;
	return false;
}

static const char *slot_argument(const json_t *slot)
{
	return json_string_value(json_is_object(slot) ? json_object_get(slot, "argument") : slot);
}

/* Each condition on a slot is its value, or a list of values. */
static bool when_agrees(const json_t *when, const struct tool_wish *w)
{
	const char *key;
	json_t *want;

	json_object_foreach((json_t *)when, key, want) {
		const char *have = slot_value(w, key);
		const char *only = json_string_value(want);

		if (!have || !(only ? strcmp(only, have) == 0 : lists(want, have)))
			return false;
	}
	return true;
}

static bool takes_all(const json_t *binding, const struct tool_wish *w)
{
	const json_t *slots = json_object_get(binding, "slots");
	const json_t *when = json_object_get(binding, "when");

	for (size_t i = 0; i < w->n_slots; i++) {
		const char *name = w->slots[i].name;

		if (!json_object_get(slots, name) && !json_object_get(when, name) &&
		    !names_target(name))
			return false;
	}
	return true;
}

/* Whether the sentence and the binding bring every argument that there must be. */
static bool brings_required(const struct tool *t, const json_t *binding,
			    const struct tool_wish *w)
{
	const json_t *required = json_object_get(t->schema, "required");
	const json_t *fixed = json_object_get(binding, "arguments");

	for (size_t i = 0; i < json_array_size(required); i++) {
		const char *name = json_string_value(json_array_get(required, i)), *key;
		bool there = strcmp(name, "entity") == 0 || json_object_get(fixed, name);
		json_t *slot;

		json_object_foreach(json_object_get(binding, "slots"), key, slot)
			there |= strcmp(slot_argument(slot), name) == 0 && slot_value(w, key);
		if (!there)
			return false;
	}
	return true;
}

static bool fits(const struct tool *t, const json_t *binding, const struct tool_wish *w)
{
	const json_t *entities = json_object_get(binding, "entity");
	const json_t *domains = json_object_get(binding, "domain");
	const char *intent = json_string_value(json_object_get(binding, "intent"));

	if (strcmp(intent, w->intent) != 0)
		return false;
	if (w->entity && !(entities ? lists(entities, w->entity) : lists(domains, w->domain)))
		return false;
	return when_agrees(json_object_get(binding, "when"), w) && takes_all(binding, w) &&
	       brings_required(t, binding, w);
}

/* In the order of preference: to this thing before to its kind, the user's before ours. */
enum { N_PASSES = 4 };

static unsigned pass_of(const struct tool *t, const json_t *binding)
{
	return (json_object_get(binding, "entity") ? 0 : 2) + (t->shipped ? 1 : 0);
}

bool tool_registry_by_intent(const struct tool_registry *r, const struct tool_wish *w, size_t *at,
			     struct tool_use *ret)
{
	const struct tool *t;
	size_t number = 0;

	for (unsigned pass = 0; pass < N_PASSES; pass++) {
		for (size_t i = 0; (t = tool_registry_at(r, i)); i++) {
			for (size_t k = 0; k < json_array_size(t->intents); k++, number++) {
				const json_t *binding = json_array_get(t->intents, k);

				if (number < *at || pass_of(t, binding) != pass ||
				    !fits(t, binding, w))
					continue;
				*ret = (struct tool_use){ t, binding,
					json_object_get(binding, "domain"),
					json_object_get(binding, "entity") };
				*at = number + 1;
				return true;
			}
		}
	}
	return false;
}

static json_t *to_type(const char *text, const char *type)
{
	long long whole;
	double number;
	char *end;

	if (strcmp(type, "integer") == 0) {
		errno = 0;
		whole = strtoll(text, &end, 10);
		return *text && !*end && !errno ? json_integer(whole) : NULL;
	}
	if (strcmp(type, "number") == 0) {
		number = strtod(text, &end);
		return *text && !*end && isfinite(number) ? json_real(number) : NULL;
	}
	if (strcmp(type, "boolean") == 0)
		return strcmp(text, "true") == 0 || strcmp(text, "on") == 0 ? json_true() :
		       strcmp(text, "false") == 0 || strcmp(text, "off") == 0 ? json_false() : NULL;
	return strcmp(type, "string") == 0 ? json_string(text) : NULL;
}

/* What was said, in the first of the argument's types that it can be. */
static json_t *convert(const char *text, const json_t *property)
{
	const json_t *type = json_object_get(property, "type");
	json_t *v = NULL;

	if (!type)
		return json_string(text);
	if (json_is_string(type))
		return to_type(text, json_string_value(type));
	for (size_t i = 0; !v && i < json_array_size(type); i++)
		v = to_type(text, json_string_value(json_array_get(type, i)));
	return v;
}

/* As much as the argument allows: "louder" at the loudest stays there. */
static json_t *changed_by(const json_t *change, const json_t *now, const json_t *property)
{
	const json_t *min = json_object_get(property, "minimum");
	const json_t *max = json_object_get(property, "maximum");
	const char *type = json_string_value(json_object_get(property, "type"));
	double v = json_number_value(now) + json_number_value(change);

	if (min)
		v = fmax(v, json_number_value(min));
	if (max)
		v = fmin(v, json_number_value(max));
	/* What a state tells may be more than a whole number holds. */
	v = fmax(fmin(v, 1e15), -1e15);
	return type && strcmp(type, "integer") == 0 ? json_integer(llround(v)) : json_real(v);
}

/* Words are the same in either case. */
static json_t *named_value(const json_t *values, const char *said)
{
	const char *name;
	json_t *v;

	json_object_foreach((json_t *)values, name, v)
		if (strcasecmp(name, said) == 0)
			return v;
	return NULL;
}

static int add_slot(const struct tool *t, const json_t *slot, const char *said,
		    const struct tool_wish *w, json_t *out, struct diag *d)
{
	const char *argument = slot_argument(slot);
	const json_t *property = json_object_get(json_object_get(t->schema, "properties"),
						 argument);
	const json_t *now = json_object_get(w->state, argument);
	json_t *v = json_incref(named_value(json_object_get(slot, "values"), said));

	if (!v)
		v = convert(said, property);
	if (!v)
		return diag_set(d, -EINVAL, DIAG_TYPE, argument, "'%s' is no value of it", said);
	if (json_is_true(json_object_get(slot, "relative"))) {
		json_t *change = v;

		v = json_is_number(now) && json_is_number(change) ?
			changed_by(change, now, property) : NULL;
		json_decref(change);
		if (!v)
			return -ENOENT;
	}
	return json_object_set_new(out, argument, v) ? -ENOMEM : 0;
}

int tool_use_arguments(const struct tool_use *use, const struct tool_wish *w, json_t **ret,
		       struct diag *d)
{
	const json_t *fixed = json_object_get(use->binding, "arguments");
	json_auto_t *out = fixed ? json_deep_copy(fixed) : json_object();
	const char *key;
	json_t *slot;
	int r = out ? 0 : -ENOMEM;

	if (r == 0 && w->entity && tool_has_argument(use->tool, "entity"))
		r = json_object_set_new(out, "entity", json_string(w->entity)) ? -ENOMEM : 0;
	json_object_foreach(json_object_get(use->binding, "slots"), key, slot) {
		const char *said = slot_value(w, key);

		if (r == 0 && said)
			r = add_slot(use->tool, slot, said, w, out, d);
	}
	if (r == 0)
		r = tool_schema_validate(use->tool->schema, out, d);
	if (r == 0)
		*ret = json_incref(out);
	return r;
}
