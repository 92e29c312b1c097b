/* SPDX-License-Identifier: MIT */
/*
 * Whether programs wait for memory, by the kernel's pressure stall information
 * (Documentation/accounting/psi.rst): of the whole system, because what is idle here may be
 * what others wait for.
 *
 * The kernel is asked to tell when somebody has waited for 200 ms of two seconds. Without
 * CAP_SYS_RESOURCE the window must be a multiple of two seconds, and before Linux 6.5 such a
 * trigger is refused altogether: then the file is read every two seconds. The level rises by
 * one with every such window and falls by one after twenty seconds without any, so that what
 * was given up is not taken back while memory is still short.
 */
#pragma once

#include <stdint.h>

#include "util/loop.h"

enum pressure_level { PRESSURE_NONE, PRESSURE_SOME, PRESSURE_HIGH };

struct pressure;

struct pressure_config {
	const char *file;		/* like /proc/pressure/memory; NULL: that */
	uint64_t window_ms, calm_ms;	/* 0: as above */
};

/* How it is learnt: by being told, by reading, or, where there is no such file, not at all. */
enum pressure_source { PRESSURE_NOWHERE, PRESSURE_READ, PRESSURE_TOLD };

/* @changed is called when the level changes and in every window under pressure. 0, -ENOMEM. */
int pressure_new(struct pressure **ret, struct loop *loop, const struct pressure_config *config,
		 loop_fn changed, void *arg);
struct pressure *pressure_free(struct pressure *p);
DEFINE_CLEANUP(struct pressure *, pressure_free)

enum pressure_level pressure_level(const struct pressure *p);
enum pressure_source pressure_source(const struct pressure *p);
