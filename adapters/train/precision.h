/* SPDX-License-Identifier: MIT */
/* Which matrix gets how many bits: by what each costs where it alone has fewer. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PRECISION_TYPES = 8 };

/* One matrix: what it would come to in each type, and which it gets. */
struct precision {
	uint64_t bytes[PRECISION_TYPES];	/* by type, not falling */
	double loss[PRECISION_TYPES];		/* that the model has more of it, measured */
	size_t chosen;
};

/*
 * Begins with the first of @types for all @n, and gives more to whichever matrix loses most for
 * the bytes, as long as all together stay within @budget. Returns the bytes of all, which are
 * more than @budget only where the first type is.
 */
uint64_t precision_choose(struct precision *p, size_t n, size_t types, uint64_t budget);
