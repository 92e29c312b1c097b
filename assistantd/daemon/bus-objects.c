/* SPDX-License-Identifier: MIT */
/* Calls to our objects: which interface and method, introspection, properties. */
#include <string.h>

#include "assistantd/daemon/bus-private.h"
#include "assistantd/daemon/out.h"
#include "util/buf.h"
#include "util/cleanup.h"
#include "util/macro.h"

#define INTROSPECTABLE DBUS_INTERFACE_INTROSPECTABLE
#define PROPERTIES DBUS_INTERFACE_PROPERTIES

static const char introspection_head[] =
	DBUS_INTROSPECT_1_0_XML_DOCTYPE_DECL_NODE
	"<node>\n"
	"  <interface name=\"" INTROSPECTABLE "\">\n"
	"    <method name=\"Introspect\"><arg name=\"data\" type=\"s\" direction=\"out\"/>"
	"</method>\n"
	"  </interface>\n"
	"  <interface name=\"" PROPERTIES "\">\n"
	"    <method name=\"Get\"><arg name=\"interface\" type=\"s\" direction=\"in\"/>"
	"<arg name=\"property\" type=\"s\" direction=\"in\"/>"
	"<arg name=\"value\" type=\"v\" direction=\"out\"/></method>\n"
	"    <method name=\"GetAll\"><arg name=\"interface\" type=\"s\" direction=\"in\"/>"
	"<arg name=\"properties\" type=\"a{sv}\" direction=\"out\"/></method>\n"
	"    <signal name=\"PropertiesChanged\"><arg name=\"interface\" type=\"s\"/>"
	"<arg name=\"changed\" type=\"a{sv}\"/><arg name=\"invalidated\" type=\"as\"/>"
	"</signal>\n"
	"  </interface>\n"
	"  <interface name=\"" DBUS_INTERFACE_PEER "\">\n"
	"    <method name=\"Ping\"/>\n"
	"    <method name=\"GetMachineId\"><arg name=\"id\" type=\"s\" direction=\"out\"/>"
	"</method>\n"
	"  </interface>\n";

void bus_version(void *arg, DBusMessageIter *value)
{
	(void)arg;
	out_u32(value, 1);
}

void bus_add(struct bus *b, const struct bus_interface *i, void *arg, bool requests)
{
	if (b->n_entries == BUS_INTERFACES_MAX)
		return;
	b->entries[b->n_entries].interface = i;
	b->entries[b->n_entries].arg = arg;
	b->entries[b->n_entries++].requests = requests;
}

void bus_set_exists(struct bus *b, bool (*exists)(void *arg, const char *path), void *arg)
{
	b->exists = exists;
	b->exists_arg = arg;
}

/* The part of a file that an object's description takes: its interface. */
static int append_interface(struct buf *out, const char *xml)
{
	static const char close[] = "</interface>";
	const char *from = strstr(xml, "<interface"), *to = strstr(xml, close);
	int r;

	if (!from || !to || to < from)
		return 0;
	r = buf_append_str(out, "  ");
	if (r == 0)
		r = buf_append(out, from, (size_t)(to - from) + strlen(close));
	return r < 0 ? r : buf_append_char(out, '\n');
}

static DBusMessage *introspect(struct bus *b, DBusMessage *m, bool request)
{
	_cleanup_(buf_deinit) struct buf xml = BUF_NULL;
	DBusMessage *reply = dbus_message_new_method_return(m);
	DBusMessageIter at;
	int r = buf_append_str(&xml, introspection_head);

	for (size_t i = 0; r == 0 && i < b->n_entries; i++)
		if (b->entries[i].requests == request)
			r = append_interface(&xml, b->entries[i].interface->xml);
	if (r == 0)
		r = buf_append_str(&xml, "</node>\n");
	if (r < 0 || !reply)
		return reply;
	dbus_message_iter_init_append(reply, &at);
	out_string(&at, xml.data, xml.len);
	return reply;
}

