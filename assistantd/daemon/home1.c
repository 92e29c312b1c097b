/* SPDX-License-Identifier: MIT */
/* org.assistantd.Home1: the devices of the home, and what the user says of them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "assistantd/daemon/daemon.h"
#include "assistantd/daemon/out.h"
#include "assistantd/daemon/permit.h"
#include "assistantd/daemon/xml.h"
#include "util/macro.h"

enum { NAME_MAX_BYTES = 64 };

static void out_entity(const struct home *h, const struct home_entity *e, DBusMessageIter *item)
{
	const struct home_settings *s = home_settings(h, e->id);
	_cleanup_free_ char *attributes = json_dumps(e->attributes, JSON_COMPACT | JSON_SORT_KEYS);

	out_dict_str(item, "entity", e->id);
	out_dict_str(item, "domain", e->domain);
	out_dict_str(item, "name", e->name);
	out_dict_str(item, "device_class", e->device_class);
	out_dict_str(item, "area", s->area);
	out_dict_str(item, "floor", home_floor(h, e->id));
	out_dict_strings(item, "aliases", (const char *const *)s->aliases.names, s->aliases.n);
	out_dict_bool(item, "hidden", s->hidden);
	out_dict_str(item, "state", e->state);
	out_dict_str(item, "attributes", attributes ? attributes : "{}");
	out_dict_bool(item, "available", home_available(h, e));
}

static void list(void *arg, DBusMessage *m)
{
	struct daemon *d = arg;
	struct out_list_reply out;

	if (!out_begin_list_reply(&out, m))
		return;
	for (const struct home_entity *e = home_first(d->home); e; e = e->next) {
		out_entity(d->home, e, out_list_next(&out.list));
		out_list_end_item(&out.list);
	}
	bus_send(d->bus, out_end_list_reply(&out));
}

static bool good_name(const char *name)
{
	return strlen(name) <= NAME_MAX_BYTES && !strpbrk(name, "[]()|{}<>;\n");
}

static int take_name(DBusMessageIter *value, char **field)
{
	const char *text;
	char *copy;

	if (dbus_message_iter_get_arg_type(value) != DBUS_TYPE_STRING)
		return -EINVAL;
	dbus_message_iter_get_basic(value, &text);
	if (!good_name(text))
		return -EINVAL;
	copy = strdup(text);
	if (!copy)
		return -ENOMEM;
	free(*field);
	*field = copy;
	return 0;
}

enum names_change { NAMES_REPLACE, NAMES_ADD, NAMES_REMOVE };

static int take_names(DBusMessageIter *value, struct home_names *names, enum names_change change)
{
	_cleanup_free_ char *name = NULL;
	DBusMessageIter items;
	int r = 0;

	if (dbus_message_iter_get_arg_type(value) != DBUS_TYPE_ARRAY ||
	    dbus_message_iter_get_element_type(value) != DBUS_TYPE_STRING)
		return -EINVAL;
	if (change == NAMES_REPLACE)
		home_names_deinit(names);
	dbus_message_iter_recurse(value, &items);
	for (; r == 0 && dbus_message_iter_get_arg_type(&items) == DBUS_TYPE_STRING;
	     dbus_message_iter_next(&items)) {
		r = take_name(&items, &name);
		if (r < 0)
			return r;
		if (change == NAMES_REMOVE)
			r = home_names_remove(names, name) ? 0 : -ENOENT;
		else
			r = *name ? home_names_add(names, name) : -EINVAL;
	}
	return r;
}

/* Keys that things and places have in common; -ENODATA for any other. */
static int take_common(const char *key, DBusMessageIter *value, char **floor,
		       struct home_names *aliases)
{
	if (strcmp(key, "floor") == 0)
		return take_name(value, floor);
	if (strcmp(key, "aliases") == 0)
		return take_names(value, aliases, NAMES_REPLACE);
	if (strcmp(key, "add_aliases") == 0)
		return take_names(value, aliases, NAMES_ADD);
	if (strcmp(key, "remove_aliases") == 0)
		return take_names(value, aliases, NAMES_REMOVE);
	return -ENODATA;
}

static int take_setting(struct home_settings *s, const char *key, DBusMessageIter *value)
{
	dbus_bool_t hidden;

	if (strcmp(key, "area") == 0)
		return take_name(value, &s->area);
	if (strcmp(key, "hidden") != 0)
		return take_common(key, value, &s->floor, &s->aliases);
	if (dbus_message_iter_get_arg_type(value) != DBUS_TYPE_BOOLEAN)
		return -EINVAL;
	dbus_message_iter_get_basic(value, &hidden);
	s->hidden = hidden;
	return 0;
}

/* A change that is answered when it is in the file. */
struct setting {
	struct daemon *d;
	DBusMessage *m;
};

static void on_saved(void *arg, int result)
{
	struct setting *s = arg;

	bus_send(s->d->bus, result < 0 ? out_error(s->m, "Internal", "%s", strerror(-result))
				       : dbus_message_new_method_return(s->m));
	dbus_message_unref(s->m);
	free(s);
}

