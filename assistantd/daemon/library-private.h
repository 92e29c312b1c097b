/* SPDX-License-Identifier: MIT */
/* Inside the library: catalogues as they were read, and the user's, which changes. */
#pragma once

#include "assistantd/daemon/library.h"
#include "assistantd/daemon/worker.h"

enum { LIBRARY_USER, LIBRARY_PROGRAM };

/* One catalogue as it was read; @catalog is NULL where there is no file. */
struct shelf {
	unsigned refs;
	struct catalog *catalog;
	struct library *library;
	struct shelf *next;	/* of all that are held, newest first */
};

struct library {
	char *folders[LIBRARY_CATALOGS];
	struct shelf *shelves[LIBRARY_CATALOGS];
	struct shelf *all;
	/* Why the user's catalogue is not to be written over: what it holds could not be read. */
	char trouble[400];
	uint32_t generation;
	struct worker *worker;
	loop_fn changed;
	void *arg;
	struct library_change *changes;	/* the first is being written */
};

/* A shelf with @catalog (taken, also on failure) in it: NULL without memory. */
struct shelf *shelf_new(struct library *l, struct catalog *catalog);
struct shelf *shelf_unref(struct shelf *s);
/* Puts @s (taken) in the place of what is there. */
void library_put(struct library *l, int which, struct shelf *s);
/* Removes the user's files that no catalogue lists; with @all, those too that were being
 * written when the service ended. */
void library_sweep(struct library *l, bool all);
