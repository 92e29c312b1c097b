/* SPDX-License-Identifier: MIT */
/* Questions to the user on the terminal that assistantctl runs in. */
#pragma once

#include "assistantd/ctl/ctl.h"

/* Registers this program as an agent where there is a terminal; silently not otherwise. */
void agent_register(struct ctl *c);
