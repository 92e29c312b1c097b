/* SPDX-License-Identifier: MIT */
#include "tools_api/spec.h"

static const struct {
	const char *name, *schema;
} backends[TOOL_BACKEND_COUNT] = {
	[TOOL_MQTT] = { "mqtt",
		"{\"type\": \"object\", \"additionalProperties\": false,"
		" \"required\": [\"type\", \"service\"], \"properties\": {"
		"  \"type\": {}, \"service\": {\"type\": \"string\", \"minLength\": 1,"
		"   \"maxLength\": 64}}}" },
	[TOOL_SERVICE] = { "service",
		"{\"type\": \"object\", \"additionalProperties\": false,"
		" \"required\": [\"type\"], \"properties\": {\"type\": {}}}" },
};

const char *tool_backend_name(enum tool_backend b)
{
	return (unsigned)b < TOOL_BACKEND_COUNT ? backends[b].name : NULL;
}

const char *tool_spec_schema(enum tool_backend b)
{
	return backends[b].schema;
}
