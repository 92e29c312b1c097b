/* SPDX-License-Identifier: MIT */
/* org.assistantd.Adapters1: what is installed, what is in memory, and moving it there. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "assistantd/daemon/daemon.h"
#include "assistantd/daemon/memory.h"
#include "assistantd/daemon/out.h"
#include "assistantd/daemon/xml.h"
#include "util/macro.h"

enum { STATE_ABSENT = 1, STATE_ON_DISK, STATE_LOADING, STATE_RESIDENT, STATE_OTHER_BASE };

static const struct bus_interface adapters1;

static uint32_t state_of(const struct daemon *d, const struct installed *i,
			 const struct engine_usage *usage, uint64_t *size)
{
	_cleanup_close_ int fd = library_open(i);
	struct stat st;

	*size = 0;
	if (fd < 0 || fstat(fd, &st) < 0)
		return STATE_ABSENT;
	*size = (uint64_t)st.st_size;
	if (engine_state(d->engine) == ENGINE_READY &&
	    manifest_mismatch(&i->entry->manifest, &engine_model(d->engine)->identity))
		return STATE_OTHER_BASE;
	return usage && usage->resident ? STATE_RESIDENT : STATE_ON_DISK;
}

static void out_adapter(const struct daemon *d, const struct installed *i, DBusMessageIter *dict)
{
	const struct engine_usage none = { 0 };
	const struct engine_usage *usage = engine_adapter_usage(d->engine, &i->entry->digest);
	char digest[DIGEST_HEX_LEN + 1], base[DIGEST_HEX_LEN + 1];
	uint64_t size;
	uint32_t state = state_of(d, i, usage, &size);

	usage = usage ? usage : &none;
	digest_to_hex(&i->entry->digest, digest);
	/* Of several the first. */
	digest_to_hex(&i->entry->manifest.bases[0], base);
	out_dict_str(dict, "name", i->entry->manifest.name);
	out_dict_str(dict, "task", i->entry->manifest.task);
	out_dict_str(dict, "style", i->entry->manifest.style);
	out_dict_str(dict, "title", i->entry->manifest.title);
	out_dict_str(dict, "digest", digest);
	out_dict_str(dict, "base_digest", base);
	out_dict_u32(dict, "state", state);
	out_dict_u64(dict, "bytes", usage->resident ? usage->bytes : size);
	out_dict_u64(dict, "hits", usage->hits);
	out_dict_u64(dict, "misses", usage->misses);
	out_dict_u64(dict, "loads", usage->loads);
	out_dict_u64(dict, "loads_ahead", usage->ahead);
	out_dict_u64(dict, "loads_ahead_used", usage->ahead_used);
	out_dict_u64(dict, "evictions", usage->evictions);
	out_dict_u64(dict, "load_us", usage->load_us);
	out_dict_u64(dict, "load_total_us", usage->total_load_us);
	out_dict_i64(dict, "last_used", (int64_t)usage->used_at);
	out_dict_bool(dict, "pinned", usage->pinned);
	out_dict_double(dict, "scale", (double)i->entry->manifest.scale);
}

static void list(void *arg, DBusMessage *m)
{
	struct daemon *d = arg;
	DBusMessage *reply = dbus_message_new_method_return(m);
	struct out_list out;
	struct installed i;
	DBusMessageIter at;

	if (!reply)
		return;
	dbus_message_iter_init_append(reply, &at);
	out_open_list(&out, &at, NULL);
	for (size_t k = 0; library_at(d->library, k, &i); k++) {
		out_adapter(d, &i, out_list_next(&out));
		out_list_end_item(&out);
	}
	out_close_list(&out);
	bus_send(d->bus, reply);
}

/* A call that waits for the engine. */
struct change {
	struct daemon *d;
	DBusMessage *m;
	struct engine_call call;
};

static void answer(struct change *c, DBusMessage *reply)
{
	bus_send(c->d->bus, reply);
	dbus_message_unref(c->m);
	free(c);
}

static void on_done(void *arg, const struct engine_done *done)
{
	struct change *c = arg;

	(void)done;
	answer(c, dbus_message_new_method_return(c->m));
}

static void on_failed(void *arg, int error, const struct engine_failed *failed)
{
	struct change *c = arg;
	const char *name = "Internal", *text = failed->text.len ? failed->text.data
								: "the engine ended";

	if (error == ENGINE_E_ADAPTER || error == ENGINE_E_DIGEST)
		name = "AdapterMismatch";
	else if (error == ENGINE_E_BUSY)
		name = "Busy";
	else if (error == ENGINE_E_LIMIT)
		name = DBUS_ERROR_LIMITS_EXCEEDED;
	else if (error == ENGINE_E_LOST)
		name = "EngineLost";
	answer(c, out_error(c->m, name, "%s", text));
}

static const struct engine_call_ops ops = { .done = on_done, .failed = on_failed };

static void change(struct daemon *d, DBusMessage *m, const char *name, uint32_t type, bool pinned)
{
	struct engine_adapter adapter = { .fd = -1, .pinned = pinned };
	struct change *c = NULL;
	struct installed i;
	int r = 0;

	if (!library_find(d->library, name, &i)) {
		bus_send(d->bus, out_error(m, "AdapterUnknown", "no adapter '%s' is installed",
					   name));
		return;
	}
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
		*c = (struct change){ d, dbus_message_ref(m), { .ops = &ops, .arg = c } };
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

static const char *first_string(DBusMessage *m)
{
	DBusMessageIter at;
	const char *s;

	dbus_message_iter_init(m, &at);
	dbus_message_iter_get_basic(&at, &s);
	return s;
}

static void load(void *arg, DBusMessage *m)
{
	change(arg, m, first_string(m), ENGINE_LOAD, false);
}

static void unload(void *arg, DBusMessage *m)
{
	change(arg, m, first_string(m), ENGINE_UNLOAD, false);
}

static void pin(void *arg, DBusMessage *m)
{
	dbus_bool_t pinned;
	DBusMessageIter at;

	dbus_message_iter_init(m, &at);
	dbus_message_iter_next(&at);
	dbus_message_iter_get_basic(&at, &pinned);
	change(arg, m, first_string(m), ENGINE_PIN, pinned);
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
	{ "List", "a{sv}", list, "" },
	{ "Load", "sa{sv}", load, "" },
	{ "Unload", "sa{sv}", unload, "" },
	{ "Pin", "sba{sv}", pin, "" },
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
		out_str(&names, i.entry->manifest.name);
	dbus_message_iter_close_container(&at, &names);
	bus_send(d->bus, m);
}
