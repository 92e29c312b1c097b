/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/screen.h"

#include <errno.h>
#include <string.h>

#include "assistantd/daemon/out.h"
#include "util/macro.h"

#define LOGIND "org.freedesktop.login1"
#define LOGIND_SESSION "org.freedesktop.login1.Session"

enum { QUESTION_MS = 5000, SAVERS = 2, LOGIN = SAVERS, SOURCES };

static const struct saver {
	const char *name, *path;	/* the name is the interface's, too */
} savers[SAVERS] = {
	{ "org.freedesktop.ScreenSaver", "/org/freedesktop/ScreenSaver" },
	{ "org.gnome.ScreenSaver", "/org/gnome/ScreenSaver" },
};

/* What one of them says. */
struct source {
	struct screen *screen;
	size_t which;
	struct bus_listener *listener;
	bool locked;
	unsigned asked;		/* questions sent: an answer to an older one is out of date */
};

struct screen {
	struct bus *session, *system;
	struct source sources[SOURCES];
	loop_fn changed;
	void *arg;
	unsigned refs;		/* questions hold one each */
	bool gone;
};

struct question {
	struct source *source;
	unsigned number;
};

static void unref(struct screen *s)
{
	if (--s->refs == 0)
		free(s);
}

bool screen_locked(const struct screen *s)
{
	for (size_t i = 0; i < SOURCES; i++)
		if (s->sources[i].locked)
			return true;
	return false;
}

static void set(struct source *o, bool locked)
{
	bool was = screen_locked(o->screen);

	o->locked = locked;
	if (o->screen->changed && was != screen_locked(o->screen))
		o->screen->changed(o->screen->arg);
}

/* GetActive's answer, or that of Get, in a variant. */
static bool truth_of(DBusMessage *reply)
{
	DBusMessageIter at, inner;
	dbus_bool_t value = FALSE;

	if (!reply || dbus_message_get_type(reply) != DBUS_MESSAGE_TYPE_METHOD_RETURN ||
	    !dbus_message_iter_init(reply, &at))
		return false;
	if (dbus_message_iter_get_arg_type(&at) == DBUS_TYPE_VARIANT) {
		dbus_message_iter_recurse(&at, &inner);
		at = inner;
	}
	if (dbus_message_iter_get_arg_type(&at) == DBUS_TYPE_BOOLEAN)
		dbus_message_iter_get_basic(&at, &value);
	return value;
}

static void on_answer(void *arg, DBusMessage *reply)
{
	struct question *q = arg;
	struct source *o = q->source;
	struct screen *s = o->screen;

	if (!s->gone && q->number == o->asked)
		set(o, truth_of(reply));
	unref(s);
	free(q);
}

static DBusMessage *question_of(const struct source *o)
{
	DBusMessage *m;
	DBusMessageIter at;

	if (o->which < SAVERS)
		return dbus_message_new_method_call(savers[o->which].name,
						    savers[o->which].path,
						    savers[o->which].name, "GetActive");
	/* A service of the user has no session of its own: "auto" is the one on the display. */
	m = dbus_message_new_method_call(LOGIND, "/org/freedesktop/login1/session/auto",
					 DBUS_INTERFACE_PROPERTIES, "Get");
	if (m) {
		dbus_message_iter_init_append(m, &at);
		out_str(&at, LOGIND_SESSION);
		out_str(&at, "LockedHint");
	}
	return m;
}

static void ask(struct source *o)
{
	struct screen *s = o->screen;
	struct bus *bus = o->which < SAVERS ? s->session : s->system;
	struct question *q = malloc(sizeof(*q));
	DBusMessage *m = question_of(o);

	if (!q || !m) {
		free(q);
		if (m)
			dbus_message_unref(m);
		return;
	}
	*q = (struct question){ o, ++o->asked };
	dbus_message_set_auto_start(m, FALSE);
	s->refs++;
	if (bus_call(bus, m, QUESTION_MS, on_answer, q) < 0) {
		free(q);
		s->refs--;
	}
}

static void on_there(void *arg, bool there)
{
	struct source *o = arg;

	if (there) {
		ask(o);
	} else {
		o->asked++;
		set(o, false);
	}
}

static void on_signal(void *arg, DBusMessage *m)
{
	struct source *o = arg;
	dbus_bool_t active;

	if (o->which == LOGIN) {
		/* Of any session's properties; which one is ours only logind knows. */
		if (dbus_message_has_member(m, "PropertiesChanged"))
			ask(o);
	} else if (dbus_message_has_member(m, "ActiveChanged") &&
		   dbus_message_get_args(m, NULL, DBUS_TYPE_BOOLEAN, &active,
					 DBUS_TYPE_INVALID)) {
		o->asked++;
		set(o, active);
	}
}

int screen_new(struct screen **ret, struct bus *session, struct bus *system, loop_fn changed,
	       void *arg)
{
	static const struct bus_listener_events events = { on_there, on_signal };
	struct screen *s = calloc(1, sizeof(*s));
	int r = 0;

	if (!s)
		return -ENOMEM;
	*s = (struct screen){ .session = session, .system = system, .changed = changed,
			      .arg = arg, .refs = 1 };
	for (size_t i = 0; r == 0 && i < SOURCES; i++) {
		struct source *o = &s->sources[i];

		*o = (struct source){ .screen = s, .which = i };
		if (i < SAVERS)
			r = bus_listen(session, &o->listener, savers[i].name, savers[i].name,
				       &events, o);
		else if (system)
			r = bus_listen(system, &o->listener, LOGIND, DBUS_INTERFACE_PROPERTIES,
				       &events, o);
	}
	if (r < 0)
		screen_free(s);
	else
		*ret = s;
	return r;
}

struct screen *screen_free(struct screen *s)
{
	if (!s)
		return NULL;
	s->gone = true;
	for (size_t i = 0; i < SOURCES; i++)
		bus_unlisten(s->sources[i].listener);
	unref(s);
	return NULL;
}
