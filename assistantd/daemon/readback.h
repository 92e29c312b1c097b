/* SPDX-License-Identifier: MIT */
/*
 * What became of a call is what the state shows: read before it, called, and read by the
 * tool's `read_back` until what it expects is there or its time is over. This serves all back
 * ends that can only send (struct runner); it is the struct backend of their tools.
 */
#pragma once

#include "assistantd/daemon/backend.h"
#include "util/loop.h"

/* Sends a call, or reads. */
struct runner {
	/*
	 * As struct backend's call(), within @ms. DONE says that the answer itself shows the
	 * effect; of a tool that reads, @after is what it found.
	 */
	int (*run)(void *data, const struct tool *tool, const json_t *arguments, uint32_t ms,
		   backend_fn done, void *arg);
	void *data;
};

struct readback;

/* @registry is looked into for the tools that read; @runners by their back ends. All live as
 * long. 0 or -ENOMEM. */
int readback_new(struct readback **ret, struct loop *loop, struct tool_registry *registry,
		 const struct runner *const *runners);
/* After the runners; what is under way ends without being told. */
struct readback *readback_free(struct readback *r);
const struct backend *readback_backend(const struct readback *r);
/* Tells each state that is read on the way of a call: by which tool, and of which call. */
typedef void (*readback_fn)(void *arg, const char *reader, const json_t *arguments,
			    const json_t *state);
void readback_set_seen(struct readback *r, readback_fn seen, void *arg);
/* Runs a tool that reads, by its runner: as its run(). */
int readback_look(struct readback *r, const struct tool *tool, const json_t *arguments,
		  uint32_t ms, backend_fn done, void *arg);
