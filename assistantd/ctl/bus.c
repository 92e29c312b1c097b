/* SPDX-License-Identifier: MIT */
/* Calls to the service, and their answers as JSON. */
#include <stdio.h>
#include <string.h>

#include "assistantd/ctl/ctl.h"

enum { CALL_MS = 30000, DEPTH_MAX = 16 };

int ctl_connect(struct ctl *c)
{
	DBusError error = DBUS_ERROR_INIT;

	c->bus = dbus_bus_get_private(DBUS_BUS_SESSION, &error);
	if (!c->bus) {
		fprintf(stderr, "assistantctl: no session bus: %s\n", error.message);
		dbus_error_free(&error);
		return CTL_NO_SERVICE;
	}
	dbus_connection_set_exit_on_disconnect(c->bus, FALSE);
	return CTL_OK;
}

DBusMessage *ctl_message(const char *interface, const char *member)
{
	return dbus_message_new_method_call(CTL_NAME, CTL_PATH, interface, member);
}

static json_t *value_of(DBusMessageIter *at, unsigned depth);

static json_t *dictionary(DBusMessageIter *at, unsigned depth)
{
	json_t *object = json_object();
	DBusMessageIter entry;

	for (; dbus_message_iter_get_arg_type(at) == DBUS_TYPE_DICT_ENTRY;
	     dbus_message_iter_next(at)) {
		const char *key = "";

		dbus_message_iter_recurse(at, &entry);
		if (dbus_message_iter_get_arg_type(&entry) == DBUS_TYPE_STRING)
			dbus_message_iter_get_basic(&entry, &key);
		dbus_message_iter_next(&entry);
		json_object_set_new(object, key, value_of(&entry, depth));
	}
	return object;
}

static json_t *array(DBusMessageIter *at, unsigned depth)
{
	json_t *list = json_array();

	for (; dbus_message_iter_get_arg_type(at) != DBUS_TYPE_INVALID;
	     dbus_message_iter_next(at))
		json_array_append_new(list, value_of(at, depth));
	return list;
}

static json_t *container(DBusMessageIter *at, int type, unsigned depth)
{
	DBusMessageIter inner;
	bool is_dictionary = type == DBUS_TYPE_ARRAY &&
		dbus_message_iter_get_element_type(at) == DBUS_TYPE_DICT_ENTRY;

	if (depth > DEPTH_MAX)
		return json_null();
	dbus_message_iter_recurse(at, &inner);
	if (type == DBUS_TYPE_VARIANT)
		return value_of(&inner, depth + 1);
	return is_dictionary ? dictionary(&inner, depth + 1) : array(&inner, depth + 1);
}

static json_t *value_of(DBusMessageIter *at, unsigned depth)
{
	int type = dbus_message_iter_get_arg_type(at);
	DBusBasicValue v = { .u64 = 0 };

	if (!dbus_type_is_basic(type))
		return dbus_type_is_container(type) ? container(at, type, depth) : json_null();
	if (type == DBUS_TYPE_UNIX_FD)
		return json_null();
	dbus_message_iter_get_basic(at, &v);
	switch (type) {
	case DBUS_TYPE_STRING:
	case DBUS_TYPE_OBJECT_PATH:
	case DBUS_TYPE_SIGNATURE:
		return json_string(v.str);
	case DBUS_TYPE_BOOLEAN:
		return json_boolean(v.bool_val);
	case DBUS_TYPE_DOUBLE:
		return json_real(v.dbl);
	case DBUS_TYPE_BYTE:
		return json_integer(v.byt);
	case DBUS_TYPE_INT16:
		return json_integer(v.i16);
	case DBUS_TYPE_UINT16:
		return json_integer(v.u16);
	case DBUS_TYPE_INT32:
		return json_integer(v.i32);
	case DBUS_TYPE_UINT32:
		return json_integer(v.u32);
	default:
		return json_integer((json_int_t)v.i64);
	}
}

json_t *ctl_arguments(DBusMessage *m)
{
	json_t *list = json_array();
	DBusMessageIter at;

	if (!dbus_message_iter_init(m, &at))
		return list;
	do
		json_array_append_new(list, value_of(&at, 0));
	while (dbus_message_iter_next(&at));
	return list;
}

int ctl_show_error(const char *name, const char *text)
{
	const char *dot = strrchr(name, '.');

	fprintf(stderr, "assistantctl: %s: ", dot ? dot + 1 : name);
	ctl_put_plain(stderr, text);
	fputc('\n', stderr);
	if (strcmp(name, DBUS_ERROR_SERVICE_UNKNOWN) == 0 ||
	    strcmp(name, DBUS_ERROR_NO_REPLY) == 0 || strcmp(name, DBUS_ERROR_DISCONNECTED) == 0 ||
	    strncmp(name, "org.freedesktop.DBus.Error.Spawn", 32) == 0)
		return CTL_NO_SERVICE;
	if (dot && strcmp(dot, ".Busy") == 0)
		return CTL_BUSY;
	if (dot && (strcmp(dot, ".InvalidArgs") == 0 || strcmp(dot, ".TaskUnknown") == 0))
		return CTL_USAGE;
	return CTL_FAILED;
}

int ctl_call(struct ctl *c, DBusMessage *m, json_t **ret)
{
	return ctl_call_within(c, m, CALL_MS, ret);
}

