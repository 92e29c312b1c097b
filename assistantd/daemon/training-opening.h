/* SPDX-License-Identifier: MIT */
/* The files that a process needs to train, opened on the worker's thread. */
#pragma once

#include "assistantd/daemon/training-run.h"
#include "assistantd/daemon/worker.h"

struct training_opening;

/*
 * On the loop's thread: 0, and @begin has all but the number of threads; else the error of the
 * file @what, -EWOULDBLOCK while another process holds the checkpoint. What is in @begin may be
 * taken.
 */
typedef void (*training_opened_fn)(void *arg, int result, const char *what,
				   struct train_begin *begin);

/* For @r; @digests is where those of models are remembered. 0, and @opened follows, unless it is
 * cancelled; -ENOMEM. */
int training_opening_new(struct training_opening **ret, struct worker *w,
			 const struct training_run *r, const char *digests,
			 training_opened_fn opened, void *arg);
/* Nothing follows; for the use of pointers NULL is returned and taken. */
struct training_opening *training_opening_cancel(struct training_opening *o);
