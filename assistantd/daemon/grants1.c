/* SPDX-License-Identifier: MIT */
/* org.assistantd.Grants1: standing grants and PINs, which only the user's hand changes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "assistantd/daemon/daemon.h"
#include "assistantd/daemon/grants.h"
#include "assistantd/daemon/grants1-private.h"
#include "assistantd/daemon/out.h"
#include "assistantd/daemon/permit.h"
#include "assistantd/daemon/pins.h"
#include "assistantd/daemon/xml.h"
#include "util/macro.h"

#define BY_HAND "only the user's hand may: assistantctl on a terminal"

enum { NAME_MAX_BYTES = 256 };

/* A change of a PIN, while it is hashed. */
struct pin_change {
	struct daemon *d;
	DBusMessage *m;
};

static void list(struct daemon *d, DBusMessage *m)
{
	const struct grant *g;
	struct out_list_reply out;

	if (!out_begin_list_reply(&out, m))
		return;
	for (size_t i = 0; (g = grants_at(d->grants, i)); i++) {
		DBusMessageIter *item = out_list_next(&out.list);

		out_dict_str(item, "app", g->app);
		out_dict_str(item, "tool", g->tool);
		out_dict_str(item, "target", g->target);
		out_dict_i64(item, "time", g->time_ms);
		out_list_end_item(&out.list);
	}
	bus_send(d->bus, out_end_list_reply(&out));
}

static void list_pins(struct daemon *d, DBusMessage *m)
{
	struct out_list_reply out;
	const char *target;

	if (!out_begin_list_reply(&out, m))
		return;
	for (size_t i = 0; (target = pins_at(d->pins, i)); i++) {
		DBusMessageIter *item = out_list_next(&out.list);

		out_dict_str(item, "target", target);
		out_dict_u64(item, "locked_out_ms", pins_lockout_ms(d->pins, target));
		out_list_end_item(&out.list);
	}
	bus_send(d->bus, out_end_list_reply(&out));
}

struct words {
	const char *app, *tool, *target;
};

/* False after an error reply. */
static bool read_words(struct daemon *d, DBusMessage *m, struct words *w)
{
	dbus_message_get_args(m, NULL, DBUS_TYPE_STRING, &w->app, DBUS_TYPE_STRING, &w->tool,
			      DBUS_TYPE_STRING, &w->target, DBUS_TYPE_INVALID);
	if (strlen(w->app) <= NAME_MAX_BYTES && strlen(w->tool) <= NAME_MAX_BYTES &&
	    strlen(w->target) <= NAME_MAX_BYTES)
		return true;
	bus_send(d->bus, out_error(m, DBUS_ERROR_INVALID_ARGS, "longer than %d bytes",
				   NAME_MAX_BYTES));
	return false;
}

static void add(struct daemon *d, DBusMessage *m)
{
	struct words w;
	int r;

	if (!read_words(d, m, &w))
		return;
	if (!tool_registry_find(d->tool_registry, w.tool)) {
		bus_send(d->bus, out_error(m, "ToolUnknown", "no tool '%s'", w.tool));
		return;
	}
	r = grants_add(d->grants, w.app, w.tool, w.target);
	if (r == -E2BIG)
		bus_send(d->bus, out_error(m, DBUS_ERROR_LIMITS_EXCEEDED, "there are %d grants",
					   GRANTS_MAX));
	else if (r < 0 && r != -EEXIST)
		bus_send(d->bus, out_error(m, "Internal", "%s", strerror(-r)));
	else
		bus_send(d->bus, dbus_message_new_method_return(m));
}

static void drop(struct daemon *d, DBusMessage *m)
{
	struct words w;

	if (!read_words(d, m, &w))
		return;
	if (grants_drop(d->grants, w.app, w.tool, w.target) == -ENOENT)
		bus_send(d->bus, out_error(m, DBUS_ERROR_INVALID_ARGS, "there is no such grant"));
	else
		bus_send(d->bus, dbus_message_new_method_return(m));
}

