/* SPDX-License-Identifier: MIT */
/* What the task ask leaves with its request, for the results. */
#pragma once

#include <dbus/dbus.h>

struct ask;
struct job;

/* The conversation, the choices of a question, how the words were understood. */
void ask_out(const struct ask *a, DBusMessageIter *dict);
struct ask *ask_free(struct ask *a);
