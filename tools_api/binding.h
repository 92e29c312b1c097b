/* SPDX-License-Identifier: MIT */
/*
 * How sentences reach tools: each tool names the intents that it serves.
 *
 *   intents:
 *     - intent: HassLightSet
 *       domain: [light]                  # kinds of things; none: the tool needs no thing
 *       entity: [desktop.wifi]           # or these very things
 *       when: {volume_step: up}          # slots of the sentence that must be so
 *       slots:
 *         brightness: brightness         # slot: argument
 *         color: {argument: rgb, values: {red: [255, 0, 0]}}
 *         volume_step: {argument: volume, relative: true, values: {up: 10, down: -10}}
 *       arguments: {transition: 1}       # always
 *
 * A slot that names what is meant (name, area, floor, domain, device_class, except_name,
 * except_area, quantity) needs no argument. Any other that a binding does not take rules it out, so
 * that nothing that was said is left out silently.
 */
#pragma once

#include "tools_api/registry.h"

struct tool_slot {
	const char *name, *value;
};

/* What a sentence wants. */
struct tool_wish {
	const char *intent;
	/* One thing, its kind and its state (attributes with "state"), for the tools that can be
	 * used with it; NULL: all that serve the intent, with any kind of thing. */
	const char *entity, *domain;
	const json_t *state;
	const struct tool_slot *slots;
	size_t n_slots;
};

/* A tool as a sentence reaches it. */
struct tool_use {
	const struct tool *tool;	/* the registry's */
	const json_t *binding;
	const json_t *domains;		/* names of kinds that it can be used with, or NULL */
	const json_t *entities;		/* ids of things that alone it can be used with, or NULL */
};

/*
 * The next use for @w, from *@at on, which begins with 0: false behind the last. Bindings to
 * this very thing come before those to its kind, the user's tools before the program's.
 */
bool tool_registry_by_intent(const struct tool_registry *r, const struct tool_wish *w, size_t *at,
			     struct tool_use *ret);
/*
 * The arguments of the use for @w, with "entity" set where the tool has it; they fit the schema.
 * *@ret is the caller's. 0; -EINVAL with @d; -ENOENT where a change relative to the state was
 * said and the state does not tell; -ENOMEM.
 */
int tool_use_arguments(const struct tool_use *use, const struct tool_wish *w, json_t **ret,
		       struct diag *d);
