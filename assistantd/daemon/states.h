/* SPDX-License-Identifier: MIT */
/* Answers to questions: from what is seen, and nothing else. */
#pragma once

#include "assistantd/daemon/order.h"
#include "assistantd/daemon/things.h"

/* Its answer tells of the home, or of timers. */
bool state_is_private(const struct order *o);
/*
 * Appends the answer to the question @o: 0; -ENOENT where it is none; -ENOMEM. The things that
 * it speaks of are in @ids, as many as @n says, at most @max.
 */
int state_answer(const struct job *job, const struct order *o, struct buf *ret,
		 const char **ids, size_t max, size_t *n);
