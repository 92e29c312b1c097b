/* SPDX-License-Identifier: MIT */
/* One request: started, followed to its answer, closed on interruption. */
#pragma once

#include "assistantd/ctl/ctl.h"

/* Runs @task over the text and prints its result; returns the exit status. */
int request_run(struct ctl *c, const char *task, const char *text, size_t len);
/* The option items with a list of notifications, checked. */
void notifications_append(DBusMessageIter *dict, const json_t *items);
/* As request_run() with a call of a tool, with arguments of JSON; and with the taking back of a
 * call of the journal, 0: the last. */
int request_call(struct ctl *c, const char *tool, const char *arguments);
int request_undo(struct ctl *c, uint64_t call);
