/* SPDX-License-Identifier: MIT */
/* The tools that exist: from YAML files, and from applications while they are there. */
#pragma once

#include "tools_api/tool.h"

#define TOOL_OWNED_MAX 64	/* tools of one application */

struct tool_registry;

int tool_registry_new(struct tool_registry **ret);
struct tool_registry *tool_registry_free(struct tool_registry *r);
DEFINE_CLEANUP(struct tool_registry *, tool_registry_free)

/*
 * Adds the tools of a document { tools: [ … ], things: [ … ] }, all or none. -EINVAL or
 * -ENOMEM; @d says line:column. The user's own (not @shipped) take the place of the program's
 * of the same name; otherwise a name that is there is an error. So are read_back and undo
 * without such a tool in the registry or the same document.
 */
int tool_registry_load(struct tool_registry *r, const char *text, size_t len, bool shipped,
		       struct diag *d);
/* @r gets the tools of files that @fresh has, in the place of its own ones; @fresh is then
 * empty. Tools of applications stay. 0 or -ENOMEM with @r as it was. */
int tool_registry_replace(struct tool_registry *r, struct tool_registry *fresh);

/* What an application says of a tool of its own. */
struct tool_offer {
	const char *name;		/* its own, without the owner's */
	const char *title, *description;
	const char *schema, *result_schema;	/* JSON; "" or NULL: no arguments, any result */
	enum policy_risk risk;
	bool egress, reads_private, can_read, can_undo;
	uint32_t timeout_ms;		/* 0: the usual */
};

/*
 * Adds the tool OWNER/NAME; *@ret (may be NULL) is the registry's. -EINVAL with the field and
 * what is wrong in @d, -EEXIST, -E2BIG beyond TOOL_OWNED_MAX, -ENOMEM. Its spec is
 * {"name": …, "can_read": …, "can_undo": …}; one that can be undone is so by OWNER/NAME.undo, with
 * the "token" that the state before has.
 */
int tool_registry_add(struct tool_registry *r, const char *owner, const struct tool_offer *o,
		      const struct tool **ret, struct diag *d);
/* Removes one tool of @owner, or all with @name NULL (as registered, OWNER/NAME): how many. */
size_t tool_registry_remove(struct tool_registry *r, const char *owner, const char *name);

/* The entries of `things` of all files: {domain, bus, names, read}, checked; a list, borrowed
 * until the next load or replace. What they are is the front end's (daemon/presences.h). */
const json_t *tool_registry_things(const struct tool_registry *r);
size_t tool_registry_count(const struct tool_registry *r);
const struct tool *tool_registry_at(const struct tool_registry *r, size_t i);
/* NULL when there is none. */
const struct tool *tool_registry_find(const struct tool_registry *r, const char *name);
