/* SPDX-License-Identifier: MIT */
/* What became of calls, in words: from their outcomes and the states that were read, alone. */
#pragma once

#include "assistantd/daemon/executor.h"
#include "util/buf.h"

/* "on", "" where it is not known. */
const char *action_state_text(const struct planned_call *c);
/*
 * Appends one sentence about @n calls; those of which the same is to be said stand together. With
 * @planned it tells what would be done. 0 or -ENOMEM.
 */
int action_say_calls(struct planned_call *const *calls, size_t n, bool planned, struct buf *out);
