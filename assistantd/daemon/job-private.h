/* SPDX-License-Identifier: MIT */
/* Between job.c, which knows the states, and intake.c, which lets requests in. */
#pragma once

#include "assistantd/daemon/job.h"

/* At the end of the daemon's list; NULL without memory. */
struct job *job_new(struct daemon *d);
void job_free(struct job *job);
/* 0; -EBUSY with retry_after_ms; -ENOMEM. */
int job_enqueue(struct job *job);
/* Lets go of the caller's input. */
void job_stop_reading(struct job *job);
/* The answer is out. */
void job_answered(struct job *job);
/* Writes what it can of the result to the caller's descriptor: true while there is more, and
 * the job frees itself at the end. */
bool job_flush_output(struct job *job);
