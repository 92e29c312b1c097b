/* SPDX-License-Identifier: MIT */
/* The world around a plan of calls, and what happened in it. */
#pragma once

#include "assistantd/daemon/executor.h"

extern struct world {
	struct tool_registry *registry;
	struct executor *e;
	char log[2048];			/* "begin a,b;" "call a;" … */
	struct {
		backend_fn done;
		void *arg;
		char name[32];
	} out[EXECUTOR_CALLS_MAX];
	size_t n_out;
	bool later, journal_waits, no_backend, no_agent, locked, pin;
	int journal, refuse;
	enum executor_end end;
	unsigned ended, questions;
} world;
extern const struct executor_ops world_ops;

void world_setup(void);
void world_teardown(void);

/* "hall" is e.hall, and its title; valid until the next. */
struct action_spec *world_spec(const char *tool, const char *title);
/* executor_add(), which takes over the arguments. */
int world_add_spec(struct action_spec *s);
void world_add(const char *tool, const char *title);
/* The back end's answer to the call @i that is out. */
void world_answer(size_t i, enum tools_outcome outcome);

#define ck_log(expected) ck_assert_str_eq(world.log, expected)
