/* SPDX-License-Identifier: MIT */
/* org.assistantd.Tools1: the tools that there are, and those that applications bring. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "assistantd/daemon/apps.h"
#include "assistantd/daemon/daemon.h"
#include "assistantd/daemon/out.h"
#include "assistantd/daemon/provider.h"
#include "assistantd/daemon/tools1-private.h"
#include "assistantd/daemon/xml.h"
#include "util/macro.h"

/* A registration whose caller is not known yet; the offers' strings are the message's. */
struct registration {
	struct daemon *d;
	DBusMessage *m;
	struct caller *caller;
	const char *path;
	struct tool_offer offers[TOOL_OWNED_MAX];
	size_t n;
};

static void registration_free(struct registration *r)
{
	caller_unref(r->caller);
	dbus_message_unref(r->m);
	free(r);
}

static int take_text(struct tool_offer *o, const char *key, const char *text)
{
	const struct {
		const char *key, **to;
	} texts[] = {
		{ "name", &o->name }, { "title", &o->title }, { "description", &o->description },
		{ "schema", &o->schema }, { "result_schema", &o->result_schema },
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (strcmp(key, texts[i].key) == 0) {
			*texts[i].to = text;
			return 0;
		}
	return -EINVAL;
}

static int take_flag(struct tool_offer *o, const char *key, bool flag)
{
	const struct {
		const char *key;
		bool *to;
	} flags[] = {
		{ "egress", &o->egress }, { "reads_private", &o->reads_private },
		{ "can_read", &o->can_read }, { "can_undo", &o->can_undo },
	};

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		if (strcmp(key, flags[i].key) == 0) {
			*flags[i].to = flag;
			return 0;
		}
	return -EINVAL;
}

static int take_key(struct tool_offer *o, const char *key, DBusMessageIter *value)
{
	DBusBasicValue v;
	int type = dbus_message_iter_get_arg_type(value);

	if (type != DBUS_TYPE_STRING && type != DBUS_TYPE_BOOLEAN && type != DBUS_TYPE_UINT32)
		return -EINVAL;
	dbus_message_iter_get_basic(value, &v);
	if (type == DBUS_TYPE_STRING)
		return take_text(o, key, v.str);
	if (type == DBUS_TYPE_BOOLEAN)
		return take_flag(o, key, v.bool_val);
	if (strcmp(key, "timeout_ms") == 0)
		o->timeout_ms = v.u32;
	else if (strcmp(key, "risk") == 0 && v.u32 < POLICY_RISK_COUNT)
		o->risk = (enum policy_risk)v.u32;
	else
		return -EINVAL;
	return 0;
}

/* An error reply, or NULL. */
static DBusMessage *read_offers(struct registration *r)
{
	DBusMessageIter at, list, dict, value;
	const char *key;

	dbus_message_iter_init(r->m, &at);
	dbus_message_iter_get_basic(&at, &r->path);
	dbus_message_iter_next(&at);
	dbus_message_iter_recurse(&at, &list);
	for (; dbus_message_iter_get_arg_type(&list) == DBUS_TYPE_ARRAY;
	     dbus_message_iter_next(&list)) {
		struct tool_offer *o = &r->offers[r->n];

		if (r->n++ == TOOL_OWNED_MAX)
			return out_error(r->m, DBUS_ERROR_LIMITS_EXCEEDED,
					 "an application has at most %d tools", TOOL_OWNED_MAX);
		*o = (struct tool_offer){ .name = "", .title = "", .description = "",
					  .risk = POLICY_RISK_CONSEQUENTIAL };
		dbus_message_iter_recurse(&list, &dict);
		while (bus_next_option(&dict, &key, &value))
			if (take_key(o, key, &value) < 0)
				return out_error(r->m, DBUS_ERROR_INVALID_ARGS,
						 "%.64s: %.100s: unknown, of another type or "
						 "out of range", o->name, key);
	}
	return NULL;
}

static void reply_names(struct registration *r)
{
	DBusMessage *reply = dbus_message_new_method_return(r->m);
	char name[sizeof(r->caller->identity) + TOOL_NAME_MAX + 2];
	DBusMessageIter at, list;

	if (!reply)
		return;
	dbus_message_iter_init_append(reply, &at);
	dbus_message_iter_open_container(&at, DBUS_TYPE_ARRAY, "s", &list);
	for (size_t i = 0; i < r->n; i++) {
		snprintf(name, sizeof(name), "%s/%s", r->caller->identity, r->offers[i].name);
		out_str(&list, name);
	}
	dbus_message_iter_close_container(&at, &list);
	bus_send(r->d->bus, reply);
}

static void register_now(void *arg)
{
	struct registration *r = arg;
	struct diag d = DIAG_NULL;
	int err;

	if (apps_blocked(r->d->apps, r->caller)) {
		bus_send(r->d->bus, out_error(r->m, DBUS_ERROR_ACCESS_DENIED,
					      "you have shut this program out"));
		registration_free(r);
		return;
	}
	/* It left before its leaving was watched. */
	if (!r->caller->pid) {
		registration_free(r);
		return;
	}
	err = providers_add(r->d->providers, r->caller, r->path, r->offers, r->n, &d);
	if (err == 0)
		reply_names(r);
	else if (err == -E2BIG)
		bus_send(r->d->bus, out_error(r->m, DBUS_ERROR_LIMITS_EXCEEDED, "%s: %s", d.field,
					      d.text));
	else if (err == -ENOMEM)
		bus_send(r->d->bus, out_error(r->m, "Internal", "out of memory"));
	else
		bus_send(r->d->bus, out_error(r->m, DBUS_ERROR_INVALID_ARGS, "%s: %s", d.field,
					      d.text));
	registration_free(r);
}

static void do_register(void *arg, DBusMessage *m)
{
	struct daemon *d = arg;
	struct registration *r = calloc(1, sizeof(*r));
	DBusMessage *error;

	if (!r) {
		bus_send(d->bus, out_error(m, "Internal", "out of memory"));
		return;
	}
	r->d = d;
	r->m = dbus_message_ref(m);
	error = read_offers(r);
	if (!error) {
		r->caller = caller_get(d->callers, dbus_message_get_sender(m));
		if (r->caller && caller_when_known(r->caller, register_now, r) == 0)
			return;
		error = out_error(m, "Internal", "out of memory");
	}
	bus_send(d->bus, error);
	registration_free(r);
}

static void unregister(void *arg, DBusMessage *m)
{
	struct daemon *d = arg;
	char **names = NULL;
	int n = 0;

	dbus_message_get_args(m, NULL, DBUS_TYPE_ARRAY, DBUS_TYPE_STRING, &names, &n,
			      DBUS_TYPE_INVALID);
	for (int i = 0; i < n; i++)
		providers_remove(d->providers, dbus_message_get_sender(m), names[i]);
	dbus_free_string_array(names);
	bus_send(d->bus, dbus_message_new_method_return(m));
}

static void out_tool(struct daemon *d, const struct tool *t, DBusMessageIter *dict)
{
	out_dict_str(dict, "name", t->name);
	out_dict_str(dict, "title", t->title);
	out_dict_str(dict, "description", t->description);
	out_dict_u32(dict, "risk", t->risk);
	out_dict_str(dict, "owner", t->owner);
	out_dict_bool(dict, "asks_first", providers_risk(d->providers, t) != t->risk);
}

static void list(void *arg, DBusMessage *m)
{
	struct daemon *d = arg;
	struct out_list_reply out;

	if (!out_begin_list_reply(&out, m))
		return;
	for (size_t i = 0; i < tool_registry_count(d->tool_registry); i++) {
		const struct tool *t = tool_registry_at(d->tool_registry, i);

		if (!provider_tool_is_listed(t))
			continue;
		out_tool(d, t, out_list_next(&out.list));
		out_list_end_item(&out.list);
	}
	bus_send(d->bus, out_end_list_reply(&out));
}

static void out_schema(DBusMessageIter *dict, const char *key, const json_t *schema)
{
	_cleanup_free_ char *text = schema ? json_dumps(schema, JSON_COMPACT) : NULL;

	if (text)
		out_dict_str(dict, key, text);
}

static void describe(void *arg, DBusMessage *m)
{
	struct daemon *d = arg;
	const struct tool *t;
	const char *name = "";
	DBusMessage *reply;
	DBusMessageIter at, dict;

	dbus_message_get_args(m, NULL, DBUS_TYPE_STRING, &name, DBUS_TYPE_INVALID);
	t = tool_registry_find(d->tool_registry, name);
	reply = t ? dbus_message_new_method_return(m)
		  : out_error(m, "ToolUnknown", "no tool '%.200s'", name);
	if (t && reply) {
		dbus_message_iter_init_append(reply, &at);
		out_open_dict(&at, &dict);
		out_tool(d, t, &dict);
		out_schema(&dict, "schema", t->schema);
		out_schema(&dict, "result_schema", t->result_schema);
		out_dict_bool(&dict, "egress", t->egress);
		out_dict_bool(&dict, "reads_private", t->reads_private);
		out_dict_bool(&dict, "can_undo", json_array_size(t->undo) > 0);
		out_dict_u32(&dict, "timeout_ms", t->timeout_ms);
		out_close_dict(&at, &dict);
	}
	bus_send(d->bus, reply);
}

static const struct bus_method methods[] = {
	{ "Register", "oaa{sv}", do_register },
	{ "Unregister", "as", unregister },
	{ "List", "a{sv}", list, "" },
	{ "Describe", "s", describe },
	{ "Call", "ssa{sv}", tools1_call },
	{ "Undo", "ta{sv}", tools1_undo },
	{ "Journal", "a{sv}", tools1_journal },
};

static const struct bus_property properties[] = { { "Version", "u", bus_version } };

static const struct bus_interface tools1 = {
	.name = "org.assistantd.Tools1",
	.xml = xml_tools1,
	.methods = methods,
	.n_methods = ARRAY_SIZE(methods),
	.properties = properties,
	.n_properties = ARRAY_SIZE(properties),
};

void tools1_add(struct daemon *d)
{
	bus_add(d->bus, &tools1, d, false);
}

void tools1_changed(struct daemon *d)
{
	DBusMessage *m = dbus_message_new_signal(BUS_PATH, "org.assistantd.Tools1", "Changed");
	DBusMessageIter at, list;

	if (!m)
		return;
	dbus_message_iter_init_append(m, &at);
	dbus_message_iter_open_container(&at, DBUS_TYPE_ARRAY, "s", &list);
	for (size_t i = 0; i < tool_registry_count(d->tool_registry); i++)
		if (provider_tool_is_listed(tool_registry_at(d->tool_registry, i)))
			out_str(&list, tool_registry_at(d->tool_registry, i)->name);
	dbus_message_iter_close_container(&at, &list);
	bus_send(d->bus, m);
}
