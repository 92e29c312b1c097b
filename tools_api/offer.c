/* SPDX-License-Identifier: MIT */
/* Tools that applications bring: what they say of them is outside text. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools_api/registry-private.h"
#include "tools_api/schema.h"
#include "tools_api/tool-private.h"

static bool is_owned(const struct tool *t, const char *owner)
{
	return t->owner && strcmp(t->owner, owner) == 0;
}

static size_t count_owned(const struct tool_registry *r, const char *owner)
{
	size_t n = 0;

	for (size_t i = 0; i < tool_registry_count(r); i++)
		n += is_owned(tool_registry_at(r, i), owner);
	return n;
}

static int offered_schema(const char *text, const char *field, json_t **ret, struct diag *d)
{
	struct diag inner = DIAG_NULL;
	char place[sizeof(d->field)];
	int r = tool_schema_parse(text, strlen(text), ret, &inner);

	if (r == 0)
		return 0;
	snprintf(place, sizeof(place), "%s%.100s", field, inner.field);
	return diag_set(d, r, inner.code, place, "%s", inner.text);
}

static int offered_arguments(struct tool *t, const struct tool_offer *o, struct diag *d)
{
	static const char nothing[] = "{\"type\": \"object\", \"additionalProperties\": false}";
	int r = offered_schema(o->schema && *o->schema ? o->schema : nothing, "schema", &t->schema,
			       d);
	const char *type;

	if (r)
		return r;
	type = json_string_value(json_object_get(t->schema, "type"));
	if (!type || strcmp(type, "object") != 0)
		return diag_set(d, -EINVAL, DIAG_TYPE, "schema", "must have type object");
	return 0;
}

static int fill_offered(struct tool *t, const char *owner, const struct tool_offer *o,
			struct diag *d)
{
	int r;

	if ((r = tool_check_name(o->name, 64, d)) ||
	    (r = tool_check_text("title", o->title, TOOL_TITLE_MAX, d)) ||
	    (r = tool_check_text("description", o->description, TOOL_DESCRIPTION_MAX, d)) ||
	    (r = offered_arguments(t, o, d)))
		return r;
	if (o->result_schema && *o->result_schema &&
	    (r = offered_schema(o->result_schema, "result_schema", &t->result_schema, d)))
		return r;
	if ((unsigned)o->risk >= POLICY_RISK_COUNT)
		return diag_set(d, -EINVAL, DIAG_RANGE, "risk", "expected 0 to %d",
				POLICY_RISK_COUNT - 1);
	if (o->timeout_ms > TOOL_TIMEOUT_MAX_MS)
		return diag_set(d, -EINVAL, DIAG_RANGE, "timeout_ms", "expected 0 to %d",
				TOOL_TIMEOUT_MAX_MS);
	t->risk = o->risk;
	t->egress = o->egress;
	t->reads_private = o->reads_private;
	t->timeout_ms = o->timeout_ms ? o->timeout_ms : TOOL_TIMEOUT_MS;
	t->backend = TOOL_PROVIDER;
	t->owner = strdup(owner);
	t->title = strdup(o->title);
	t->description = strdup(o->description);
	t->spec = json_pack("{s:s, s:b, s:b}", "name", o->name, "can_read", o->can_read,
			    "can_undo", o->can_undo);
	if (asprintf(&t->name, "%s/%s", owner, o->name) < 0)
		t->name = NULL;
	tool_find_free_text(t);
	if (o->can_undo && t->name)
		t->undo = json_pack("[{s:s+, s:{s:s}}]", "tool", t->name, ".undo", "arguments",
				    "token", "=before.token");
	return t->owner && t->title && t->description && t->spec && t->name &&
	       !t->undo == !o->can_undo ? 0 : -ENOMEM;
}

int tool_registry_add(struct tool_registry *r, const char *owner, const struct tool_offer *o,
		      const struct tool **ret, struct diag *d)
{
	struct tool *t = tool_new();
	int err = t ? fill_offered(t, owner, o, d) : -ENOMEM;

	if (err == 0)
		err = tool_check_name(t->name, TOOL_NAME_MAX, d);
	if (err == 0 && tool_registry_find(r, t->name))
		err = -EEXIST;
	if (err == 0 && count_owned(r, owner) >= TOOL_OWNED_MAX)
		err = -E2BIG;
	if (err == 0)
		err = registry_append(r, t);
	if (err)
		tool_unref(t);
	else if (ret)
		*ret = t;
	return err;
}

size_t tool_registry_remove(struct tool_registry *r, const char *owner, const char *name)
{
	size_t removed = 0;

	for (size_t i = tool_registry_count(r); i-- > 0;) {
		const struct tool *t = tool_registry_at(r, i);

		if (!is_owned(t, owner) || (name && strcmp(t->name, name) != 0))
			continue;
		registry_take_out(r, i);
		removed++;
	}
	return removed;
}
