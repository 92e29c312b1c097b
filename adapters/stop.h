/* SPDX-License-Identifier: MIT */
/* Whether whoever wants long work to be done wants it no more. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Asked between passes of a model; what is ended so returns -ECANCELED. NULL: it is never ended. */
struct stop {
	bool (*asked)(void *arg);
	void *arg;
};

static inline bool stop_asked(const struct stop *s)
{
	return s && s->asked(s->arg);
}
