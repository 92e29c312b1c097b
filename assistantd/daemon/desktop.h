/* SPDX-License-Identifier: MIT */
/*
 * Tools that are declared as calls on a bus (tools_api/spec.h): sent as they are, and what a
 * service answers or its properties tell is their state. Nothing here waits for the bus.
 */
#pragma once

#include "assistantd/daemon/bus.h"
#include "assistantd/daemon/readback.h"

struct desktop;

/*
 * @system may be NULL. @thing tells the name on the bus behind the id of an entity, or NULL.
 * 0 or -ENOMEM.
 */
int desktop_new(struct desktop **ret, struct bus *session, struct bus *system,
		const char *(*thing)(void *arg, const char *entity), void *arg);
/* Before the buses go; what is under way ends without being told. */
struct desktop *desktop_free(struct desktop *d);
const struct runner *desktop_runner(const struct desktop *d);
