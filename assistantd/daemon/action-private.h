/* SPDX-License-Identifier: MIT */
/* Between plan.c, which makes the calls, and action.c, which runs them. */
#pragma once

struct action;

/* The plan is complete: the gate, a question where it wants one, the calls, the answer. */
void action_run(struct action *a);
