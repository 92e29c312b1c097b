/* SPDX-License-Identifier: MIT */
/* Between grants1.c and apps1.c, which make one interface. */
#pragma once

#include "assistantd/daemon/daemon.h"

/* Methods whose caller may call them. */
void grants1_list_apps(struct daemon *d, DBusMessage *m);
void grants1_block(struct daemon *d, DBusMessage *m);
