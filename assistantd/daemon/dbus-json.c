/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/dbus-json.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assistantd/daemon/out.h"
#include "util/macro.h"

static int append(DBusMessageIter *at, DBusSignatureIter *type, const json_t *v);

static const struct {
	int type;
	int64_t min, max;
} integers[] = {
	{ DBUS_TYPE_BYTE, 0, UINT8_MAX },
	{ DBUS_TYPE_INT16, INT16_MIN, INT16_MAX },
	{ DBUS_TYPE_UINT16, 0, UINT16_MAX },
	{ DBUS_TYPE_INT32, INT32_MIN, INT32_MAX },
	{ DBUS_TYPE_UINT32, 0, UINT32_MAX },
	{ DBUS_TYPE_INT64, INT64_MIN, INT64_MAX },
	{ DBUS_TYPE_UINT64, 0, INT64_MAX },
};

static int append_integer(DBusMessageIter *at, int type, const json_t *v)
{
	DBusBasicValue value = { 0 };
	int64_t i = json_integer_value(v);

	for (size_t k = 0; json_is_integer(v) && k < ARRAY_SIZE(integers); k++) {
		if (integers[k].type != type || i < integers[k].min || i > integers[k].max)
			continue;
		switch (type) {
		case DBUS_TYPE_BYTE:
			value.byt = (uint8_t)i;
			break;
		case DBUS_TYPE_INT16:
		case DBUS_TYPE_UINT16:
			value.u16 = (uint16_t)i;
			break;
		case DBUS_TYPE_INT32:
		case DBUS_TYPE_UINT32:
			value.u32 = (uint32_t)i;
			break;
		default:
			value.u64 = (uint64_t)i;
		}
		return dbus_message_iter_append_basic(at, type, &value) ? 0 : -ENOMEM;
	}
	return -EINVAL;
}

/* Strings of JSON are UTF-8 without NUL; libdbus ends the program for less. */
static int append_text(DBusMessageIter *at, int type, const json_t *v)
{
	const char *s = json_string_value(v);

	if (!s || (type == DBUS_TYPE_OBJECT_PATH && !dbus_validate_path(s, NULL)) ||
	    (type == DBUS_TYPE_SIGNATURE && !dbus_signature_validate(s, NULL)))
		return -EINVAL;
	if (type == DBUS_TYPE_STRING)
		out_str(at, s);
	else if (!dbus_message_iter_append_basic(at, type, &s))
		return -ENOMEM;
	return 0;
}

static int append_basic(DBusMessageIter *at, int type, const json_t *v)
{
	dbus_bool_t truth = json_is_true(v);
	double number = json_number_value(v);

	switch (type) {
	case DBUS_TYPE_BOOLEAN:
		if (!json_is_boolean(v))
			return -EINVAL;
		return dbus_message_iter_append_basic(at, type, &truth) ? 0 : -ENOMEM;
	case DBUS_TYPE_DOUBLE:
		if (!json_is_number(v))
			return -EINVAL;
		return dbus_message_iter_append_basic(at, type, &number) ? 0 : -ENOMEM;
	case DBUS_TYPE_STRING:
	case DBUS_TYPE_OBJECT_PATH:
	case DBUS_TYPE_SIGNATURE:
		return append_text(at, type, v);
	default:
		return append_integer(at, type, v);
	}
}

static const char *variant_type(const json_t *v)
{
	if (json_is_string(v))
		return "s";
	if (json_is_boolean(v))
		return "b";
	return json_is_integer(v) ? "x" : json_is_real(v) ? "d" : NULL;
}

static int append_variant(DBusMessageIter *at, const json_t *v)
{
	const json_t *inner = json_object_get(v, "value");
	const char *signature = inner ? json_string_value(json_object_get(v, "type"))
				      : variant_type(v);
	DBusMessageIter in;
	DBusSignatureIter type;
	int r;

	if (!signature || !dbus_signature_validate_single(signature, NULL))
		return -EINVAL;
	if (!dbus_message_iter_open_container(at, DBUS_TYPE_VARIANT, signature, &in))
		return -ENOMEM;
	dbus_signature_iter_init(&type, signature);
	r = append(&in, &type, inner ? inner : v);
	if (r < 0)
		dbus_message_iter_abandon_container(at, &in);
	else if (!dbus_message_iter_close_container(at, &in))
		r = -ENOMEM;
	return r;
}

