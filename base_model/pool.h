/* SPDX-License-Identifier: MIT */
/* Compute threads of one model. The caller of pool_run() is one of them. */
#pragma once

#include <stdatomic.h>
#include <stddef.h>

#include "util/cleanup.h"

#define POOL_MAX_THREADS 64

struct pool;

/* @thread is below pool_threads(): no two tasks run under the same number at once. */
typedef void (*pool_fn)(void *arg, size_t task, unsigned thread);

/* @n_threads from 1 to POOL_MAX_THREADS, else -EINVAL; -ENOMEM, or the error of thread creation. */
int pool_new(struct pool **ret, unsigned n_threads);
struct pool *pool_free(struct pool *p);
DEFINE_CLEANUP(struct pool *, pool_free)

/*
 * Calls @fn for every task below @n_tasks, each once, on whichever thread is free, and
 * returns when all are done. Tasks must not depend on each other, so that the result is
 * the same for any number of threads. Called by one thread at a time.
 */
void pool_run(struct pool *p, pool_fn fn, void *arg, size_t n_tasks);
/* As pool_run(); but a thread decides what it runs next before it runs a task, for those whose
 * data is worth to be fetched meanwhile. It costs some evenness at the end. */
void pool_run_ahead(struct pool *p, pool_fn fn, void *arg, size_t n_tasks);
unsigned pool_threads(const struct pool *p);
/* Within a task: the one that @thread will run next, as far as it is decided; at or above the
 * number of tasks otherwise. */
size_t pool_following(const struct pool *p, unsigned thread);
