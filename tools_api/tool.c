/* SPDX-License-Identifier: MIT */
#include "tools_api/tool.h"

#include <errno.h>
#include <string.h>

#include "tools_api/schema.h"
#include "tools_api/template.h"

const struct tool *tool_ref(const struct tool *t)
{
	((struct tool *)t)->refs++;
	return t;
}

const struct tool *tool_unref(const struct tool *tool)
{
	struct tool *t = (struct tool *)tool;

	if (!t || --t->refs)
		return NULL;
	free(t->name);
	free(t->title);
	free(t->description);
	free(t->owner);
	free(t->read_back);
	json_decref(t->schema);
	json_decref(t->result_schema);
	json_decref(t->spec);
	json_decref(t->expect);
	json_decref(t->expect_change);
	json_decref(t->say);
	json_decref(t->opening);
	json_decref(t->intents);
	json_decref(t->undo);
	json_decref(t->log);
	free(t);
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

static json_t *property(const struct tool *t, const char *name)
{
	return json_object_get(json_object_get(t->schema, "properties"), name);
}

bool tool_has_argument(const struct tool *t, const char *name)
{
	return property(t, name);
}

static bool lists(const json_t *names, const char *name)
{
	for (size_t i = 0; name && i < json_array_size(names); i++)
		if (strcmp(json_string_value(json_array_get(names, i)), name) == 0)
			return true;
	return false;
}

bool tool_opens(const struct tool *t, const char *domain, const char *device_class,
		const json_t *arguments)
{
	const json_t *domains = json_object_get(t->opening, "domain");
	const json_t *classes = json_object_get(t->opening, "device_class");
	const json_t *schema = json_object_get(t->opening, "arguments");

	if (!json_is_object(t->opening))
		return json_is_true(t->opening);
	return (!domains || lists(domains, domain)) &&
	       (!classes || lists(classes, device_class)) &&
	       (!schema || tool_schema_validate(schema, arguments, NULL) == 0);
}

static bool may_be_kept(const struct tool *t, const char *name)
{
	if (t->log)
		return lists(t->log, name);
	return !json_is_true(json_object_get(property(t, name), "writeOnly"));
}

json_t *tool_loggable(const struct tool *t, const json_t *arguments)
{
	json_auto_t *out = json_object();
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)arguments, key, v)
		if (may_be_kept(t, key) && json_object_set(out, key, v))
			return NULL;
	return json_incref(out);
}

char *tool_say(const struct tool *t, const json_t *result)
{
	for (size_t i = 0; i < json_array_size(t->say); i++) {
		const json_t *say = json_array_get(t->say, i);

		if (tool_agrees(json_object_get(say, "when"), result, 0))
			return tool_text_fill(json_string_value(json_object_get(say, "text")),
					      result);
	}
	return NULL;
}

bool tool_shows_effect(const struct tool *t, const json_t *arguments, const json_t *before,
		       const json_t *after)
{
	json_auto_t *scope = NULL, *expected = NULL;
	bool changed = !t->expect_change;

	if (!after || (!t->expect && !t->expect_change))
		return false;
	for (size_t i = 0; before && i < json_array_size(t->expect_change); i++) {
		const char *name = json_string_value(json_array_get(t->expect_change, i));
		const json_t *was = json_object_get(before, name);
		const json_t *is = json_object_get(after, name);

		changed |= was && is && !json_equal(was, is);
	}
	if (!changed || !t->expect)
		return changed;
	scope = json_pack("{s:O}", "arguments", arguments);
	return scope && tool_template_fill(t->expect, scope, &expected) == 0 &&
	       tool_agrees(expected, after, t->tolerance);
}

int tool_undo(const struct tool *t, const json_t *arguments, const json_t *before,
	      const char **tool, json_t **inverse)
{
	json_auto_t *scope = NULL;
	const json_t *rule = NULL;
	int r;

	for (size_t i = 0; before && i < json_array_size(t->undo) && !rule; i++) {
		rule = json_array_get(t->undo, i);
		if (!tool_agrees(json_object_get(rule, "when"), before, 0))
			rule = NULL;
	}
	if (!rule)
		return -ENOENT;
	*tool = json_string_value(json_object_get(rule, "tool"));
	if (!*tool)
		return 1;
	scope = json_pack("{s:O, s:O}", "arguments", arguments, "before", before);
	if (!scope)
		return -ENOMEM;
	r = tool_template_fill(json_object_get(rule, "arguments"), scope, inverse);
	return r == -EINVAL ? -ENOENT : r;
}