/* The members of a dictionary have keys of a basic type, of which strings alone are had here. */
static int append_entries(DBusMessageIter *in, DBusSignatureIter *entry, const json_t *v)
{
	const char *key;
	json_t *member;
	int r = json_is_object(v) ? 0 : -EINVAL;

	json_object_foreach((json_t *)v, key, member) {
		DBusMessageIter pair;
		DBusSignatureIter type;

		dbus_signature_iter_recurse(entry, &type);
		if (r == 0 && dbus_signature_iter_get_current_type(&type) != DBUS_TYPE_STRING)
			r = -EINVAL;
		if (r == 0 && !dbus_message_iter_open_container(in, DBUS_TYPE_DICT_ENTRY, NULL,
								&pair))
			r = -ENOMEM;
		if (r < 0)
			break;
		out_str(&pair, key);
		dbus_signature_iter_next(&type);
		r = append(&pair, &type, member);
		if (r < 0)
			dbus_message_iter_abandon_container(in, &pair);
		else if (!dbus_message_iter_close_container(in, &pair))
			r = -ENOMEM;
	}
	return r;
}

static int append_items(DBusMessageIter *in, DBusSignatureIter *item, const json_t *v)
{
	int r = json_is_array(v) ? 0 : -EINVAL;

	for (size_t i = 0; r == 0 && i < json_array_size(v); i++)
		r = append(in, item, json_array_get(v, i));
	return r;
}

static int append_members(DBusMessageIter *in, DBusSignatureIter *member, const json_t *v)
{
	size_t i = 0;
	int r;

	do {
		r = append(in, member, json_array_get(v, i++));
	} while (r == 0 && dbus_signature_iter_next(member));
	return r < 0 ? r : i == json_array_size(v) ? 0 : -EINVAL;
}

static int append_container(DBusMessageIter *at, DBusSignatureIter *type, const json_t *v)
{
	int kind = dbus_signature_iter_get_current_type(type), r;
	DBusSignatureIter inner;
	DBusMessageIter in;
	char *signature = NULL;
	bool open;

	dbus_signature_iter_recurse(type, &inner);
	if (kind == DBUS_TYPE_ARRAY)
		signature = dbus_signature_iter_get_signature(&inner);
	open = (kind != DBUS_TYPE_ARRAY || signature) &&
	       dbus_message_iter_open_container(at, kind, signature, &in);
	dbus_free(signature);
	if (!open)
		return -ENOMEM;
	if (kind == DBUS_TYPE_STRUCT)
		r = append_members(&in, &inner, v);
	else if (dbus_signature_iter_get_current_type(&inner) == DBUS_TYPE_DICT_ENTRY)
		r = append_entries(&in, &inner, v);
	else
		r = append_items(&in, &inner, v);
	if (r < 0)
		dbus_message_iter_abandon_container(at, &in);
	else if (!dbus_message_iter_close_container(at, &in))
		r = -ENOMEM;
	return r;
}

static int append(DBusMessageIter *at, DBusSignatureIter *type, const json_t *v)
{
	int kind = dbus_signature_iter_get_current_type(type);

	if (!v)
		return -EINVAL;
	if (kind == DBUS_TYPE_VARIANT)
		return append_variant(at, v);
	return dbus_type_is_container(kind) ? append_container(at, type, v)
					    : append_basic(at, kind, v);
}

int dbus_json_append(DBusMessageIter *at, const char *signature, const json_t *values)
{
	DBusSignatureIter type;

	if (!*signature)
		return json_array_size(values) ? -EINVAL : 0;
	dbus_signature_iter_init(&type, signature);
	return append_members(at, &type, values);
}

/* What is left of the bounds. */
struct budget {
	unsigned values;
	size_t bytes;
};

static int get(DBusMessageIter *at, unsigned depth, struct budget *left, json_t **ret);

