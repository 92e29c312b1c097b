/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/desktop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "assistantd/daemon/dbus-json.h"
#include "assistantd/daemon/out.h"
#include "util/macro.h"

/* A call, or the reading of a state, on its way. */
struct errand {
	struct desktop *d;
	const struct tool *tool;
	json_t *arguments;
	size_t service;			/* which of the tool's is tried */
	json_t *state;			/* what was read of it */
	unsigned waiting;		/* answers to come */
	bool missing;			/* this service is not there */
	bool absent;			/* nor is it of this kind: the next is tried */
	bool unanswered;		/* it may have done what it was asked, or still do it */
	char text[160];			/* the first error */
	uint64_t deadline;
	backend_fn done;
	void *arg;
	struct errand *next;
};

/* One question of it. */
struct question {
	struct errand *errand;
	const json_t *item;		/* of `read`, or NULL: the call itself */
	struct question *next;
};

struct desktop {
	struct bus *session, *system;
	const char *(*thing)(void *arg, const char *entity);
	void *arg;
	struct runner runner;
	struct errand *errands;
	struct question *questions;
};

static const json_t *service_of(const struct errand *e)
{
	return json_array_get(json_object_get(e->tool->spec, "services"), e->service);
}

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static void errand_free(struct errand *e)
{
	tool_unref(e->tool);
	json_decref(e->arguments);
	json_decref(e->state);
	free(e);
}

static void end(struct errand *e, enum tools_outcome outcome)
{
	bool reads = json_object_get(service_of(e), "read");
	char *found = reads && outcome == OUTCOME_DONE ? json_dumps(e->state, JSON_COMPACT) : NULL;
	const struct backend_result result = {
		.outcome = outcome, .verified = reads && outcome == OUTCOME_DONE,
		.after = found ? e->state : NULL, .result = found, .text = e->text,
	};
	struct errand **at = &e->d->errands;

	while (*at != e)
		at = &(*at)->next;
	*at = e->next;
	e->done(e->arg, &result);
	free(found);
	errand_free(e);
}

/* Errors by which a service says that it is not there, or another one than was thought: then
 * nothing has happened, and the next may be it. */
static bool says_absent(const char *error)
{
	static const char *const names[] = {
		DBUS_ERROR_SERVICE_UNKNOWN, DBUS_ERROR_NAME_HAS_NO_OWNER,
		DBUS_ERROR_UNKNOWN_OBJECT, DBUS_ERROR_UNKNOWN_INTERFACE,
		DBUS_ERROR_UNKNOWN_METHOD, DBUS_ERROR_UNKNOWN_PROPERTY,
		"org.freedesktop.DBus.Error.Spawn.ExecFailed", DBUS_ERROR_SPAWN_SERVICE_INVALID,
		DBUS_ERROR_SPAWN_SERVICE_NOT_FOUND, DBUS_ERROR_SPAWN_CHILD_EXITED,
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(error, names[i]) == 0)
			return true;
	return false;
}

/* Errors by which the bus says that nobody answered, or the library that no bus is there. */
static bool says_nothing(const char *error)
{
	static const char *const names[] = {
		DBUS_ERROR_NO_REPLY, DBUS_ERROR_TIMEOUT, DBUS_ERROR_TIMED_OUT,
		DBUS_ERROR_DISCONNECTED,
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(error, names[i]) == 0)
			return true;
	return false;
}

static void note_error(struct errand *e, const json_t *call, DBusMessage *reply)
{
	const char *name = reply ? dbus_message_get_error_name(reply) : NULL, *text = "";
	DBusMessageIter at;

	e->missing = name && says_absent(name);
	e->unanswered |= !name || says_nothing(name);
	/* GLib's word for an interface without that property. */
	e->absent |= e->missing || (name && json_object_get(call, "property") &&
				    strcmp(name, DBUS_ERROR_INVALID_ARGS) == 0);
	if (reply && dbus_message_iter_init(reply, &at) &&
	    dbus_message_iter_get_arg_type(&at) == DBUS_TYPE_STRING)
		dbus_message_iter_get_basic(&at, &text);
	if (!*e->text)
		snprintf(e->text, sizeof(e->text), "%s", *text ? text : name ? name : "no memory");
}

static json_t *step_into(const json_t *v, const json_t *path)
{
	for (size_t i = 0; i < json_array_size(path); i++) {
		const json_t *step = json_array_get(path, i);

		v = json_is_string(step) ? json_object_get(v, json_string_value(step))
					 : json_array_get(v, (size_t)json_integer_value(step));
	}
	return (json_t *)v;
}

