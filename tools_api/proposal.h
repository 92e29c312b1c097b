/* SPDX-License-Identifier: MIT */
/*
 * A call that a model proposes. What it wrote is untrusted bytes: they are this one JSON object,
 *
 *   {"tool": "home/turn_on", "arguments": {"entity": "light.desk"}}
 *
 * or nothing. That it could be read says nothing of whether there is such a tool, whether the
 * arguments fit it, or whether it may be called.
 */
#pragma once

#include <jansson.h>
#include <stddef.h>

#include "tools_api/tool.h"

#define PROPOSAL_MAX (TOOL_ARGUMENTS_MAX + 1024)	/* bytes */

struct proposal {
	char *tool;		/* 1 to TOOL_NAME_MAX letters, digits and ._-/ */
	json_t *arguments;	/* an object */
};

#define PROPOSAL_NULL { 0 }

/* 0; -EINVAL with what is wrong in @d (may be NULL), -ENOMEM: then @ret is untouched. */
int proposal_parse(struct proposal *ret, const char *text, size_t len, struct diag *d);
void proposal_deinit(struct proposal *p);
