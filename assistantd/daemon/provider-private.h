/* SPDX-License-Identifier: MIT */
/* Between provider.c, which knows whose tools there are, and provider-call.c, which calls. */
#pragma once

#include "assistantd/daemon/provider.h"

#define PROVIDER_INTERFACE "org.assistantd.ToolProvider1"
#define PROVIDER_UNDO ".undo"		/* behind the name of what is taken back */

struct provided {
	char *tool;			/* OWNER/NAME */
	char *path;
	struct caller *caller;
	struct provided *next;
};

struct providers {
	struct providers_setup s;
	struct provided *first;
	struct backend backend;
	struct provider_call *calls;	/* that are out */
};

/* Who runs @t, or NULL. */
const struct provided *provided_find(const struct providers *p, const char *tool);
/* struct backend's, with @data the providers. */
int provider_call(void *data, const struct tool *t, const json_t *arguments, backend_fn done,
		  void *arg);
int provider_read(void *data, const struct tool *t, const json_t *arguments, backend_fn done,
		  void *arg);
void provider_calls_drop(struct providers *p);
