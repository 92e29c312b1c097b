/* SPDX-License-Identifier: MIT */
/* Services of others on the bus: are they there, and what do they signal. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assistantd/daemon/bus-private.h"
#include "assistantd/daemon/out.h"

enum { OWNER_MS = 5000 };

struct bus_listener {
	struct bus *bus;
	const char *name, *interface;
	const struct bus_listener_events *events;
	void *arg;
	char owner[256];		/* its unique name; "" when it is not there */
	bool asked;			/* the bus has said who owns the name */
	unsigned refs;			/* its holder, and a question to the bus */
	bool removed;
	struct bus_listener *next;
};

static void unref(struct bus_listener *l)
{
	if (--l->refs == 0)
		free(l);
}

/* Those that went while others were told. */
static void sweep(struct bus *b)
{
	for (struct bus_listener **at = &b->listeners; *at;) {
		struct bus_listener *l = *at;

		if (!l->removed) {
			at = &l->next;
			continue;
		}
		*at = l->next;
		unref(l);
	}
}

static void match(struct bus_listener *l, bool add)
{
	char rules[2][600];

	snprintf(rules[0], sizeof(rules[0]), "type='signal',sender='%s',interface='%s'", l->name,
		 l->interface);
	snprintf(rules[1], sizeof(rules[1]), "type='signal',sender='" DBUS_SERVICE_DBUS
		 "',member='NameOwnerChanged',arg0='%s'", l->name);
	for (int i = 0; i < 2; i++) {
		if (add)
			dbus_bus_add_match(l->bus->connection, rules[i], NULL);
		else
			dbus_bus_remove_match(l->bus->connection, rules[i], NULL);
	}
}

static void set_owner(struct bus_listener *l, const char *owner)
{
	if (l->asked && strcmp(l->owner, owner) == 0)
		return;
	l->asked = true;
	snprintf(l->owner, sizeof(l->owner), "%s", owner);
	if (l->events->there)
		l->events->there(l->arg, *owner);
}

static void on_owner(void *arg, DBusMessage *reply)
{
	struct bus_listener *l = arg;
	const char *owner = "";

	/* A change that was told meanwhile is newer. */
	if (!l->removed && !l->asked) {
		/* An error has a text for an argument, too. */
		if (!reply || dbus_message_get_type(reply) != DBUS_MESSAGE_TYPE_METHOD_RETURN ||
		    !dbus_message_get_args(reply, NULL, DBUS_TYPE_STRING, &owner,
					   DBUS_TYPE_INVALID))
			owner = "";
		set_owner(l, owner);
	}
	unref(l);
}

static int ask_owner(struct bus_listener *l)
{
	DBusMessage *m = dbus_message_new_method_call(DBUS_SERVICE_DBUS, DBUS_PATH_DBUS,
						      DBUS_INTERFACE_DBUS, "GetNameOwner");
	DBusMessageIter at;
	int r;

	if (!m)
		return -ENOMEM;
	dbus_message_iter_init_append(m, &at);
	out_str(&at, l->name);
	l->refs++;
	r = bus_call(l->bus, m, OWNER_MS, on_owner, l);
	if (r < 0)
		l->refs--;
	return r;
}

static void hear_owner(struct bus *b, DBusMessage *m)
{
	const char *name, *old, *fresh;

	if (!dbus_message_get_args(m, NULL, DBUS_TYPE_STRING, &name, DBUS_TYPE_STRING, &old,
				   DBUS_TYPE_STRING, &fresh, DBUS_TYPE_INVALID))
		return;
	for (struct bus_listener *l = b->listeners; l; l = l->next)
		if (!l->removed && strcmp(l->name, name) == 0)
			set_owner(l, fresh);
}

void bus_listeners_hear(struct bus *b, DBusMessage *m)
{
	const char *sender = dbus_message_get_sender(m);

	if (dbus_message_get_type(m) != DBUS_MESSAGE_TYPE_SIGNAL || !sender)
		return;
	b->hearing++;
	if (dbus_message_is_signal(m, DBUS_INTERFACE_DBUS, "NameOwnerChanged") &&
	    strcmp(sender, DBUS_SERVICE_DBUS) == 0)
		hear_owner(b, m);
	for (struct bus_listener *l = b->listeners; l; l = l->next)
		if (!l->removed && strcmp(l->owner, sender) == 0 &&
		    dbus_message_has_interface(m, l->interface))
			l->events->signal(l->arg, m);
	if (--b->hearing == 0)
		sweep(b);
}

int bus_listen(struct bus *b, struct bus_listener **ret, const char *name, const char *interface,
	       const struct bus_listener_events *events, void *arg)
{
	struct bus_listener *l = calloc(1, sizeof(*l));

	if (!l)
		return -ENOMEM;
	*l = (struct bus_listener){ .bus = b, .name = name, .interface = interface,
				    .events = events, .arg = arg, .refs = 1 };
	match(l, true);
	if (ask_owner(l) < 0) {
		match(l, false);
		free(l);
		return -ENOMEM;
	}
	l->next = b->listeners;
	b->listeners = *ret = l;
	return 0;
}

struct bus_listener *bus_unlisten(struct bus_listener *l)
{
	if (!l)
		return NULL;
	match(l, false);
	l->removed = true;
	if (l->bus->hearing == 0)
		sweep(l->bus);
	return NULL;
}

bool bus_listener_there(const struct bus_listener *l)
{
	return *l->owner;
}
