/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/bus.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "assistantd/daemon/bus-private.h"
#include "assistantd/daemon/log.h"
#include "assistantd/daemon/out.h"
#include "util/macro.h"

/* One of libdbus's watches or timeouts. */
struct bus_watch {
	struct bus *bus;
	DBusWatch *watch;
	struct loop_source *source;
};

struct bus_timeout {
	struct bus *bus;
	DBusTimeout *timeout;
	struct loop_timer *timer;
};

static short watch_events(DBusWatch *w)
{
	unsigned flags = dbus_watch_get_flags(w);

	if (!dbus_watch_get_enabled(w))
		return 0;
	return (short)((flags & DBUS_WATCH_READABLE ? POLLIN : 0) |
		       (flags & DBUS_WATCH_WRITABLE ? POLLOUT : 0));
}

static void on_watch(void *arg, int fd, short events)
{
	struct bus_watch *w = arg;
	unsigned flags = 0;

	(void)fd;
	flags |= events & POLLIN ? DBUS_WATCH_READABLE : 0;
	flags |= events & POLLOUT ? DBUS_WATCH_WRITABLE : 0;
	flags |= events & POLLHUP ? DBUS_WATCH_HANGUP : 0;
	flags |= events & POLLERR ? DBUS_WATCH_ERROR : 0;
	dbus_watch_handle(w->watch, flags);
}

static dbus_bool_t add_watch(DBusWatch *watch, void *arg)
{
	struct bus *b = arg;
	struct bus_watch *w = calloc(1, sizeof(*w));

	if (!w)
		return FALSE;
	*w = (struct bus_watch){ b, watch, NULL };
	if (loop_watch(b->loop, &w->source, dbus_watch_get_unix_fd(watch), watch_events(watch),
		       on_watch, w) < 0) {
		free(w);
		return FALSE;
	}
	dbus_watch_set_data(watch, w, NULL);
	return TRUE;
}

static void remove_watch(DBusWatch *watch, void *arg)
{
	struct bus_watch *w = dbus_watch_get_data(watch);

	(void)arg;
	if (!w)
		return;
	loop_unwatch(w->source);
	free(w);
	dbus_watch_set_data(watch, NULL, NULL);
}

static void toggle_watch(DBusWatch *watch, void *arg)
{
	struct bus_watch *w = dbus_watch_get_data(watch);

	(void)arg;
	if (w)
		loop_set_events(w->source, watch_events(watch));
}

static void arm(struct bus_timeout *t);

static void on_timeout(void *arg)
{
	struct bus_timeout *t = arg;

	t->timer = NULL;
	arm(t);
	dbus_timeout_handle(t->timeout);
}

static void arm(struct bus_timeout *t)
{
	t->timer = loop_cancel(t->timer);
	if (dbus_timeout_get_enabled(t->timeout))
		loop_after(t->bus->loop, &t->timer,
			   (uint64_t)MAX(dbus_timeout_get_interval(t->timeout), 0), on_timeout, t);
}

static dbus_bool_t add_timeout(DBusTimeout *timeout, void *arg)
{
	struct bus_timeout *t = calloc(1, sizeof(*t));

	if (!t)
		return FALSE;
	*t = (struct bus_timeout){ arg, timeout, NULL };
	dbus_timeout_set_data(timeout, t, NULL);
	arm(t);
	return TRUE;
}

static void remove_timeout(DBusTimeout *timeout, void *arg)
{
	struct bus_timeout *t = dbus_timeout_get_data(timeout);

	(void)arg;
	if (!t)
		return;
	loop_cancel(t->timer);
	free(t);
	dbus_timeout_set_data(timeout, NULL, NULL);
}

static void toggle_timeout(DBusTimeout *timeout, void *arg)
{
	struct bus_timeout *t = dbus_timeout_get_data(timeout);

	(void)arg;
	if (t)
		arm(t);
}

static void dispatch(void *arg)
{
	struct bus *b = arg;

	while (dbus_connection_dispatch(b->connection) == DBUS_DISPATCH_DATA_REMAINS)
		;
}

static void on_name_owner_changed(struct bus *b, DBusMessage *m)
{
	const char *name, *old, *fresh;

	if (dbus_message_get_args(m, NULL, DBUS_TYPE_STRING, &name, DBUS_TYPE_STRING, &old,
				  DBUS_TYPE_STRING, &fresh, DBUS_TYPE_INVALID) &&
	    !*fresh && b->departed)
		b->departed(b->departed_arg, name);
}

static DBusHandlerResult filter(DBusConnection *c, DBusMessage *m, void *arg)
{
	struct bus *b = arg;

	(void)c;
	if (dbus_message_is_signal(m, DBUS_INTERFACE_LOCAL, "Disconnected")) {
		b->lost(b->lost_arg);
		return DBUS_HANDLER_RESULT_HANDLED;
	}
	if (dbus_message_is_signal(m, DBUS_INTERFACE_DBUS, "NameOwnerChanged") &&
	    dbus_message_has_sender(m, DBUS_SERVICE_DBUS))
		on_name_owner_changed(b, m);
	bus_listeners_hear(b, m);
	return DBUS_HANDLER_RESULT_NOT_YET_HANDLED;
}

