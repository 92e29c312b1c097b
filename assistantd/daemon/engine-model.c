/* SPDX-License-Identifier: MIT */
/* The model of the engine process: which one, whether it is there, and why not. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assistantd/daemon/digests.h"
#include "assistantd/daemon/engine-private.h"
#include "assistantd/daemon/log.h"
#include "util/macro.h"

void engine_set_state(struct engine *e, enum engine_state state)
{
	e->state = state;
	e->changed(e->arg);
}

void engine_no_model(struct engine *e, const char *why)
{
	snprintf(e->trouble, sizeof(e->trouble), "%s", why);
	log_error("model: %s", e->trouble);
	engine_set_state(e, ENGINE_NO_MODEL);
}

/* Opens the file and hands the descriptor over; not a byte of it is read here. */
static void load_model(struct engine *e)
{
	struct engine_open open_message = ENGINE_OPEN_NULL;
	struct ipc_message m;
	char why[320];
	int r;

	e->n_usage = 0;
	if (!e->model_path) {
		if (!*e->trouble)
			engine_no_model(e, "no model is configured");
		else
			engine_set_state(e, ENGINE_NO_MODEL);
		return;
	}
	e->trouble[0] = '\0';
	open_message.fd = open(e->model_path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (open_message.fd < 0) {
		snprintf(why, sizeof(why), "%s: %s", e->model_path, strerror(errno));
		engine_no_model(e, why);
		return;
	}
	if (fstat(open_message.fd, &e->model_stat) == 0)
		open_message.has_digests = digests_find(e->config.digests, &e->model_stat,
							&open_message.digest,
							&open_message.weights);
	open_message.threads = e->config.threads;
	open_message.budget = e->budget.budget;
	open_message.kv = e->config.kv_q8_0 ? ENGINE_KV_Q8_0 : ENGINE_KV_F16;
	open_message.adapter_budget = e->budget.adapter_budget;
	ipc_message_init(&m, ENGINE_OPEN_MODEL, 0);
	r = child_send(e->child, &m, engine_put_open(&m, &open_message));
	engine_open_deinit(&open_message);
	if (r < 0)
		log_error("engine: %s", strerror(-r));
	engine_set_state(e, ENGINE_LOADING);
}

void engine_change_model(struct engine *e)
{
	e->change_waits = false;
	free(e->model_path);
	e->model_path = TAKE(e->next_path);
	e->failed_loads = 0;
	e->trouble[0] = '\0';
	if (child_running(e->child) && e->has_hello)
		load_model(e);
}

static void send_budget(struct engine *e)
{
	struct ipc_message m;

	if (e->state != ENGINE_READY)
		return;
	ipc_message_init(&m, ENGINE_BUDGET, 0);
	child_send(e->child, &m, engine_put_budget(&m, &e->budget));
}

void engine_set_budget(struct engine *e, const struct engine_budget *budget)
{
	e->budget = *budget;
	send_budget(e);
}

const struct engine_budget *engine_budget(const struct engine *e)
{
	return &e->budget;
}

void engine_on_model(struct engine *e, struct ipc_message *m)
{
	int r;

	engine_model_deinit(&e->model);
	e->model = (struct engine_model){ 0 };
	if (engine_get_model(m, &e->model) < 0) {
		engine_no_model(e, "the engine's answer cannot be read");
		return;
	}
	e->failed_loads = 0;
	if (!e->model.ok) {
		char why[320];

		snprintf(why, sizeof(why), "%s: %s", e->model_path ? e->model_path : "model",
			 e->model.error.len ? e->model.error.data : "cannot be loaded");
		engine_no_model(e, why);
		return;
	}
	child_healthy(e->child);
	r = digests_keep(e->config.digests, &e->model_stat, &e->model.digest,
			 &e->model.identity.weights);
	if (r < 0)
		log_error("%s: %s", e->config.digests, strerror(-r));
	engine_set_state(e, ENGINE_READY);
	/* What may stay idle is not part of opening; the rest may have changed meanwhile. */
	send_budget(e);
}

void engine_on_hello(struct engine *e, struct ipc_message *m)
{
	if (engine_get_hello(m, &e->hello) < 0)
		return;
	e->has_hello = true;
	if (e->config.require_sandbox &&
	    !(e->hello.no_new_privs && e->hello.seccomp && e->hello.landlock_abi)) {
		engine_no_model(e, "the sandbox is incomplete here and the configuration "
				   "requires it");
		return;
	}
	load_model(e);
}

int engine_use(struct engine *e, const char *path)
{
	char *copy = path ? strdup(path) : NULL;

	if (path && !copy)
		return -ENOMEM;
	free(e->next_path);
	e->next_path = copy;
	e->change_waits = true;
	if (e->n_calls == 0)
		engine_change_model(e);
	return 0;
}

const char *engine_path(const struct engine *e)
{
	return e->model_path;
}

enum engine_state engine_state(const struct engine *e)
{
	return e->state;
}

const struct engine_model *engine_model(const struct engine *e)
{
	return &e->model;
}

const char *engine_digests(const struct engine *e)
{
	return e->config.digests;
}

const char *engine_trouble(const struct engine *e)
{
	return e->trouble;
}
