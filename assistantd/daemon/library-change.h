/* SPDX-License-Identifier: MIT */
/*
 * Changes of the user's catalogue, one after the other. Each is computed from what the one
 * before has left, written by the worker, and in force when the file is in its place: whatever
 * happens in between leaves the old catalogue, and at most files that nothing lists, which
 * are removed.
 */
#pragma once

#include "assistantd/daemon/library.h"
#include "assistantd/daemon/versions.h"
#include "assistantd/daemon/worker.h"

/* Embedded in whoever waits for it. */
struct library_change {
	/* Changes @v, whose strings live as long as the change; what is added may be the
	 * change's, too. 0; -errno with @diag filled, and nothing is written. */
	int (*edit)(struct library_change *c, struct versions *v);
	/* On the loop's thread, once: 0 when it is in force; else @diag says why. */
	void (*done)(struct library_change *c, int result);
	struct diag diag;
	/* A file of the user's folder, "*.new" and synced, that becomes the one of @digest before
	 * the catalogue lists it; NULL: none. Or one elsewhere, that is copied. Not owned. */
	const char *fresh, *copied;
	struct digest digest;
	/* Filled by the library. */
	struct library *library;
	struct work work;
	struct buf text;
	struct shelf *shelf;
	struct library_change *next;
};

void library_change(struct library *l, struct library_change *c);

/* "DIGEST.gguf", of what is installed by a change. */
void library_file_name(const struct digest *d, char ret[DIGEST_HEX_LEN + 6]);