static int attach(struct bus *b, bool objects)
{
	static const DBusObjectPathVTable table = { .message_function = bus_dispatch };

	dbus_connection_set_exit_on_disconnect(b->connection, FALSE);
	/* No smaller bounds on messages than the bus has: libdbus leaves the bus over one that
	 * is beyond its own, so that any client could end the service. */
	if (!dbus_connection_set_watch_functions(b->connection, add_watch, remove_watch,
						 toggle_watch, b, NULL) ||
	    !dbus_connection_set_timeout_functions(b->connection, add_timeout, remove_timeout,
						   toggle_timeout, b, NULL) ||
	    !dbus_connection_add_filter(b->connection, filter, b, NULL) ||
	    (objects &&
	     !dbus_connection_register_fallback(b->connection, BUS_PATH, &table, b)))
		return -ENOMEM;
	return loop_before_wait(b->loop, &b->hook, dispatch, b);
}

int bus_new(struct bus **ret, struct loop *loop, DBusBusType which, loop_fn lost, void *arg)
{
	_cleanup_(bus_freep) struct bus *b = calloc(1, sizeof(*b));
	DBusError error = DBUS_ERROR_INIT;
	int r;

	if (!b)
		return -ENOMEM;
	b->loop = loop;
	b->lost = lost;
	b->lost_arg = arg;
	b->connection = dbus_bus_get_private(which, &error);
	if (!b->connection) {
		if (which == DBUS_BUS_SYSTEM)
			log_info("system bus: %s", error.message);
		else
			log_error("session bus: %s", error.message);
		dbus_error_free(&error);
		return -ECONNREFUSED;
	}
	/* Nobody of another user may call our objects. */
	r = attach(b, which != DBUS_BUS_SYSTEM);
	if (r == 0)
		*ret = TAKE(b);
	return r;
}

int bus_own_name(struct bus *b)
{
	DBusError error = DBUS_ERROR_INIT;
	int r = dbus_bus_request_name(b->connection, BUS_NAME, DBUS_NAME_FLAG_DO_NOT_QUEUE, &error);

	if (r == DBUS_REQUEST_NAME_REPLY_PRIMARY_OWNER)
		return 0;
	log_error("%s: %s", BUS_NAME, dbus_error_is_set(&error) ? error.message
							       : "another one is running");
	dbus_error_free(&error);
	return -EEXIST;
}

struct bus *bus_free(struct bus *b)
{
	if (!b)
		return NULL;
	if (b->connection) {
		dbus_connection_flush(b->connection);
		dbus_connection_remove_filter(b->connection, filter, b);
		dbus_connection_close(b->connection);
		dbus_connection_unref(b->connection);
	}
	loop_unhook(b->hook);
	free(b);
	return NULL;
}

void bus_send(struct bus *b, DBusMessage *m)
{
	if (!m)
		return;
	dbus_connection_send(b->connection, m, NULL);
	dbus_message_unref(m);
}

struct waiting_call {
	bus_reply_fn done;
	void *arg;
};

static void on_reply(DBusPendingCall *pending, void *arg)
{
	struct waiting_call *w = arg;
	DBusMessage *reply = dbus_pending_call_steal_reply(pending);

	w->done(w->arg, reply);
	if (reply)
		dbus_message_unref(reply);
}

int bus_call(struct bus *b, DBusMessage *m, int timeout_ms, bus_reply_fn done, void *arg)
{
	struct waiting_call *w = malloc(sizeof(*w));
	DBusPendingCall *pending = NULL;
	bool sent = m && w &&
		dbus_connection_send_with_reply(b->connection, m, &pending, timeout_ms) && pending;

	if (m)
		dbus_message_unref(m);
	if (sent) {
		*w = (struct waiting_call){ done, arg };
		sent = dbus_pending_call_set_notify(pending, on_reply, w, free);
		if (sent)
			w = NULL;
		dbus_pending_call_unref(pending);
	}
	free(w);
	return sent ? 0 : -ENOMEM;
}

void bus_set_departed(struct bus *b, void (*departed)(void *arg, const char *sender), void *arg)
{
	b->departed = departed;
	b->departed_arg = arg;
}

void bus_watch_name(struct bus *b, const char *sender, bool watch)
{
	char rule[512];

	snprintf(rule, sizeof(rule), "type='signal',sender='" DBUS_SERVICE_DBUS "',member="
		 "'NameOwnerChanged',arg0='%s'", sender);
	if (watch)
		dbus_bus_add_match(b->connection, rule, NULL);
	else
		dbus_bus_remove_match(b->connection, rule, NULL);
}
