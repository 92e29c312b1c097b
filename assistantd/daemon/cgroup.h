/* SPDX-License-Identifier: MIT */
/* What the control groups of this process allow (admin-guide/cgroup-v2.rst and
 * cgroup-v1/memory.rst of the kernel). */
#pragma once

#include <stdint.h>

/*
 * The smallest limit of memory, in bytes, of the group that @groups names, a file like
 * /proc/self/cgroup, and of those above it, in the hierarchies that are mounted below @root
 * like /sys/fs/cgroup: memory.max and memory.high, or memory.limit_in_bytes of version 1.
 * UINT64_MAX where there is none, or none can be read.
 */
uint64_t cgroup_memory_limit(const char *groups, const char *root);
