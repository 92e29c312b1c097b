/* SPDX-License-Identifier: MIT */
/* What outlives the service comes back when it starts: timers and conversations. */
#pragma once

#include "assistantd/daemon/daemon.h"

/* Reads them on the store's thread; daemon.recalled is set when they are there, or when there
 * is no store, and requests that wait for it go on. 0 or -ENOMEM. */
int recall_begin(struct daemon *d);
