/* SPDX-License-Identifier: MIT */
/* Questions to the user on the terminal that assistantctl runs in. */
#pragma once

#include "assistantd/ctl/ctl.h"

/*
 * Registers this program as an agent where there is a terminal, silently not otherwise; with
 * @own, only for what it asks for itself. CTL_OK, or the status after an error message.
 */
int agent_register(struct ctl *c, bool own);
/* To be called now and then: takes what was typed, and answers. */
void agent_tend(struct ctl *c);
