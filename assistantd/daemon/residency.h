/* SPDX-License-Identifier: MIT */
/* The engine's memory follows the catalogue. */
#pragma once

#include "assistantd/daemon/daemon.h"

/* Pins what is pinned there, and lets go of versions that do not serve any more: those that a
 * request still uses with the next call. Nothing happens while no model runs. */
void residency_follow(struct daemon *d);
