/* SPDX-License-Identifier: MIT */
/* org.assistantd.Adapters1: what is installed, what is in memory, and who may change it. */
#include <errno.h>
#include <string.h>

#include "assistantd/daemon/adapters1-private.h"
#include "assistantd/daemon/memory.h"
#include "assistantd/daemon/out.h"
#include "assistantd/daemon/permit.h"
#include "assistantd/daemon/xml.h"
#include "util/macro.h"

#define BUDGET_MIN UINT64_C(4096)

static const struct bus_interface adapters1;

const char *adapters1_text(DBusMessage *m, int index)
{
	DBusMessageIter at;
	const char *s;

	dbus_message_iter_init(m, &at);
	while (index-- > 0)
		dbus_message_iter_next(&at);
	dbus_message_iter_get_basic(&at, &s);
	return s;
}

const char *adapters1_option(DBusMessage *m, const char *key)
{
	DBusMessageIter dict, value;
	const char *name, *text;

	bus_open_options(m, &dict);
	while (bus_next_option(&dict, &name, &value)) {
		if (strcmp(name, key) != 0)
			continue;
		dbus_message_iter_get_basic(&value, &text);
		return text;
	}
	return NULL;
}

int adapters1_digest(struct daemon *d, DBusMessage *m, struct digest *ret)
{
	const char *hex = adapters1_option(m, "digest");

	if (!hex)
		return -ENOENT;
	if (digest_from_hex(hex, ret) == 0)
		return 0;
	bus_send(d->bus, out_error(m, DBUS_ERROR_INVALID_ARGS,
				   "digest: expected 64 hexadecimal digits"));
	return -EINVAL;
}

bool adapters1_find(struct daemon *d, DBusMessage *m, struct installed *ret)
{
	const char *name = adapters1_text(m, 0);
	bool ready = engine_state(d->engine) == ENGINE_READY;
	bool known = false;

	if (library_find(d->library, name, ready ? &engine_model(d->engine)->identity : NULL,
			 ret))
		return true;
	for (size_t k = 0; !known && library_at(d->library, k, ret); k++)
		known = strcmp(ret->entry->manifest.name, name) == 0;
	bus_send(d->bus, out_error(m, "AdapterUnknown", known ?
				   "no version of '%s' is in service" :
				   "no adapter '%s' is installed", name));
	return false;
}

void adapters1_answer_digest(struct daemon *d, DBusMessage *m, const struct digest *digest)
{
	DBusMessage *reply = dbus_message_new_method_return(m);
	char hex[DIGEST_HEX_LEN + 1];
	DBusMessageIter at;

	if (!reply)
		return;
	digest_to_hex(digest, hex);
	dbus_message_iter_init_append(reply, &at);
	out_str(&at, hex);
	bus_send(d->bus, reply);
}

const char *adapters1_engine_error(int error)
{
	switch (error) {
	case ENGINE_E_ADAPTER:
	case ENGINE_E_DIGEST:
		return "AdapterMismatch";
	case ENGINE_E_BUSY:
		return "Busy";
	case ENGINE_E_LIMIT:
		return DBUS_ERROR_LIMITS_EXCEEDED;
	case ENGINE_E_LOST:
		return "EngineLost";
	default:
		return "Internal";
	}
}

/* A call that waits for the engine. */
struct moving {
	struct daemon *d;
	DBusMessage *m;
	struct engine_call call;
};

static void moved(struct moving *c, DBusMessage *reply)
{
	bus_send(c->d->bus, reply);
	dbus_message_unref(c->m);
	free(c);
}

static void on_done(void *arg, const struct engine_done *done)
{
	struct moving *c = arg;

	(void)done;
	moved(c, dbus_message_new_method_return(c->m));
}

static void on_failed(void *arg, int error, const struct engine_failed *failed)
{
	struct moving *c = arg;

	moved(c, out_error(c->m, adapters1_engine_error(error), "%s", failed->text.len ?
			   failed->text.data : "the engine ended"));
}

static void move(struct daemon *d, DBusMessage *m, uint32_t type)
{
	static const struct engine_call_ops ops = { .done = on_done, .failed = on_failed };
	struct engine_adapter adapter = ENGINE_ADAPTER_NULL;
	struct installed i;
	struct moving *c;
	int r = 0;

	if (!adapters1_find(d, m, &i))
		return;
	if (engine_state(d->engine) != ENGINE_READY) {
		bus_send(d->bus, out_error(m, "NotReady", "no model is loaded"));
		return;
	}
	adapter.digest = i.entry->digest;
	if (type == ENGINE_LOAD) {
		adapter.fd = library_open(&i);
		r = MIN(adapter.fd, 0);
	}
	c = r == 0 ? calloc(1, sizeof(*c)) : NULL;
	if (c) {
		*c = (struct moving){ d, dbus_message_ref(m), { .ops = &ops, .arg = c } };
		r = engine_adapter_call(d->engine, &c->call, type, &adapter);
	}
	engine_adapter_deinit(&adapter);
	if (c && r == 0)
		return;
	bus_send(d->bus, out_error(m, "Internal", "%s", r < 0 ? strerror(-r) : "out of memory"));
	if (c)
		dbus_message_unref(c->m);
	free(c);
}

