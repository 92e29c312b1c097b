/* SPDX-License-Identifier: MIT */
/* The tools process as the front end sees it: calls that passed the gate, and their results. */
#pragma once

#include "assistantd/daemon/backend.h"
#include "assistantd/daemon/config.h"
#include "assistantd/daemon/home.h"
#include "util/loop.h"

struct tools;

/* @path of the program lives as long. @names is called when devices come or go
 * again. 0 or -ENOMEM. */
int tools_new(struct tools **ret, struct loop *loop, const char *path, const struct config *config,
	      struct home *home, loop_fn names, void *arg);
struct tools *tools_free(struct tools *t);
DEFINE_CLEANUP(struct tools *, tools_free)

/* The broker is reached. */
bool tools_up(const struct tools *t);
/* Why not. */
const char *tools_trouble(const struct tools *t);
/* Calls of tools of type mqtt, whose target is a service and whose argument "entity" names the
 * device; the other arguments are the service's. call(): 0, -EPIPE without the process, -EAGAIN,
 * -EINVAL, -ENOMEM. */
const struct backend *tools_backend(const struct tools *t);
