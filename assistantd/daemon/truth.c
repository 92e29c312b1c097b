/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/truth.h"

#include <errno.h>
#include <stdlib.h>

#include "assistantd/daemon/out.h"
#include "util/macro.h"

enum { QUESTION_MS = 5000 };

struct truth {
	const struct truth_source *source;
	struct bus *bus;
	struct bus_listener *listener;
	loop_fn changed;
	void *arg;
	bool there, told;
	unsigned asked;		/* questions sent: an answer to an older one is out of date */
	unsigned refs;		/* its holder's, and one for each question */
};

struct question {
	struct truth *truth;
	unsigned number;
};

static void unref(struct truth *t)
{
	if (--t->refs == 0)
		free(t);
}

static void set(struct truth *t, bool there, bool told)
{
	bool differs = t->there != there || t->told != told;

	t->there = there;
	t->told = told;
	if (differs)
		t->changed(t->arg);
}

/* The answer of a method, or that of Get, in a variant; false for an error. */
static bool read_answer(DBusMessage *reply, dbus_bool_t *ret)
{
	DBusMessageIter at, inner;

	if (!reply || dbus_message_get_type(reply) != DBUS_MESSAGE_TYPE_METHOD_RETURN ||
	    !dbus_message_iter_init(reply, &at))
		return false;
	if (dbus_message_iter_get_arg_type(&at) == DBUS_TYPE_VARIANT) {
		dbus_message_iter_recurse(&at, &inner);
		at = inner;
	}
	if (dbus_message_iter_get_arg_type(&at) != DBUS_TYPE_BOOLEAN)
		return false;
	dbus_message_iter_get_basic(&at, ret);
	return true;
}

static void on_answer(void *arg, DBusMessage *reply)
{
	struct question *q = arg;
	struct truth *t = q->truth;
	dbus_bool_t told = FALSE;
	bool answered = read_answer(reply, &told);

	if (t->listener && q->number == t->asked)
		set(t, answered, told);
	unref(t);
	free(q);
}

static DBusMessage *question_of(const struct truth_source *s)
{
	DBusMessage *m;
	DBusMessageIter at;

	if (s->method)
		return dbus_message_new_method_call(s->name, s->path, s->interface, s->method);
	m = dbus_message_new_method_call(s->name, s->path, DBUS_INTERFACE_PROPERTIES, "Get");
	if (m) {
		dbus_message_iter_init_append(m, &at);
		out_str(&at, s->interface);
		out_str(&at, s->property);
	}
	return m;
}

static void ask(struct truth *t)
{
	struct question *q = malloc(sizeof(*q));
	DBusMessage *m = question_of(t->source);

	if (!q || !m) {
		free(q);
		if (m)
			dbus_message_unref(m);
		return;
	}
	*q = (struct question){ t, ++t->asked };
	dbus_message_set_auto_start(m, FALSE);
	t->refs++;
	if (bus_call(t->bus, m, QUESTION_MS, on_answer, q) < 0) {
		free(q);
		t->refs--;
	}
}

static void on_there(void *arg, bool there)
{
	struct truth *t = arg;

	if (there) {
		ask(t);
	} else {
		t->asked++;
		set(t, false, false);
	}
}

static void on_signal(void *arg, DBusMessage *m)
{
	struct truth *t = arg;
	dbus_bool_t told;

	/* It may be of another object's properties: the answer says so. */
	if (t->source->property && dbus_message_has_member(m, "PropertiesChanged")) {
		ask(t);
	} else if (t->source->signal && dbus_message_has_member(m, t->source->signal) &&
		   dbus_message_get_args(m, NULL, DBUS_TYPE_BOOLEAN, &told, DBUS_TYPE_INVALID)) {
		t->asked++;
		set(t, true, told);
	}
}

int truth_new(struct truth **ret, struct bus *bus, const struct truth_source *source,
	      loop_fn changed, void *arg)
{
	static const struct bus_listener_events events = { on_there, on_signal };
	struct truth *t = calloc(1, sizeof(*t));
	int r;

	if (!t)
		return -ENOMEM;
	*t = (struct truth){ .source = source, .bus = bus, .changed = changed, .arg = arg,
			     .refs = 1 };
	r = bus_listen(bus, &t->listener, source->name,
		       source->property ? DBUS_INTERFACE_PROPERTIES : source->interface, &events,
		       t);
	if (r < 0)
		free(t);
	else
		*ret = t;
	return r;
}

struct truth *truth_free(struct truth *t)
{
	if (!t)
		return NULL;
	t->listener = bus_unlisten(t->listener);
	unref(t);
	return NULL;
}

bool truth_told(const struct truth *t)
{
	return t && t->told;
}

bool truth_is_there(const struct truth *t)
{
	return t && t->there;
}
