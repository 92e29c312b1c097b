/* SPDX-License-Identifier: MIT */
/*
 * The one thread that computes: takes the front end's messages from a queue and runs all
 * requests together, one pass after the other (continuous batching; who goes into a pass:
 * batch.h). Requests, cancellations and adapters come and go between two passes only; what
 * they need beforehand is prepared by another thread (preparer.h).
 *
 * A cancellation leaves the running pass after its layer; the pass is then repeated for the
 * others without interruption, so that cancelling cannot starve them.
 */
#pragma once

#include "assistantd/ipc/ipc.h"
#include "util/cleanup.h"

struct scheduler;

/* Starts the threads, which answer on @sock (not owned); @cpus is how many threads compute
 * where the front end names no number. 0, -ENOMEM, the error of pthread_create(). */
int scheduler_new(struct scheduler **ret, int sock, unsigned cpus);
/* Ends the threads after the running layer, and what is being prepared. */
struct scheduler *scheduler_free(struct scheduler *s);
DEFINE_CLEANUP(struct scheduler *, scheduler_free)

/* On the caller's thread: queues what the front end sends until it closes: 0, or the
 * error of ipc_recv(), or -ENOMEM. A cancellation stops the running pass. */
int scheduler_read(struct scheduler *s);
