/* SPDX-License-Identifier: MIT */
/* Where in a schema or a value a defect is. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "util/diag.h"

/* Grows on the stack of the recursion and is written out only for an error. */
struct schema_path {
	const struct schema_path *parent;
	const char *key;	/* NULL: @index */
	size_t index;
	unsigned depth;
};

/* Fills @d with the path; -EINVAL. */
int schema_fail(struct diag *d, const struct schema_path *at, enum diag_code code,
		const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* Numbers are equal by value, 1 and 1.0 too; neither is a list or an object. */
bool schema_scalars_equal(const json_t *a, const json_t *b);
