/* SPDX-License-Identifier: MIT */
/* Parts of a YAML document as JSON, and defects of that JSON back at their lines. */
#pragma once

#include <jansson.h>

#include "util/yaml.h"

/* What the core schema of YAML 1.2 makes of it. The caller's; NULL only without memory. */
json_t *yaml_json(const struct yaml_node *n);
/* The node behind a path as schema.h tells it, or the nearest above. */
const struct yaml_node *yaml_at(const struct yaml_node *n, const char *path);
/*
 * The member @key of @m as JSON that fits @schema, a text that has been checked: *@ret is the
 * caller's, NULL where there is none. -EINVAL with the line in @d, -ENOMEM.
 */
int yaml_part(const struct yaml_node *m, const char *key, const char *schema, json_t **ret,
	      struct diag *d);
/* The defect @inner, whose field is a path below @n, at its line in @d. Returns -EINVAL. */
int yaml_defect(const struct yaml_node *n, const struct diag *inner, struct diag *d);
