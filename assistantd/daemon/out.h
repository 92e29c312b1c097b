/* SPDX-License-Identifier: MIT */
/*
 * Everything that leaves over the bus passes here: libdbus ends the process that hands it a
 * string which is not UTF-8, so no other file appends one. A bad string goes out with U+FFFD
 * in the place of what was wrong. Without memory a message is cut short; it is then dropped
 * by bus_send(), which is told by dbus_message_iter_append_…() having failed.
 */
#pragma once

#include <dbus/dbus.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ERROR_PREFIX "org.assistantd.Error."

void out_string(DBusMessageIter *at, const char *s, size_t len);
void out_str(DBusMessageIter *at, const char *s);
void out_u32(DBusMessageIter *at, uint32_t v);
void out_path(DBusMessageIter *at, const char *path);

/* Dictionaries a{sv}: opened in a message or in a variant of another dictionary. */
void out_open_dict(DBusMessageIter *at, DBusMessageIter *dict);
void out_close_dict(DBusMessageIter *at, DBusMessageIter *dict);
void out_dict_string(DBusMessageIter *dict, const char *key, const char *s, size_t len);
void out_dict_str(DBusMessageIter *dict, const char *key, const char *s);
void out_dict_u32(DBusMessageIter *dict, const char *key, uint32_t v);
void out_dict_u64(DBusMessageIter *dict, const char *key, uint64_t v);
void out_dict_i64(DBusMessageIter *dict, const char *key, int64_t v);
void out_dict_bool(DBusMessageIter *dict, const char *key, bool v);
void out_dict_double(DBusMessageIter *dict, const char *key, double v);
void out_dict_strings(DBusMessageIter *dict, const char *key, const char *const *v, size_t n);
/* A list of texts, as: the lines of @text. */
void out_dict_lines(DBusMessageIter *dict, const char *key, const char *text);
void out_dict_u32s(DBusMessageIter *dict, const char *key, const uint32_t *v, size_t n);

/* A list of dictionaries, aa{sv}, under @key (NULL: directly at @at). */
struct out_list {
	DBusMessageIter *at;
	DBusMessageIter entry, variant, array, dict;
	bool keyed;
};
void out_open_list(struct out_list *l, DBusMessageIter *at, const char *key);
DBusMessageIter *out_list_next(struct out_list *l);
void out_list_end_item(struct out_list *l);
void out_close_list(struct out_list *l);

/* A reply to a call that is one such list. */
struct out_list_reply {
	DBusMessage *m;
	DBusMessageIter at;
	struct out_list list;
};
/* False without memory: there is no reply then, and nothing to end. @r stays where it is. */
bool out_begin_list_reply(struct out_list_reply *r, DBusMessage *call);
/* The reply, the caller's to send. */
DBusMessage *out_end_list_reply(struct out_list_reply *r);

/* An error reply with one string: "NotReady" gets our prefix, a dotted name is used as is.
 * NULL without memory, or when @call wants no reply. */
DBusMessage *out_error(DBusMessage *call, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
