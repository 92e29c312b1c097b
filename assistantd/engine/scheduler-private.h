/* SPDX-License-Identifier: MIT */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "assistantd/engine/request.h"
#include "assistantd/engine/residents.h"
#include "assistantd/engine/scheduler.h"

struct scheduler {
	int sock;
	unsigned cpus;
	pthread_t thread;
	/* Shared with the reading thread. */
	pthread_mutex_t mutex;
	pthread_cond_t wake;
	struct command *first, *last;
	bool stop;
	atomic_bool interrupt;		/* leave the running pass after its layer */
	/* The scheduler's own. */
	struct bm_model *model;
	struct digest digest;
	struct residents *residents;
	struct request *requests[ENGINE_REQUESTS_MAX];	/* in order of arrival */
	size_t n_requests;
	bool interrupted;		/* the last pass was left; its requests have waited */
	bool broken;			/* the front end is gone */
};

/* Does what a message asks for, CANCEL excepted. */
void scheduler_execute(struct scheduler *s, struct ipc_message *m);

/* Tell the front end; waits while it does not read. */
void scheduler_tell_tokens(struct scheduler *s, const struct engine_tokens *v);
void scheduler_tell_done(struct scheduler *s, uint64_t id, const struct engine_done *v);
/* @counted may be NULL. */
void scheduler_tell_failed(struct scheduler *s, uint64_t id, enum engine_error error,
			   const struct engine_counted *counted, const char *text);
/* @m was filled by an encoder that returned @r. */
void scheduler_send(struct scheduler *s, struct ipc_message *m, int r);