static void load(struct daemon *d, DBusMessage *m)
{
	move(d, m, ENGINE_LOAD);
}

static void unload(struct daemon *d, DBusMessage *m)
{
	move(d, m, ENGINE_UNLOAD);
}

static void set_budget(struct daemon *d, DBusMessage *m)
{
	const uint64_t most = d->config.memory_budget;
	dbus_uint64_t bytes;
	DBusMessageIter at;

	dbus_message_iter_init(m, &at);
	dbus_message_iter_get_basic(&at, &bytes);
	if (bytes < BUDGET_MIN || bytes > most) {
		bus_send(d->bus, out_error(m, DBUS_ERROR_INVALID_ARGS,
					   "expected %llu to %llu bytes, which is what "
					   "adapters and texts have together",
					   (unsigned long long)BUDGET_MIN,
					   (unsigned long long)most));
		return;
	}
	memory_set_adapters(d->memory, bytes);
	bus_send(d->bus, dbus_message_new_method_return(m));
	bus_changed(d->bus, &adapters1);
}

static const struct {
	const char *member;
	void (*call)(struct daemon *d, DBusMessage *m);
} changes[] = {
	{ "Load", load }, { "Unload", unload }, { "SetBudget", set_budget },
	{ "Pin", adapters1_pin }, { "Enable", adapters1_enable }, { "Import", adapters1_import },
	{ "Stage", adapters1_stage }, { "Commit", adapters1_commit },
	{ "Rollback", adapters1_rollback }, { "Remove", adapters1_remove },
	{ "Test", adapters1_test }, { "Inspect", adapters1_inspect },
};

/* Sandboxed applications may ask, and no more. */
static void change(void *arg, DBusMessage *m)
{
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++)
		if (dbus_message_has_member(m, changes[i].member))
			permit_outside(arg, m, changes[i].call, "sandboxed applications may not "
				       "change adapters; List, Explain and Versions are open to "
				       "them");
}

static void out_u64(DBusMessageIter *at, uint64_t v)
{
	dbus_uint64_t value = v;

	dbus_message_iter_append_basic(at, DBUS_TYPE_UINT64, &value);
}

static void prop_budget(void *arg, DBusMessageIter *at)
{
	struct daemon *d = arg;

	out_u64(at, engine_budget(d->engine)->adapter_budget);
}

static void prop_used(void *arg, DBusMessageIter *at)
{
	struct daemon *d = arg;

	out_u64(at, engine_adapter_bytes(d->engine));
}

static void prop_pressure(void *arg, DBusMessageIter *at)
{
	struct daemon *d = arg;

	out_u32(at, memory_pressure(d->memory));
}

static const struct bus_method methods[] = {
	{ "List", "a{sv}", adapters1_list, "" },
	{ "Explain", "sa{sv}", adapters1_explain, "" },
	{ "Versions", "sa{sv}", adapters1_versions, "" },
	{ "Inspect", "ha{sv}", change, "" },
	{ "Load", "sa{sv}", change, "" },
	{ "Unload", "sa{sv}", change, "" },
	{ "Pin", "sba{sv}", change, "" },
	{ "Enable", "sba{sv}", change, "" },
	{ "SetBudget", "ta{sv}", change, "" },
	{ "Import", "a{sh}a{sv}", change },
	{ "Stage", "ha{sv}", change, "" },
	{ "Commit", "sa{sv}", change, "digest" },
	{ "Rollback", "sa{sv}", change, "" },
	{ "Remove", "sa{sv}", change, "digest" },
	{ "Test", "sa{sv}", change, "" },
};

static const struct bus_property properties[] = {
	{ "Version", "u", bus_version },
	{ "Budget", "t", prop_budget },
	{ "Used", "t", prop_used },
	{ "Pressure", "u", prop_pressure },
};

static const struct bus_interface adapters1 = {
	.name = "org.assistantd.Adapters1",
	.xml = xml_adapters1,
	.methods = methods,
	.n_methods = ARRAY_SIZE(methods),
	.properties = properties,
	.n_properties = ARRAY_SIZE(properties),
};

void adapters1_add(struct daemon *d)
{
	bus_add(d->bus, &adapters1, d, false);
}

void adapters1_changed(struct daemon *d)
{
	struct installed i;
	DBusMessage *m = dbus_message_new_signal(BUS_PATH, adapters1.name, "Changed");
	DBusMessageIter at, names;

	if (!m)
		return;
	dbus_message_iter_init_append(m, &at);
	dbus_message_iter_open_container(&at, DBUS_TYPE_ARRAY, "s", &names);
	for (size_t k = 0; library_at(d->library, k, &i); k++)
		if (i.entry->state == CATALOG_ACTIVE)
			out_str(&names, i.entry->manifest.name);
	dbus_message_iter_close_container(&at, &names);
	bus_send(d->bus, m);
	bus_changed(d->bus, &adapters1);
}
