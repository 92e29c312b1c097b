/* SPDX-License-Identifier: MIT */
/*
 * A training run: an adapter for one base model, from lines of data to a package that was measured
 * and proven. All that it comes to follows from the base, the data and the options alone: not
 * from threads, pauses, or where it was ended and went on.
 *
 * Every tenth row is held out (run-data.c). The base alone is measured on these first; while the
 * run trains they are measured again and again, and it ends when they get no better. The best
 * weights become a package where they are better than the base alone (run-gate.c).
 */
#pragma once

#include "assistantd/ipc/ipc.h"

/* Who started the run: @arg goes to both. */
struct run_front {
	/* At each new stage, and while it trains about once a second. */
	void (*progress)(void *arg, const struct train_progress *p);
	/* Asked between batches, and between the passes of what follows the last step: the run is
	 * to end with TRAIN_E_STOPPED. */
	bool (*stopped)(void *arg);
	void *arg;
	unsigned threads;		/* where TRAIN_BEGIN has 0 */
	uint32_t checkpoint_seconds;	/* 0: at every step */
};

/* Positive result. */
enum { _RUN_E_SUCCESS, RUN_E_FAILED };

/* Of a clock that nobody sets. */
double run_seconds(void);

/*
 * The whole run of @begin, whose descriptors stay the caller's: 0 with @done, which holds nothing
 * before; RUN_E_FAILED with @failed, the same; -ENOMEM where not even that could be said.
 */
int run_train(const struct train_begin *begin, const struct run_front *front,
	      struct train_done *done, struct train_failed *failed);
