/* SPDX-License-Identifier: MIT */
/*
 * The versions of an adapter: how a list of the catalogue's entries changes when one is added,
 * put into service, taken back or removed. Pure: nothing here reads a file or a clock. A name
 * has at most one active version, and keeps VERSIONS_KEPT of those that served or were refused.
 */
#pragma once

#include "adapters/catalog.h"

enum { VERSIONS_KEPT = 3 };

struct versions {
	struct catalog_entry *entries;	/* with room for one more */
	size_t n;
	int64_t now;			/* epoch seconds, of what changes */
};

/* NULL: none. @digest NULL: the active one. */
struct catalog_entry *versions_find(const struct versions *v, const char *name,
				    const struct digest *digest);
/* The one that waits for Commit: @digest, or the newest staged one; or NULL. */
struct catalog_entry *versions_staged(const struct versions *v, const char *name,
				      const struct digest *digest);
/* The one that served before, or NULL. */
struct catalog_entry *versions_before(const struct versions *v, const char *name);

/* Adds @e, in place of one of the same name and digest; an active one stays as it is. */
void versions_add(struct versions *v, const struct catalog_entry *e);
/* Puts @e, one of @v's, into service; what served is retired for @reason. */
void versions_activate(struct versions *v, struct catalog_entry *e, const char *reason);
/* Takes the active one out of service. */
void versions_retire(struct versions *v, const char *name, const char *reason);
/* Removes one, NULL: all of the name; returns how many that were. */
size_t versions_remove(struct versions *v, const char *name, const struct digest *digest);
