/* SPDX-License-Identifier: MIT */
/* What the service makes of a model's corrections: {"text", "answer"} a line in, {"result"} out. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "assistantd/daemon/corrections.h"
#include "util/cleanup.h"

static int bound(const char *line, size_t len)
{
	_cleanup_(buf_deinit) struct buf out = BUF_NULL;
	json_auto_t *row = json_loadb(line, len, 0, NULL);
	const json_t *text = json_object_get(row, "text");
	const json_t *answer = json_object_get(row, "answer");
	json_auto_t *result = NULL;
	bool rejected;

	if (!json_is_string(text) || !json_is_string(answer) ||
	    corrections_apply(json_string_value(text), json_string_length(text),
			      json_string_value(answer), json_string_length(answer), &out,
			      &rejected) < 0)
		return -1;
	result = json_pack("{s:s%}", "result", out.data ? out.data : "", out.len);
	if (!result || json_dumpf(result, stdout, JSON_COMPACT) < 0)
		return -1;
	return putchar('\n') == '\n' ? 0 : -1;
}

int main(void)
{
	_cleanup_free_ char *line = NULL;
	size_t cap = 0;
	ssize_t len;

	while ((len = getline(&line, &cap, stdin)) >= 0)
		if (bound(line, (size_t)len) < 0)
			return EXIT_FAILURE;
	return EXIT_SUCCESS;
}
