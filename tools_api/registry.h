/* SPDX-License-Identifier: MIT */
/* The tools that exist, from YAML files. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools_api/policy.h"
#include "util/cleanup.h"
#include "util/diag.h"

#define TOOL_ARGUMENTS_MAX (64 * 1024)

enum tool_backend { TOOL_DBUS, TOOL_MQTT, TOOL_HTTP, TOOL_MCP, TOOL_EXEC, TOOL_BACKEND_COUNT };

struct tool {
	char *name;		/* letters, digits and ._-/ */
	char *title, *description;
	json_t *schema;		/* of the arguments, an object */
	enum policy_risk risk;	/* consequential unless the file says otherwise */
	bool egress, reads_private, opening;
	uint32_t timeout_ms;
	enum tool_backend backend;
	char *target;		/* what the back end calls: topic, URL, command, … */
	char *read_back;	/* tool of risk read that tells the state afterwards, or NULL */
	char *undo;		/* tool that takes the call back, or NULL */
};

struct tool_registry;

int tool_registry_new(struct tool_registry **ret);
struct tool_registry *tool_registry_free(struct tool_registry *r);
DEFINE_CLEANUP(struct tool_registry *, tool_registry_free)

/*
 * Adds the tools of a document { tools: [ … ] }, all or none. -EINVAL or -ENOMEM; @d says
 * line:column. A name already there is an error, and so is read_back or undo without
 * such a tool in the registry or the same document.
 */
int tool_registry_load(struct tool_registry *r, const char *text, size_t len, struct diag *d);
size_t tool_registry_count(const struct tool_registry *r);
const struct tool *tool_registry_at(const struct tool_registry *r, size_t i);
/* NULL when there is none. */
const struct tool *tool_registry_find(const struct tool_registry *r, const char *name);

/* Parses @text and validates it; *@ret (may be NULL) is the caller's to json_decref().
 * -EINVAL with the path in @d; a repeated key and trailing bytes are refused. */
int tool_check_arguments(const struct tool *t, const char *text, size_t len, json_t **ret,
			 struct diag *d);
