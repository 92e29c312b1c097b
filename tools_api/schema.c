/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tools_api/schema.h"
#include "util/macro.h"
#include "util/utf8.h"

/* A path grows on the stack of the recursion and is written out only for an error. */
struct path {
	const struct path *parent;
	const char *key;	/* NULL: @index */
	size_t index;
	unsigned depth;
};

static size_t path_write(const struct path *p, char *out, size_t size)
{
	size_t n;
	int w;

	if (!p->parent)
		return 0;
	n = path_write(p->parent, out, size);
	if (n >= size)
		return n;
	w = p->key ? snprintf(out + n, size - n, "/%s", p->key) :
		     snprintf(out + n, size - n, "/%zu", p->index);
	return n + (w > 0 ? (size_t)w : 0);
}

static const char *path_text(const struct path *p, char out[128])
{
	strcpy(out, "/");
	path_write(p, out, 128);
	return out;
}

#define FAIL(d, path, code, ...)                                                \
	({                                                                      \
		char _text[128];                                                \
		diag_set(d, -EINVAL, code, path_text(path, _text), __VA_ARGS__); \
	})

static const char *const type_names[] = { "object", "array", "string", "integer", "number",
					  "boolean", "null" };

static bool has_type(const json_t *v, const char *type)
{
	if (!strcmp(type, "object"))
		return json_is_object(v);
	if (!strcmp(type, "array"))
		return json_is_array(v);
	if (!strcmp(type, "string"))
		return json_is_string(v);
	if (!strcmp(type, "integer"))
		return json_is_integer(v);
	if (!strcmp(type, "number"))
		return json_is_number(v);
	if (!strcmp(type, "boolean"))
		return json_is_boolean(v);
	return json_is_null(v);
}

static int check(const json_t *schema, const struct path *at, struct diag *d);

static int check_type(const json_t *v, const struct path *at, struct diag *d)
{
	size_t i;

	for (i = 0; json_is_string(v) && i < ARRAY_SIZE(type_names); i++)
		if (!strcmp(json_string_value(v), type_names[i]))
			return 0;
	return FAIL(d, at, DIAG_TYPE, "expected the name of a JSON type");
}

static int check_properties(const json_t *v, const struct path *at, struct diag *d)
{
	const char *key;
	json_t *child;
	int r;

	if (!json_is_object(v))
		return FAIL(d, at, DIAG_TYPE, "expected an object");
	json_object_foreach((json_t *)v, key, child) {
		struct path p = { .parent = at, .key = key, .depth = at->depth };

		r = check(child, &p, d);
		if (r)
			return r;
	}
	return 0;
}

static int check_required(const json_t *v, const struct path *at, struct diag *d)
{
	size_t i;

	if (!json_is_array(v))
		return FAIL(d, at, DIAG_TYPE, "expected a list of names");
	for (i = 0; i < json_array_size(v); i++)
		if (!json_is_string(json_array_get(v, i)))
			return FAIL(d, at, DIAG_TYPE, "expected a list of names");
	return 0;
}

static int check_enum(const json_t *v, const struct path *at, struct diag *d)
{
	return json_is_array(v) && json_array_size(v) ? 0 :
	       FAIL(d, at, DIAG_TYPE, "expected a list with a value");
}

static int check_number(const json_t *v, const struct path *at, struct diag *d)
{
	return json_is_number(v) ? 0 : FAIL(d, at, DIAG_TYPE, "expected a number");
}

static int check_length(const json_t *v, const struct path *at, struct diag *d)
{
	return json_is_integer(v) && json_integer_value(v) >= 0 ? 0 :
	       FAIL(d, at, DIAG_TYPE, "expected an integer from 0");
}

static int check_bool(const json_t *v, const struct path *at, struct diag *d)
{
	return json_is_boolean(v) ? 0 : FAIL(d, at, DIAG_UNSUP, "expected true or false");
}

static int check_string(const json_t *v, const struct path *at, struct diag *d)
{
	return json_is_string(v) ? 0 : FAIL(d, at, DIAG_TYPE, "expected a string");
}

static int check_any(const json_t *v, const struct path *at, struct diag *d)
{
	return 0;
}

static const struct {
	const char *name;
	int (*check)(const json_t *v, const struct path *at, struct diag *d);
} keywords[] = {
	{ "type", check_type },
	{ "properties", check_properties },
	{ "required", check_required },
	{ "additionalProperties", check_bool },
	{ "items", check },
	{ "enum", check_enum },
	{ "minimum", check_number },
	{ "maximum", check_number },
	{ "minLength", check_length },
	{ "maxLength", check_length },
	{ "minItems", check_length },
	{ "maxItems", check_length },
	{ "title", check_string },
	{ "description", check_string },
	{ "default", check_any },
};

