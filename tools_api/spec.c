/* SPDX-License-Identifier: MIT */
#include "tools_api/spec.h"

#include "tools_api/spec-private.h"
#include "tools_api/yaml-json.h"

static const struct {
	const char *name, *schema;
	int (*check)(const struct tool *t, const struct yaml_node *n, struct diag *d);
} backends[TOOL_BACKEND_COUNT] = {
	[TOOL_DBUS] = { "dbus", spec_dbus_schema, spec_check_dbus },
	[TOOL_EXEC] = { "exec", spec_exec_schema, spec_check_exec },
	[TOOL_MQTT] = { "mqtt",
		"{\"type\": \"object\", \"additionalProperties\": false,"
		" \"required\": [\"type\", \"service\"], \"properties\": {"
		"  \"type\": {}, \"service\": " SPEC_STRING "}}" },
	[TOOL_SERVICE] = { "service",
		"{\"type\": \"object\", \"additionalProperties\": false,"
		" \"required\": [\"type\"], \"properties\": {\"type\": {}}}" },
};

const char *tool_backend_name(enum tool_backend b)
{
	return (unsigned)b < TOOL_BACKEND_COUNT ? backends[b].name : NULL;
}

int tool_read_spec(struct tool *t, const struct yaml_node *m, struct diag *d)
{
	int r = yaml_part(m, "backend", backends[t->backend].schema, &t->spec, d);

	if (r == 0 && backends[t->backend].check)
		r = backends[t->backend].check(t, yaml_get(m, "backend"), d);
	return r;
}
