/* SPDX-License-Identifier: MIT */
/*
 * A child program behind one socket: started, watched, and started again with a growing
 * delay when it ends. Its end is seen by the socket, so that it is known at once. One that is
 * there on demand runs from when it is wanted until it is told to rest.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "assistantd/ipc/ipc.h"
#include "util/loop.h"

struct child_ops {
	/* A message from the child; its descriptors are closed afterwards unless taken. */
	void (*message)(void *arg, struct ipc_message *m);
	/* The child has ended, or broke the protocol and was killed. */
	void (*ended)(void *arg);
	/* A new one runs: nothing has been said to it yet. */
	void (*started)(void *arg);
	bool on_demand;
};

struct child;

/* @path and the NULL-ended @argv live as long as the child. Starts it at once, unless it is
 * there on demand; a failure to start is tried again like an end. 0 or -ENOMEM. */
int child_new(struct child **ret, struct loop *loop, const char *path, char *const *argv,
	      const struct child_ops *ops, void *arg);
/* Closes the socket, which ends the child, and waits for it for a short while. */
struct child *child_free(struct child *c);
DEFINE_CLEANUP(struct child *, child_free)

/* One that is there on demand is wanted: started soon where it does not run, and again when
 * it ends. 0 or -ENOMEM. */
int child_want(struct child *c);
/* It is not wanted any more: ends it at once, without ended(). */
void child_rest(struct child *c);

bool child_running(const struct child *c);
pid_t child_pid(const struct child *c);
/*
 * Sends @m, or queues it while the child does not read; deinitialises it in any case. @r is
 * the encoder's result: when negative, nothing is sent. 0; -EPIPE without a child; -EAGAIN
 * when too much is queued.
 */
int child_send(struct child *c, struct ipc_message *m, int r);
/* Stops it where it stands (SIGSTOP), and lets it go on; ending it needs no going on. Nothing
 * happens where it does not run, and a new one is not stopped. */
void child_pause(struct child *c, bool pause);
/* No file that it writes becomes larger than @bytes, for as long as it runs: 0, -EPIPE without a
 * child, or -errno. */
int child_limit_files(struct child *c, uint64_t bytes);
/* It works: the next end is followed by a quick start. */
void child_healthy(struct child *c);
