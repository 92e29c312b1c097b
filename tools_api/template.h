/* SPDX-License-Identifier: MIT */
/*
 * Values with references, as tools are described by: JSON in which a string that begins with
 * "=" stands for what is at that path of a scope, {"arguments": {…}, "before": {…}, …}:
 *
 *   "=arguments.entity"           the argument as it is
 *   "=arguments.volume * 0.01"    a number, scaled
 *   "==word"                      the string "=word"
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "util/diag.h"

#define TOOL_TEMPLATE_DEPTH 16

/* Whether each reference is well formed and begins with one of @roots (NULL-ended). -EINVAL
 * with its path in @d. */
int tool_template_check(const json_t *template, const char *const *roots, struct diag *d);
/*
 * Fills a template that was checked. *@ret is the caller's. A member of an object whose
 * reference leads nowhere, or to null, is left out; elsewhere that is -ENOENT. -EINVAL where
 * something else than a number is to be scaled; -ENOMEM.
 */
int tool_template_fill(const json_t *template, const json_t *scope, json_t **ret);

/* A number that was computed: one that is whole, but for what binary fractions leave behind the
 * point, is an integer. The caller's; NULL where it is not finite or without memory. */
json_t *tool_number(double v);

/*
 * Whether @state has what @conditions names: each member equal to the value, or to one of a
 * list of them; null where it is not there. Numbers may differ by @tolerance.
 */
bool tool_agrees(const json_t *conditions, const json_t *state, double tolerance);

/* Whether a text has names in braces only as pairs. */
bool tool_text_check(const char *text);
/* @text with the values of @values for the names in braces. The caller's; NULL where a value
 * is missing or is no string, number or truth, or without memory. */
char *tool_text_fill(const char *text, const json_t *values);