static void on_pin(void *arg, enum pin_result result)
{
	struct pin_change *c = arg;
	DBusMessage *reply = NULL;

	switch (result) {
	case PIN_RIGHT:
		reply = dbus_message_new_method_return(c->m);
		break;
	case PIN_WRONG:
		reply = out_error(c->m, DBUS_ERROR_ACCESS_DENIED, "this is not its PIN");
		break;
	case PIN_LOCKED_OUT:
		reply = out_error(c->m, "Locked", "too many wrong PINs; try again in five minutes");
		break;
	case PIN_FAILED:
		reply = out_error(c->m, "Internal", "the PIN could not be kept");
		break;
	}
	bus_send(c->d->bus, reply);
	dbus_message_unref(c->m);
	free(c);
}

static void set_pin(struct daemon *d, DBusMessage *m)
{
	const char *target = "", *old = "", *pin = "";
	struct pin_change *c;
	int r;

	dbus_message_get_args(m, NULL, DBUS_TYPE_STRING, &target, DBUS_TYPE_STRING, &old,
			      DBUS_TYPE_STRING, &pin, DBUS_TYPE_INVALID);
	/* One that has a PIN is known, also while it is not there. */
	if (!pins_has(d->pins, target) && !home_find(d->home, target)) {
		bus_send(d->bus, out_error(m, DBUS_ERROR_INVALID_ARGS, "no device '%.200s'",
					   target));
		return;
	}
	c = malloc(sizeof(*c));
	if (c)
		*c = (struct pin_change){ d, dbus_message_ref(m) };
	r = c ? pins_set(d->pins, target, old, pin, on_pin, c) : -ENOMEM;
	if (r == 0)
		return;
	bus_send(d->bus, r == -EINVAL
		 ? out_error(m, DBUS_ERROR_INVALID_ARGS, "a PIN has %d to %d characters",
			     PIN_LENGTH_MIN, PIN_LENGTH_MAX)
		 : out_error(m, r == -E2BIG ? DBUS_ERROR_LIMITS_EXCEEDED : "Internal", "%s",
			     r == -E2BIG ? "there are too many PINs" : "out of memory"));
	if (c)
		dbus_message_unref(c->m);
	free(c);
}

static void call_list(void *arg, DBusMessage *m)
{
	permit_outside(arg, m, list, "not for applications in a sandbox");
}

static void call_pins(void *arg, DBusMessage *m)
{
	permit_outside(arg, m, list_pins, "not for applications in a sandbox");
}

static void call_add(void *arg, DBusMessage *m)
{
	permit_hand(arg, m, add, BY_HAND);
}

static void call_remove(void *arg, DBusMessage *m)
{
	permit_hand(arg, m, drop, BY_HAND);
}

static void call_apps(void *arg, DBusMessage *m)
{
	permit_outside(arg, m, grants1_list_apps, "not for applications in a sandbox");
}

static void call_block(void *arg, DBusMessage *m)
{
	permit_hand(arg, m, grants1_block, BY_HAND);
}

static void call_set_pin(void *arg, DBusMessage *m)
{
	permit_hand(arg, m, set_pin, BY_HAND);
}

static const struct bus_method methods[] = {
	{ "List", "a{sv}", call_list, "" },
	{ "Add", "sss", call_add },
	{ "Remove", "sss", call_remove },
	{ "ListPins", "a{sv}", call_pins, "" },
	{ "SetPin", "sss", call_set_pin },
	{ "ListApps", "a{sv}", call_apps, "" },
	{ "Block", "sb", call_block },
};

static const struct bus_property properties[] = { { "Version", "u", bus_version } };

static const struct bus_interface grants1 = {
	.name = "org.assistantd.Grants1",
	.xml = xml_grants1,
	.methods = methods,
	.n_methods = ARRAY_SIZE(methods),
	.properties = properties,
	.n_properties = ARRAY_SIZE(properties),
};

void grants1_add(struct daemon *d)
{
	bus_add(d->bus, &grants1, d, false);
}
