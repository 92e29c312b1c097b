/* SPDX-License-Identifier: MIT */
/*
 * Services on the bus that are things to speak of, as players are: they stand among the
 * entities of the home while they are there. Which services these are is declared in the files
 * of the tools, under `things`:
 *
 *   things:
 *     - {domain: media_player, bus: session, names: org.mpris.MediaPlayer2, read: media/state}
 *
 * `names` is what their names on the bus begin with. `read` is the tool, of the argument
 * "entity", that tells state and attributes of one; its member "name" is how it is called. It
 * is read when the service comes, and when it signals that properties have changed.
 */
#pragma once

#include "assistantd/daemon/bus.h"
#include "assistantd/daemon/home.h"
#include "assistantd/daemon/readback.h"

struct presences;

/* @changed is called when names have come or gone. 0 or -ENOMEM. The rest lives as long. */
int presences_new(struct presences **ret, struct loop *loop, struct bus *session,
		  struct bus *system, struct home *home, struct readback *readback,
		  loop_fn changed, void *arg);
/* After the runners: nothing is read any more. */
struct presences *presences_free(struct presences *t);
/* Follows what @registry declares, in the place of what was followed. */
void presences_follow(struct presences *t, const struct tool_registry *registry);
/* The name on the bus behind an entity's id, or NULL. */
const char *presences_name(const struct presences *t, const char *entity);
