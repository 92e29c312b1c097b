/* SPDX-License-Identifier: MIT */
#include "tools_api/template.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tools_api/schema-private.h"

enum { PATH_MAX_BYTES = 128 };

struct reference {
	char path[PATH_MAX_BYTES];	/* names with dots between them */
	double factor;			/* 0: the value as it is */
};

static bool is_reference(const json_t *v)
{
	const char *s = json_string_value(v);

	return s && s[0] == '=' && s[1] != '=';
}

/* "=path" or "=path * number"; false for what is neither. */
static bool parse(const char *s, struct reference *ret)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_.-";
	size_t n = strspn(++s, allowed);
	char *end;

	ret->factor = 0;
	if (n == 0 || n >= sizeof(ret->path) || s[0] == '.' || s[n - 1] == '.')
		return false;
	memcpy(ret->path, s, n);
	ret->path[n] = '\0';
	s += n;
	if (strstr(ret->path, "..") || (*s && strncmp(s, " * ", 3) != 0))
		return false;
	if (!*s)
		return true;
	ret->factor = strtod(s + 3, &end);
	return !*end && end != s + 3 && isfinite(ret->factor) && ret->factor != 0;
}

static int check_reference(const char *s, const char *const *roots, const struct schema_path *at,
			   struct diag *d)
{
	struct reference r;

	if (!parse(s, &r))
		return schema_fail(d, at, DIAG_SYNTAX, "expected \"=path\" or \"=path * number\"");
	for (; *roots; roots++) {
		size_t n = strlen(*roots);

		if (strncmp(r.path, *roots, n) == 0 && (!r.path[n] || r.path[n] == '.'))
			return 0;
	}
	return schema_fail(d, at, DIAG_RANGE, "refers to what is not there");
}

static int check(const json_t *v, const char *const *roots, const struct schema_path *at,
		 struct diag *d)
{
	const char *key;
	json_t *child;
	size_t i;
	int r = 0;

	if (at->depth > TOOL_TEMPLATE_DEPTH)
		return schema_fail(d, at, DIAG_LIMIT, "more than %d levels", TOOL_TEMPLATE_DEPTH);
	if (is_reference(v))
		return check_reference(json_string_value(v), roots, at, d);
	if (json_is_object(v)) {
		json_object_foreach((json_t *)v, key, child) {
			struct schema_path p = { .parent = at, .key = key,
						 .depth = at->depth + 1 };

			r = check(child, roots, &p, d);
			if (r)
				return r;
		}
	}
	for (i = 0; r == 0 && i < json_array_size(v); i++) {
		struct schema_path p = { .parent = at, .index = i, .depth = at->depth + 1 };

		r = check(json_array_get(v, i), roots, &p, d);
	}
	return r;
}

int tool_template_check(const json_t *template, const char *const *roots, struct diag *d)
{
	struct schema_path root = { 0 };

	return check(template, roots, &root, d);
}

static json_t *look_up(const json_t *scope, char *path)
{
	char *save = NULL;

	for (char *name = strtok_r(path, ".", &save); name; name = strtok_r(NULL, ".", &save))
		scope = json_object_get(scope, name);
	return (json_t *)scope;
}

json_t *tool_number(double v)
{
	double whole = round(v);

	if (fabs(v - whole) < 1e-6 && fabs(whole) < 1e15)
		return json_integer((json_int_t)whole);
	return json_real(v);
}

static int fill_reference(const char *s, const json_t *scope, json_t **ret)
{
	struct reference r;
	json_t *v;

	if (!parse(s, &r))
		return -EINVAL;
	v = look_up(scope, r.path);
	if (!v || json_is_null(v))
		return -ENOENT;
	if (r.factor != 0 && !json_is_number(v))
		return -EINVAL;
	*ret = r.factor != 0 ? tool_number(json_number_value(v) * r.factor) : json_deep_copy(v);
	return *ret ? 0 : -ENOMEM;
}

static int fill_object(const json_t *template, const json_t *scope, json_t **ret)
{
	json_auto_t *out = json_object();
	const char *key;
	json_t *child;

	json_object_foreach((json_t *)template, key, child) {
		json_t *v = NULL;
		int r = tool_template_fill(child, scope, &v);

		if (r == -ENOENT && is_reference(child))
			continue;
		if (r < 0)
			return r;
		if (json_object_set_new(out, key, v))
			return -ENOMEM;
	}
	*ret = json_incref(out);
	return out ? 0 : -ENOMEM;
}

static int fill_array(const json_t *template, const json_t *scope, json_t **ret)
{
	json_auto_t *out = json_array();

	for (size_t i = 0; i < json_array_size(template); i++) {
		json_t *v = NULL;
		int r = tool_template_fill(json_array_get(template, i), scope, &v);

		if (r < 0)
			return r;
		if (json_array_append_new(out, v))
			return -ENOMEM;
	}
	*ret = json_incref(out);
	return out ? 0 : -ENOMEM;
}

int tool_template_fill(const json_t *template, const json_t *scope, json_t **ret)
{
	const char *s = json_string_value(template);

	if (is_reference(template))
		return fill_reference(s, scope, ret);
	if (json_is_object(template))
		return fill_object(template, scope, ret);
	if (json_is_array(template))
		return fill_array(template, scope, ret);
	*ret = s && s[0] == '=' ? json_string(s + 1) : json_deep_copy(template);
	return *ret ? 0 : -ENOMEM;
}

static bool same(const json_t *want, const json_t *have, double tolerance)
{
	if (json_is_null(want) || !want)
		return !have || json_is_null(have);
	if (json_is_number(want) && json_is_number(have))
		return fabs(json_number_value(want) - json_number_value(have)) <=
		       tolerance + 1e-9;
	return have && json_equal(want, have);
}

bool tool_agrees(const json_t *conditions, const json_t *state, double tolerance)
{
	const char *key;
	json_t *want;

	json_object_foreach((json_t *)conditions, key, want) {
		const json_t *have = json_object_get(state, key);
		bool agrees = same(want, have, tolerance);

		for (size_t i = 0; !agrees && i < json_array_size(want); i++)
			agrees = same(json_array_get(want, i), have, tolerance);
		if (!agrees)
			return false;
	}
	return true;
}
