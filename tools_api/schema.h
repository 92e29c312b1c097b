/* SPDX-License-Identifier: MIT */
/*
 * The part of JSON Schema that arguments of tools need: type (one name), properties,
 * required, additionalProperties (true or false), items (one schema), enum, minimum,
 * maximum, minLength, maxLength (code points), minItems, maxItems, title, description,
 * default. Another keyword is an error when the schema is checked, so that no constraint
 * is silently ignored.
 */
#pragma once

#include <jansson.h>

#include "util/diag.h"

#define TOOL_SCHEMA_DEPTH 16

/* 0, or -EINVAL with the path of the bad keyword in @d->field ("/properties/area/type"). */
int tool_schema_check(const json_t *schema, struct diag *d);
/* @schema has passed the check. 0, or -EINVAL with the value's path ("/brightness"; the
 * arguments as a whole are "/") and what was expected in @d. */
int tool_schema_validate(const json_t *schema, const json_t *value, struct diag *d);
