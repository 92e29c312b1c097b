/* SPDX-License-Identifier: MIT */
/* Files that are whole or not there: written beside their place, synced, then put into it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * All of the regular file @from, at most @max bytes, to @to, synced; the kernel copies, between
 * file systems too. 0; -EINVAL for what is no file or empty, -EFBIG; the system's errors.
 */
int files_copy(int from, int to, uint64_t max);
/* Puts @fresh, which is synced, at @path of the same folder, for good: 0 or -errno. */
int files_place(const char *fresh, const char *path);
/* Writes @path anew, by way of "@path.new": 0 or -errno, with the old file as it was. Only what
 * is @durable is sure to be there after a loss of power. */
int files_replace(const char *path, const void *data, size_t len, bool durable);
