/* SPDX-License-Identifier: MIT */
/*
 * Reading and writing descriptors whole. Interrupted calls are repeated. Failures of the system
 * come as -errno and DIAG_SYSTEM, memory that runs out as -ENOMEM; @d may be NULL.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "util/buf.h"
#include "util/diag.h"

/* Bytes in the regular file @fd; -EINVAL where it is none, is empty, or has more than @max. */
int file_size(int fd, uint64_t max, size_t *ret, struct diag *d);
/* @len bytes from byte @at of @fd on, whose position stays; -EINVAL where it ends before. */
int file_read_at(int fd, void *to, size_t len, uint64_t at, struct diag *d);

/*
 * All of @fd in place of what @ret holds, ended by a NUL. Nothing more is read once there are
 * more than @max bytes: the caller asks for `ret->len > max`. The first reads a file from its
 * beginning and leaves its position; the second what is left of anything, a pipe too.
 */
int file_read_all(int fd, size_t max, struct buf *ret, struct diag *d);
int file_read_rest(int fd, size_t max, struct buf *ret, struct diag *d);

/* Writes all of @data where @fd stands: 0, or -errno. */
int file_write(int fd, const void *data, size_t len);
