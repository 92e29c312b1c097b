/* SPDX-License-Identifier: MIT */
/*
 * The process that trains, as the front end sees it: there while it is wanted, with one run. When
 * it ends by itself a new one is started, with a growing delay.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "assistantd/ipc/ipc.h"
#include "util/loop.h"

struct training_process;

/* Any of them may let the process rest or begin another run. */
struct training_process_events {
	/* It waits for training_process_begin(). */
	void (*ready)(void *arg);
	void (*progress)(void *arg, const struct train_progress *progress);
	/* What is in @done may be taken. */
	void (*done)(void *arg, struct train_done *done);
	void (*failed)(void *arg, enum train_error error, const char *field, const char *text);
	/* It ended, or was ended by somebody, in the middle. */
	void (*lost)(void *arg);
};

/* @path is the program's. Starts no process yet. 0 or -ENOMEM. */
int training_process_new(struct training_process **ret, struct loop *loop, const char *path,
			 bool require_sandbox, const struct training_process_events *events,
			 void *arg);
struct training_process *training_process_free(struct training_process *p);
DEFINE_CLEANUP(struct training_process *, training_process_free)

/* 0, and ready() follows; or -ENOMEM. */
int training_process_want(struct training_process *p);
/* Descriptors are duplicated, and its files limited as @begin says. 0 or the errors of
 * child_limit_files() and child_send(). */
int training_process_begin(struct training_process *p, const struct train_begin *begin);
/* Where it stands; from ready() on, and one that is started anew is not paused. */
void training_process_pause(struct training_process *p, bool pause);
/* Asks for a checkpoint and then for failed(), TRAIN_E_STOPPED: 0 or the errors of child_send(). */
int training_process_stop(struct training_process *p);
/* Ends it at once; nothing follows. */
void training_process_rest(struct training_process *p);
/* 0: there is none. */
pid_t training_process_pid(const struct training_process *p);
