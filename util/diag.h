/* SPDX-License-Identifier: MIT */
/*
 * What is wrong with an input, for the person who gave it.
 *
 * Library folders never log. A function that reads outside input takes a
 * `struct diag *`, fills it on the first defect and returns a negative errno;
 * the caller decides what to do with the text. NULL is allowed everywhere.
 */
#pragma once

/* Class of the defect; tests name these, callers may. */
enum diag_code {
	DIAG_NONE = 0,
	DIAG_TRUNC,	/* input ends early */
	DIAG_RANGE,	/* value outside its range */
	DIAG_TYPE,	/* value of another type or form */
	DIAG_DUP,	/* given twice */
	DIAG_OVERFLOW,	/* a size does not fit its arithmetic */
	DIAG_SHAPE,	/* tensor or rank does not fit the model */
	DIAG_ALIGN,	/* offset or alignment not allowed */
	DIAG_LAYOUT,	/* overlap, gap, trailing bytes */
	DIAG_VOCAB,	/* tokenizer data inconsistent */
	DIAG_PAIR,	/* one half of a pair is missing */
	DIAG_SIG,	/* digest or signature does not match */
	DIAG_LIMIT,	/* larger than we accept */
	DIAG_UNSUP,	/* well formed, not supported */
	DIAG_SYNTAX,	/* text that does not parse */
	DIAG_SYSTEM,	/* the system refused: I/O error, no memory */
	DIAG_CODE_COUNT,
};

struct diag {
	enum diag_code code;
	char field[128];	/* printable UTF-8: key, tensor name, line:column */
	char text[256];		/* printable UTF-8: what is wrong, what was expected */
};

#define DIAG_NULL { .code = DIAG_NONE }

/*
 * Fills @d (unless it already holds an earlier, more precise defect) and
 * returns @err unchanged, so that `return diag_set(d, -EINVAL, …)` works.
 * Bytes of @field that are not printable ASCII are escaped.
 */
int diag_set(struct diag *d, int err, enum diag_code code, const char *field, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

/* "TRUNC", "RANGE" … */
const char *diag_code_name(enum diag_code code);
