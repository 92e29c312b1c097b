/* SPDX-License-Identifier: MIT */
/*
 * Digests of files that were hashed before, found again by what the system says of a file:
 * device, inode, size, and the times of its last change. A model of gigabytes is then opened
 * without being read whole. Kept as text, a line each, newest first; what is not of that form
 * is left out, and a file that cannot be read or written only costs hashing again.
 */
#pragma once

#include <stdbool.h>
#include <sys/stat.h>

#include "util/digest.h"

/* The digests of the file that @st describes and of its weights (base_model/identity.h), by the
 * list at @path; false when not known. */
bool digests_find(const char *path, const struct stat *st, struct digest *file,
		  struct digest *weights);
/*
 * Adds them. Not when the file changed within the last two seconds: a change after @st was
 * taken might then have the same times. 0 or -errno.
 */
int digests_keep(const char *path, const struct stat *st, const struct digest *file,
		 const struct digest *weights);
