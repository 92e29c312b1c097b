/* SPDX-License-Identifier: MIT */
/* One running command: a process group of its own, with limits, whose output is kept. */
#pragma once

#include "assistantd/ipc/ipc.h"
#include "util/loop.h"

struct command;

/* Called once, when it has ended and its output is there; the command is freed afterwards. */
typedef void (*command_fn)(void *arg, struct command *c, const struct exec_done *done);

/* Starts what @v says: 0, or -errno with nothing started; -EINVAL for a list that is none. */
int command_start(struct command **ret, struct loop *loop, const struct exec_run *v,
		  command_fn done, void *arg);
/* Kills what runs of it. */
struct command *command_free(struct command *c);
/* A child has ended: looks whether it is this one. It may be freed then. */
void command_reap(struct command *c);
