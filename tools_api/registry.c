/* SPDX-License-Identifier: MIT */
#include "tools_api/registry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tools_api/registry-private.h"
#include "tools_api/tool-private.h"
#include "tools_api/yaml-json.h"
#include "util/yaml.h"

struct tool_registry {
	const struct tool **tools;
	size_t n;
	json_t *things;
};

static const char things_form[] =
	"{\"type\": \"array\", \"maxItems\": 8, \"items\": {\"type\": \"object\","
	" \"additionalProperties\": false,"
	" \"required\": [\"domain\", \"bus\", \"names\", \"read\"], \"properties\": {"
	"  \"domain\": {\"type\": \"string\", \"minLength\": 1, \"maxLength\": 32},"
	"  \"bus\": {\"enum\": [\"session\", \"system\"]},"
	"  \"names\": {\"type\": \"string\", \"minLength\": 3, \"maxLength\": 200},"
	"  \"read\": {\"type\": \"string\"}}}}";

int tool_registry_new(struct tool_registry **ret)
{
	struct tool_registry *r = calloc(1, sizeof(*r));

	if (!r || !(r->things = json_array())) {
		free(r);
		return -ENOMEM;
	}
	*ret = r;
	return 0;
}

static void clear(struct tool_registry *r)
{
	while (r->n)
		tool_unref(r->tools[--r->n]);
}

struct tool_registry *tool_registry_free(struct tool_registry *r)
{
	if (!r)
		return NULL;
	clear(r);
	free(r->tools);
	json_decref(r->things);
	free(r);
	return NULL;
}

const json_t *tool_registry_things(const struct tool_registry *r)
{
	return r->things;
}

size_t tool_registry_count(const struct tool_registry *r)
{
	return r->n;
}

const struct tool *tool_registry_at(const struct tool_registry *r, size_t i)
{
	return i < r->n ? r->tools[i] : NULL;
}

/* The index, or the number of tools. */
static size_t position(const struct tool_registry *r, const char *name)
{
	size_t i = 0;

	while (i < r->n && strcmp(r->tools[i]->name, name) != 0)
		i++;
	return i;
}

const struct tool *tool_registry_find(const struct tool_registry *r, const char *name)
{
	return tool_registry_at(r, position(r, name));
}

static int reserve(struct tool_registry *r, size_t more)
{
	const struct tool **grown = reallocarray(r->tools, r->n + more, sizeof(*grown));

	if (!grown && r->n + more)
		return -ENOMEM;
	r->tools = grown;
	return 0;
}

int registry_append(struct tool_registry *r, const struct tool *t)
{
	int err = reserve(r, 1);

	if (err == 0)
		r->tools[r->n++] = t;
	return err;
}

void registry_take_out(struct tool_registry *r, size_t i)
{
	const struct tool *t = r->tools[i];

	r->n--;
	memmove(r->tools + i, r->tools + i + 1, (r->n - i) * sizeof(*r->tools));
	tool_unref(t);
}

static const struct tool *either(const struct tool_registry *a, const struct tool_registry *b,
				 const char *name)
{
	const struct tool *t = tool_registry_find(a, name);

	return t ? t : tool_registry_find(b, name);
}

static int check_links(const struct tool_registry *old, const struct tool_registry *fresh,
		       const struct tool *t, const struct yaml_node *m, struct diag *d)
{
	const struct yaml_node *rule = yaml_get(m, "undo");
	const struct tool *to;

	if (t->read_back) {
		to = either(fresh, old, t->read_back);
		if (!to || to->risk != POLICY_RISK_READ)
			return yaml_error(yaml_get(m, "read_back"), -EINVAL, DIAG_PAIR, d,
					  "read_back: names no tool of risk read");
	}
	for (rule = rule ? rule->first : NULL; rule; rule = rule->next) {
		const struct yaml_node *name = yaml_get(rule, "tool"), *c;
		const struct yaml_node *arguments = yaml_get(rule, "arguments");

		if (!name)
			continue;
		to = either(fresh, old, name->text);
		if (!to)
			return yaml_error(name, -EINVAL, DIAG_PAIR, d, "tool: names no tool");
		for (c = arguments->first; c; c = c->next)
			if (!tool_has_argument(to, c->key))
				return yaml_error(c, -EINVAL, DIAG_PAIR, d,
						  "%s: is no argument of %s", c->key, to->name);
	}
	return 0;
}