static int save(struct daemon *d, DBusMessage *m)
{
	struct setting *s = malloc(sizeof(*s));
	int r;

	if (!s)
		return -ENOMEM;
	*s = (struct setting){ d, dbus_message_ref(m) };
	r = home_save(d->home, d->worker, on_saved, s);
	if (r < 0) {
		dbus_message_unref(m);
		free(s);
	}
	return r;
}

/* Answers a change, of which @key was taken last. */
static void answer_set(struct daemon *d, DBusMessage *m, const char *key, int r)
{
	if (r == 0) {
		d->names_stale = true;
		r = save(d, m);
	}
	if (r == -ENODATA)
		bus_send(d->bus, out_error(m, DBUS_ERROR_INVALID_ARGS, "%s: no such setting; "
					   "there are area, floor, aliases, add_aliases, "
					   "remove_aliases and hidden", key));
	else if (r == -EINVAL)
		bus_send(d->bus, out_error(m, DBUS_ERROR_INVALID_ARGS, "%s: expected area, floor "
					   "(text), aliases (texts) or hidden (yes or no), names "
					   "without brackets and of 64 bytes at most", key));
	else if (r == -E2BIG)
		bus_send(d->bus, out_error(m, DBUS_ERROR_INVALID_ARGS, "%s: more than %d other "
					   "names", key, HOME_ALIASES_MAX));
	else if (r == -ENOENT)
		bus_send(d->bus, out_error(m, DBUS_ERROR_INVALID_ARGS, "%s: it has no such other "
					   "name", key));
	else if (r < 0)
		bus_send(d->bus, out_error(m, "Internal", "%s", strerror(-r)));
}

/* The name of what is set, and the dictionary behind it. */
static const char *open_set(DBusMessage *m, DBusMessageIter *dict)
{
	DBusMessageIter at;
	const char *name;

	dbus_message_iter_init(m, &at);
	dbus_message_iter_get_basic(&at, &name);
	dbus_message_iter_next(&at);
	dbus_message_iter_recurse(&at, dict);
	return name;
}

/* All of it or nothing. */
static void set_now(struct daemon *d, DBusMessage *m)
{
	_cleanup_(home_settings_freep) struct home_settings *s = NULL;
	DBusMessageIter dict, value;
	const char *id = open_set(m, &dict), *key = "";
	int r = 0;

	if (!home_find(d->home, id)) {
		bus_send(d->bus, out_error(m, DBUS_ERROR_INVALID_ARGS, "no device '%s'", id));
		return;
	}
	s = home_settings_copy(d->home, id);
	if (!s)
		r = -ENOMEM;
	while (r == 0 && bus_next_option(&dict, &key, &value))
		r = take_setting(s, key, &value);
	if (r == 0)
		home_set(d->home, TAKE(s));
	answer_set(d, m, key, r);
}

static void set_area_now(struct daemon *d, DBusMessage *m)
{
	_cleanup_(home_area_freep) struct home_area *a = NULL;
	DBusMessageIter dict, value;
	const char *name = open_set(m, &dict), *key = "";
	int r = 0;

	if (!*name || !good_name(name)) {
		answer_set(d, m, "name", -EINVAL);
		return;
	}
	a = home_area_copy(d->home, name);
	if (!a)
		r = -ENOMEM;
	while (r == 0 && bus_next_option(&dict, &key, &value))
		r = take_common(key, &value, &a->floor, &a->aliases);
	if (r == 0)
		home_set_area(d->home, TAKE(a));
	answer_set(d, m, key, r);
}

static const char denied[] = "sandboxed applications may not change what the user says of the "
			     "home";

static void set(void *arg, DBusMessage *m)
{
	permit_outside(arg, m, set_now, denied);
}

static void set_area(void *arg, DBusMessage *m)
{
	permit_outside(arg, m, set_area_now, denied);
}

static void areas(void *arg, DBusMessage *m)
{
	struct daemon *d = arg;
	struct out_list_reply out;

	if (!out_begin_list_reply(&out, m))
		return;
	for (const struct home_area *a = home_areas(d->home); a; a = a->next) {
		DBusMessageIter *item = out_list_next(&out.list);

		out_dict_str(item, "name", a->name);
		out_dict_str(item, "floor", a->floor);
		out_dict_strings(item, "aliases", (const char *const *)a->aliases.names,
				 a->aliases.n);
		out_list_end_item(&out.list);
	}
	bus_send(d->bus, out_end_list_reply(&out));
}

static void prop_broker(void *arg, DBusMessageIter *at)
{
	struct daemon *d = arg;

	out_str(at, tools_up(d->tools) ? "up" : tools_trouble(d->tools));
}

static const struct bus_method methods[] = {
	{ "List", "a{sv}", list, "" },
	{ "Set", "sa{sv}", set, NULL },
	{ "Areas", "a{sv}", areas, "" },
	{ "SetArea", "sa{sv}", set_area, NULL },
};

static const struct bus_property properties[] = {
	{ "Version", "u", bus_version },
	{ "Broker", "s", prop_broker },
};

static const struct bus_interface home1 = {
	.name = "org.assistantd.Home1",
	.xml = xml_home1,
	.methods = methods,
	.n_methods = ARRAY_SIZE(methods),
	.properties = properties,
	.n_properties = ARRAY_SIZE(properties),
};

void home1_add(struct daemon *d)
{
	bus_add(d->bus, &home1, d, false);
}
