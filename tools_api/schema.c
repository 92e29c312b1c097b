/* SPDX-License-Identifier: MIT */
#include "tools_api/schema.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tools_api/schema-private.h"
#include "util/macro.h"

static size_t path_write(const struct schema_path *p, char *out, size_t size)
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

int schema_fail(struct diag *d, const struct schema_path *at, enum diag_code code,
		const char *fmt, ...)
{
	char path[128] = "/", text[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	path_write(at, path, sizeof(path));
	return diag_set(d, -EINVAL, code, path, "%s", text);
}

/* A schema that is being checked. */
struct checking {
	struct diag *d;
	unsigned parts;
};

static int check(struct checking *c, const json_t *schema, const struct schema_path *at);

static int check_type(struct checking *c, const json_t *v, const struct schema_path *at)
{
	static const char *const names[] = { "object", "array", "string", "integer", "number",
					     "boolean", "null" };
	size_t i, k, n = json_is_array(v) ? json_array_size(v) : 1;

	if (n == 0 || n > ARRAY_SIZE(names))
		return schema_fail(c->d, at, DIAG_TYPE, "expected names of JSON types");
	for (i = 0; i < n; i++) {
		const char *name = json_string_value(json_is_array(v) ? json_array_get(v, i) : v);

		for (k = 0; name && k < ARRAY_SIZE(names); k++)
			if (strcmp(name, names[k]) == 0)
				break;
		if (!name || k == ARRAY_SIZE(names))
			return schema_fail(c->d, at, DIAG_TYPE,
					   "expected the name of a JSON type");
	}
	return 0;
}

static int check_properties(struct checking *c, const json_t *v, const struct schema_path *at)
{
	const char *key;
	json_t *child;
	int r;

	if (!json_is_object(v))
		return schema_fail(c->d, at, DIAG_TYPE, "expected an object");
	json_object_foreach((json_t *)v, key, child) {
		struct schema_path p = { .parent = at, .key = key, .depth = at->depth };

		r = check(c, child, &p);
		if (r)
			return r;
	}
	return 0;
}

static int check_additional(struct checking *c, const json_t *v, const struct schema_path *at)
{
	return json_is_boolean(v) ? 0 : check(c, v, at);
}

static int check_branches(struct checking *c, const json_t *v, const struct schema_path *at)
{
	size_t i, n = json_array_size(v);
	int r = 0;

	if (n == 0)
		return schema_fail(c->d, at, DIAG_TYPE, "expected a list of schemas");
	for (i = 0; r == 0 && i < n; i++) {
		struct schema_path p = { .parent = at, .index = i, .depth = at->depth };

		r = check(c, json_array_get(v, i), &p);
	}
	return r;
}

static int check_required(struct checking *c, const json_t *v, const struct schema_path *at)
{
	size_t i, n = json_array_size(v);

	if (!json_is_array(v))
		return schema_fail(c->d, at, DIAG_TYPE, "expected a list of names");
	if (n > TOOL_SCHEMA_CHOICES)
		return schema_fail(c->d, at, DIAG_LIMIT, "more than %d names",
				   TOOL_SCHEMA_CHOICES);
	for (i = 0; i < n; i++)
		if (!json_is_string(json_array_get(v, i)))
			return schema_fail(c->d, at, DIAG_TYPE, "expected a list of names");
	return 0;
}

static int check_const(struct checking *c, const json_t *v, const struct schema_path *at)
{
	return json_is_object(v) || json_is_array(v) ?
		schema_fail(c->d, at, DIAG_UNSUP, "expected a string, a number, true, false or "
			    "null") : 0;
}

static int check_enum(struct checking *c, const json_t *v, const struct schema_path *at)
{
	size_t i, n = json_array_size(v);
	int r = 0;

	if (n == 0)
		return schema_fail(c->d, at, DIAG_TYPE, "expected a list with a value");
	if (n > TOOL_SCHEMA_CHOICES)
		return schema_fail(c->d, at, DIAG_LIMIT, "more than %d values",
				   TOOL_SCHEMA_CHOICES);
	for (i = 0; r == 0 && i < n; i++)
		r = check_const(c, json_array_get(v, i), at);
	return r;
}

static int check_number(struct checking *c, const json_t *v, const struct schema_path *at)
{
	return json_is_number(v) ? 0 : schema_fail(c->d, at, DIAG_TYPE, "expected a number");
}

static int check_positive(struct checking *c, const json_t *v, const struct schema_path *at)
{
	return json_is_number(v) && json_number_value(v) > 0 ? 0 :
	       schema_fail(c->d, at, DIAG_TYPE, "expected a number above 0");
}

static int check_length(struct checking *c, const json_t *v, const struct schema_path *at)
{
	return json_is_integer(v) && json_integer_value(v) >= 0 ? 0 :
	       schema_fail(c->d, at, DIAG_TYPE, "expected an integer from 0");
}

static int check_bool(struct checking *c, const json_t *v, const struct schema_path *at)
{
	return json_is_boolean(v) ? 0 :
	       schema_fail(c->d, at, DIAG_TYPE, "expected true or false");
}

static int check_string(struct checking *c, const json_t *v, const struct schema_path *at)
{
	return json_is_string(v) ? 0 : schema_fail(c->d, at, DIAG_TYPE, "expected a string");
}

static int check_any(struct checking *c, const json_t *v, const struct schema_path *at)
{
	(void)c;
	(void)v;
	(void)at;
	return 0;
}

static const struct {
	const char *name;
	int (*check)(struct checking *c, const json_t *v, const struct schema_path *at);
} keywords[] = {
	{ "type", check_type },
	{ "enum", check_enum },
	{ "const", check_const },
	{ "properties", check_properties },
	{ "required", check_required },
	{ "additionalProperties", check_additional },
	{ "minProperties", check_length },
	{ "maxProperties", check_length },
	{ "items", check },
	{ "minItems", check_length },
	{ "maxItems", check_length },
	{ "minLength", check_length },
	{ "maxLength", check_length },
	{ "minimum", check_number },
	{ "maximum", check_number },
	{ "exclusiveMinimum", check_number },
	{ "exclusiveMaximum", check_number },
	{ "multipleOf", check_positive },
	{ "anyOf", check_branches },
	{ "oneOf", check_branches },
	{ "$schema", check_string },
	{ "$id", check_string },
	{ "$comment", check_string },
	{ "title", check_string },
	{ "description", check_string },
	{ "default", check_any },
	{ "examples", check_any },
	{ "format", check_string },
	{ "deprecated", check_bool },
	{ "readOnly", check_bool },
	{ "writeOnly", check_bool },
};

static int check(struct checking *c, const json_t *schema, const struct schema_path *at)
{
	const char *key;
	json_t *v;
	size_t i;
	int r;

	if (!json_is_object(schema))
		return schema_fail(c->d, at, DIAG_TYPE, "expected a schema, an object");
	if (at->depth >= TOOL_SCHEMA_DEPTH)
		return schema_fail(c->d, at, DIAG_LIMIT, "more than %d levels",
				   TOOL_SCHEMA_DEPTH);
	if (++c->parts > TOOL_SCHEMA_PARTS)
		return schema_fail(c->d, at, DIAG_LIMIT, "more than %d schemas in one",
				   TOOL_SCHEMA_PARTS);
	json_object_foreach((json_t *)schema, key, v) {
		struct schema_path p = { .parent = at, .key = key, .depth = at->depth + 1 };

		for (i = 0; i < ARRAY_SIZE(keywords); i++)
			if (!strcmp(key, keywords[i].name))
				break;
		if (i == ARRAY_SIZE(keywords))
			return schema_fail(c->d, &p, DIAG_UNSUP, "keyword is not supported");
		r = keywords[i].check(c, v, &p);
		if (r)
			return r;
	}
	return 0;
}

int tool_schema_check(const json_t *schema, struct diag *d)
{
	struct checking c = { .d = d };
	struct schema_path root = { 0 };

	return check(&c, schema, &root);
}

int tool_schema_parse(const char *text, size_t len, json_t **ret, struct diag *d)
{
	json_auto_t *schema = NULL;
	json_error_t e;
	int r;

	if (len > TOOL_SCHEMA_SIZE)
		return diag_set(d, -EINVAL, DIAG_LIMIT, "/", "more than %d bytes",
				TOOL_SCHEMA_SIZE);
	schema = json_loadb(text, len, JSON_REJECT_DUPLICATES, &e);
	if (!schema)
		return diag_set(d, -EINVAL, DIAG_SYNTAX, "/", "no JSON: %s", e.text);
	r = tool_schema_check(schema, d);
	if (r == 0)
		*ret = json_incref(schema);
	return r;
}
