/* SPDX-License-Identifier: MIT */
/* Reads the input as what a model wrote: a call that is read can be written and read again, and
 * nothing else is one. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "tools_api/tools_api.h"

static void check_call(const struct proposal *p)
{
	json_auto_t *call = json_pack("{s:s, s:O}", "tool", p->tool, "arguments", p->arguments);
	_cleanup_free_ char *text = json_dumps(call, JSON_COMPACT | JSON_SORT_KEYS);
	struct proposal again;

	if (!*p->tool || strlen(p->tool) > TOOL_NAME_MAX || !json_is_object(p->arguments) || !text)
		abort();
	/* Escapes may be longer than what they stand for. */
	if (strlen(text) > PROPOSAL_MAX)
		return;
	if (proposal_parse(&again, text, strlen(text), NULL) != 0 ||
	    strcmp(again.tool, p->tool) != 0 || !json_equal(again.arguments, p->arguments))
		abort();
	proposal_deinit(&again);
	/* Half of one is none. */
	text[strlen(text) - 1] = '{';
	if (proposal_parse(&again, text, strlen(text), NULL) != -EINVAL)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct diag d = DIAG_NULL;
	struct proposal p = PROPOSAL_NULL;
	int r = proposal_parse(&p, (const char *)data, size, &d);

	if (r == 0) {
		check_call(&p);
		proposal_deinit(&p);
		return 0;
	}
	if ((r != -EINVAL && r != -ENOMEM) || p.tool || (r == -EINVAL && d.code == DIAG_NONE))
		abort();
	return 0;
}
