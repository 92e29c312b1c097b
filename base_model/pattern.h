/* SPDX-License-Identifier: MIT */
/*
 * A regular expression that a model file gives, for a cut that we do not know by name. PCRE2
 * backtracks, so its steps are counted, and bounded by the text.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "util/cleanup.h"
#include "util/diag.h"

#define PATTERN_MAX 4096	/* bytes of an expression */
/* Items of the expression tried and characters passed over, for each character of a text, and
 * what any text may take. */
#define PATTERN_STEPS 128
#define PATTERN_STEPS_LEAST (1 << 20)

struct characters;
struct pattern;

/* @expression is NUL-terminated UTF-8, of Oniguruma's syntax as far as PCRE2 shares it. 0;
 * -EINVAL with @d, whose field is @field; -ENOMEM. */
int pattern_new(struct pattern **ret, const char *expression, const char *field, struct diag *d);
struct pattern *pattern_free(struct pattern *p);
DEFINE_CLEANUP(struct pattern *, pattern_free)
/* Cuts the pieces of @c that end at @ends[0..@n) into what matches and what stands between;
 * @to has room for each character and gets @n_to ends. 0; -ELOOP beyond the steps that this
 * text may take; -ENOMEM. */
int pattern_cut(const struct pattern *p, struct characters *c, const uint32_t *ends, size_t n,
		uint32_t *to, size_t *n_to);

/* Whether all of @text (at most PATTERN_TEXT bytes) matches. 1, 0, -EINVAL for a longer text,
 * -ENOMEM; -ELOOP when that takes more than *@steps, which become fewer by those taken. */
#define PATTERN_TEXT 512
int pattern_whole(const struct pattern *p, const char *text, size_t len, uint64_t *steps);