/* What stands for the value: by its text, or a scaled number. The caller's. */
static json_t *translate(const json_t *item, json_t *v)
{
	const json_t *values = json_object_get(item, "values");
	double scale = json_number_value(json_object_get(item, "scale"));
	const json_t *other = NULL;
	char text[32];

	if (json_is_string(v))
		other = json_object_get(values, json_string_value(v));
	else if (json_is_boolean(v))
		other = json_object_get(values, json_is_true(v) ? "true" : "false");
	else if (json_is_integer(v) && snprintf(text, sizeof(text), "%lld",
						(long long)json_integer_value(v)) > 0)
		other = json_object_get(values, text);
	if (other)
		return json_incref((json_t *)other);
	if (scale != 0 && json_is_number(v))
		return tool_number(json_number_value(v) * scale);
	return json_incref(v);
}

/* What is not told of a state is not in it. */
static void note_value(struct errand *e, const json_t *item, DBusMessage *reply)
{
	json_auto_t *v = NULL;
	DBusMessageIter at;
	json_t *found;

	if (!dbus_message_iter_init(reply, &at) || dbus_json_get(&at, &v) < 0)
		return;
	found = step_into(v, json_object_get(item, "get"));
	if (found && !json_is_null(found))
		json_object_set_new(e->state, text_of(item, "as"), translate(item, found));
}

static int try_service(struct errand *e);

/* All answers of a service are there. */
static void conclude(struct errand *e)
{
	const json_t *services = json_object_get(e->tool->spec, "services");
	const json_t *service = service_of(e);
	bool reads = json_object_get(service, "read");
	bool good = reads ? json_object_size(e->state) > 0 : !*e->text;

	if (good) {
		e->text[0] = '\0';
		end(e, reads || json_object_get(service, "proof") ? OUTCOME_DONE : OUTCOME_SENT);
		return;
	}
	while (e->absent && e->service + 1 < json_array_size(services)) {
		e->service++;
		e->text[0] = '\0';
		if (try_service(e) == 0)
			return;
	}
	if (e->missing)
		snprintf(e->text, sizeof(e->text), "no service for it is running");
	if (e->unanswered)
		snprintf(e->text, sizeof(e->text), "it did not answer in time");
	end(e, e->unanswered && !reads ? OUTCOME_SENT : OUTCOME_FAILED);
}

static void on_reply(void *arg, DBusMessage *reply)
{
	struct question *q = arg, **at = &q->errand->d->questions;
	struct errand *e = q->errand;

	while (*at != q)
		at = &(*at)->next;
	*at = q->next;
	if (!reply || dbus_message_get_type(reply) != DBUS_MESSAGE_TYPE_METHOD_RETURN)
		note_error(e, q->item ? q->item : service_of(e), reply);
	else if (q->item)
		note_value(e, q->item, reply);
	free(q);
	if (--e->waiting == 0)
		conclude(e);
}

static struct bus *bus_of(const struct desktop *d, const json_t *service)
{
	return strcmp(text_of(service, "bus"), "system") == 0 ? d->system : d->session;
}

static const char *destination_of(const struct errand *e, const json_t *service)
{
	const char *name = text_of(service, "destination");
	const char *entity = text_of(e->arguments, "entity");

	if (strcmp(name, "=thing") != 0)
		return name;
	return entity ? e->d->thing(e->d->arg, entity) : NULL;
}

/* Properties.Get and Set carry the interface and the name before what is asked or set. */
static int put_property(DBusMessageIter *at, const json_t *call, const char *interface,
			const json_t *scope)
{
	const json_t *template = json_object_get(call, "value");
	json_auto_t *value = NULL, *list = NULL;
	int r;

	out_str(at, interface);
	out_str(at, text_of(call, "property"));
	if (!template)
		return 0;
	r = tool_template_fill(template, scope, &value);
	if (r < 0)
		return r == -ENOENT ? -EINVAL : r;
	list = json_pack("[{s:s, s:O}]", "type", text_of(call, "signature"), "value", value);
	return list ? dbus_json_append(at, "v", list) : -ENOMEM;
}

static int put_arguments(DBusMessageIter *at, const json_t *call, const json_t *scope)
{
	const json_t *template = json_object_get(call, "arguments");
	const char *signature = text_of(call, "signature");
	json_auto_t *values = NULL;
	int r = template ? tool_template_fill(template, scope, &values) : 0;

	if (r < 0)
		return r == -ENOENT ? -EINVAL : r;
	return dbus_json_append(at, signature ? signature : "", values);
}

