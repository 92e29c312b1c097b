/* SPDX-License-Identifier: MIT */
/*
 * What memory the engine may have at this moment: by the configuration and the limit of our
 * control group; and what of it may stay idle while memory is short. Running requests keep
 * what they have.
 *
 * With the first window under pressure nothing is loaded ahead any more, and adapters that
 * nobody uses go, but not pinned ones: reading them again is quick. With the second one the
 * beginnings of texts go as well, which would have to be computed again.
 */
#pragma once

#include "assistantd/daemon/daemon.h"
#include "assistantd/daemon/pressure.h"

struct memory;

/* @d's engine is there, and gets its budget. 0 or -ENOMEM. */
int memory_new(struct memory **ret, struct daemon *d);
struct memory *memory_free(struct memory *m);
DEFINE_CLEANUP(struct memory *, memory_free)

/* After the configuration was read again. */
void memory_update(struct memory *m);
/* Bytes for resident adapters, until that. */
void memory_set_adapters(struct memory *m, uint64_t bytes);
/* NULL: no pressure. */
enum pressure_level memory_pressure(const struct memory *m);
