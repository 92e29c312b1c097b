/* SPDX-License-Identifier: MIT */
/*
 * What the engine has computed of the tasks' fixed texts, as files in the user's cache: an
 * engine that starts anew reads them instead. A file is found by what the front end knows of
 * its contents: the model, the type of KV cache, the adapters and their scales, the fixed texts.
 * Whether it is what its name says is for the engine to check. All of it can be removed at
 * any time.
 */
#pragma once

#include "assistantd/daemon/worker.h"
#include "assistantd/ipc/ipc.h"

/* Most that is kept; what was used longest ago goes first. */
#define PREFIX_STORE_FILES 32
#define PREFIX_STORE_BYTES ((uint64_t)512 << 20)

struct prefix_store;

/* Files in the folder prefixes/ in @folder, written by @worker. Nothing is touched yet.
 * -ENOMEM. */
int prefix_store_new(struct prefix_store **ret, const char *folder, struct worker *worker);
/* When the worker has ended. */
struct prefix_store *prefix_store_free(struct prefix_store *s);

/* Names the beginning of @start, and opens what is stored of it, if anything, as its
 * prefix_fd: 0; -ENOENT for a request without fixed text; -ENOMEM; -EIO. */
int prefix_store_offer(const struct prefix_store *s, const struct digest *base, bool kv_q8_0,
		       struct engine_start *start, struct digest *name);
/* Takes over @fd, a sealed memfd, and has it written as @name in place of what was there. */
void prefix_store_keep(struct prefix_store *s, const struct digest *name, int fd);

/* That, at once: in @folder, which then has at most so many files and bytes. 0; -EINVAL for
 * what is not sealed; -EFBIG for more than @max_bytes; -errno. */
int prefix_store_write(const char *folder, const struct digest *name, int fd, size_t max_files,
		       uint64_t max_bytes);
