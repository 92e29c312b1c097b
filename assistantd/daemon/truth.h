/* SPDX-License-Identifier: MIT */
/*
 * Whether something is so, as another service tells it: that is asked when it comes, and again
 * when it signals that things have changed. While nobody tells, it is not so.
 */
#pragma once

#include "assistantd/daemon/bus.h"

struct truth;

/* What is asked for, which lives as long. */
struct truth_source {
	const char *name, *path;	/* of the service, by its well-known name, and its object */
	const char *interface;
	/* One of them: a property, or a method and the signal that brings a new answer to it. */
	const char *property, *method, *signal;
};

/* @changed is called when the answer becomes another, and when the service comes or goes. 0 or
 * -ENOMEM. */
int truth_new(struct truth **ret, struct bus *bus, const struct truth_source *source,
	      loop_fn changed, void *arg);
struct truth *truth_free(struct truth *t);
DEFINE_CLEANUP(struct truth *, truth_free)
/* NULL: not so, and not there. One that does not answer is not there. */
bool truth_told(const struct truth *t);
bool truth_is_there(const struct truth *t);
