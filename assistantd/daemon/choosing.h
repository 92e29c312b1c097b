/* SPDX-License-Identifier: MIT */
/*
 * Which of the changes that are proposed to a text are made: those that make what stands there
 * more likely, by the model, by more than their kind needs; of several at one place the one that
 * gains most beyond that. Only some words behind a change are looked at.
 */
#pragma once

#include "assistantd/daemon/suggestions.h"
#include "assistantd/ipc/ipc.h"

struct choosing {
	/* Of each suggestion, the texts with and without it that are compared; no more than these
	 * many suggestions are asked about. */
	uint32_t *with, *without;
	size_t n;
};

/* Zeroed is empty. Adds to @score, which has no texts yet, what is to be scored. 0 or -ENOMEM. */
int choosing_ask(struct choosing *c, const char *text, size_t len, const struct suggestions *p,
		 struct engine_score *score);
void choosing_deinit(struct choosing *c);

/* A change that is made, and how sure that is: 0.5 where it gains just what its kind needs, up to
 * 1. */
struct chosen {
	const struct suggestion *suggestion;
	double confidence;
};

/* By the scores, and the nats that a change of each kind must gain: fills @ret, of which the
 * caller frees *@ret, in the order of the text; none overlap. 0 or -ENOMEM. */
int choosing_take(const struct choosing *c, const struct suggestions *p,
		  const double *needs, const struct engine_scored *scored,
		  struct chosen **ret, size_t *n);
