/* SPDX-License-Identifier: MIT */
/* Values of D-Bus as JSON and back, with bounds: what comes from the bus is outside text. */
#pragma once

#include <dbus/dbus.h>
#include <jansson.h>

enum { DBUS_JSON_DEPTH = 10, DBUS_JSON_VALUES = 4096, DBUS_JSON_BYTES = 64 * 1024 };

/*
 * Appends @values, a list, as the complete types of @signature, a valid one. A variant takes a
 * string, a truth or a number as s, b, x or d, or {"type": SIGNATURE, "value": …}. 0; -EINVAL
 * where a value does not fit its type, -ENOMEM.
 */
int dbus_json_append(DBusMessageIter *at, const char *signature, const json_t *values);
/*
 * The value at @at: dictionaries become objects, structs and arrays lists, variants what is in
 * them, descriptors null. *@ret is the caller's. 0, -E2BIG beyond the bounds, -ENOMEM.
 */
int dbus_json_get(DBusMessageIter *at, json_t **ret);
