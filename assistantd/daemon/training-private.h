/* SPDX-License-Identifier: MIT */
/* What the files of training share. */
#pragma once

#include "assistantd/daemon/training.h"
#include "assistantd/daemon/training-filing.h"
#include "assistantd/daemon/training-opening.h"
#include "assistantd/daemon/training-process.h"

struct power;

struct training {
	struct daemon *d;
	char *folder;			/* of the folders of runs */
	struct training_run *runs;	/* the oldest first */
	uint64_t last_id;		/* that was given */
	struct training_process *process;
	struct power *power;
	struct training_run *at_work;	/* whose process it is; or NULL */
	struct training_opening *opening;	/* of the files that the process waits for */
	bool begun;			/* that has been told what to do */
	bool stopped;			/* it stands still */
	bool put_down;			/* it is to leave memory */
	bool told;			/* it has been asked to */
	bool requests;			/* there are some, or were a moment ago */
	struct loop_timer *calm;	/* the end of that moment */
	struct loop_timer *lasting;	/* then what holds it up lasts */
	struct loop_timer *patience;	/* with one that is asked to leave memory */
	struct loop_timer *again;	/* till then nothing is begun */
	struct loop_timer *room;	/* then there may be room on the disk */
};

/* training.c: decides anew what is at work, and whether it stands still. */
void training_settle(struct training *t);
/* training-work.c: what the process of the run at work says. */
extern const struct training_process_events training_work_events;
/* The run at work leaves memory, without losing its place, or for good. */
void training_work_over(struct training *t);
/* The end of @r: saved, told, and what is not needed any more removed; with @keep it can go on. */
void training_end(struct training *t, struct training_run *r, enum training_end end, bool keep);
