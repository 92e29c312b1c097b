/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/out.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "util/buf.h"
#include "util/cleanup.h"
#include "util/utf8.h"

/* @s as libdbus takes it: NULL without memory. */
static int clean(const char *s, size_t len, struct buf *out)
{
	for (size_t i = 0, size; i < len; i += size) {
		uint32_t cp = utf8_decode(s + i, len - i, &size);
		int r;

		if (cp == UTF8_INVALID || cp == 0)
			r = buf_append(out, "\xef\xbf\xbd", 3);
		else
			r = buf_append(out, s + i, size);
		if (r < 0)
			return r;
	}
	return 0;
}

void out_string(DBusMessageIter *at, const char *s, size_t len)
{
	_cleanup_(buf_deinit) struct buf copy = BUF_NULL;
	const char *text = "";

	if (len && clean(s, len, &copy) == 0 && dbus_validate_utf8(copy.data, NULL))
		text = copy.data;
	dbus_message_iter_append_basic(at, DBUS_TYPE_STRING, &text);
}

void out_str(DBusMessageIter *at, const char *s)
{
	out_string(at, s ? s : "", s ? strlen(s) : 0);
}

void out_u32(DBusMessageIter *at, uint32_t v)
{
	dbus_message_iter_append_basic(at, DBUS_TYPE_UINT32, &v);
}

void out_path(DBusMessageIter *at, const char *path)
{
	const char *root = "/";

	dbus_message_iter_append_basic(at, DBUS_TYPE_OBJECT_PATH,
				       dbus_validate_path(path, NULL) ? &path : &root);
}

void out_open_dict(DBusMessageIter *at, DBusMessageIter *dict)
{
	dbus_message_iter_open_container(at, DBUS_TYPE_ARRAY, "{sv}", dict);
}

void out_close_dict(DBusMessageIter *at, DBusMessageIter *dict)
{
	dbus_message_iter_close_container(at, dict);
}

/* One entry under construction. */
struct entry {
	DBusMessageIter entry, variant;
};

static DBusMessageIter *open_entry(struct entry *e, DBusMessageIter *dict, const char *key,
				   const char *signature)
{
	dbus_message_iter_open_container(dict, DBUS_TYPE_DICT_ENTRY, NULL, &e->entry);
	out_str(&e->entry, key);
	dbus_message_iter_open_container(&e->entry, DBUS_TYPE_VARIANT, signature, &e->variant);
	return &e->variant;
}

static void close_entry(struct entry *e, DBusMessageIter *dict)
{
	dbus_message_iter_close_container(&e->entry, &e->variant);
	dbus_message_iter_close_container(dict, &e->entry);
}

void out_dict_string(DBusMessageIter *dict, const char *key, const char *s, size_t len)
{
	struct entry e;

	out_string(open_entry(&e, dict, key, "s"), s, len);
	close_entry(&e, dict);
}

void out_dict_str(DBusMessageIter *dict, const char *key, const char *s)
{
	out_dict_string(dict, key, s ? s : "", s ? strlen(s) : 0);
}

static void dict_basic(DBusMessageIter *dict, const char *key, int type, const void *v)
{
	const char signature[2] = { (char)type, '\0' };
	struct entry e;

	dbus_message_iter_append_basic(open_entry(&e, dict, key, signature), type, v);
	close_entry(&e, dict);
}

void out_dict_u32(DBusMessageIter *dict, const char *key, uint32_t v)
{
	dict_basic(dict, key, DBUS_TYPE_UINT32, &v);
}

void out_dict_u64(DBusMessageIter *dict, const char *key, uint64_t v)
{
	dict_basic(dict, key, DBUS_TYPE_UINT64, &v);
}

void out_dict_i64(DBusMessageIter *dict, const char *key, int64_t v)
{
	dict_basic(dict, key, DBUS_TYPE_INT64, &v);
}

void out_dict_bool(DBusMessageIter *dict, const char *key, bool v)
{
	/* Any value but 0 and 1 would end the process, too. */
	dbus_bool_t value = v ? 1 : 0;

	dict_basic(dict, key, DBUS_TYPE_BOOLEAN, &value);
}

