/* SPDX-License-Identifier: MIT */
/* org.assistantd.Home1: the devices of the home, and what the user says of them. */
#include <errno.h>
#include <string.h>

#include "assistantd/daemon/daemon.h"
#include "assistantd/daemon/out.h"
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
	out_dict_str(item, "floor", s->floor);
	out_dict_strings(item, "aliases", (const char *const *)s->aliases, s->n_aliases);
	out_dict_bool(item, "hidden", s->hidden);
	out_dict_str(item, "state", e->state);
	out_dict_str(item, "attributes", attributes ? attributes : "{}");
	out_dict_bool(item, "available", e->available);
}

static void list(void *arg, DBusMessage *m)
{
	struct daemon *d = arg;
	DBusMessage *reply = dbus_message_new_method_return(m);
	struct out_list out;
	DBusMessageIter at;

	if (!reply)
		return;
	dbus_message_iter_init_append(reply, &at);
	out_open_list(&out, &at, NULL);
	for (const struct home_entity *e = home_first(d->home); e; e = e->next) {
		out_entity(d->home, e, out_list_next(&out));
		out_list_end_item(&out);
	}
	out_close_list(&out);
	bus_send(d->bus, reply);
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

/* The list replaces what was there. */
static int take_aliases(DBusMessageIter *value, struct home_settings *s)
{
	DBusMessageIter items;
	int r = 0;

	if (dbus_message_iter_get_arg_type(value) != DBUS_TYPE_ARRAY ||
	    dbus_message_iter_get_element_type(value) != DBUS_TYPE_STRING)
		return -EINVAL;
	while (s->n_aliases)
		free(s->aliases[--s->n_aliases]);
	dbus_message_iter_recurse(value, &items);
	for (; r == 0 && dbus_message_iter_get_arg_type(&items) == DBUS_TYPE_STRING;
	     dbus_message_iter_next(&items)) {
		if (s->n_aliases == HOME_ALIASES_MAX)
			return -EINVAL;
		s->aliases[s->n_aliases] = NULL;
		r = take_name(&items, &s->aliases[s->n_aliases]);
		s->n_aliases += r == 0;
	}
	return r;
}

static int take_setting(struct home_settings *s, const char *key, DBusMessageIter *value)
{
	dbus_bool_t hidden;

	if (strcmp(key, "area") == 0)
		return take_name(value, &s->area);
	if (strcmp(key, "floor") == 0)
		return take_name(value, &s->floor);
	if (strcmp(key, "aliases") == 0)
		return take_aliases(value, s);
	if (strcmp(key, "hidden") != 0 ||
	    dbus_message_iter_get_arg_type(value) != DBUS_TYPE_BOOLEAN)
		return -EINVAL;
	dbus_message_iter_get_basic(value, &hidden);
	s->hidden = hidden;
	return 0;
}

static void set(void *arg, DBusMessage *m)
{
	struct daemon *d = arg;
	DBusMessageIter at, dict, value;
	_cleanup_(home_settings_freep) struct home_settings *s = NULL;
	const char *id, *key = "";
	int r = 0;

	dbus_message_iter_init(m, &at);
	dbus_message_iter_get_basic(&at, &id);
	dbus_message_iter_next(&at);
	if (!home_find(d->home, id)) {
		bus_send(d->bus, out_error(m, DBUS_ERROR_INVALID_ARGS, "no device '%s'", id));
		return;
	}
	/* All of it or nothing. */
	s = home_settings_copy(d->home, id);
	dbus_message_iter_recurse(&at, &dict);
	while (s && r == 0 && bus_next_option(&dict, &key, &value)) {
		r = take_setting(s, key, &value);
	}
	if (!s)
		r = -ENOMEM;
	if (r == 0) {
		home_set(d->home, TAKE(s));
		d->sentences_stale = true;
		r = home_save(d->home);
	}
	if (r == -EINVAL)
		bus_send(d->bus, out_error(m, DBUS_ERROR_INVALID_ARGS, "%s: expected area, floor "
					   "(text), aliases (texts) or hidden (yes or no), names "
					   "without brackets", key));
	else if (r < 0)
		bus_send(d->bus, out_error(m, "Internal", "%s", strerror(-r)));
	else
		bus_send(d->bus, dbus_message_new_method_return(m));
}

static void prop_broker(void *arg, DBusMessageIter *at)
{
	struct daemon *d = arg;

	out_str(at, tools_up(d->tools) ? "up" : tools_trouble(d->tools));
}

static const struct bus_method methods[] = {
	{ "List", "a{sv}", list, "" },
	{ "Set", "sa{sv}", set },
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