static int get_integer(DBusMessageIter *at, int type, json_t **ret)
{
	DBusBasicValue v;

	dbus_message_iter_get_basic(at, &v);
	switch (type) {
	case DBUS_TYPE_BYTE:
		*ret = json_integer(v.byt);
		break;
	case DBUS_TYPE_INT16:
		*ret = json_integer(v.i16);
		break;
	case DBUS_TYPE_UINT16:
		*ret = json_integer(v.u16);
		break;
	case DBUS_TYPE_INT32:
		*ret = json_integer(v.i32);
		break;
	case DBUS_TYPE_UINT32:
		*ret = json_integer(v.u32);
		break;
	case DBUS_TYPE_INT64:
		*ret = json_integer(v.i64);
		break;
	default:
		*ret = json_integer((json_int_t)MIN(v.u64, (uint64_t)INT64_MAX));
	}
	return *ret ? 0 : -ENOMEM;
}

static int get_basic(DBusMessageIter *at, int type, struct budget *left, json_t **ret)
{
	dbus_bool_t truth;
	const char *s;
	double number;

	switch (type) {
	case DBUS_TYPE_BOOLEAN:
		dbus_message_iter_get_basic(at, &truth);
		*ret = json_boolean(truth);
		break;
	case DBUS_TYPE_DOUBLE:
		dbus_message_iter_get_basic(at, &number);
		*ret = isfinite(number) ? json_real(number) : json_null();
		break;
	case DBUS_TYPE_STRING:
	case DBUS_TYPE_OBJECT_PATH:
	case DBUS_TYPE_SIGNATURE:
		dbus_message_iter_get_basic(at, &s);
		if (strlen(s) > left->bytes)
			return -E2BIG;
		left->bytes -= strlen(s);
		*ret = json_string(s);
		break;
	case DBUS_TYPE_UNIX_FD:
		*ret = json_null();
		break;
	default:
		return get_integer(at, type, ret);
	}
	return *ret ? 0 : -ENOMEM;
}

/* Keys of other types are written as JSON writes them. */
static int get_entry(DBusMessageIter *entry, unsigned depth, struct budget *left, json_t *out)
{
	json_auto_t *key = NULL;
	json_t *v = NULL;
	DBusMessageIter at;
	char number[32];
	int r;

	dbus_message_iter_recurse(entry, &at);
	r = get(&at, depth, left, &key);
	dbus_message_iter_next(&at);
	if (r == 0)
		r = get(&at, depth, left, &v);
	if (r < 0)
		return r;
	snprintf(number, sizeof(number), "%.17g", json_number_value(key));
	r = json_object_set_new(out, json_is_string(key) ? json_string_value(key) : number, v);
	return r ? -ENOMEM : 0;
}

static int get_container(DBusMessageIter *at, int type, unsigned depth, struct budget *left,
			 json_t **ret)
{
	bool object = type == DBUS_TYPE_ARRAY &&
		      dbus_message_iter_get_element_type(at) == DBUS_TYPE_DICT_ENTRY;
	json_auto_t *out = object ? json_object() : json_array();
	DBusMessageIter in;
	int r = out ? 0 : -ENOMEM;

	dbus_message_iter_recurse(at, &in);
	while (r == 0 && dbus_message_iter_get_arg_type(&in) != DBUS_TYPE_INVALID) {
		json_t *v = NULL;

		if (object) {
			r = get_entry(&in, depth + 1, left, out);
		} else {
			r = get(&in, depth + 1, left, &v);
			if (r == 0 && json_array_append_new(out, v))
				r = -ENOMEM;
		}
		dbus_message_iter_next(&in);
	}
	if (r == 0)
		*ret = json_incref(out);
	return r;
}

static int get(DBusMessageIter *at, unsigned depth, struct budget *left, json_t **ret)
{
	int type = dbus_message_iter_get_arg_type(at);
	DBusMessageIter in;

	if (depth > DBUS_JSON_DEPTH || !left->values)
		return -E2BIG;
	left->values--;
	if (type == DBUS_TYPE_VARIANT) {
		dbus_message_iter_recurse(at, &in);
		return get(&in, depth + 1, left, ret);
	}
	if (dbus_type_is_container(type))
		return get_container(at, type, depth, left, ret);
	if (type != DBUS_TYPE_INVALID)
		return get_basic(at, type, left, ret);
	*ret = json_null();
	return 0;
}

int dbus_json_get(DBusMessageIter *at, json_t **ret)
{
	struct budget left = { DBUS_JSON_VALUES, DBUS_JSON_BYTES };

	return get(at, 0, &left, ret);
}