/* The user's may stand for the program's. */
static bool may_stand_for(const struct tool *t, const struct tool *old)
{
	return !t->shipped && old->shipped;
}

static int read_list(struct tool_registry *fresh, const struct tool_registry *old,
		     const struct yaml_node *list, bool shipped, struct diag *d)
{
	const struct yaml_node *m;
	size_t i = 0;
	int err = 0;

	for (m = list->first; err == 0 && m; m = m->next) {
		struct tool *t = tool_new();
		const struct tool *same;

		err = t ? tool_read(t, m, d) : -ENOMEM;
		if (err == 0) {
			t->shipped = shipped;
			same = either(fresh, old, t->name);
			if (same && (tool_registry_find(fresh, t->name) ||
				     !may_stand_for(t, same)))
				err = yaml_error(yaml_get(m, "name"), -EINVAL, DIAG_DUP, d,
						 "there is a tool of this name");
		}
		if (err == 0)
			err = registry_append(fresh, t);
		if (err)
			tool_unref(t);
	}
	for (m = list->first; err == 0 && m; m = m->next, i++)
		err = check_links(old, fresh, fresh->tools[i], m, d);
	return err;
}

static int read_things(struct tool_registry *fresh, const struct tool_registry *old,
		       const struct yaml_node *root, struct diag *d)
{
	const struct yaml_node *n = yaml_get(root, "things");
	json_auto_t *list = NULL;
	int err = yaml_part(root, "things", things_form, &list, d);

	for (n = n ? n->first : NULL; err == 0 && n; n = n->next) {
		const struct yaml_node *name = yaml_get(n, "read"), *names = yaml_get(n, "names");
		const struct tool *t = either(fresh, old, name->text);

		if (!t || t->risk != POLICY_RISK_READ || !tool_has_argument(t, "entity"))
			err = yaml_error(name, -EINVAL, DIAG_PAIR, d, "read: names no tool of risk "
					 "read with the argument \"entity\"");
		else if (tool_check_name(names->text, TOOL_NAME_MAX, NULL) < 0 ||
			 !strchr(names->text, '.') || strchr(names->text, '/'))
			err = yaml_error(names, -EINVAL, DIAG_RANGE, d,
					 "names: is no beginning of names on a bus");
	}
	return err || !list ? err : json_array_extend(fresh->things, list) ? -ENOMEM : 0;
}

/* There is room. */
static void put(struct tool_registry *r, const struct tool *t)
{
	size_t i = position(r, t->name);

	if (i < r->n)
		tool_unref(r->tools[i]);
	else
		r->n++;
	r->tools[i] = t;
}

int tool_registry_load(struct tool_registry *r, const char *text, size_t len, bool shipped,
		       struct diag *d)
{
	static const char *const keys[] = { "tools", "things", NULL };
	_cleanup_(tool_registry_freep) struct tool_registry *fresh = NULL;
	_cleanup_(yaml_tree_freep) struct yaml *y = NULL;
	const struct yaml_node *list;
	int err = yaml_parse(&y, text, len, d);

	if (!err)
		err = yaml_check_keys(yaml_root(y), keys, d);
	if (err)
		return err;
	list = yaml_get(yaml_root(y), "tools");
	if (!list)
		return yaml_error(yaml_root(y), -EINVAL, DIAG_PAIR, d, "\"tools\" is missing");
	if ((err = yaml_expect(list, YAML_SEQUENCE, d)) || (err = tool_registry_new(&fresh)) ||
	    (err = read_list(fresh, r, list, shipped, d)) ||
	    (err = read_things(fresh, r, yaml_root(y), d)) || (err = reserve(r, fresh->n)))
		return err;
	if (json_array_extend(r->things, fresh->things))
		return -ENOMEM;
	for (size_t i = 0; i < fresh->n; i++)
		put(r, tool_ref(fresh->tools[i]));
	return 0;
}

static void swap(struct tool_registry *a, struct tool_registry *b)
{
	struct tool_registry was = *a;

	*a = *b;
	*b = was;
}

int tool_registry_replace(struct tool_registry *r, struct tool_registry *fresh)
{
	int err = reserve(fresh, r->n);

	for (size_t i = 0; err == 0 && i < r->n; i++)
		if (r->tools[i]->owner && !tool_registry_find(fresh, r->tools[i]->name))
			fresh->tools[fresh->n++] = tool_ref(r->tools[i]);
	if (err)
		return err;
	clear(r);
	swap(r, fresh);
	return 0;
}