int ctl_call_within(struct ctl *c, DBusMessage *m, int timeout_ms, json_t **ret)
{
	DBusError error = DBUS_ERROR_INIT;
	DBusMessage *reply;
	int status = CTL_OK;

	*ret = NULL;
	if (!m)
		return ctl_show_error(DBUS_ERROR_NO_MEMORY, "out of memory");
	reply = dbus_connection_send_with_reply_and_block(c->bus, m, timeout_ms, &error);
	dbus_message_unref(m);
	if (!reply) {
		status = ctl_show_error(error.name, error.message);
		dbus_error_free(&error);
		return status;
	}
	*ret = ctl_arguments(reply);
	dbus_message_unref(reply);
	return status;
}

void ctl_no_options(DBusMessage *m)
{
	DBusMessageIter at, dict;

	dbus_message_iter_init_append(m, &at);
	ctl_open_options(&at, &dict);
	ctl_close_options(&at, &dict);
}

int ctl_fetch_list(struct ctl *c, const char *interface, const char *member, json_t **ret)
{
	DBusMessage *m = ctl_message(interface, member);
	json_t *arguments;
	int status;

	if (m)
		ctl_no_options(m);
	status = ctl_call(c, m, &arguments);
	*ret = json_incref(json_array_get(arguments, 0));
	json_decref(arguments);
	return status;
}

void ctl_print_list(const struct ctl *c, int status, const json_t *list,
		    void (*print)(const json_t *item))
{
	json_t *item;
	size_t i;

	if (status == CTL_OK && c->json)
		ctl_print_json(list);
	else if (status == CTL_OK)
		json_array_foreach(list, i, item)
			print(item);
}

int ctl_show_list(struct ctl *c, const char *interface, const char *member,
		  void (*print)(const json_t *item))
{
	json_t *list;
	int status = ctl_fetch_list(c, interface, member, &list);

	ctl_print_list(c, status, list, print);
	json_decref(list);
	return status;
}

json_t *ctl_properties(struct ctl *c, int *status)
{
	DBusMessage *m = ctl_message(DBUS_INTERFACE_PROPERTIES, "GetAll");
	const char *interface = CTL_NAME;
	json_t *arguments, *all;

	if (m)
		dbus_message_append_args(m, DBUS_TYPE_STRING, &interface, DBUS_TYPE_INVALID);
	*status = ctl_call(c, m, &arguments);
	all = json_incref(json_array_get(arguments, 0));
	json_decref(arguments);
	return all;
}

json_t *ctl_property(struct ctl *c, const char *interface, const char *name)
{
	DBusMessage *m = ctl_message(DBUS_INTERFACE_PROPERTIES, "Get");
	json_t *list, *value = NULL;

	if (m)
		dbus_message_append_args(m, DBUS_TYPE_STRING, &interface, DBUS_TYPE_STRING, &name,
					 DBUS_TYPE_INVALID);
	if (ctl_call(c, m, &list) == CTL_OK)
		value = json_incref(json_array_get(list, 0));
	json_decref(list);
	return value;
}

static void option(DBusMessageIter *dict, const char *key, int type, const void *value)
{
	const char signature[2] = { (char)type, '\0' };
	DBusMessageIter entry, variant;

	dbus_message_iter_open_container(dict, DBUS_TYPE_DICT_ENTRY, NULL, &entry);
	dbus_message_iter_append_basic(&entry, DBUS_TYPE_STRING, &key);
	dbus_message_iter_open_container(&entry, DBUS_TYPE_VARIANT, signature, &variant);
	dbus_message_iter_append_basic(&variant, type, value);
	dbus_message_iter_close_container(&entry, &variant);
	dbus_message_iter_close_container(dict, &entry);
}

void ctl_option_str(DBusMessageIter *dict, const char *key, const char *value)
{
	if (value)
		option(dict, key, DBUS_TYPE_STRING, &value);
}

void ctl_option_u32(DBusMessageIter *dict, const char *key, uint32_t value)
{
	option(dict, key, DBUS_TYPE_UINT32, &value);
}

void ctl_option_i64(DBusMessageIter *dict, const char *key, int64_t value)
{
	dbus_int64_t number = value;

	option(dict, key, DBUS_TYPE_INT64, &number);
}

void ctl_option_u64(DBusMessageIter *dict, const char *key, uint64_t value)
{
	dbus_uint64_t number = value;

	option(dict, key, DBUS_TYPE_UINT64, &number);
}

void ctl_option_double(DBusMessageIter *dict, const char *key, double value)
{
	option(dict, key, DBUS_TYPE_DOUBLE, &value);
}

void ctl_option_fd(DBusMessageIter *dict, const char *key, int fd)
{
	option(dict, key, DBUS_TYPE_UNIX_FD, &fd);
}

void ctl_option_bool(DBusMessageIter *dict, const char *key, bool value)
{
	dbus_bool_t flag = value ? 1 : 0;

	option(dict, key, DBUS_TYPE_BOOLEAN, &flag);
}

void ctl_open_options(DBusMessageIter *at, DBusMessageIter *dict)
{
	dbus_message_iter_open_container(at, DBUS_TYPE_ARRAY, "{sv}", dict);
}

void ctl_close_options(DBusMessageIter *at, DBusMessageIter *dict)
{
	dbus_message_iter_close_container(at, dict);
}

int ctl_print_json(const json_t *value)
{
	json_dumpf(value, stdout, JSON_INDENT(2) | JSON_ENCODE_ANY);
	putchar('\n');
	return CTL_OK;
}

const char *ctl_text(const json_t *object, const char *key)
{
	const char *s = json_string_value(json_object_get(object, key));

	return s ? s : "";
}

long long ctl_number(const json_t *object, const char *key)
{
	return (long long)json_integer_value(json_object_get(object, key));
}
