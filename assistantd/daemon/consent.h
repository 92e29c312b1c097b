/* SPDX-License-Identifier: MIT */
/*
 * What the user's consent stands on, put together: who may be asked and how (agents, screen,
 * notifications), what was said once and for all (grants, PINs, who is shut out), and what
 * applications bring along (tools, offers).
 */
#pragma once

#include "assistantd/daemon/daemon.h"

/* Before callers are known; the agents and providers, which need them, after. 0 or -ENOMEM. */
int consent_start(struct daemon *d);
int consent_start_agents(struct daemon *d);
void consent_stop(struct daemon *d);

void consent_caller_known(struct daemon *d, const struct caller *c);
void consent_caller_gone(struct daemon *d, const char *name);
