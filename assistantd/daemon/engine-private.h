/* SPDX-License-Identifier: MIT */
#pragma once

#include <sys/stat.h>

#include "assistantd/daemon/child.h"
#include "assistantd/daemon/engine.h"
#include "assistantd/daemon/suspects.h"

enum { ENGINE_LOAD_ATTEMPTS = 3 };

struct engine {
	struct loop *loop;
	struct engine_config config;
	struct engine_budget budget;
	struct child *child;
	loop_fn changed;
	void *arg;
	char *model_path, *next_path;	/* next: waits until nothing is in flight */
	struct stat model_stat;		/* of what was handed over */
	bool change_waits;
	enum engine_state state;
	unsigned failed_loads;
	struct engine_model model;
	struct engine_hello hello;
	bool has_hello;
	char trouble[384];
	struct engine_call *calls;
	size_t n_calls;
	uint64_t next_id;
	struct engine_usage *usage;
	size_t n_usage;
	struct suspects suspects;
};

/* engine-model.c: which model runs, and what the process says of it and of itself. */
void engine_set_state(struct engine *e, enum engine_state state);
/* There is none, and why. */
void engine_no_model(struct engine *e, const char *why);
/* The model that waited for nothing to be in flight. */
void engine_change_model(struct engine *e);
void engine_on_hello(struct engine *e, struct ipc_message *m);
void engine_on_model(struct engine *e, struct ipc_message *m);
