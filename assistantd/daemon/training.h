/* SPDX-License-Identifier: MIT */
/*
 * Runs of training, one at a time, the others after it. The one at work is stopped where it
 * stands while the user waits for something else: while a request is in flight and a few seconds
 * longer, while programs wait for memory, and on battery. What lasts, and what the user says, puts
 * it down: it writes its checkpoint and leaves memory. Runs that have not ended go on by
 * themselves after any end of their process, of the service or of the computer.
 */
#pragma once

#include "assistantd/daemon/daemon.h"
#include "assistantd/daemon/training-filing.h"

enum training_state { TRAINING_STATE_WAITING, TRAINING_STATE_RUNNING, TRAINING_STATE_PAUSED,
		      TRAINING_STATE_INSTALLING, TRAINING_STATE_ENDED };

/* The engine, the library and the buses of @d are there. @program is the engine's, and lives as
 * long. 0 or -ENOMEM. */
int training_new(struct training **ret, struct daemon *d, const char *program);
struct training *training_free(struct training *t);
DEFINE_CLEANUP(struct training *, training_free)

/* Something that it depends on has changed: requests, pressure, the configuration. NULL is
 * ignored. */
void training_look(struct training *t);

/* Of all runs, the oldest first; NULL behind the last. Runs that are about to be there are left
 * out. */
const struct training_run *training_next(const struct training *t, const struct training_run *r);
struct training_run *training_find(struct training *t, uint64_t id);
/* What it does, and in @why, for WAITING and PAUSED, the reason; else "". */
enum training_state training_state(const struct training *t, const struct training_run *r,
				   const char **why);
/* Of its process; 0: none. */
pid_t training_pid(const struct training *t, const struct training_run *r);

/* The end of a start, once: @error is NULL or a name for out_error(), with @text. */
typedef void (*training_started_fn)(void *arg, const char *error, const char *text, uint64_t id);
/*
 * Copies @data and @held_out (or -1), which stay the caller's, and begins when it is its turn.
 * Takes over what is in @order. 0, and @started follows; -EAGAIN when too many runs wait;
 * -EEXIST when one of that name has not ended; -ENOMEM and the system's errors.
 */
int training_start(struct training *t, struct training_order *order, int data, int held_out,
		   training_started_fn started, void *arg);
/* What follows is done at once, and @filed follows when the disk has it, unless there is an error
 * here: -ENOMEM, and: -ESTALE for one that has ended; -EBUSY while its package is installed. */
int training_pause(struct training *t, struct training_run *r, training_filed_fn filed, void *arg);
/* Goes on, also after a failure: -ESTALE for one that ended otherwise, or has nothing left to
 * go on with; -EEXIST, -EAGAIN as of training_start(). */
int training_resume(struct training *t, struct training_run *r, training_filed_fn filed, void *arg);
/* Ends @r and removes all that is kept of it: -EBUSY while its package is installed. */
int training_stop(struct training *t, struct training_run *r, training_filed_fn filed, void *arg);

/* training1.c */
void training1_add(struct daemon *d);
void training1_changed(struct daemon *d, uint64_t id);
