/* SPDX-License-Identifier: MIT */
/*
 * Tools of applications (org.assistantd.ToolProvider1): who offers which, and the back end that
 * calls them. What an application says it did is believed only where its state, read back,
 * agrees; what it says is outside text.
 */
#pragma once

#include "assistantd/daemon/backend.h"
#include "assistantd/daemon/bus.h"
#include "assistantd/daemon/caller.h"

struct grants;
struct providers;

enum { PROVIDER_TOOLS_MAX = 512, PROVIDER_TOKEN_MAX = 256 };

/* What providers need; all of it lives as long. @changed is called when tools come or go. */
struct providers_setup {
	struct loop *loop;
	struct bus *bus;
	struct tool_registry *registry;
	struct grants *grants;
	loop_fn changed;
	void *arg;
};

int providers_new(struct providers **ret, const struct providers_setup *setup);
/* Calls that are out are told nothing any more. */
struct providers *providers_free(struct providers *p);
DEFINE_CLEANUP(struct providers *, providers_free)

/*
 * @caller's object at @path runs the tools @offers: all of them, or none with an error and the
 * tool's name in @d. One that the same connection has under that name is replaced. 0; -EINVAL;
 * -EEXIST where another process of the same application has it; -E2BIG; -ENOMEM.
 */
int providers_add(struct providers *p, struct caller *caller, const char *path,
		  const struct tool_offer *offers, size_t n, struct diag *d);
/* Removes the tool @name (OWNER/NAME, or NULL: all) of the connection @sender: how many. */
size_t providers_remove(struct providers *p, const char *sender, const char *name);

const struct backend *providers_backend(struct providers *p);
/* The tool is there to be called by its own name, and does not only take another's call back. */
bool provider_tool_is_listed(const struct tool *t);
/* The risk that the gate counts with: until the user has agreed to its first use, a tool that an
 * application brought is consequential. */
enum policy_risk providers_risk(const struct providers *p, const struct tool *t);
