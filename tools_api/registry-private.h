/* SPDX-License-Identifier: MIT */
#pragma once

#include "tools_api/registry.h"

/* Takes over the reference. 0 or -ENOMEM. */
int registry_append(struct tool_registry *r, const struct tool *t);
/* Keeps the order of the others. */
void registry_take_out(struct tool_registry *r, size_t i);
