/* SPDX-License-Identifier: MIT */
/* The two halves of sandbox_enter(). */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "util/sandbox.h"

/*
 * Each takes away what it can, for the calling thread and those that it starts. 0, or -errno;
 * sandbox_refused() tells a system that does not offer the half from a half that failed.
 */
int sandbox_landlock(enum sandbox_profile profile, int *abi);
int sandbox_filter(enum sandbox_profile profile);

/* For commands: reading and running everywhere, writing at @writable (NULL-ended) alone. */
int sandbox_landlock_command(bool network, const char *const *writable);

/* System calls that no program needs that does one thing for its user. */
extern const int sandbox_hostile_calls[];
extern const size_t sandbox_n_hostile_calls;

bool sandbox_refused(int r);
