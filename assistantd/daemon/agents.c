/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/agents.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "assistantd/daemon/out.h"
#include "assistantd/daemon/xml.h"
#include "util/macro.h"

#define AGENT_INTERFACE "org.assistantd.Agent1"

struct agent {
	struct caller *caller;		/* its connection */
	char *path;
	struct agent *next;		/* newest first */
};

struct agent_wait {
	struct agents *agents;
	agent_fn done;			/* NULL when dropped */
	void *arg;
	char *agent;			/* whom it was sent to */
	struct agent_wait *next;
};

struct agents {
	struct loop *loop;
	struct bus *bus;
	struct callers *callers;
	struct agent *first;
	struct agent_wait *open;
	struct {
		char caller[64];
		uint64_t at;
	} asked[AGENT_PER_MINUTE * 8];
	size_t next_asked;
	uint64_t next_id;
};

/* Never a sandboxed one; never the requester's own, unless it is the user's hand. */
static bool may_answer(const struct agent *agent, const struct caller *caller)
{
	if (!agent->caller->known || agent->caller->kind == POLICY_CALLER_SANDBOXED)
		return false;
	return agent->caller != caller || caller->kind == POLICY_CALLER_HAND;
}

static const struct agent *find(const struct agents *a, const struct caller *caller)
{
	const struct agent *agent = a->first;

	while (agent && !may_answer(agent, caller))
		agent = agent->next;
	return agent;
}

bool agents_available(const struct agents *a, const struct caller *caller)
{
	return find(a, caller);
}

bool agents_crowded(const struct agents *a, const struct caller *caller)
{
	size_t open = 0, recent = 0;
	uint64_t now = loop_now();

	for (const struct agent_wait *w = a->open; w; w = w->next)
		open++;
	for (size_t i = 0; i < ARRAY_SIZE(a->asked); i++)
		recent += a->asked[i].at && now - a->asked[i].at < 60000 &&
			  strncmp(a->asked[i].caller, caller->name,
				  sizeof(a->asked[i].caller) - 1) == 0;
	return open >= AGENT_OPEN_MAX || recent >= AGENT_PER_MINUTE;
}

static void wait_free(struct agent_wait *w)
{
	struct agent_wait **at = &w->agents->open;

	while (*at && *at != w)
		at = &(*at)->next;
	if (*at)
		*at = w->next;
	free(w->agent);
	free(w);
}

static void on_reply(void *arg, DBusMessage *reply)
{
	enum agent_answer answer = AGENT_GONE;
	struct agent_wait *w = arg;
	DBusMessageIter at;
	dbus_uint32_t decision = 0;

	if (reply && dbus_message_get_type(reply) == DBUS_MESSAGE_TYPE_METHOD_RETURN &&
	    dbus_message_iter_init(reply, &at) &&
	    dbus_message_iter_get_arg_type(&at) == DBUS_TYPE_UINT32) {
		dbus_message_iter_get_basic(&at, &decision);
		answer = decision == 1 || decision == 2 ? AGENT_YES : AGENT_NO;
	}
	if (w->done)
		w->done(w->arg, answer);
	wait_free(w);
}

static void note_asked(struct agents *a, const struct caller *caller)
{
	size_t i = a->next_asked++ % ARRAY_SIZE(a->asked);

	snprintf(a->asked[i].caller, sizeof(a->asked[i].caller), "%s", caller->name);
	a->asked[i].at = loop_now();
}

