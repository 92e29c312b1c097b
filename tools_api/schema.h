/* SPDX-License-Identifier: MIT */
/*
 * The part of JSON Schema (2020-12) that arguments of tools need:
 *
 *   type (a name or a list of names), enum, const (scalars),
 *   properties, required, additionalProperties, minProperties, maxProperties,
 *   items (one schema), minItems, maxItems,
 *   minLength, maxLength (code points),
 *   minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf,
 *   anyOf, oneOf,
 *   and what says something and demands nothing: $schema, $id, $comment, title, description,
 *   default, examples, format, deprecated, readOnly, writeOnly.
 *
 * Any other keyword is an error when the schema is checked, so that no constraint is silently
 * ignored: pattern, because an expression of others can take as long as it likes; $ref, because
 * it can lead in circles. A schema is bounded in depth and size, a check of a value in steps.
 */
#pragma once

#include <jansson.h>

#include "util/diag.h"

#define TOOL_SCHEMA_DEPTH 16
#define TOOL_SCHEMA_SIZE (32 * 1024)	/* bytes of its text */
#define TOOL_SCHEMA_PARTS 512		/* schemas in a schema */
#define TOOL_SCHEMA_CHOICES 256		/* values of an enum, members of a required */
#define TOOL_SCHEMA_STEPS 100000	/* values compared with schemas and choices */

/* 0, or -EINVAL with the path of the bad keyword in @d->field ("/properties/area/type"). */
int tool_schema_check(const json_t *schema, struct diag *d);
/* Parses and checks a schema of others; *@ret is the caller's. -EINVAL, -ENOMEM. */
int tool_schema_parse(const char *text, size_t len, json_t **ret, struct diag *d);
/* @schema has passed the check. 0, or -EINVAL with the value's path ("/brightness"; the
 * arguments as a whole are "/") and what was expected in @d. */
int tool_schema_validate(const json_t *schema, const json_t *value, struct diag *d);
