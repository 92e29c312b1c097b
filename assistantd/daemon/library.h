/* SPDX-License-Identifier: MIT */
/*
 * What is installed: adapters by the catalogues, the user's and the program's, and models. A
 * catalogue is replaced as a whole; whoever works with an entry holds the catalogues it is
 * from, and the files that they list stay as long.
 */
#pragma once

#include "adapters/catalog.h"
#include "assistantd/daemon/config.h"
#include "assistantd/daemon/worker.h"

enum { LIBRARY_CATALOGS = 2 };	/* the user's, the program's */

struct library;
struct shelf;

struct installed {
	const struct catalog_entry *entry;
	const char *folder;
	bool users;		/* of the user's catalogue, and not the program's */
};

/* The catalogues of one moment. */
struct library_hold {
	struct shelf *shelves[LIBRARY_CATALOGS];
};

/* Reads the catalogues; a broken one is logged and left out. @changed is called when one was
 * changed by library_change(), which @worker writes. 0 or -ENOMEM. */
int library_new(struct library **ret, const struct paths *paths, struct worker *worker,
		loop_fn changed, void *arg);
/* At the end of the service, before the worker's: what is being written is the last change, and
 * those behind it fail. */
void library_stop(struct library *l);
struct library *library_free(struct library *l);
DEFINE_CLEANUP(struct library *, library_free)

/* Counts up with each change of the catalogues: requests are pinned to one. */
uint32_t library_generation(const struct library *l);
/* Reads again; entries of before are gone unless they are held. A broken file keeps what was
 * read before. */
void library_reload(struct library *l);

/* Keeps all entries of now until they are released; @h is zeroed or was released. */
void library_hold(struct library *l, struct library_hold *h);
/* Harmless on what is released already. */
void library_release(struct library_hold *h);

/* Every version, the user's first; false past the last. */
bool library_at(const struct library *l, size_t index, struct installed *ret);
/* The active version of that name that was made for @model (NULL: none runs), or else for
 * another. */
bool library_find(const struct library *l, const char *name, const struct identity *model,
		  struct installed *ret);
/* What is made under a name that the user has already comes after all of its versions. */
uint32_t library_next_sequence(const struct library *l, const char *name);
/* The user's folder of adapters, which need not be there yet. */
const char *library_folder(const struct library *l);
/* Opens the adapter's file: a descriptor, or -errno. */
int library_open(const struct installed *i);

/* The model to run: the configured one, the chosen one, or the embedded default. The caller
 * frees it; NULL without memory or without any. */
char *library_model(const struct paths *paths, const struct config *config);