static void append_property(const struct bus_property *p, void *arg, DBusMessageIter *at)
{
	DBusMessageIter value;

	dbus_message_iter_open_container(at, DBUS_TYPE_VARIANT, p->signature, &value);
	p->append(arg, &value);
	dbus_message_iter_close_container(at, &value);
}

static void append_properties(const struct bus_interface *i, void *arg, DBusMessageIter *at)
{
	DBusMessageIter dict, entry;

	out_open_dict(at, &dict);
	for (size_t k = 0; k < i->n_properties; k++) {
		dbus_message_iter_open_container(&dict, DBUS_TYPE_DICT_ENTRY, NULL, &entry);
		out_str(&entry, i->properties[k].name);
		append_property(&i->properties[k], arg, &entry);
		dbus_message_iter_close_container(&dict, &entry);
	}
	out_close_dict(at, &dict);
}

static DBusMessage *get_all(struct bus *b, DBusMessage *m, bool request, const char *interface)
{
	DBusMessageIter at;
	DBusMessage *reply;

	for (size_t i = 0; i < b->n_entries; i++) {
		if (b->entries[i].requests != request ||
		    strcmp(b->entries[i].interface->name, interface) != 0)
			continue;
		reply = dbus_message_new_method_return(m);
		if (!reply)
			return NULL;
		dbus_message_iter_init_append(reply, &at);
		append_properties(b->entries[i].interface, b->entries[i].arg, &at);
		return reply;
	}
	return out_error(m, DBUS_ERROR_UNKNOWN_INTERFACE, "no interface %s here", interface);
}

static DBusMessage *get(struct bus *b, DBusMessage *m, bool request, const char *interface,
			const char *name)
{
	for (size_t i = 0; i < b->n_entries; i++) {
		const struct bus_interface *f = b->entries[i].interface;

		if (b->entries[i].requests != request || strcmp(f->name, interface) != 0)
			continue;
		for (size_t k = 0; k < f->n_properties; k++) {
			DBusMessage *reply;
			DBusMessageIter at;

			if (strcmp(f->properties[k].name, name) != 0)
				continue;
			reply = dbus_message_new_method_return(m);
			if (!reply)
				return NULL;
			dbus_message_iter_init_append(reply, &at);
			append_property(&f->properties[k], b->entries[i].arg, &at);
			return reply;
		}
	}
	return out_error(m, DBUS_ERROR_UNKNOWN_PROPERTY, "no property %s.%s", interface, name);
}

static DBusMessage *properties(struct bus *b, DBusMessage *m, bool request)
{
	const char *interface, *name, *member = dbus_message_get_member(m);

	if (strcmp(member, "GetAll") == 0 &&
	    dbus_message_get_args(m, NULL, DBUS_TYPE_STRING, &interface, DBUS_TYPE_INVALID))
		return get_all(b, m, request, interface);
	if (strcmp(member, "Get") == 0 &&
	    dbus_message_get_args(m, NULL, DBUS_TYPE_STRING, &interface, DBUS_TYPE_STRING, &name,
				  DBUS_TYPE_INVALID))
		return get(b, m, request, interface, name);
	if (strcmp(member, "Set") == 0)
		return out_error(m, DBUS_ERROR_PROPERTY_READ_ONLY,
				 "properties of this service are read-only");
	return out_error(m, DBUS_ERROR_INVALID_ARGS, "%s with other arguments", member);
}

void bus_open_options(DBusMessage *m, DBusMessageIter *dict)
{
	DBusMessageIter at;

	dbus_message_iter_init(m, &at);
	while (dbus_message_iter_has_next(&at))
		dbus_message_iter_next(&at);
	dbus_message_iter_recurse(&at, dict);
}

bool bus_next_option(DBusMessageIter *dict, const char **key, DBusMessageIter *value)
{
	DBusMessageIter entry;

	if (dbus_message_iter_get_arg_type(dict) != DBUS_TYPE_DICT_ENTRY)
		return false;
	dbus_message_iter_recurse(dict, &entry);
	dbus_message_iter_get_basic(&entry, key);
	dbus_message_iter_next(&entry);
	dbus_message_iter_recurse(&entry, value);
	dbus_message_iter_next(dict);
	return true;
}

