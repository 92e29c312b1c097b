/* SPDX-License-Identifier: MIT */
/* What a filter, method or function is called with. */
#pragma once

#include "util/jinja-private.h"

struct call {
	struct render *r;
	const struct node *n;
	const struct value *in;		/* NULL for a function */
	const struct arguments *args;
	struct value *ret;
};

typedef int (*call_fn)(const struct call *c);

/* The error @what, with the name of what was called. */
int call_error(const struct call *c, const char *what);
int call_give_text(const struct call *c, struct text t);
/* The argument at a position or by name, which must be a string. */
int call_text_argument(const struct call *c, size_t i, const char *name, struct text *ret);

/* Filters and methods of text. */
int text_strip(const struct call *c);
int text_lstrip(const struct call *c);
int text_rstrip(const struct call *c);
int text_upper(const struct call *c);
int text_lower(const struct call *c);
int text_capitalize(const struct call *c);
int text_replace(const struct call *c);
int text_truncate(const struct call *c);
int text_split(const struct call *c);
int text_startswith(const struct call *c);
int text_endswith(const struct call *c);
