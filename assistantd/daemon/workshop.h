/* SPDX-License-Identifier: MIT */
/*
 * The workshop process as the front end sees it: jobs on adapters that do not serve yet, one
 * after the other. It is started when there is a job, and ended when there was none for a
 * while. When it ends by itself, the job that it had fails and the next one gets a new process.
 */
#pragma once

#include <stdbool.h>

#include "assistantd/ipc/ipc.h"
#include "util/diag.h"
#include "util/loop.h"

struct workshop;

struct workshop_config {
	const char *path;	/* of the program */
	const char *digests;	/* where the digests of models are remembered */
	bool require_sandbox;
};

/* What became of a job. */
enum workshop_outcome {
	WORKSHOP_DONE,		/* the answer is there, and has no defect */
	WORKSHOP_REFUSED,	/* the input has a defect */
	WORKSHOP_NO_MODEL,	/* the base model cannot be opened */
	WORKSHOP_ENDED,		/* the input ended the process */
	WORKSHOP_TIMEOUT,	/* it took longer than any good one would */
	WORKSHOP_FAILED,	/* no memory, no process, no sandbox */
};

struct workshop_result {
	enum workshop_outcome outcome;
	/* What is wrong, for the user, in any case but DONE. */
	enum diag_code code;
	const char *field, *text;
	/* DONE, by what was asked for; what is in it may be taken, the rest is released. */
	union {
		struct workshop_inspected inspected;
		struct workshop_imported imported;
		struct workshop_proved proved;
	};
	/* Of the base model: IMPORT and PROVE. */
	struct digest base;	/* of the file */
	struct identity identity;
};

/* One job; embedded in whoever waits for it. */
struct workshop_job {
	/* Called once, from the loop, unless the job is cancelled; the job may be queued again or
	 * be gone afterwards. */
	void (*done)(void *arg, struct workshop_result *result);
	void *arg;
	/* Filled by workshop.c. */
	uint64_t id;		/* 0: not queued */
	uint32_t type;
	char *model;		/* NULL: needs none */
	struct ipc_message message;
	struct workshop_job *next;
};

/* 0 or -ENOMEM. Starts no process yet. */
int workshop_new(struct workshop **ret, struct loop *loop, const struct workshop_config *config);
/* Jobs that are queued fail. */
struct workshop *workshop_free(struct workshop *w);
DEFINE_CLEANUP(struct workshop *, workshop_free)

/*
 * Queue a job; descriptors are duplicated and the arguments copied. @model: path of the base.
 * 0; -ENOMEM, -EMSGSIZE and the encoder's other errors, and then nothing follows.
 */
int workshop_inspect(struct workshop *w, struct workshop_job *job,
		     const struct workshop_inspect *v);
int workshop_import(struct workshop *w, struct workshop_job *job, const char *model,
		    const struct workshop_import *v);
int workshop_prove(struct workshop *w, struct workshop_job *job, const char *model,
		   const struct workshop_prove *v);
/* Nothing follows for @job, which may be gone afterwards; harmless when not queued. */
void workshop_cancel(struct workshop *w, struct workshop_job *job);
