/* SPDX-License-Identifier: MIT */
/* The tools process as the front end sees it: calls that passed the gate, and their results. */
#pragma once

#include "assistantd/daemon/config.h"
#include "assistantd/daemon/home.h"
#include "util/loop.h"

struct tools;

struct tools_wait {
	void (*result)(void *arg, const struct tools_result *result);
	void *arg;
	uint64_t id;		/* 0: not in flight */
	struct tools_wait *next;
};

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
/* 0, -EPIPE without the process, -EAGAIN, -ENOMEM. @wait->result is called once. */
int tools_send(struct tools *t, struct tools_wait *wait, const char *entity,
	       enum tools_service service, uint32_t level, uint32_t deadline_ms);
