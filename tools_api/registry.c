/* SPDX-License-Identifier: MIT */
#include "tools_api/registry.h"

#include <errno.h>
#include <string.h>

#include "tools_api/schema.h"
#include "util/macro.h"
#include "util/yaml.h"

struct tool_registry {
	struct tool **tools;
	size_t n;
};

static void tool_free(struct tool *t)
{
	free(t->name);
	free(t->title);
	free(t->description);
	free(t->target);
	free(t->read_back);
	free(t->undo);
	json_decref(t->schema);
	free(t);
}
DEFINE_CLEANUP(struct tool *, tool_free)

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
		if (!*end)
			return json_real(f);
	}
	return json_stringn(n->text, n->len);
}

/* NULL only for want of memory. */
static json_t *node_json(const struct yaml_node *n)
{
	const struct yaml_node *c;
	json_t *ret;

	if (n->kind == YAML_SCALAR)
		return scalar_json(n);
	ret = n->kind == YAML_MAPPING ? json_object() : json_array();
	for (c = n->first; ret && c; c = c->next)
		if (n->kind == YAML_MAPPING ? json_object_set_new(ret, c->key, node_json(c)) :
					      json_array_append_new(ret, node_json(c))) {
			json_decref(ret);
			return NULL;
		}
	return ret;
}

static int read_string(const struct yaml_node *m, const char *key, bool required, char **ret,
		       struct diag *d)
{
	const struct yaml_node *n = yaml_get(m, key);
	const char *s;
	int r;

	if (!n && !required)
		return 0;
	if (!n)
		return yaml_error(m, -EINVAL, DIAG_PAIR, d, "\"%s\" is missing", key);
	r = yaml_str(n, &s, d);
	if (r)
		return r;
	*ret = strdup(s);
	return *ret ? 0 : -ENOMEM;
}

static int read_flag(const struct yaml_node *m, const char *key, bool *ret, struct diag *d)
{
	const struct yaml_node *n = yaml_get(m, key);

	return n ? yaml_bool(n, ret, d) : 0;
}

static int read_choice(const struct yaml_node *n, const char *const *names, size_t n_names,
		       unsigned *ret, struct diag *d)
{
	const char *s = NULL;
	size_t i;
	int r = yaml_str(n, &s, d);

	if (r)
		return r;
	for (i = 0; i < n_names; i++)
		if (!strcmp(s, names[i])) {
			*ret = (unsigned)i;
			return 0;
		}
	return yaml_error(n, -EINVAL, DIAG_RANGE, d, "is none of the values allowed");
}

static int read_backend(const struct yaml_node *m, struct tool *t, struct diag *d)
{
	static const char *const names[] = { "dbus", "mqtt", "http", "mcp", "exec" };
	static const char *const keys[] = { "type", "target", NULL };
	const struct yaml_node *b = yaml_get(m, "backend");
	unsigned choice = 0;
	int r;

	if (!b || !yaml_get(b, "type"))
		return yaml_error(m, -EINVAL, DIAG_PAIR, d, "\"backend\" with a type is missing");
	r = yaml_check_keys(b, keys, d);
	if (!r)
		r = read_choice(yaml_get(b, "type"), names, ARRAY_SIZE(names), &choice, d);
	t->backend = (enum tool_backend)choice;
	return r ? r : read_string(b, "target", true, &t->target, d);
}

static int read_schema(const struct yaml_node *m, struct tool *t, struct diag *d)
{
	const struct yaml_node *n = yaml_get(m, "schema");
	struct diag inner = DIAG_NULL;

	if (!n)
		return yaml_error(m, -EINVAL, DIAG_PAIR, d, "\"schema\" is missing");
	t->schema = node_json(n);
	if (!t->schema)
		return -ENOMEM;
	if (tool_schema_check(t->schema, &inner) < 0)
		return yaml_error(n, -EINVAL, inner.code, d, "%s: %s", inner.field, inner.text);
	if (!json_object_get(t->schema, "type") ||
	    strcmp(json_string_value(json_object_get(t->schema, "type")), "object") != 0)
		return yaml_error(n, -EINVAL, DIAG_TYPE, d, "must have type object");
	return 0;
}

static int read_tool(const struct yaml_node *m, struct tool *t, struct diag *d)
{
	static const char *const keys[] = { "name", "title", "description", "schema", "risk",
		"egress", "reads_private", "opening", "timeout_ms", "backend", "read_back",
		"undo", NULL };
	static const char *const risks[] = { "read", "reversible", "consequential", "forbidden" };
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._-/";
	unsigned risk = POLICY_RISK_CONSEQUENTIAL;
	uint64_t timeout = 10000;
	int r = yaml_check_keys(m, keys, d);

	if (r || (r = read_string(m, "name", true, &t->name, d)) ||
	    (r = read_string(m, "title", true, &t->title, d)) ||
	    (r = read_string(m, "description", true, &t->description, d)) ||
	    (r = read_string(m, "read_back", false, &t->read_back, d)) ||
	    (r = read_string(m, "undo", false, &t->undo, d)) ||
	    (r = read_flag(m, "egress", &t->egress, d)) ||
	    (r = read_flag(m, "reads_private", &t->reads_private, d)) ||
	    (r = read_flag(m, "opening", &t->opening, d)) ||
	    (r = read_backend(m, t, d)) || (r = read_schema(m, t, d)))
		return r;
	if (!t->name[0] || strlen(t->name) > 128 || strspn(t->name, allowed) != strlen(t->name))
		return yaml_error(yaml_get(m, "name"), -EINVAL, DIAG_RANGE, d, "is no tool name");
	if (yaml_get(m, "risk"))
		r = read_choice(yaml_get(m, "risk"), risks, ARRAY_SIZE(risks), &risk, d);
	if (!r && yaml_get(m, "timeout_ms"))
		r = yaml_u64(yaml_get(m, "timeout_ms"), 1, 600000, &timeout, d);
	t->risk = (enum policy_risk)risk;
	t->timeout_ms = (uint32_t)timeout;
	return r;
}

