/* SPDX-License-Identifier: MIT */
/* Between executor.c, which keeps the order, and executor-gate.c, which decides. */
#pragma once

#include "assistantd/daemon/executor.h"

struct executor {
	const struct executor_ops *ops;
	void *data;
	const struct tool_registry *registry;
	struct planned_call calls[EXECUTOR_CALLS_MAX];
	size_t n;
	unsigned entered;	/* calls into it that have not returned */
	bool in_order, running, asking, writing, stopped;
	enum executor_end end;
};

/* Sets the verdict of every call, and what it binds. What is denied has ended. */
void gate_decide(struct executor *e);
/* Asks the next question that the gate wants asked. 1: there is none; 0: asked; -errno. */
int gate_ask(struct executor *e);
/* Whether the call may be sent as it stands now: it is what was decided on or agreed to, and the
 * gate would not judge it more severely by now. */
bool gate_passes(struct executor *e, const struct planned_call *c);
