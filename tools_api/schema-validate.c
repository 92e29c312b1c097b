/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "tools_api/schema-private.h"
#include "tools_api/schema.h"
#include "util/utf8.h"

/* A value that is being checked. */
struct validation {
	struct diag *d;		/* NULL in branches, of which any may fit */
	unsigned steps;
};

static int validate(struct validation *c, const json_t *schema, const json_t *v,
		    const struct schema_path *at);

static int step(struct validation *c, const struct schema_path *at)
{
	if (c->steps++ < TOOL_SCHEMA_STEPS)
		return 0;
	return schema_fail(c->d, at, DIAG_LIMIT, "takes more than %d steps to check",
			   TOOL_SCHEMA_STEPS);
}

bool schema_scalars_equal(const json_t *a, const json_t *b)
{
	if (json_is_number(a) && json_is_number(b) && json_typeof(a) != json_typeof(b))
		return json_number_value(a) == json_number_value(b);
	return json_equal(a, b);
}

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

static int validate_type(struct validation *c, const json_t *type, const json_t *v,
			 const struct schema_path *at)
{
	size_t i;

	if (json_is_string(type))
		return has_type(v, json_string_value(type)) ? 0 :
		       schema_fail(c->d, at, DIAG_TYPE, "expected %s", json_string_value(type));
	for (i = 0; i < json_array_size(type); i++)
		if (has_type(v, json_string_value(json_array_get(type, i))))
			return 0;
	return type ? schema_fail(c->d, at, DIAG_TYPE, "is of none of the types allowed") : 0;
}

static int validate_choice(struct validation *c, const json_t *schema, const json_t *v,
			   const struct schema_path *at)
{
	const json_t *choices = json_object_get(schema, "enum");
	const json_t *only = json_object_get(schema, "const");
	bool scalar = !json_is_object(v) && !json_is_array(v);
	size_t i;
	int r;

	if (only && !(scalar && schema_scalars_equal(only, v)))
		return schema_fail(c->d, at, DIAG_RANGE, "is not the value allowed");
	for (i = 0; i < json_array_size(choices); i++) {
		r = step(c, at);
		if (r)
			return r;
		if (scalar && schema_scalars_equal(json_array_get(choices, i), v))
			return 0;
	}
	return choices ? schema_fail(c->d, at, DIAG_RANGE, "is none of the values allowed") : 0;
}

static int validate_count(struct validation *c, const json_t *schema, const char *min_key,
			  const char *max_key, const char *what, size_t n,
			  const struct schema_path *at)
{
	const json_t *min = json_object_get(schema, min_key);
	const json_t *max = json_object_get(schema, max_key);

	if (min && (json_int_t)n < json_integer_value(min))
		return schema_fail(c->d, at, DIAG_RANGE, "fewer than %lld %s",
				   (long long)json_integer_value(min), what);
	if (max && (json_int_t)n > json_integer_value(max))
		return schema_fail(c->d, at, DIAG_RANGE, "more than %lld %s",
				   (long long)json_integer_value(max), what);
	return 0;
}

static int validate_object(struct validation *c, const json_t *schema, const json_t *v,
			   const struct schema_path *at)
{
	const json_t *properties = json_object_get(schema, "properties");
	const json_t *required = json_object_get(schema, "required"), *child;
	const json_t *others = json_object_get(schema, "additionalProperties");
	const char *key;
	json_t *member;
	size_t i;
	int r = validate_count(c, schema, "minProperties", "maxProperties", "members",
			       json_object_size(v), at);

	for (i = 0; r == 0 && i < json_array_size(required); i++) {
		key = json_string_value(json_array_get(required, i));
		r = step(c, at);
		if (r == 0 && !json_object_get(v, key))
			r = schema_fail(c->d, at, DIAG_PAIR, "\"%s\" is missing", key);
	}
	if (r)
		return r;
	json_object_foreach((json_t *)v, key, member) {
		struct schema_path p = { .parent = at, .key = key, .depth = at->depth + 1 };

		child = json_object_get(properties, key);
		if (!child && json_is_false(others))
			return schema_fail(c->d, &p, DIAG_UNSUP, "there is no such argument");
		if (!child)
			child = json_is_object(others) ? others : NULL;
		r = child ? validate(c, child, member, &p) : step(c, &p);
		if (r)
			return r;
	}
	return 0;
}

