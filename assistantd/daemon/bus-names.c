/* SPDX-License-Identifier: MIT */
/* Services of one kind, whose names share a beginning. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assistantd/daemon/bus-private.h"

enum { NAMES_MS = 5000 };

struct bus_follower {
	struct bus *bus;
	const char *prefix;
	void (*changed)(void *arg, const char *name, bool there);
	void *arg;
	unsigned refs;			/* its holder, and a question to the bus */
	bool removed;
};

static void unref(struct bus_follower *f)
{
	if (--f->refs == 0)
		free(f);
}

static bool is_meant(const struct bus_follower *f, const char *name)
{
	size_t n = strlen(f->prefix);

	return strncmp(name, f->prefix, n) == 0 && name[n] == '.';
}

static DBusHandlerResult hear(DBusConnection *c, DBusMessage *m, void *arg)
{
	struct bus_follower *f = arg;
	const char *name, *old, *fresh;

	(void)c;
	if (dbus_message_is_signal(m, DBUS_INTERFACE_DBUS, "NameOwnerChanged") &&
	    dbus_message_has_sender(m, DBUS_SERVICE_DBUS) &&
	    dbus_message_get_args(m, NULL, DBUS_TYPE_STRING, &name, DBUS_TYPE_STRING, &old,
				  DBUS_TYPE_STRING, &fresh, DBUS_TYPE_INVALID) &&
	    is_meant(f, name))
		f->changed(f->arg, name, *fresh);
	return DBUS_HANDLER_RESULT_NOT_YET_HANDLED;
}

static void on_names(void *arg, DBusMessage *reply)
{
	struct bus_follower *f = arg;
	char **names = NULL;
	int n = 0;

	if (!f->removed && reply &&
	    dbus_message_get_args(reply, NULL, DBUS_TYPE_ARRAY, DBUS_TYPE_STRING, &names, &n,
				  DBUS_TYPE_INVALID))
		for (int i = 0; i < n && !f->removed; i++)
			if (is_meant(f, names[i]))
				f->changed(f->arg, names[i], true);
	dbus_free_string_array(names);
	unref(f);
}

static void match(struct bus_follower *f, bool add)
{
	char rule[400];

	snprintf(rule, sizeof(rule), "type='signal',sender='" DBUS_SERVICE_DBUS
		 "',member='NameOwnerChanged',arg0namespace='%s'", f->prefix);
	if (add)
		dbus_bus_add_match(f->bus->connection, rule, NULL);
	else
		dbus_bus_remove_match(f->bus->connection, rule, NULL);
}

int bus_follow(struct bus *b, struct bus_follower **ret, const char *prefix,
	       void (*changed)(void *arg, const char *name, bool there), void *arg)
{
	struct bus_follower *f = calloc(1, sizeof(*f));
	DBusMessage *m;

	if (!f)
		return -ENOMEM;
	*f = (struct bus_follower){ b, prefix, changed, arg, 2, false };
	m = dbus_message_new_method_call(DBUS_SERVICE_DBUS, DBUS_PATH_DBUS, DBUS_INTERFACE_DBUS,
					 "ListNames");
	if (!m || !dbus_connection_add_filter(b->connection, hear, f, NULL)) {
		if (m)
			dbus_message_unref(m);
		free(f);
		return -ENOMEM;
	}
	match(f, true);
	if (bus_call(b, m, NAMES_MS, on_names, f) < 0)
		f->refs--;
	*ret = f;
	return 0;
}

struct bus_follower *bus_unfollow(struct bus_follower *f)
{
	if (!f)
		return NULL;
	match(f, false);
	dbus_connection_remove_filter(f->bus->connection, hear, f);
	f->removed = true;
	unref(f);
	return NULL;
}
