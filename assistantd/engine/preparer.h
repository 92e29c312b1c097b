/* SPDX-License-Identifier: MIT */
/*
 * What comes before the first pass of a request: its adapter is read, hashed and checked,
 * its prompt rendered and tokenised. All of that may take many times as long as a token, so
 * it has a thread of its own and the running streams do not wait for it.
 */
#pragma once

#include "adapters/adapters.h"
#include "assistantd/engine/prefix-file.h"
#include "assistantd/engine/prompt.h"
#include "assistantd/engine/scoring.h"
#include "assistantd/ipc/ipc.h"
#include "base_model/base_model.h"

/* An adapter that a request uses, or that LOAD or PIN names. */
struct wanted {
	struct digest digest;
	float scale;
	int fd;				/* owned; -1: none */
	bool reads;			/* it is to be read from @fd */
	struct adapter *adapter;	/* one reference; NULL: not yet, or it failed */
};

struct preparation {
	/* The question. Belongs to the preparer from preparer_give() until it comes back. */
	uint64_t id;
	uint32_t type;			/* ENGINE_START, SCORE, COUNT, LOAD or PIN */
	const struct bm_model *model;
	uint32_t context;		/* tokens that prompt and answer may have */
	struct engine_start *start;	/* NULL for LOAD and PIN; SCORE's is its prompt's */
	struct engine_score *score;	/* of SCORE; NULL for others */
	bool ahead;			/* LOAD before anybody asks: after all else */
	struct wanted wanted[ENGINE_USES_MAX];	/* what is resident has its adapter */
	size_t n_wanted;
	/* The answer: the adapters that were read, and how the prompt uses all of them. */
	struct prompt prompt;
	struct scoring_texts texts;	/* of SCORE, behind it */
	struct adapter_uses uses;
	const struct tokenizer *tokenizer;	/* the model's, or an adapter's */
	uint32_t n_extra;		/* tokens that the latter brings */
	int adapter_result, prompt_result;	/* of prompt_build() */
	const struct digest *fault;	/* the adapter that @diag is about, or NULL */
	struct diag diag;
	/* A second question, when the prompt is known: what is stored of its beginning. */
	bool reads_prefix;
	struct prefix_head prefix;
	void *pages;			/* owned; NULL where nothing valid is stored */
	/* The scheduler's. */
	uint64_t began_us;
	bool given, cancelled;
	struct scoring *scoring;	/* of SCORE, until a request has it */
	struct preparation *sibling;
	/* The preparer's. */
	struct preparation *next;
};

struct preparation *preparation_new(uint64_t id, uint32_t type, const struct bm_model *m,
				    uint32_t context);
struct preparation *preparation_free(struct preparation *p);
DEFINE_CLEANUP(struct preparation *, preparation_free)

/* Whether it is a request that will run. */
bool preparation_runs(const struct preparation *p);

struct preparer;

/* @ready is called on the preparer's thread whenever there is something to take. 0, -ENOMEM,
 * or the error of pthread_create(). */
int preparer_new(struct preparer **ret, void (*ready)(void *arg), void *arg);
/* Ends after the preparation that is being worked on; frees what it holds. */
struct preparer *preparer_free(struct preparer *p);
DEFINE_CLEANUP(struct preparer *, preparer_free)

/* Queues @it: interactive requests before background ones, what is ahead of all requests
 * behind them, else in order. */
void preparer_give(struct preparer *p, struct preparation *it);
/* Somebody asks now for what @it, which was given, reads: it is not ahead any more. */
void preparer_hurry(struct preparer *p, struct preparation *it);
/* The next one that is ready, or NULL. */
struct preparation *preparer_take(struct preparer *p);
/* Takes back what was not begun; false when it was: then it comes back when it is ready. */
bool preparer_withdraw(struct preparer *p, struct preparation *it);
/* Waits until everything given is ready. */
void preparer_wait(struct preparer *p);
