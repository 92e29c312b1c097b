/* SPDX-License-Identifier: MIT */
/* Tools that are commands of the user's (tools_api/spec.h), run by assistant-commands. */
#pragma once

#include "assistantd/daemon/readback.h"
#include "util/loop.h"

struct exec;

/* @path of the program lives as long; it runs from the first command on. 0 or -ENOMEM. */
int exec_new(struct exec **ret, struct loop *loop, const char *path);
/* What is under way ends without being told. */
struct exec *exec_free(struct exec *c);
const struct runner *exec_runner(const struct exec *c);
