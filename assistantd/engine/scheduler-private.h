/* SPDX-License-Identifier: MIT */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "assistantd/engine/identify.h"
#include "assistantd/engine/preparer.h"
#include "assistantd/engine/request.h"
#include "assistantd/engine/residents.h"
#include "assistantd/engine/scheduler.h"

struct scheduler {
	int sock;
	unsigned cpus;
	pthread_t thread;
	/* Shared with the reading thread and the preparer's. */
	pthread_mutex_t mutex;
	pthread_cond_t wake;
	struct command *first, *last;
	bool prepared;
	atomic_bool stop;
	atomic_bool interrupt;		/* leave the running pass after its layer */
	/* The scheduler's own. */
	struct bm_model *model;
	struct model_digests digests;
	struct residents *residents;
	uint32_t context;		/* the model's, as far as one request has room for it */
	struct preparer *preparer;
	struct preparation *preparing;	/* all that came and have not begun */
	struct request *requests[ENGINE_REQUESTS_MAX];	/* in order of arrival */
	size_t n_requests;
	float *logits;			/* [SCHEDULER_ROWS][n_vocab + TOKENIZER_MAX_EXTRA] */
	uint64_t passes;
	uint64_t parked_since;		/* the pass since which somebody is parked; 0: nobody */
	bool interrupted;		/* the last pass was left; its requests have waited */
	bool broken;			/* the front end is gone */
};

/* Rows of logits of one pass: every request's, guesses, and texts that are scored. */
#define SCHEDULER_ROWS ((size_t)ENGINE_REQUESTS_MAX + BATCH_GUESSES + BATCH_SCORES)

/* Does what a message asks for, CANCEL included. */
void scheduler_execute(struct scheduler *s, struct ipc_message *m);

/* START, SCORE and COUNT, LOAD and PIN go through the preparer. */
void scheduler_prepare_request(struct scheduler *s, struct ipc_message *m);
void scheduler_prepare_adapter(struct scheduler *s, uint64_t id, uint32_t type,
			       struct engine_adapter *v);
/* Begins or answers what the preparer has ready. */
void scheduler_begin_prepared(struct scheduler *s);
/* False when nothing of @id is being prepared. */
bool scheduler_cancel_preparing(struct scheduler *s, uint64_t id);
/* True while something is being prepared that was not cancelled; else nothing uses the model
 * for that any more. */
bool scheduler_is_preparing(struct scheduler *s);
/* Ends the preparer, and drops what it had. */
void scheduler_end_preparing(struct scheduler *s);

/* Puts a request in; the place was kept when it came. */
void scheduler_add(struct scheduler *s, struct request *r);
/* Parks one of the background, the last to come; false when there is none to park. */
bool scheduler_park_one(struct scheduler *s);
/* One that runs and has no room to go on is parked, or told so where it has not come on since it
 * got its room last: then it is gone, and false is returned. */
bool scheduler_make_way(struct scheduler *s, struct request *r);
/* Resumes the parked ones for which there is room, in order of arrival. */
void scheduler_resume(struct scheduler *s);
/* False while somebody has been parked for so long that nobody else is let in. */
bool scheduler_lets_in(const struct scheduler *s);
void scheduler_drop(struct scheduler *s, struct request *r);

/* Tell the front end; waits while it does not read. */
void scheduler_tell_tokens(struct scheduler *s, const struct engine_tokens *v);
void scheduler_tell_done(struct scheduler *s, uint64_t id, const struct engine_done *v);
/* What came of @r, which is done, and what it was asked to store of its beginning. */
void scheduler_tell_result(struct scheduler *s, struct request *r);
/* @type: STARTED or COUNTED. */
void scheduler_tell_counted(struct scheduler *s, uint32_t type, uint64_t id,
			    const struct engine_counted *v);
/* @counted may be NULL. */
void scheduler_tell_failed(struct scheduler *s, uint64_t id, enum engine_error error,
			   const struct engine_counted *counted, const char *text);
/* Shows the defect as one line, or the system's error @err where there is none; @adapter is
 * the one at fault, or NULL. */
void scheduler_tell_diag(struct scheduler *s, uint64_t id, enum engine_error error,
			 const struct digest *adapter, const struct diag *d, int err);
/* Answers LOAD, UNLOAD or PIN, or a request whose adapter failed; @adapter and @d may be NULL. */
void scheduler_tell_adapter(struct scheduler *s, uint64_t id, int result,
			    const struct digest *adapter, const struct diag *d);
/* Tells what changed of the resident adapters. */
void scheduler_tell_usage(struct scheduler *s);
/* @m was filled by an encoder that returned @r. */
void scheduler_send(struct scheduler *s, struct ipc_message *m, int r);
