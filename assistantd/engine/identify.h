/* SPDX-License-Identifier: MIT */
/* Which model a file is: the digest of the file, by which what was computed with it is kept, and
 * its identity, to which adapters are bound. */
#pragma once

#include <stdbool.h>

#include "base_model/base_model.h"

struct model_digests {
	struct digest file;
	struct identity identity;
};

/*
 * @fd is the file that @g was parsed from. With @known, file and weights in @ret are believed,
 * and the file is not read; else it is read once and hashed by two threads. 0; -EINVAL with
 * @d; -ENOMEM; the system's error.
 */
int identify_model(struct model_digests *ret, bool known, const struct gguf *g, int fd,
		   struct diag *d);
