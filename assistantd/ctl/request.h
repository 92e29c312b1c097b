/* SPDX-License-Identifier: MIT */
/* One request: started, followed to its answer, closed on interruption. */
#pragma once

#include "assistantd/ctl/ctl.h"

/* Runs @task over the text and prints its result; returns the exit status. */
int request_run(struct ctl *c, const char *task, const char *text, size_t len);
