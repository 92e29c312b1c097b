/* SPDX-License-Identifier: MIT */
/* What runs tools on this machine: services on the buses and the things among
 * them, and commands. */
#pragma once

#include "assistantd/daemon/daemon.h"

/* Lists its back ends in @d; after the buses are there. 0 or -ENOMEM. */
int runners_new(struct runners **ret, struct daemon *d, loop_fn names_changed, void *arg);
/* Before the buses go. */
struct runners *runners_free(struct runners *r);
/* The tools have been read anew. */
void runners_reload(struct runners *r);
