/* SPDX-License-Identifier: MIT */
/*
 * One run of training as it is kept: a folder named after its number, with copies of the user's
 * data, the checkpoint, at the end the report, and run.json, which says what was ordered and what
 * became of it. A folder is there whole or not at all.
 */
#pragma once

#include "assistantd/daemon/training-order.h"

#define TRAINING_DATA "data.jsonl"
#define TRAINING_HELD_OUT "held-out.jsonl"
#define TRAINING_CHECKPOINT "checkpoint"
#define TRAINING_REPORT "report.html"

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

/*
 * Makes the folder with copies of @data and @held_out (-1: none), all synced: what may wait for a
 * disk. -ENOSPC where less than @room bytes would be left for the run, -EINVAL for what is no
 * file or is empty, -EFBIG for more than TRAINING_DATA_MAX; the system's errors.
 */
#define TRAINING_DATA_MAX (UINT64_C(1) << 30)
int training_run_create(const struct training_run *r, int data, int held_out, uint64_t room);
/* Writes run.json anew: 0 or -errno. */
int training_run_save(const struct training_run *r);
/*
 * All runs below @parent into *@ret, the oldest first; folders that were not finished are removed.
 * One that cannot be read stays as it is, and is told by the log. -ENOMEM.
 */
int training_runs_read(struct training_run **ret, const char *parent);

/* A file of the folder: a descriptor or -errno. */
int training_run_open(const struct training_run *r, const char *file, int flags);
bool training_run_has(const struct training_run *r, const char *file);
/* What it needs to go on: it cannot afterwards. */
void training_run_clean(const struct training_run *r);
void training_run_remove(const struct training_run *r);
/* Replaces its text; without memory there is none. */
void training_run_say(struct training_run *r, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
const char *training_end_name(enum training_end end);
