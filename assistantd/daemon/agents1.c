/* SPDX-License-Identifier: MIT */
/* org.assistantd.Agents1: programs that can ask the user come and go. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "assistantd/daemon/agents-private.h"
#include "assistantd/daemon/apps.h"
#include "assistantd/daemon/out.h"
#include "assistantd/daemon/xml.h"
#include "util/macro.h"

/* A registration, until the bus has told who it is. */
struct registration {
	struct agents *agents;
	struct agent *agent;
	DBusMessage *m;
	bool hand;
};

static void agent_free(struct agent *agent)
{
	if (!agent)
		return;
	caller_unref(agent->caller);
	free(agent->path);
	free(agent);
}
DEFINE_CLEANUP(struct agent *, agent_free)

static size_t count(const struct agents *a)
{
	size_t n = 0;

	for (const struct agent *agent = a->first; agent; agent = agent->next)
		n++;
	return n;
}

static DBusMessage *refuse(const struct registration *r)
{
	const struct caller *c = r->agent->caller;

	if (c->kind == POLICY_CALLER_SANDBOXED)
		return out_error(r->m, DBUS_ERROR_ACCESS_DENIED,
				 "a sandboxed application cannot ask the user for others");
	if (apps_blocked(r->agents->s.apps, c))
		return out_error(r->m, DBUS_ERROR_ACCESS_DENIED,
				 "you have shut this program out");
	if (r->hand && c->kind != POLICY_CALLER_HAND)
		return out_error(r->m, DBUS_ERROR_ACCESS_DENIED,
				 "class: hand is for assistantctl on a terminal");
	if (count(r->agents) >= AGENTS_MAX)
		return out_error(r->m, DBUS_ERROR_LIMITS_EXCEEDED,
				 "there are %d agents", AGENTS_MAX);
	return NULL;
}

static void on_known(void *arg)
{
	struct registration *r = arg;
	struct agents *a = r->agents;
	struct agent *old = agents_find(a, r->agent->caller->name, r->agent->path);
	DBusMessage *error = refuse(r);

	if (error) {
		bus_send(a->s.bus, error);
		agent_free(r->agent);
	} else {
		if (old)
			agents_remove(a, old);
		r->agent->next = a->first;
		a->first = r->agent;
		bus_send(a->s.bus, dbus_message_new_method_return(r->m));
		questions_pump(a);
	}
	dbus_message_unref(r->m);
	free(r);
}

static int take_option(struct registration *r, const char *key, DBusMessageIter *value)
{
	int type = dbus_message_iter_get_arg_type(value);
	dbus_bool_t own;
	const char *text;

	if (strcmp(key, "class") == 0 && type == DBUS_TYPE_STRING) {
		dbus_message_iter_get_basic(value, &text);
		r->hand = strcmp(text, "hand") == 0;
		return r->hand || strcmp(text, "shell") == 0 ? 0 : -EINVAL;
	}
	if (strcmp(key, "own") == 0 && type == DBUS_TYPE_BOOLEAN) {
		dbus_message_iter_get_basic(value, &own);
		r->agent->own = own;
		return 0;
	}
	if (strcmp(key, "priority") != 0 || type != DBUS_TYPE_UINT32)
		return -EINVAL;
	dbus_message_iter_get_basic(value, &r->agent->priority);
	return r->agent->priority <= AGENT_PRIORITY_MAX ? 0 : -EINVAL;
}

static DBusMessage *read_options(struct registration *r)
{
	DBusMessageIter dict, value;
	const char *key;

	bus_open_options(r->m, &dict);
	while (bus_next_option(&dict, &key, &value))
		if (take_option(r, key, &value) < 0)
			return out_error(r->m, DBUS_ERROR_INVALID_ARGS,
					 "%.100s: expected class (hand or shell), priority "
					 "(0 to %d) or own (yes or no)", key, AGENT_PRIORITY_MAX);
	return NULL;
}

static void do_register(void *arg, DBusMessage *m)
{
	struct agents *a = arg;
	_cleanup_(agent_freep) struct agent *agent = calloc(1, sizeof(*agent));
	_cleanup_free_ struct registration *r = calloc(1, sizeof(*r));
	DBusMessage *error;
	DBusMessageIter at;
	const char *path;

	dbus_message_iter_init(m, &at);
	dbus_message_iter_get_basic(&at, &path);
	if (agent) {
		agent->caller = caller_get(a->s.callers, dbus_message_get_sender(m));
		agent->path = strdup(path);
	}
	if (!r || !agent || !agent->caller || !agent->path) {
		bus_send(a->s.bus, out_error(m, "Internal", "out of memory"));
		return;
	}
	*r = (struct registration){ .agents = a, .agent = agent, .m = m };
	error = read_options(r);
	if (error) {
		bus_send(a->s.bus, error);
		return;
	}
	dbus_message_ref(m);
	r->agent = TAKE(agent);
	if (caller_when_known(r->agent->caller, on_known, r) < 0) {
		bus_send(a->s.bus, out_error(m, "Internal", "out of memory"));
		agent = r->agent;
		dbus_message_unref(m);
		return;
	}
	TAKE(r);
}

static void do_unregister(void *arg, DBusMessage *m)
{
	struct agents *a = arg;
	struct agent *agent;
	const char *path = "";

	dbus_message_get_args(m, NULL, DBUS_TYPE_OBJECT_PATH, &path, DBUS_TYPE_INVALID);
	agent = agents_find(a, dbus_message_get_sender(m), path);
	if (agent)
		agents_remove(a, agent);
	bus_send(a->s.bus, dbus_message_new_method_return(m));
	questions_pump(a);
}

static const struct bus_method methods[] = {
	{ "Register", "oa{sv}", do_register },
	{ "Unregister", "o", do_unregister },
};

static const struct bus_property properties[] = { { "Version", "u", bus_version } };

static const struct bus_interface agents1 = {
	.name = "org.assistantd.Agents1",
	.xml = xml_agents1,
	.methods = methods,
	.n_methods = ARRAY_SIZE(methods),
	.properties = properties,
	.n_properties = ARRAY_SIZE(properties),
};

void agents1_add(struct agents *a)
{
	bus_add(a->s.bus, &agents1, a, false);
}
