/* SPDX-License-Identifier: MIT */
#include "tools_api/yaml-json.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tools_api/schema.h"

static json_t *scalar_json(const struct yaml_node *n)
{
	char *end;
	long long i;
	double f;

	if (n->quoted)
		return json_stringn(n->text, n->len);
	if (!strcmp(n->text, "true") || !strcmp(n->text, "false"))
		return json_boolean(n->text[0] == 't');
	if (!strcmp(n->text, "null") || !strcmp(n->text, "~") || !n->len)
		return json_null();
	if (strspn(n->text, "+-.0123456789eE") == n->len && strpbrk(n->text, "0123456789")) {
		errno = 0;
		i = strtoll(n->text, &end, 10);
		if (!*end && !errno)
			return json_integer(i);
		f = strtod(n->text, &end);
		if (!*end && isfinite(f))
			return json_real(f);
	}
	return json_stringn(n->text, n->len);
}

json_t *yaml_json(const struct yaml_node *n)
{
	const struct yaml_node *c;
	json_t *ret;

	if (n->kind == YAML_SCALAR)
		return scalar_json(n);
	ret = n->kind == YAML_MAPPING ? json_object() : json_array();
	for (c = n->first; ret && c; c = c->next)
		if (n->kind == YAML_MAPPING ? json_object_set_new(ret, c->key, yaml_json(c)) :
					      json_array_append_new(ret, yaml_json(c))) {
			json_decref(ret);
			return NULL;
		}
	return ret;
}

static const struct yaml_node *child_at(const struct yaml_node *n, const char *name, size_t len)
{
	size_t i = 0;

	for (const struct yaml_node *c = n->first; c; c = c->next, i++) {
		char *end;

		if (n->kind == YAML_MAPPING && strlen(c->key) == len && !memcmp(c->key, name, len))
			return c;
		if (n->kind == YAML_SEQUENCE && strtoul(name, &end, 10) == i && end == name + len)
			return c;
	}
	return NULL;
}

const struct yaml_node *yaml_at(const struct yaml_node *n, const char *path)
{
	while (*path == '/' && path[1]) {
		size_t len = strcspn(++path, "/");
		const struct yaml_node *c = child_at(n, path, len);

		if (!c)
			break;
		n = c;
		path += len;
	}
	return n;
}

int yaml_defect(const struct yaml_node *n, const struct diag *inner, struct diag *d)
{
	return yaml_error(yaml_at(n, inner->field), -EINVAL, inner->code, d, "%s%s: %s",
			  n->key ? n->key : "", strcmp(inner->field, "/") ? inner->field : "",
			  inner->text);
}

int yaml_part(const struct yaml_node *m, const char *key, const char *schema, json_t **ret,
	      struct diag *d)
{
	const struct yaml_node *n = yaml_get(m, key);
	json_auto_t *form = NULL, *v = NULL;
	struct diag inner = DIAG_NULL;

	if (!n)
		return 0;
	v = yaml_json(n);
	form = json_loads(schema, 0, NULL);
	if (!v || !form)
		return -ENOMEM;
	if (tool_schema_validate(form, v, &inner) < 0)
		return yaml_defect(n, &inner, d);
	*ret = json_incref(v);
	return 0;
}