static int validate_array(struct validation *c, const json_t *schema, const json_t *v,
			  const struct schema_path *at)
{
	const json_t *items = json_object_get(schema, "items");
	size_t i, n = json_array_size(v);
	int r = validate_count(c, schema, "minItems", "maxItems", "items", n, at);

	for (i = 0; r == 0 && items && i < n; i++) {
		struct schema_path p = { .parent = at, .index = i, .depth = at->depth + 1 };

		r = validate(c, items, json_array_get(v, i), &p);
	}
	return r;
}

static int validate_string(struct validation *c, const json_t *schema, const json_t *v,
			   const struct schema_path *at)
{
	return validate_count(c, schema, "minLength", "maxLength", "characters",
			      utf8_count(json_string_value(v), json_string_length(v)), at);
}

/* Integers are compared as such: a double would merge neighbours beyond 2^53. */
static bool less(const json_t *a, const json_t *b)
{
	if (json_is_integer(a) && json_is_integer(b))
		return json_integer_value(a) < json_integer_value(b);
	return json_number_value(a) < json_number_value(b);
}

/* 0.3 is thrice 0.1, whatever binary fractions make of it. */
static bool is_multiple(const json_t *v, const json_t *of)
{
	double quotient;

	if (json_is_integer(v) && json_is_integer(of))
		return json_integer_value(v) % json_integer_value(of) == 0;
	quotient = json_number_value(v) / json_number_value(of);
	return isfinite(quotient) &&
	       fabs(quotient - round(quotient)) < 1e-9 * fmax(1, fabs(quotient));
}

static int validate_number(struct validation *c, const json_t *schema, const json_t *v,
			   const struct schema_path *at)
{
	const json_t *min = json_object_get(schema, "minimum");
	const json_t *max = json_object_get(schema, "maximum");
	const json_t *above = json_object_get(schema, "exclusiveMinimum");
	const json_t *below = json_object_get(schema, "exclusiveMaximum");
	const json_t *of = json_object_get(schema, "multipleOf");

	if (min && less(v, min))
		return schema_fail(c->d, at, DIAG_RANGE, "less than %g", json_number_value(min));
	if (max && less(max, v))
		return schema_fail(c->d, at, DIAG_RANGE, "more than %g", json_number_value(max));
	if (above && !less(above, v))
		return schema_fail(c->d, at, DIAG_RANGE, "not above %g",
				   json_number_value(above));
	if (below && !less(v, below))
		return schema_fail(c->d, at, DIAG_RANGE, "not below %g",
				   json_number_value(below));
	if (of && !is_multiple(v, of))
		return schema_fail(c->d, at, DIAG_RANGE, "no multiple of %g",
				   json_number_value(of));
	return 0;
}

/* Why none of the branches fits is not said: each has a reason of its own. */
static int validate_branches(struct validation *c, const json_t *schema, const json_t *v,
			     const struct schema_path *at)
{
	const json_t *any = json_object_get(schema, "anyOf");
	const json_t *one = json_object_get(schema, "oneOf");
	struct validation quiet = { .steps = c->steps };
	size_t i, fit = 0;

	for (i = 0; i < json_array_size(any) && fit == 0; i++)
		fit += validate(&quiet, json_array_get(any, i), v, at) == 0;
	if (any && fit == 0)
		return schema_fail(c->d, at, DIAG_TYPE, "is none of the forms allowed");
	for (i = 0, fit = 0; i < json_array_size(one); i++)
		fit += validate(&quiet, json_array_get(one, i), v, at) == 0;
	if (one && fit != 1)
		return schema_fail(c->d, at, DIAG_TYPE, "is not exactly one of the forms "
				   "allowed");
	c->steps = quiet.steps;
	return step(c, at);
}

static int validate(struct validation *c, const json_t *schema, const json_t *v,
		    const struct schema_path *at)
{
	int r = step(c, at);

	if (r || (r = validate_type(c, json_object_get(schema, "type"), v, at)) ||
	    (r = validate_choice(c, schema, v, at)) || (r = validate_branches(c, schema, v, at)))
		return r;
	if (json_is_object(v))
		return validate_object(c, schema, v, at);
	if (json_is_array(v))
		return validate_array(c, schema, v, at);
	if (json_is_string(v))
		return validate_string(c, schema, v, at);
	return json_is_number(v) ? validate_number(c, schema, v, at) : 0;
}

int tool_schema_validate(const json_t *schema, const json_t *value, struct diag *d)
{
	struct validation c = { .d = d };
	struct schema_path root = { 0 };

	return validate(&c, schema, value, &root);
}
