/* SPDX-License-Identifier: MIT */
/*
 * What runs the calls of a tool: devices, desktop services, commands, applications, the
 * service itself. Calls come here from action.c alone, after the gate.
 */
#pragma once

#include <jansson.h>

#include "assistantd/ipc/ipc.h"
#include "tools_api/tools_api.h"

struct backend_result {
	enum tools_outcome outcome;	/* DONE, ALREADY, SENT or FAILED */
	bool verified;		/* the state was read back and is what was asked for */
	/* States as objects, {"state": "on", "brightness": 40}, borrowed for the call; NULL where
	 * they are not known. What they hold is outside text. */
	const json_t *before, *after;
	const char *result;	/* of a tool that reads: JSON, outside text; NULL for none */
	const char *text;	/* why it failed, "" otherwise */
};

typedef void (*backend_fn)(void *arg, const struct backend_result *result);

/* Lives as long as it is listed in struct daemon. */
struct backend {
	/*
	 * Runs @tool with arguments that passed its schema and the gate; both are borrowed until
	 * this returns. 0: @done is called exactly once, now or later, also when the other side
	 * dies. -errno: it is not called, and nothing was sent. Nothing cancels a call; it ends
	 * at the latest with the tool's timeout.
	 */
	int (*call)(void *data, const struct tool *tool, const json_t *arguments, backend_fn done,
		    void *arg);
	/*
	 * Tells, as the @after of a result, the state of what a call with these arguments would
	 * change, and changes nothing. As call(); -ENOTSUP where a tool's state cannot be read.
	 * NULL: no tool's can.
	 */
	int (*read)(void *data, const struct tool *tool, const json_t *arguments, backend_fn done,
		    void *arg);
	void *data;
};
