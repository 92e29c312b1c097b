/* SPDX-License-Identifier: MIT */
#include "tools_api/proposal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int check_tool(const json_t *tool, struct diag *d)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._-/";
	const char *name = json_string_value(tool);

	if (!name)
		return diag_set(d, -EINVAL, DIAG_TYPE, "/tool", "expected the name of a tool");
	if (!*name || strlen(name) > TOOL_NAME_MAX || strspn(name, allowed) != strlen(name))
		return diag_set(d, -EINVAL, DIAG_RANGE, "/tool", "this is no name of a tool");
	return 0;
}

int proposal_parse(struct proposal *ret, const char *text, size_t len, struct diag *d)
{
	json_auto_t *root = NULL;
	json_t *tool, *arguments;
	json_error_t e;
	char *name;
	int r;

	if (len > PROPOSAL_MAX)
		return diag_set(d, -EINVAL, DIAG_LIMIT, "/", "more than %d bytes", PROPOSAL_MAX);
	root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &e);
	if (!root)
		return diag_set(d, -EINVAL, DIAG_SYNTAX, "/", "no JSON: %s", e.text);
	tool = json_object_get(root, "tool");
	arguments = json_object_get(root, "arguments");
	if (!json_is_object(root) || json_object_size(root) != 2 || !tool || !arguments)
		return diag_set(d, -EINVAL, DIAG_PAIR, "/",
				"expected an object with \"tool\" and \"arguments\"");
	r = check_tool(tool, d);
	if (r < 0)
		return r;
	if (!json_is_object(arguments))
		return diag_set(d, -EINVAL, DIAG_TYPE, "/arguments", "expected an object");
	name = strdup(json_string_value(tool));
	if (!name)
		return -ENOMEM;
	*ret = (struct proposal){ name, json_incref(arguments) };
	return 0;
}

void proposal_deinit(struct proposal *p)
{
	free(p->tool);
	json_decref(p->arguments);
	*p = (struct proposal)PROPOSAL_NULL;
}
