/* SPDX-License-Identifier: MIT */
/*
 * A front end for tests: the scheduler in this process, on a socket pair, and requests whose
 * right answers were computed alone, token by token and without it.
 */
#pragma once

#include <pthread.h>

#include "assistantd/engine/scheduler.h"
#include "tests/fixture.h"

enum {
	FRONT_ADAPTERS = 6,
	FRONT_CASES = 48,
	FRONT_CONTEXT = 320,
	FRONT_VOCAB = 130,
	FRONT_ANSWER_MAX = 40,
};

struct front_case {
	char prompt[FRONT_CONTEXT];
	uint32_t n_prompt, n_tokens_in, max_tokens;
	int adapter;		/* -1: none */
	float scale, temperature;
	uint64_t seed;
	char answer[FRONT_ANSWER_MAX];
	uint32_t n_answer, n_tokens;	/* a control token has no text */
	bool ends;		/* by an end token */
};

struct front {
	int model_fd, adapter_fds[FRONT_ADAPTERS];
	struct digest digests[FRONT_ADAPTERS];
	size_t adapter_bytes;	/* in memory; all have the same size */
	struct front_case cases[FRONT_CASES];
	int sock;		/* the front end's */
	int engine_sock;
	struct scheduler *scheduler;
	pthread_t reader;
	uint64_t next_id;
};

/* Below @n, from the state of a generator. */
uint32_t front_below(uint64_t *state, uint32_t n);

/* Makes the model, its adapters and the cases of a seed. */
void front_init(struct front *f, uint64_t seed);
void front_deinit(struct front *f);
/* Starts the engine and opens the model; adapters have room for @adapters of them. */
void front_start(struct front *f, unsigned threads, size_t adapters);
/* Closes; all that is running is dropped. */
void front_stop(struct front *f);

struct front_options {
	bool interactive, draft, wrong_file;	/* wrong_file: of another adapter */
};

/* Sends START, or COUNT with @count: the id. */
uint64_t front_request(struct front *f, const struct front_case *c, struct front_options o,
		       bool count);
void front_cancel(struct front *f, uint64_t id);
/* LOAD, UNLOAD or PIN: the id. */
uint64_t front_adapter(struct front *f, uint32_t type, int adapter, bool pinned);
/* The next message; with @wait false, false when there is none. */
bool front_receive(struct front *f, struct ipc_message *m, bool wait);