/* The message that @call describes: the service itself, or an item of what it reads. */
static int compose(const struct errand *e, const json_t *service, const json_t *call,
		   DBusMessage **ret)
{
	const char *interface = text_of(call, "interface"), *path = text_of(call, "path");
	const char *method = text_of(call, "method"), *to = destination_of(e, service);
	bool sets = json_object_get(call, "value");
	json_auto_t *scope = json_pack("{s:O}", "arguments", e->arguments);
	DBusMessageIter at;
	DBusMessage *m;
	int r;

	interface = interface ? interface : text_of(service, "interface");
	path = path ? path : text_of(service, "path");
	if (!to)
		return -ENOENT;
	m = dbus_message_new_method_call(to, path, method ? interface : DBUS_INTERFACE_PROPERTIES,
					 method ? method : sets ? "Set" : "Get");
	if (!m || !scope) {
		if (m)
			dbus_message_unref(m);
		return -ENOMEM;
	}
	/* A player that has ended is not started to be paused. */
	if (strcmp(text_of(service, "destination"), "=thing") == 0)
		dbus_message_set_auto_start(m, FALSE);
	dbus_message_iter_init_append(m, &at);
	r = method ? put_arguments(&at, call, scope) : put_property(&at, call, interface, scope);
	if (r < 0)
		dbus_message_unref(m);
	else
		*ret = m;
	return r;
}

static int ask(struct errand *e, const json_t *service, const json_t *call, const json_t *item)
{
	struct bus *bus = bus_of(e->d, service);
	struct question *q;
	DBusMessage *m = NULL;
	uint64_t now = loop_now();
	int ms = now < e->deadline ? (int)(e->deadline - now) : 1, r;

	if (!bus)
		return -ENOTCONN;
	r = compose(e, service, call, &m);
	if (r < 0)
		return r;
	q = malloc(sizeof(*q));
	if (!q) {
		dbus_message_unref(m);
		return -ENOMEM;
	}
	*q = (struct question){ e, item, e->d->questions };
	r = bus_call(bus, m, ms, on_reply, q);
	if (r < 0) {
		free(q);
		return r;
	}
	e->d->questions = q;
	e->waiting++;
	return 0;
}

/* 0: answers are awaited. -errno: not even one, and why stands in the errand's text. */
static int try_service(struct errand *e)
{
	const json_t *service = service_of(e), *items = json_object_get(service, "read");
	int r = 0;

	e->absent = e->missing = e->unanswered = false;
	if (!items)
		r = ask(e, service, service, NULL);
	for (size_t i = 0; i < json_array_size(items); i++) {
		const json_t *item = json_array_get(items, i);
		int err = ask(e, service, item, item);

		r = err < 0 && r == 0 ? err : r;
	}
	if (e->waiting)
		return 0;
	e->absent = e->missing = r == -ENOTCONN || r == -ENOENT;
	snprintf(e->text, sizeof(e->text), "%s",
		 r == -EINVAL ? "an argument does not fit what the service takes" : strerror(-r));
	return r;
}

static int run(void *data, const struct tool *tool, const json_t *arguments, uint32_t ms,
	       backend_fn done, void *arg)
{
	struct desktop *d = data;
	struct errand *e = calloc(1, sizeof(*e));
	json_t *copy = json_deep_copy(arguments), *state = json_object();

	if (!e || !copy || !state) {
		json_decref(copy);
		json_decref(state);
		free(e);
		return -ENOMEM;
	}
	*e = (struct errand){ .d = d, .tool = tool_ref(tool), .arguments = copy, .state = state,
			      .deadline = loop_now() + ms, .done = done, .arg = arg,
			      .next = d->errands };
	d->errands = e;
	if (try_service(e) < 0)
		conclude(e);
	return 0;
}

int desktop_new(struct desktop **ret, struct bus *session, struct bus *system,
		const char *(*thing)(void *arg, const char *entity), void *arg)
{
	struct desktop *d = calloc(1, sizeof(*d));

	if (!d)
		return -ENOMEM;
	*d = (struct desktop){ .session = session, .system = system, .thing = thing, .arg = arg,
			       .runner = { run, d } };
	*ret = d;
	return 0;
}

struct desktop *desktop_free(struct desktop *d)
{
	if (!d)
		return NULL;
	while (d->questions) {
		struct question *next = d->questions->next;

		free(d->questions);
		d->questions = next;
	}
	while (d->errands) {
		struct errand *next = d->errands->next;

		errand_free(d->errands);
		d->errands = next;
	}
	free(d);
	return NULL;
}

const struct runner *desktop_runner(const struct desktop *d)
{
	return &d->runner;
}
