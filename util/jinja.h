/* SPDX-License-Identifier: MIT */
/*
 * The part of Jinja (jinja.palletsprojects.com/templates) that chat templates and
 * home-device templates are written in, as they are rendered there: trim_blocks and
 * lstrip_blocks on, the last newline of the source dropped.
 *
 * Templates come from files of strangers. A template sees its inputs and nothing else; its
 * steps, depth, memory and output are bounded; an unknown construct is an error that names
 * it. Every character of the output carries the label of where it came from, through
 * filters, slices and concatenation: text of an input stays text of that input.
 */
#pragma once

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "util/cleanup.h"
#include "util/diag.h"

#define JINJA_MAX_SOURCE ((size_t)1 << 20)
#define JINJA_MAX_OUTPUT ((size_t)16 << 20)
#define JINJA_MAX_MEMORY ((size_t)128 << 20)
#define JINJA_MAX_STEPS 4000000u
#define JINJA_MAX_DEPTH 128

struct jinja;
struct jinja_output;

/* Labels the bytes of @string, which have the variable's before. @key is where the string, or the
 * list that it is in, stands in an object, or NULL. */
struct jinja_labelling {
	void (*fn)(const void *arg, const char *key, const json_t *string, uint8_t *labels);
	const void *arg;
};

struct jinja_variable {
	const char *name;
	const json_t *value;
	uint8_t label;			/* of its strings and numbers; the template's own is 0 */
	const struct jinja_labelling *labelling;	/* of strings otherwise, or NULL */
};

struct jinja_segment {
	const char *text;		/* not NUL-terminated */
	size_t len;
	uint8_t label;
};

/* 0; -EINVAL with "line:column" and what is wrong in @d; -ENOMEM. */
int jinja_parse(struct jinja **ret, const char *source, size_t len, struct diag *d);
struct jinja *jinja_free(struct jinja *t);
DEFINE_CLEANUP(struct jinja *, jinja_free)

/*
 * Renders with variables (names are given once) and, for strftime_now, the day
 * @date "YYYY-MM-DD" or NULL for none. 0; -EINVAL with @d, also when the template itself
 * refuses its input (raise_exception); -ENOMEM.
 */
int jinja_render(struct jinja_output **ret, const struct jinja *t,
		 const struct jinja_variable *variables, size_t n, const char *date,
		 struct diag *d);
/* What one rendering may use; a caller may allow less than the constants above, never more. */
struct jinja_limits {
	uint32_t steps;
	size_t memory, output;
};

/* As jinja_render(), within @limits. */
int jinja_render_within(struct jinja_output **ret, const struct jinja *t,
			const struct jinja_variable *variables, size_t n, const char *date,
			const struct jinja_limits *limits, struct diag *d);
struct jinja_output *jinja_output_free(struct jinja_output *o);
DEFINE_CLEANUP(struct jinja_output *, jinja_output_free)
/* Neighbouring segments have different labels; the text of one begins where that of the one before
 * it ends. */
size_t jinja_output_count(const struct jinja_output *o);
struct jinja_segment jinja_output_at(const struct jinja_output *o, size_t index);
