/* SPDX-License-Identifier: MIT */
/* What is wrong with messages, on stderr for the journal: once for each topic, not without end. */
#pragma once

#include <stddef.h>

#include "util/diag.h"

struct warnings {
	void *told;		/* tree of topics */
	size_t n;
};

void warnings_deinit(struct warnings *w);
/* Topic, field and text of @d, unless the topic was warned of before. */
void warnings_say(struct warnings *w, const char *topic, const struct diag *d);
