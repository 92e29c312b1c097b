/* SPDX-License-Identifier: MIT */
/*
 * Reads JSON of a known form from one end to the other, without a tree of it: a header of
 * many megabytes takes no more memory than its strings. Every function returns 0, or -EINVAL
 * with the byte and what was expected there.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/diag.h"

struct scanner {
	const char *begin, *at, *end;
	char *strings;		/* room for as many bytes as the text has */
	const char *field;	/* of diagnoses */
	struct diag *d;
};

/* The next character but blanks, which is @c. */
int scanner_expect(struct scanner *s, char c);
/* The next is @c: it is taken. */
bool scanner_take(struct scanner *s, char c);
/* A string without NUL, decoded into the scanner's room, of at most @max bytes. The text is
 * known to be UTF-8. */
int scanner_string(struct scanner *s, size_t max, const char **ret);
/* A whole number from 0 on. */
int scanner_number(struct scanner *s, uint64_t *ret);
/* Nothing but blanks is left. */
int scanner_finish(struct scanner *s);
/* -EINVAL, @code and @what was expected where the scanner stands. */
int scanner_fail(struct scanner *s, enum diag_code code, const char *what);
