/* SPDX-License-Identifier: MIT */
/* org.assistantd.Timers1: timers and reminders, and the word that one has ended. */
#include "assistantd/daemon/daemon.h"
#include "assistantd/daemon/out.h"
#include "assistantd/daemon/permit.h"
#include "assistantd/daemon/timers.h"
#include "assistantd/daemon/xml.h"
#include "util/macro.h"

static const char denied[] = "timers are not for applications in a sandbox";

static void out_timer(const struct timer *t, const struct timer_clock *now, DBusMessageIter *dict)
{
	out_dict_u64(dict, "id", (uint64_t)t->id);
	out_dict_str(dict, "kind", t->kind == STORE_TIMER ? "timer" : "reminder");
	out_dict_str(dict, "name", t->name);
	out_dict_str(dict, "state", t->rang_ms ? "over" : timer_runs(t) ? "running" : "paused");
	out_dict_u64(dict, "length_ms", (uint64_t)t->length_ms);
	out_dict_u64(dict, "left_ms", (uint64_t)timer_left(t, now));
	out_dict_i64(dict, "due", t->due_ms);
}

static void list_now(struct daemon *d, DBusMessage *m)
{
	struct timer_clock now;
	struct out_list_reply out;

	if (!out_begin_list_reply(&out, m))
		return;
	timer_clock_now(&now);
	for (const struct timer *t = timers_list(d->timers)->first; t; t = t->next) {
		out_timer(t, &now, out_list_next(&out.list));
		out_list_end_item(&out.list);
	}
	bus_send(d->bus, out_end_list_reply(&out));
}

static void cancel_now(struct daemon *d, DBusMessage *m)
{
	dbus_uint64_t id = 0;
	struct timer *t;

	dbus_message_get_args(m, NULL, DBUS_TYPE_UINT64, &id, DBUS_TYPE_INVALID);
	t = id <= INT64_MAX ? timer_list_find(timers_list(d->timers), (int64_t)id) : NULL;
	if (!t)
		bus_send(d->bus, out_error(m, DBUS_ERROR_INVALID_ARGS, "there is no timer %llu",
					   (unsigned long long)id));
	else if (timers_remove(d->timers, t, NULL, NULL) < 0)
		bus_send(d->bus, out_error(m, "Internal", "out of memory"));
	else
		bus_send(d->bus, dbus_message_new_method_return(m));
}

static void list(void *arg, DBusMessage *m)
{
	permit_outside(arg, m, list_now, denied);
}

static void cancel(void *arg, DBusMessage *m)
{
	permit_outside(arg, m, cancel_now, denied);
}

static const struct bus_method methods[] = {
	{ "List", "a{sv}", list, "" },
	{ "Cancel", "t", cancel, NULL },
};

static const struct bus_property properties[] = {
	{ "Version", "u", bus_version },
};

static const struct bus_interface timers1 = {
	.name = "org.assistantd.Timers1",
	.xml = xml_timers1,
	.methods = methods,
	.n_methods = ARRAY_SIZE(methods),
	.properties = properties,
	.n_properties = ARRAY_SIZE(properties),
};

void timers1_add(struct daemon *d)
{
	bus_add(d->bus, &timers1, d, false);
}

/* Everybody on the bus hears signals, so they say nothing of what the user wrote. */
void timers1_rang(struct daemon *d, const struct timer *t)
{
	DBusMessage *m = dbus_message_new_signal(BUS_PATH, timers1.name, "Rang");
	dbus_uint64_t id = (uint64_t)t->id;

	if (m && dbus_message_append_args(m, DBUS_TYPE_UINT64, &id, DBUS_TYPE_INVALID))
		bus_send(d->bus, m);
	else if (m)
		dbus_message_unref(m);
}

void timers1_changed(struct daemon *d)
{
	bus_send(d->bus, dbus_message_new_signal(BUS_PATH, timers1.name, "Changed"));
}