static int append(struct tool_registry *r, struct tool *t)
{
	struct tool **grown = reallocarray(r->tools, r->n + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	r->tools = grown;
	r->tools[r->n++] = t;
	return 0;
}

static int check_links(const struct tool_registry *r, const struct tool *t,
		       const struct yaml_node *m, struct diag *d)
{
	const struct tool *to;

	if (t->read_back) {
		to = tool_registry_find(r, t->read_back);
		if (!to || to->risk != POLICY_RISK_READ)
			return yaml_error(yaml_get(m, "read_back"), -EINVAL, DIAG_PAIR, d,
					  "names no tool of risk read");
	}
	if (t->undo && !tool_registry_find(r, t->undo))
		return yaml_error(yaml_get(m, "undo"), -EINVAL, DIAG_PAIR, d, "names no tool");
	return 0;
}

static int load_tools(struct tool_registry *r, const struct yaml_node *list, struct diag *d)
{
	const struct yaml_node *m;
	size_t i = r->n;
	int err;

	for (m = list->first; m; m = m->next) {
		_cleanup_(tool_freep) struct tool *t = calloc(1, sizeof(*t));

		err = t ? read_tool(m, t, d) : -ENOMEM;
		if (err)
			return err;
		if (tool_registry_find(r, t->name))
			return yaml_error(yaml_get(m, "name"), -EINVAL, DIAG_DUP, d,
					  "there is a tool of this name");
		err = append(r, t);
		if (err)
			return err;
		TAKE(t);
	}
	for (m = list->first; m; m = m->next, i++) {
		err = check_links(r, r->tools[i], m, d);
		if (err)
			return err;
	}
	return 0;
}

int tool_registry_load(struct tool_registry *r, const char *text, size_t len, struct diag *d)
{
	static const char *const keys[] = { "tools", NULL };
	_cleanup_(yaml_tree_freep) struct yaml *y = NULL;
	const struct yaml_node *list;
	size_t before = r->n;
	int err = yaml_parse(&y, text, len, d);

	if (!err)
		err = yaml_check_keys(yaml_root(y), keys, d);
	if (err)
		return err;
	list = yaml_get(yaml_root(y), "tools");
	if (!list)
		return yaml_error(yaml_root(y), -EINVAL, DIAG_PAIR, d, "\"tools\" is missing");
	err = yaml_expect(list, YAML_SEQUENCE, d);
	if (!err)
		err = load_tools(r, list, d);
	while (err && r->n > before)
		tool_free(r->tools[--r->n]);
	return err;
}

int tool_registry_new(struct tool_registry **ret)
{
	*ret = calloc(1, sizeof(**ret));
	return *ret ? 0 : -ENOMEM;
}

struct tool_registry *tool_registry_free(struct tool_registry *r)
{
	size_t i;

	if (!r)
		return NULL;
	for (i = 0; i < r->n; i++)
		tool_free(r->tools[i]);
	free(r->tools);
	free(r);
	return NULL;
}

size_t tool_registry_count(const struct tool_registry *r)
{
	return r->n;
}

const struct tool *tool_registry_at(const struct tool_registry *r, size_t i)
{
	return i < r->n ? r->tools[i] : NULL;
}

const struct tool *tool_registry_find(const struct tool_registry *r, const char *name)
{
	size_t i;

	for (i = 0; i < r->n; i++)
		if (!strcmp(r->tools[i]->name, name))
			return r->tools[i];
	return NULL;
}

int tool_check_arguments(const struct tool *t, const char *text, size_t len, json_t **ret,
			 struct diag *d)
{
	json_error_t e;
	json_t *v;
	int r;

	if (len > TOOL_ARGUMENTS_MAX)
		return diag_set(d, -EINVAL, DIAG_LIMIT, "/", "more than %d bytes",
				TOOL_ARGUMENTS_MAX);
	v = json_loadb(text, len, JSON_REJECT_DUPLICATES, &e);
	if (!v)
		return diag_set(d, -EINVAL, DIAG_SYNTAX, "/", "no JSON: %s", e.text);
	r = tool_schema_validate(t->schema, v, d);
	if (!r && ret)
		*ret = json_incref(v);
	json_decref(v);
	return r;
}