/* An error where the options, the last argument, hold anything but the text @option. */
static DBusMessage *refuse_options(DBusMessage *m, const char *option)
{
	DBusMessageIter dict, value;
	const char *key;

	bus_open_options(m, &dict);
	while (bus_next_option(&dict, &key, &value)) {
		if (!*key || strcmp(key, option) != 0)
			return out_error(m, DBUS_ERROR_INVALID_ARGS,
					 "%.100s: unknown option of this method", key);
		if (dbus_message_iter_get_arg_type(&value) != DBUS_TYPE_STRING)
			return out_error(m, DBUS_ERROR_INVALID_ARGS, "%s: expected a text", key);
	}
	return NULL;
}

static DBusMessage *call_method(const struct bus_interface *f, void *arg, DBusMessage *m,
				bool *handled)
{
	for (size_t k = 0; k < f->n_methods; k++) {
		const struct bus_method *method = &f->methods[k];
		DBusMessage *error;

		if (!dbus_message_has_member(m, method->member))
			continue;
		*handled = true;
		if (!dbus_message_has_signature(m, method->signature))
			return out_error(m, DBUS_ERROR_INVALID_ARGS,
					 "%s takes (%s), not (%s)", method->member,
					 method->signature, dbus_message_get_signature(m));
		error = method->option ? refuse_options(m, method->option) : NULL;
		if (!error)
			method->call(arg, m);
		return error;
	}
	return NULL;
}

static DBusMessage *call_interface(struct bus *b, DBusMessage *m, bool request)
{
	const char *interface = dbus_message_get_interface(m);
	DBusMessage *reply = NULL;
	bool handled = false, known = !interface;

	for (size_t i = 0; !handled && i < b->n_entries; i++) {
		if (b->entries[i].requests != request)
			continue;
		if (interface && strcmp(interface, b->entries[i].interface->name) != 0)
			continue;
		known = true;
		reply = call_method(b->entries[i].interface, b->entries[i].arg, m, &handled);
	}
	if (handled)
		return reply;
	if (!known)
		return out_error(m, DBUS_ERROR_UNKNOWN_INTERFACE, "no interface %s here",
				 interface);
	return out_error(m, DBUS_ERROR_UNKNOWN_METHOD, "no method %s here",
			 dbus_message_get_member(m));
}

DBusHandlerResult bus_dispatch(DBusConnection *c, DBusMessage *m, void *arg)
{
	struct bus *b = arg;
	const char *path = dbus_message_get_path(m);
	DBusMessage *reply;
	bool request;

	(void)c;
	if (dbus_message_get_type(m) != DBUS_MESSAGE_TYPE_METHOD_CALL || !path ||
	    !dbus_message_get_sender(m))
		return DBUS_HANDLER_RESULT_NOT_YET_HANDLED;
	request = strcmp(path, BUS_PATH) != 0;
	if (request && !(b->exists && b->exists(b->exists_arg, path)))
		reply = out_error(m, DBUS_ERROR_UNKNOWN_OBJECT, "no object %s", path);
	else if (dbus_message_is_method_call(m, INTROSPECTABLE, "Introspect"))
		reply = introspect(b, m, request);
	else if (dbus_message_has_interface(m, PROPERTIES))
		reply = properties(b, m, request);
	else
		reply = call_interface(b, m, request);
	bus_send(b, reply);
	return DBUS_HANDLER_RESULT_HANDLED;
}

void bus_changed(struct bus *b, const struct bus_interface *f)
{
	DBusMessage *m = dbus_message_new_signal(BUS_PATH, PROPERTIES, "PropertiesChanged");
	DBusMessageIter at, none;

	if (!m)
		return;
	dbus_message_iter_init_append(m, &at);
	out_str(&at, f->name);
	for (size_t i = 0; i < b->n_entries; i++)
		if (b->entries[i].interface == f)
			append_properties(f, b->entries[i].arg, &at);
	dbus_message_iter_open_container(&at, DBUS_TYPE_ARRAY, "s", &none);
	dbus_message_iter_close_container(&at, &none);
	bus_send(b, m);
}
