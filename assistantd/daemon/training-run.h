/* SPDX-License-Identifier: MIT */
/* One run of training: what was ordered and what became of it. training-folder.h is where it is
 * kept. */
#pragma once

#include "assistantd/daemon/training-order.h"

enum training_end {
	TRAINING_OPEN,		/* it is to go on */
	TRAINING_INSTALLED,
	TRAINING_REJECTED,	/* it is no better than the base alone */
	TRAINING_FAILED,
	TRAINING_END_COUNT,
};

struct training_run {
	uint64_t id;
	struct training_order order;
	enum training_end end;
	bool paused;			/* by the user */
	int64_t since, ended;		/* seconds since 1970; 0: not yet */
	struct train_progress figures;	/* the last that was told; stored at the end */
	char *text;			/* the verdict, or why it failed; or NULL */
	char digest[DIGEST_HEX_LEN + 1];	/* of the package, or "" */
	char *folder;
	bool has_data, has_report;	/* the folder, when what was posted for it is done */
	/* Of this life of the service. */
	bool coming;			/* its data are being copied */
	bool installing;		/* its package is on the way in */
	bool no_space;			/* its checkpoint found no room */
	unsigned losses;		/* of its process, without a step in between */
	uint64_t step_at_loss;
	struct training_run *next;
};

/* An open run in a folder below @parent, which is not there yet. 0 or -ENOMEM. */
int training_run_new(struct training_run **ret, const char *parent, uint64_t id);
struct training_run *training_run_free(struct training_run *r);
DEFINE_CLEANUP(struct training_run *, training_run_free)

/* The text of its run.json: the caller's; NULL without memory. */
char *training_run_describe(const struct training_run *r);
/*
 * All runs below @parent into *@ret, the oldest first; folders that were not finished are removed.
 * One that cannot be read stays as it is, and is told by the log. No folder's number is above
 * @last_id. -ENOMEM. It waits for the disk: at the start alone.
 */
int training_runs_read(struct training_run **ret, const char *parent, uint64_t *last_id);

/* Replaces its text; without memory there is none. */
void training_run_say(struct training_run *r, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
const char *training_end_name(enum training_end end);
