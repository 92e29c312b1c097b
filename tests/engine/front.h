/* SPDX-License-Identifier: MIT */
/*
 * A front end for tests: the scheduler in this process or the engine's program, on a socket
 * pair, and requests whose right answers were computed alone, token by token and without it.
 */
#pragma once

#include <pthread.h>
#include <sys/types.h>

#include "assistantd/engine/scheduler.h"
#include "tests/fixture.h"

enum {
	FRONT_ADAPTERS = 6,
	FRONT_CASES = 48,
	FRONT_ANSWER_MAX = 40,	/* tokens */
	FRONT_TEXT_MAX = 1024,
	FRONT_TEXTS = 12,	/* that are scored */
};

struct front_use {
	int adapter;
	float scale;
};

struct front_case {
	char prompt[FRONT_TEXT_MAX], answer[FRONT_TEXT_MAX];
	size_t prompt_len, answer_len;
	size_t fixed_len;	/* of the prompt, a segment of its own; 0: there is one segment */
	bool own;		/* the first segment is the task's */
	uint32_t n_prompt, n_answer, max_tokens;	/* tokens; of some there is no text */
	struct front_use uses[ENGINE_USES_MAX];
	size_t n_uses;
	float temperature;
	uint64_t seed;
	bool ends;		/* by an end token */
	int not_invoked;	/* the adapter for which it is refused, or -1 */
	/* Texts that are scored behind the prompt, or alone. */
	char texts[FRONT_TEXTS][64];
	size_t n_texts;
	bool alone, counts_end;
	double scores[FRONT_TEXTS];
};

/* What prompts are made of: at most @max_bytes of phrases and of answers given before. */
struct front_words {
	const char *const *phrases;
	size_t n_phrases, max_bytes;
};

struct front {
	int model_fd, adapter_fds[FRONT_ADAPTERS];
	size_t n_adapters;
	const char *invocations[FRONT_ADAPTERS];	/* a token a byte; NULL: ordinary ones */
	int extends;		/* the adapter that brings FRONT_TOKENS, or -1 */
	/* To work out what is right. */
	struct bm_model *model;
	struct adapter *adapters[FRONT_ADAPTERS];
	uint32_t context;
	bool opened;		/* once; its digest is known since */
	struct digest model_digest;
	struct identity model_identity;
	struct digest digests[FRONT_ADAPTERS];
	size_t adapter_bytes;	/* in memory, of the largest */
	size_t context_bytes;	/* of a KV cache of a whole context */
	struct front_case cases[FRONT_CASES];
	int sock;		/* the front end's */
	uint64_t next_id;
	/* In this process. */
	int engine_sock;
	struct scheduler *scheduler;
	pthread_t reader;
	/* Or the program. */
	pid_t pid;
};

/* Below @n, from the state of a generator. */
uint32_t front_below(uint64_t *state, uint32_t n);

/* What is a token to who uses the adapter that brings them, and to all others a token a byte. */
#define FRONT_TOKENS { "<on>", "<off>" }

/* Makes a small model, its adapters and the cases of a seed. The last two adapters have
 * invocation tokens. */
void front_init(struct front *f, uint64_t seed);
/* The cases of a model and of adapters, whose descriptors are taken over. */
void front_init_files(struct front *f, int model_fd, const int *adapter_fds, size_t n_adapters,
		      const struct front_words *words, uint64_t seed);
void front_deinit(struct front *f);
/* What a case asks for; adapters are the caller's. */
void front_fill(struct engine_start *s, const struct front_case *c);
/* Works out the answer to @c, whose other fields are given. */
void front_solve(struct front *f, struct front_case *c);
/* Puts what invokes the adapter into the prompt at @at; false without room. */
bool front_invoke(const struct front *f, struct front_case *c, int adapter, size_t at);
/* Served by this adapter and no other. */
bool front_uses_only(const struct front_case *c, int adapter);
/* What the engine has room for: so many adapters, and whole contexts (0: no limit). */
struct front_room {
	size_t adapters, contexts;
};

/* Starts the scheduler and opens the model. */
void front_start(struct front *f, unsigned threads, struct front_room room);
/* The same with the program @engine. */
void front_spawn(struct front *f, const char *engine, unsigned threads, struct front_room room);
/* Closes; all that is running is dropped. The program must end by itself, with status 0. */
void front_stop(struct front *f);

struct front_options {
	bool interactive, draft, wrong_file;	/* wrong_file: of another adapter */
	const int *stored;	/* the file of the fixed beginning or -1, and PREFIX is asked for */
};

/* Sends SCORE for its texts: the id. */
uint64_t front_score(struct front *f, const struct front_case *c, struct front_options o);
/* Sends START, or COUNT with @count: the id. */
uint64_t front_request(struct front *f, const struct front_case *c, struct front_options o,
		       bool count);
void front_cancel(struct front *f, uint64_t id);
/* LOAD, UNLOAD or PIN: the id. */
uint64_t front_adapter(struct front *f, uint32_t type, int adapter, bool pinned);
/* The next message; with @wait false, false when there is none. */
bool front_receive(struct front *f, struct ipc_message *m, bool wait);
