/* SPDX-License-Identifier: MIT */
/* What is installed: adapters by the catalogues, the program's and the user's, and models. */
#pragma once

#include "adapters/catalog.h"
#include "assistantd/daemon/config.h"

struct library;

struct installed {
	const struct catalog_entry *entry;
	const char *folder;
};

/* Reads the catalogues; a broken one is logged and left out. 0 or -ENOMEM. */
int library_new(struct library **ret, const struct paths *paths);
struct library *library_free(struct library *l);
DEFINE_CLEANUP(struct library *, library_free)

/* Counts up with each reading of the catalogues: requests are pinned to one. */
uint32_t library_generation(const struct library *l);
/* Reads again; entries of before are gone. A broken file keeps what was read before. */
void library_reload(struct library *l);

/* The user's entries first; false past the last. */
bool library_at(const struct library *l, size_t index, struct installed *ret);
bool library_find(const struct library *l, const char *name, struct installed *ret);
/* The first one of the task, and of the style unless NULL, that was made for @base. */
bool library_choose(const struct library *l, const char *task, const char *style,
		    const struct digest *base, struct installed *ret);
/* Opens the adapter's file: a descriptor, or -errno. */
int library_open(const struct installed *i);

/* The model to run: the configured one, the chosen one, or the embedded default. The caller
 * frees it; NULL without memory or without any. */
char *library_model(const struct paths *paths, const struct config *config);
