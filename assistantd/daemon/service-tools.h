/* SPDX-License-Identifier: MIT */
/* The tools that the service has in itself: timers, reminders, other names of things. */
#pragma once

#include "assistantd/daemon/backend.h"
#include "assistantd/daemon/daemon.h"

/* A back end over @d, which outlives it. */
struct backend service_backend(struct daemon *d);
