/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/order.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void order_deinit(struct order *o)
{
	while (o->n_slots) {
		struct order_slot *s = &o->slots[--o->n_slots];

		free(s->name);
		free(s->value);
	}
	free(o->text);
	free(o->intent);
	free(o->response);
	free(o->why);
	*o = (struct order)ORDER_NULL;
}

static int add(struct order *o, const char *name, const char *value, enum policy_label label)
{
	struct order_slot *s = &o->slots[o->n_slots];

	if (o->n_slots == INTENT_SLOTS_MAX)
		return -E2BIG;
	*s = (struct order_slot){ .name = strdup(name), .value = strdup(value), .label = label };
	o->n_slots++;
	return s->name && s->value ? 0 : -ENOMEM;
}

static int fill(struct order *o, const struct intent_match *m)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < m->n_slots; i++) {
		r = add(o, m->slots[i].name, m->slots[i].value, POLICY_LABEL_USER);
		if (r == 0 && m->slots[i].source == INTENT_SAID) {
			o->slots[i].start = m->slots[i].start;
			o->slots[i].end = m->slots[i].end;
		}
	}
	return r;
}

int order_init(struct order *o, const char *text, size_t len, const struct intent_match *m)
{
	int r = -ENOMEM;

	*o = (struct order)ORDER_NULL;
	o->text = strndup(text, len);
	o->intent = strdup(m->intent);
	o->response = m->response ? strdup(m->response) : NULL;
	if (asprintf(&o->why, "%s:%u", m->file, m->line) < 0)
		o->why = NULL;
	if (o->text && o->intent && o->why && (o->response || !m->response))
		r = fill(o, m);
	if (r < 0)
		order_deinit(o);
	return r;
}

int order_copy(struct order *o, const struct order *from)
{
	json_t *object = order_to_json(from);
	int r = object ? order_from_json(o, object) : -ENOMEM;

	json_decref(object);
	return r;
}

const struct order_slot *order_slot_find(const struct order *o, const char *name)
{
	for (size_t i = 0; i < o->n_slots; i++)
		if (strcmp(o->slots[i].name, name) == 0)
			return &o->slots[i];
	return NULL;
}

const char *order_slot(const struct order *o, const char *name)
{
	const struct order_slot *s = order_slot_find(o, name);

	return s ? s->value : NULL;
}

int order_set(struct order *o, const char *name, const char *value, enum policy_label label)
{
	struct order_slot *s = (struct order_slot *)order_slot_find(o, name);
	char *copy;

	if (!s)
		return add(o, name, value, label);
	copy = strdup(value);
	if (!copy)
		return -ENOMEM;
	free(s->value);
	s->value = copy;
	s->label = label;
	return 0;
}

void order_unset(struct order *o, const char *name)
{
	struct order_slot *s = (struct order_slot *)order_slot_find(o, name);

	if (!s)
		return;
	free(s->name);
	free(s->value);
	*s = o->slots[--o->n_slots];
}

enum policy_label order_label(const struct order *o)
{
	enum policy_label lowest = o->label;

	for (size_t i = 0; i < o->n_slots; i++)
		if (o->slots[i].label > lowest)
			lowest = o->slots[i].label;
	return lowest;
}

long order_number(const struct order *o, const char *name, long otherwise)
{
	const char *text = order_slot(o, name);
	char *end = NULL;
	long v = text && *text >= '0' && *text <= '9' ? strtol(text, &end, 10) : 0;

	return end && !*end ? v : otherwise;
}

static json_t *slot_to_json(const struct order_slot *s)
{
	return json_pack("{s:s, s:s, s:I, s:I, s:i}", "name", s->name, "value", s->value,
			 "start", (json_int_t)s->start, "end", (json_int_t)s->end,
			 "label", (int)s->label);
}

json_t *order_to_json(const struct order *o)
{
	json_t *slots = json_array(), *object;

	for (size_t i = 0; i < o->n_slots; i++)
		json_array_append_new(slots, slot_to_json(&o->slots[i]));
	object = json_pack("{s:s, s:s, s:s*, s:s, s:i, s:o}", "text", o->text, "intent",
			   o->intent, "response", o->response, "why", o->why, "label",
			   (int)o->label, "slots", slots);
	if (json_array_size(json_object_get(object, "slots")) == o->n_slots)
		return object;
	json_decref(object);
	return NULL;
}

static int slot_from_json(struct order *o, const json_t *object)
{
	const char *name, *value;
	json_int_t start, end;
	size_t len = strlen(o->text);
	int label, r;

	if (json_unpack((json_t *)object, "{s:s, s:s, s:I, s:I, s:i}", "name", &name, "value",
			&value, "start", &start, "end", &end, "label", &label) < 0)
		return -EINVAL;
	if (start < 0 || end < start || (size_t)end > len || label < 0 ||
	    label >= POLICY_LABEL_COUNT)
		return -EINVAL;
	r = add(o, name, value, (enum policy_label)label);
	if (r == 0) {
		o->slots[o->n_slots - 1].start = (size_t)start;
		o->slots[o->n_slots - 1].end = (size_t)end;
	}
	return r;
}

int order_from_json(struct order *o, const json_t *object)
{
	const char *text, *intent, *response = NULL, *why;
	json_t *slots, *slot;
	size_t i;
	int label, r = 0;

	*o = (struct order)ORDER_NULL;
	if (json_unpack((json_t *)object, "{s:s, s:s, s?s, s:s, s:i, s:o}", "text", &text,
			"intent", &intent, "response", &response, "why", &why, "label", &label,
			"slots", &slots) < 0 || label < 0 || label >= POLICY_LABEL_COUNT)
		return -EINVAL;
	o->label = (enum policy_label)label;
	o->text = strdup(text);
	o->intent = strdup(intent);
	o->response = response ? strdup(response) : NULL;
	o->why = strdup(why);
	if (!o->text || !o->intent || !o->why || (response && !o->response))
		r = -ENOMEM;
	json_array_foreach(slots, i, slot)
		if (r == 0)
			r = slot_from_json(o, slot);
	if (r < 0)
		order_deinit(o);
	return r == -E2BIG ? -EINVAL : r;
}
