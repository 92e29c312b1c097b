/* SPDX-License-Identifier: MIT */
/*
 * The one thread that computes: takes the front end's messages from a queue and runs all
 * requests together, one pass after the other (continuous batching). Adapters come and go
 * between two passes only.
 */
#pragma once

#include "assistantd/ipc/ipc.h"
#include "util/cleanup.h"

struct scheduler;

/* Starts the thread, which answers on @sock (not owned); @cpus is how many threads compute
 * where the front end names no number. 0, -ENOMEM, the error of pthread_create(). */
int scheduler_new(struct scheduler **ret, int sock, unsigned cpus);
/* Ends the thread after its running layer. */
struct scheduler *scheduler_free(struct scheduler *s);
DEFINE_CLEANUP(struct scheduler *, scheduler_free)

/* From the reading thread: queues @m, whose contents are taken over. A cancellation stops
 * the running pass. 0 or -ENOMEM. */
int scheduler_post(struct scheduler *s, struct ipc_message *m);