static int check(const json_t *schema, const struct path *at, struct diag *d)
{
	const char *key;
	json_t *v;
	size_t i;
	int r;

	if (!json_is_object(schema))
		return FAIL(d, at, DIAG_TYPE, "expected a schema, an object");
	if (at->depth >= TOOL_SCHEMA_DEPTH)
		return FAIL(d, at, DIAG_LIMIT, "more than %d levels", TOOL_SCHEMA_DEPTH);
	json_object_foreach((json_t *)schema, key, v) {
		struct path p = { .parent = at, .key = key, .depth = at->depth + 1 };

		for (i = 0; i < ARRAY_SIZE(keywords); i++)
			if (!strcmp(key, keywords[i].name))
				break;
		if (i == ARRAY_SIZE(keywords))
			return FAIL(d, &p, DIAG_UNSUP, "keyword is not supported");
		r = keywords[i].check(v, &p, d);
		if (r)
			return r;
	}
	return 0;
}

int tool_schema_check(const json_t *schema, struct diag *d)
{
	struct path root = { 0 };

	return check(schema, &root, d);
}

static int validate(const json_t *schema, const json_t *v, const struct path *at,
		    struct diag *d);

static int validate_object(const json_t *schema, const json_t *v, const struct path *at,
			   struct diag *d)
{
	const json_t *properties = json_object_get(schema, "properties");
	const json_t *required = json_object_get(schema, "required"), *child;
	const char *key;
	json_t *member;
	size_t i;
	int r;

	for (i = 0; i < json_array_size(required); i++) {
		key = json_string_value(json_array_get(required, i));
		if (!json_object_get(v, key))
			return FAIL(d, at, DIAG_PAIR, "\"%s\" is missing", key);
	}
	json_object_foreach((json_t *)v, key, member) {
		struct path p = { .parent = at, .key = key, .depth = at->depth + 1 };

		child = json_object_get(properties, key);
		if (!child && json_is_false(json_object_get(schema, "additionalProperties")))
			return FAIL(d, &p, DIAG_UNSUP, "there is no such argument");
		r = child ? validate(child, member, &p, d) : 0;
		if (r)
			return r;
	}
	return 0;
}

static int validate_array(const json_t *schema, const json_t *v, const struct path *at,
			  struct diag *d)
{
	const json_t *items = json_object_get(schema, "items");
	const json_t *min = json_object_get(schema, "minItems");
	const json_t *max = json_object_get(schema, "maxItems");
	size_t i, n = json_array_size(v);
	int r;

	if (min && (json_int_t)n < json_integer_value(min))
		return FAIL(d, at, DIAG_RANGE, "fewer than %lld items",
			    (long long)json_integer_value(min));
	if (max && (json_int_t)n > json_integer_value(max))
		return FAIL(d, at, DIAG_RANGE, "more than %lld items",
			    (long long)json_integer_value(max));
	for (i = 0; items && i < n; i++) {
		struct path p = { .parent = at, .index = i, .depth = at->depth + 1 };

		r = validate(items, json_array_get(v, i), &p, d);
		if (r)
			return r;
	}
	return 0;
}

static int validate_string(const json_t *schema, const json_t *v, const struct path *at,
			   struct diag *d)
{
	const json_t *min = json_object_get(schema, "minLength");
	const json_t *max = json_object_get(schema, "maxLength");
	json_int_t n = (json_int_t)utf8_count(json_string_value(v), json_string_length(v));

	if (min && n < json_integer_value(min))
		return FAIL(d, at, DIAG_RANGE, "shorter than %lld characters",
			    (long long)json_integer_value(min));
	if (max && n > json_integer_value(max))
		return FAIL(d, at, DIAG_RANGE, "longer than %lld characters",
			    (long long)json_integer_value(max));
	return 0;
}

/* Integers are compared as such: a double would merge neighbours beyond 2^53. */
static bool less(const json_t *a, const json_t *b)
{
	if (json_is_integer(a) && json_is_integer(b))
		return json_integer_value(a) < json_integer_value(b);
	return json_number_value(a) < json_number_value(b);
}

static int validate_number(const json_t *schema, const json_t *v, const struct path *at,
			   struct diag *d)
{
	const json_t *min = json_object_get(schema, "minimum");
	const json_t *max = json_object_get(schema, "maximum");

	if (min && less(v, min))
		return FAIL(d, at, DIAG_RANGE, "less than %g", json_number_value(min));
	if (max && less(max, v))
		return FAIL(d, at, DIAG_RANGE, "more than %g", json_number_value(max));
	return 0;
}

static int validate(const json_t *schema, const json_t *v, const struct path *at,
		    struct diag *d)
{
	const char *type = json_string_value(json_object_get(schema, "type"));
	const json_t *choices = json_object_get(schema, "enum");
	size_t i;

	if (type && !has_type(v, type))
		return FAIL(d, at, DIAG_TYPE, "expected %s", type);
	for (i = 0; i < json_array_size(choices); i++)
		if (json_equal(json_array_get(choices, i), v))
			break;
	if (choices && i == json_array_size(choices))
		return FAIL(d, at, DIAG_RANGE, "is none of the values allowed");
	if (json_is_object(v))
		return validate_object(schema, v, at, d);
	if (json_is_array(v))
		return validate_array(schema, v, at, d);
	if (json_is_string(v))
		return validate_string(schema, v, at, d);
	return json_is_number(v) ? validate_number(schema, v, at, d) : 0;
}

int tool_schema_validate(const json_t *schema, const json_t *value, struct diag *d)
{
	struct path root = { 0 };

	return validate(schema, value, &root, d);
}
