/* SPDX-License-Identifier: MIT */
/* Calls of the bus that applications in a sandbox may not make. */
#pragma once

#include "assistantd/daemon/daemon.h"

/* Calls @call, which answers @m, as soon as it is known that the caller is in no sandbox; one
 * that is in one is told @denied. */
void permit_outside(struct daemon *d, DBusMessage *m,
		    void (*call)(struct daemon *d, DBusMessage *m), const char *denied);
/* The same for the user's hand alone: assistantctl on a terminal. */
void permit_hand(struct daemon *d, DBusMessage *m,
		 void (*call)(struct daemon *d, DBusMessage *m), const char *denied);
