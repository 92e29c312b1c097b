/* SPDX-License-Identifier: MIT */
/*
 * The engine process as the front end sees it: one model, calls in flight, adapters in its
 * memory. When the process ends, every call fails at once and a new one is started.
 */
#pragma once

#include <stdbool.h>

#include "assistantd/daemon/prefix-store.h"
#include "assistantd/ipc/ipc.h"
#include "util/loop.h"

enum engine_state { ENGINE_STARTING, ENGINE_LOADING, ENGINE_READY, ENGINE_NO_MODEL };

/* What can become of a call besides enum engine_error. */
enum { ENGINE_E_LOST = 100, ENGINE_E_REFUSED };

struct engine;

/* One request of ours in the engine; embedded in whoever waits for it. */
struct engine_call {
	const struct engine_call_ops *ops;
	void *arg;
	/* Filled by engine.c. */
	uint64_t id;		/* 0: not in flight */
	bool fingerprinted;
	struct digest fingerprint;
	bool keeps_prefix;	/* the only one that may store its beginning, as @prefix */
	struct digest prefix;
	struct engine_call *next;
};

/* After done(), scored() or failed() nothing follows; NULL where nobody listens. */
struct engine_call_ops {
	void (*counted)(void *arg, const struct engine_counted *counted);
	void (*text)(void *arg, const char *text, size_t len, uint32_t n_tokens);
	void (*done)(void *arg, const struct engine_done *done);
	void (*failed)(void *arg, int error, const struct engine_failed *failed);
	void (*scored)(void *arg, const struct engine_scored *scored);
};

struct engine_config {
	const char *path;	/* of the program */
	uint32_t threads;
	uint64_t memory_budget, adapter_budget;
	bool kv_q8_0;
	bool require_sandbox;
	const char *digests;	/* where the digests of models are remembered */
	struct prefix_store *prefixes;	/* lives longer */
};

/* @changed is called when state, model or adapters change. 0 or -ENOMEM. */
int engine_new(struct engine **ret, struct loop *loop, const struct engine_config *config,
	       loop_fn changed, void *arg);
struct engine *engine_free(struct engine *e);
DEFINE_CLEANUP(struct engine *, engine_free)

/*
 * The model to run, now and after each start of the process; NULL: none. Takes effect when
 * no call is in flight. -ENOMEM.
 */
int engine_use(struct engine *e, const char *path);
const char *engine_path(const struct engine *e);

/* Memory from now on, also of processes that are started later; what runs is not touched. */
void engine_set_budget(struct engine *e, const struct engine_budget *budget);
const struct engine_budget *engine_budget(const struct engine *e);

enum engine_state engine_state(const struct engine *e);
/* Valid while READY. */
const struct engine_model *engine_model(const struct engine *e);
/* Where the digests of models are remembered, by the configuration. */
const char *engine_digests(const struct engine *e);
/* Why there is no model, or "". */
const char *engine_trouble(const struct engine *e);
/* The sandbox that the process reports; NULL before its first word. */
const struct engine_hello *engine_sandbox(const struct engine *e);
pid_t engine_pid(const struct engine *e);
/* What the engine tells of one adapter, or NULL when it never had it. */
const struct engine_usage *engine_adapter_usage(const struct engine *e, const struct digest *d);
/* The same by number; NULL past the last. Valid until the next message of the engine. */
const struct engine_usage *engine_usage_at(const struct engine *e, size_t index);
uint64_t engine_adapter_bytes(const struct engine *e);
size_t engine_calls(const struct engine *e);

/*
 * Puts a call in flight: ENGINE_START, ENGINE_COUNT with @start; LOAD, UNLOAD, PIN with
 * @adapter; SCORE. What is stored of a START's beginning is put into @start. 0;
 * ENGINE_E_REFUSED for a request that ended the engine three times;
 * -EPIPE when there is no engine; -EAGAIN; -ENOMEM and the encoder's errors.
 */
int engine_start_call(struct engine *e, struct engine_call *call, uint32_t type,
		      struct engine_start *start);
int engine_score_call(struct engine *e, struct engine_call *call,
		      const struct engine_score *score);
int engine_adapter_call(struct engine *e, struct engine_call *call, uint32_t type,
			const struct engine_adapter *adapter);
/* Nothing follows for @call, which may be gone afterwards; harmless when not in flight. */
void engine_cancel(struct engine *e, struct engine_call *call);
