/* SPDX-License-Identifier: MIT */
/*
 * A tool: something that can be called, what its arguments must look like, how much harm it
 * can do, how its effect is read back and taken back. Who holds one while others may remove it
 * from the registry holds a reference. All of it is for one thread.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools_api/policy.h"
#include "util/cleanup.h"
#include "util/diag.h"

#define TOOL_ARGUMENTS_MAX (64 * 1024)	/* bytes of a call's arguments */
#define TOOL_RESULT_MAX (64 * 1024)	/* bytes of what a call tells */
#define TOOL_NAME_MAX 128		/* bytes, as the next two */
#define TOOL_TITLE_MAX 128
#define TOOL_DESCRIPTION_MAX 1024
#define TOOL_TIMEOUT_MS 10000		/* where none is said */
#define TOOL_TIMEOUT_MAX_MS 600000

/* What runs its calls. */
enum tool_backend {
	TOOL_DBUS,	/* a service of the desktop or the system */
	TOOL_EXEC,	/* a command of the user's */
	TOOL_MQTT,	/* a device of the home */
	TOOL_PROVIDER,	/* the application that registered it */
	TOOL_SERVICE,	/* the service itself */
	TOOL_BACKEND_COUNT,
};

struct tool {
	unsigned refs;
	char *name;		/* letters, digits and ._-/; of an application: OWNER/… */
	char *title, *description;
	char *owner;		/* identity of the application that registered it, or NULL */
	json_t *schema;		/* of the arguments, an object */
	json_t *result_schema;	/* of what it tells, or NULL */
	enum policy_risk risk;	/* consequential unless the file says otherwise */
	bool egress, reads_private;
	bool free_text;		/* an argument is text of free form */
	uint32_t timeout_ms;
	enum tool_backend backend;
	json_t *spec;		/* the back end's own part, of the form that spec.h names */
	char *read_back;	/* tool of risk read that tells the state, or NULL */
	json_t *expect;		/* what that state then has (a template over arguments), or NULL */
	json_t *expect_change;	/* names in that state of which one is then another, or NULL */
	double tolerance;	/* by which numbers may differ from what is expected */
	json_t *say;		/* see tool_say(); a list, or NULL */
	json_t *opening;	/* see tool_opens() */
	json_t *intents;	/* see binding.h; a list */
	json_t *undo;		/* see tool_undo(); a list */
	json_t *log;		/* names of arguments that may be kept, or NULL */
	bool shipped;		/* with the program, not the user's own */
};

const struct tool *tool_ref(const struct tool *t);
/* Returns NULL, takes NULL. */
const struct tool *tool_unref(const struct tool *t);
DEFINE_CLEANUP(const struct tool *, tool_unref)

/* Parses @text and validates it; *@ret (may be NULL) is the caller's to json_decref().
 * -EINVAL with the path in @d; a repeated key and trailing bytes are refused. */
int tool_check_arguments(const struct tool *t, const char *text, size_t len, json_t **ret,
			 struct diag *d);
/* Whether an argument of that name is of the schema: "entity" says that it acts on a thing. */
bool tool_has_argument(const struct tool *t, const char *name);
/*
 * Whether the call opens a house to others, for the gate's rule 5. In the file `opening` is
 * true, or a mapping of conditions that must all hold: domain and device_class of the thing,
 * lists of names; arguments, a schema that they fit.
 */
bool tool_opens(const struct tool *t, const char *domain, const char *device_class,
		const json_t *arguments);
/*
 * The arguments that may stand in a journal: those that `log` names; without it all but those
 * whose schema says writeOnly, as secrets do. The caller's; NULL without memory.
 */
json_t *tool_loggable(const struct tool *t, const json_t *arguments);
/*
 * What a tool of risk read found, in words: the first of `say` whose `when` agrees with it,
 *
 *   say: [{when: {present: false}, text: There is no battery.},
 *         {text: "The battery is at {percentage} %."}]
 *
 * with what stands in @result for the names in braces: outside text. The caller's. NULL where
 * none agrees, a name is missing, or without memory.
 */
char *tool_say(const struct tool *t, const json_t *result);
/*
 * Whether the state shows the effect of the call with @arguments: what `expect` has and
 * `expect_change` names. @before may be NULL. Without both nothing shows it.
 */
bool tool_shows_effect(const struct tool *t, const json_t *arguments, const json_t *before,
		       const json_t *after);
/*
 * The call that takes back the call with @arguments from the state @before, by the first rule
 * of `undo` whose `when` agrees with that state:
 *
 *   undo:
 *     - {when: {state: "on"}}                    # nothing to take back
 *     - when: {state: "off"}
 *       tool: home/turn_off
 *       arguments: {entity: =arguments.entity, brightness: =before.brightness}
 *
 * 0 and *@tool (borrowed of @t) with *@inverse, the caller's; 1 where nothing has changed;
 * -ENOENT where the call cannot be taken back, as without rules or with @before NULL; -ENOMEM.
 */
int tool_undo(const struct tool *t, const json_t *arguments, const json_t *before,
	      const char **tool, json_t **inverse);
/*
 * The words of the command of a tool for arguments that fit its schema: calls @add for each.
 * 0, -EINVAL with @d where a value may not stand there, what @add returned, -ENOMEM.
 */
int tool_command(const struct tool *t, const json_t *arguments,
		 int (*add)(void *arg, const char *word, size_t len), void *arg, struct diag *d);
