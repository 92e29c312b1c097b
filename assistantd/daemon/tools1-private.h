/* SPDX-License-Identifier: MIT */
/* Between tools1.c and tools1-call.c. */
#pragma once

#include <dbus/dbus.h>

/* Methods of the bus; @arg is the daemon. */
void tools1_call(void *arg, DBusMessage *m);
void tools1_undo(void *arg, DBusMessage *m);
void tools1_journal(void *arg, DBusMessage *m);
