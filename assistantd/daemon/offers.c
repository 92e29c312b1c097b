/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/offers.h"

#include <errno.h>
#include <string.h>

#include "assistantd/daemon/bus.h"
#include "assistantd/daemon/commands.h"
#include "util/macro.h"

struct offer {
	struct caller *caller;
	struct offer_list list;
	struct offer *next;
};

struct offers {
	struct offer *first;
};

void offer_deinit(struct offer_list *l)
{
	while (l->n) {
		struct offer_entity *e = &l->entities[--l->n];

		free(e->id);
		free(e->type);
		free(e->name);
		json_decref(e->data);
	}
}

static int take_data(struct offer_entity *e, const char *text, struct diag *d)
{
	json_error_t error;

	e->data = json_loads(text, JSON_REJECT_DUPLICATES, &error);
	if (!e->data)
		return diag_set(d, -EINVAL, DIAG_SYNTAX, "data", "no JSON: %s", error.text);
	return json_is_object(e->data) ? 0 :
	       diag_set(d, -EINVAL, DIAG_TYPE, "data", "expected a JSON object");
}

static int take_key(struct offer_entity *e, const char *key, const char *text, struct diag *d)
{
	char **to = strcmp(key, "id") == 0 ? &e->id : strcmp(key, "type") == 0 ? &e->type
		  : strcmp(key, "name") == 0 ? &e->name : NULL;
	bool data = strcmp(key, "data") == 0;

	if (!to && !data)
		return diag_set(d, -EINVAL, DIAG_UNSUP, key, "entities have id, type, name, data");
	if ((to && *to) || (data && e->data))
		return diag_set(d, -EINVAL, DIAG_DUP, key, "given twice");
	if (data)
		return take_data(e, text, d);
	*to = strdup(text);
	return *to ? 0 : -ENOMEM;
}

/* What lists of ids, "everything" and references to things look like is no id of a thing. */
static bool valid_id(const char *id)
{
	return *id != '=' && strcmp(id, "all") != 0 && strcmp(id, COMMANDS_UNKNOWN) != 0;
}

/* It is shown to the user, and stands in lines. */
static bool is_plain(const char *text)
{
	while ((unsigned char)*text >= 0x20 && *text != 0x7f)
		text++;
	return !*text;
}

static int read_entity(struct offer_entity *e, DBusMessageIter *dict, size_t *bytes,
		       struct diag *d)
{
	DBusMessageIter value;
	const char *key, *text;
	int r = 0;

	while (r == 0 && bus_next_option(dict, &key, &value)) {
		if (dbus_message_iter_get_arg_type(&value) != DBUS_TYPE_STRING)
			return diag_set(d, -EINVAL, DIAG_TYPE, key, "expected a text");
		dbus_message_iter_get_basic(&value, &text);
		*bytes += strlen(key) + strlen(text);
		if (*bytes > OFFER_BYTES_MAX)
			return diag_set(d, -EINVAL, DIAG_LIMIT, key,
					"the entities have more than %d bytes", OFFER_BYTES_MAX);
		r = take_key(e, key, text, d);
	}
	if (r == 0 && !e->type && !(e->type = strdup("")))
		return -ENOMEM;
	if (r == 0 && (!e->id || !*e->id))
		return diag_set(d, -EINVAL, DIAG_PAIR, "id", "missing or empty");
	if (r == 0 && (!e->name || !*e->name))
		return diag_set(d, -EINVAL, DIAG_PAIR, "name", "missing or empty");
	if (r == 0 && (!valid_id(e->id) || !is_plain(e->id)))
		return diag_set(d, -EINVAL, DIAG_RANGE, "id", "this is no id of a thing");
	if (r == 0 && (!is_plain(e->type) || !is_plain(e->name)))
		return diag_set(d, -EINVAL, DIAG_RANGE, "name", "has characters for control");
	return r;
}

static bool known(const struct offer_list *l, const char *id)
{
	for (size_t i = 0; i + 1 < l->n; i++)
		if (strcmp(l->entities[i].id, id) == 0)
			return true;
	return false;
}

int offer_read(struct offer_list *ret, DBusMessageIter *at, struct diag *d)
{
	DBusMessageIter list, dict;
	size_t bytes = 0;
	int r = 0;

	ret->n = 0;
	dbus_message_iter_recurse(at, &list);
	for (; r == 0 && dbus_message_iter_get_arg_type(&list) == DBUS_TYPE_ARRAY;
	     dbus_message_iter_next(&list)) {
		struct offer_entity *e = &ret->entities[ret->n];

		if (ret->n == OFFER_ENTITIES_MAX)
			return diag_set(d, -EINVAL, DIAG_LIMIT, "entities", "more than %d",
					OFFER_ENTITIES_MAX);
		*e = (struct offer_entity){ 0 };
		ret->n++;
		dbus_message_iter_recurse(&list, &dict);
		r = read_entity(e, &dict, &bytes, d);
		if (r == 0 && known(ret, e->id))
			r = diag_set(d, -EINVAL, DIAG_DUP, "id", "two entities have it");
	}
	return r;
}

int offers_new(struct offers **ret)
{
	*ret = calloc(1, sizeof(**ret));
	return *ret ? 0 : -ENOMEM;
}

struct offers *offers_free(struct offers *o)
{
	if (!o)
		return NULL;
	while (o->first)
		offers_drop(o, o->first->caller->name);
	free(o);
	return NULL;
}

int offers_set(struct offers *o, struct caller *caller, struct offer_list *list)
{
	struct offer *f = calloc(1, sizeof(*f));

	if (!f || !(f->caller = caller_get(caller->owner, caller->name))) {
		free(f);
		return -ENOMEM;
	}
	offers_drop(o, caller->name);
	f->list = *list;
	list->n = 0;
	f->next = o->first;
	o->first = f;
	return 0;
}

void offers_drop(struct offers *o, const char *sender)
{
	for (struct offer **at = &o->first; *at; at = &(*at)->next) {
		struct offer *f = *at;

		if (strcmp(f->caller->name, sender) != 0)
			continue;
		*at = f->next;
		offer_deinit(&f->list);
		caller_unref(f->caller);
		free(f);
		return;
	}
}

const struct offer_entity *offers_of(const struct offers *o, const struct caller *caller, size_t i)
{
	const struct offer *f = o->first;

	while (f && f->caller != caller)
		f = f->next;
	return f && i < f->list.n ? &f->list.entities[i] : NULL;
}
