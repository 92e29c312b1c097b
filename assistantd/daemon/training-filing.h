/* SPDX-License-Identifier: MIT */
/*
 * What becomes of a run's folder, on the worker's thread: in the order in which it is posted, so
 * that what was said later is what stays.
 */
#pragma once

#include "assistantd/daemon/training-run.h"
#include "assistantd/daemon/worker.h"

/* In this order. */
enum {
	TRAINING_KEEP = 1,	/* a copy of the report */
	TRAINING_SAVE = 2,	/* run.json, as the run is now */
	TRAINING_CLEAN = 4,	/* away with what it needs to go on; not where saving failed */
	TRAINING_REMOVE = 8,	/* all of it */
};

/* On the loop's thread; the run may be gone. 0 or the first error, which was logged. */
typedef void (*training_filed_fn)(void *arg, uint64_t id, int result);

/*
 * Posts @what for the folder of @r; @report is duplicated for KEEP. What is still waiting when the
 * service ends is done then. 0, and @filed (or NULL) follows; -ENOMEM or the error of duplicating,
 * and nothing does.
 */
int training_filing_post(struct worker *w, const struct training_run *r, unsigned what, int report,
			 training_filed_fn filed, void *arg);