static DBusMessage *question_message(struct agents *a, const struct agent *agent,
				     const struct agent_question *q)
{
	DBusMessage *m = dbus_message_new_method_call(agent->caller->name, agent->path,
						      AGENT_INTERFACE, "Confirm");
	dbus_uint64_t id = ++a->next_id;
	DBusMessageIter at, dict;

	if (!m)
		return NULL;
	dbus_message_iter_init_append(m, &at);
	dbus_message_iter_append_basic(&at, DBUS_TYPE_UINT64, &id);
	out_open_dict(&at, &dict);
	out_dict_str(&dict, "caller", q->caller->identity);
	out_dict_str(&dict, "tool", q->tool);
	out_dict_str(&dict, "title", q->title);
	out_dict_str(&dict, "summary", q->summary);
	out_dict_str(&dict, "arguments", q->arguments);
	out_dict_u32(&dict, "risk", q->risk);
	out_dict_u32(&dict, "expires_ms", AGENT_EXPIRES_MS);
	out_close_dict(&at, &dict);
	return m;
}

int agents_ask(struct agents *a, const struct agent_question *q, agent_fn done, void *arg,
	       struct agent_wait **ret)
{
	const struct agent *agent = find(a, q->caller);
	struct agent_wait *w;

	if (!agent)
		return -ENOENT;
	w = calloc(1, sizeof(*w));
	if (!w)
		return -ENOMEM;
	*w = (struct agent_wait){ a, done, arg, strdup(agent->caller->name), a->open };
	a->open = w;
	note_asked(a, q->caller);
	if (bus_call(a->bus, question_message(a, agent, q), AGENT_EXPIRES_MS, on_reply, w) < 0) {
		wait_free(w);
		return -ENOMEM;
	}
	*ret = w;
	return 0;
}

void agent_drop(struct agent_wait *w)
{
	if (w)
		w->done = NULL;
}

static void remove_agent(struct agents *a, const char *sender, const char *path)
{
	for (struct agent **at = &a->first; *at;) {
		struct agent *agent = *at;

		if (strcmp(agent->caller->name, sender) != 0 ||
		    (path && strcmp(agent->path, path) != 0)) {
			at = &agent->next;
			continue;
		}
		*at = agent->next;
		caller_unref(agent->caller);
		free(agent->path);
		free(agent);
	}
}

void agents_departed(struct agents *a, const char *sender)
{
	remove_agent(a, sender, NULL);
}

static void do_register(void *arg, DBusMessage *m)
{
	struct agents *a = arg;
	struct agent *agent = calloc(1, sizeof(*agent));
	DBusMessageIter at;
	const char *path;

	dbus_message_iter_init(m, &at);
	dbus_message_iter_get_basic(&at, &path);
	remove_agent(a, dbus_message_get_sender(m), path);
	if (agent) {
		agent->caller = caller_get(a->callers, dbus_message_get_sender(m));
		agent->path = strdup(path);
	}
	if (!agent || !agent->caller || !agent->path) {
		if (agent && agent->caller)
			caller_unref(agent->caller);
		if (agent)
			free(agent->path);
		free(agent);
		bus_send(a->bus, out_error(m, "Internal", "out of memory"));
		return;
	}
	agent->next = a->first;
	a->first = agent;
	bus_send(a->bus, dbus_message_new_method_return(m));
}

static void do_unregister(void *arg, DBusMessage *m)
{
	struct agents *a = arg;
	const char *path = "";

	dbus_message_get_args(m, NULL, DBUS_TYPE_OBJECT_PATH, &path, DBUS_TYPE_INVALID);
	remove_agent(a, dbus_message_get_sender(m), path);
	bus_send(a->bus, dbus_message_new_method_return(m));
}

static const struct bus_method methods[] = {
	{ "Register", "oa{sv}", do_register, "class" },
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

int agents_new(struct agents **ret, struct loop *loop, struct bus *bus, struct callers *callers)
{
	struct agents *a = calloc(1, sizeof(*a));

	if (!a)
		return -ENOMEM;
	*a = (struct agents){ .loop = loop, .bus = bus, .callers = callers };
	bus_add(bus, &agents1, a, false);
	*ret = a;
	return 0;
}

struct agents *agents_free(struct agents *a)
{
	if (!a)
		return NULL;
	while (a->first)
		remove_agent(a, a->first->caller->name, NULL);
	while (a->open)
		wait_free(a->open);
	free(a);
	return NULL;
}