void out_dict_double(DBusMessageIter *dict, const char *key, double v)
{
	dict_basic(dict, key, DBUS_TYPE_DOUBLE, &v);
}

void out_dict_strings(DBusMessageIter *dict, const char *key, const char *const *v, size_t n)
{
	DBusMessageIter array;
	struct entry e;

	open_entry(&e, dict, key, "as");
	dbus_message_iter_open_container(&e.variant, DBUS_TYPE_ARRAY, "s", &array);
	for (size_t i = 0; i < n; i++)
		out_str(&array, v[i]);
	dbus_message_iter_close_container(&e.variant, &array);
	close_entry(&e, dict);
}

void out_dict_lines(DBusMessageIter *dict, const char *key, const char *text)
{
	DBusMessageIter array;
	struct entry e;

	open_entry(&e, dict, key, "as");
	dbus_message_iter_open_container(&e.variant, DBUS_TYPE_ARRAY, "s", &array);
	while (*text) {
		size_t len = strcspn(text, "\n");

		out_string(&array, text, len);
		text += len + (text[len] == '\n');
	}
	dbus_message_iter_close_container(&e.variant, &array);
	close_entry(&e, dict);
}

void out_dict_u32s(DBusMessageIter *dict, const char *key, const uint32_t *v, size_t n)
{
	DBusMessageIter array;
	struct entry e;

	open_entry(&e, dict, key, "au");
	dbus_message_iter_open_container(&e.variant, DBUS_TYPE_ARRAY, "u", &array);
	for (size_t i = 0; i < n; i++)
		out_u32(&array, v[i]);
	dbus_message_iter_close_container(&e.variant, &array);
	close_entry(&e, dict);
}

void out_open_list(struct out_list *l, DBusMessageIter *at, const char *key)
{
	l->at = at;
	l->keyed = key;
	if (key) {
		dbus_message_iter_open_container(at, DBUS_TYPE_DICT_ENTRY, NULL, &l->entry);
		out_str(&l->entry, key);
		dbus_message_iter_open_container(&l->entry, DBUS_TYPE_VARIANT, "aa{sv}",
						 &l->variant);
		at = &l->variant;
	}
	dbus_message_iter_open_container(at, DBUS_TYPE_ARRAY, "a{sv}", &l->array);
}

DBusMessageIter *out_list_next(struct out_list *l)
{
	out_open_dict(&l->array, &l->dict);
	return &l->dict;
}

void out_list_end_item(struct out_list *l)
{
	out_close_dict(&l->array, &l->dict);
}

void out_close_list(struct out_list *l)
{
	if (!l->keyed) {
		dbus_message_iter_close_container(l->at, &l->array);
		return;
	}
	dbus_message_iter_close_container(&l->variant, &l->array);
	dbus_message_iter_close_container(&l->entry, &l->variant);
	dbus_message_iter_close_container(l->at, &l->entry);
}

bool out_begin_list_reply(struct out_list_reply *r, DBusMessage *call)
{
	r->m = dbus_message_new_method_return(call);
	if (!r->m)
		return false;
	dbus_message_iter_init_append(r->m, &r->at);
	out_open_list(&r->list, &r->at, NULL);
	return true;
}

DBusMessage *out_end_list_reply(struct out_list_reply *r)
{
	out_close_list(&r->list);
	return r->m;
}

DBusMessage *out_error(DBusMessage *call, const char *name, const char *fmt, ...)
{
	_cleanup_(buf_deinit) struct buf text = BUF_NULL, full = BUF_NULL;
	DBusMessageIter at;
	DBusMessage *reply;
	va_list args;
	int r;

	if (dbus_message_get_no_reply(call))
		return NULL;
	va_start(args, fmt);
	r = buf_vprintf(&text, fmt, args);
	va_end(args);
	if (r == 0)
		r = strchr(name, '.') ? buf_append_str(&full, name)
				      : buf_printf(&full, ERROR_PREFIX "%s", name);
	if (r < 0 || !dbus_validate_error_name(full.data, NULL))
		return NULL;
	reply = dbus_message_new_error(call, full.data, NULL);
	if (reply) {
		dbus_message_iter_init_append(reply, &at);
		out_string(&at, text.data, text.len);
	}
	return reply;
}
