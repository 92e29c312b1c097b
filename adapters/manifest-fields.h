/* SPDX-License-Identifier: MIT */
/* What a package's manifest and an entry of the catalogue have in common. */
#pragma once

#include <stdbool.h>

#include "adapters/manifest.h"
#include "util/yaml.h"

/* Their keys, for lists of those that are known. */
#define MANIFEST_FIELDS "name", "task", "style", "title", "languages", "sequence", "base", \
			"tokenizer", "template", "rank", "scale", "prompt"

/* Fills all but training and canaries from a mapping, whose strings are borrowed. What was
 * allocated stays in @m also on failure: manifest_fields_deinit() releases it. */
int manifest_fields_read(struct manifest *m, const struct yaml_node *mapping, struct diag *d);
void manifest_fields_deinit(struct manifest *m);
/* A line for each, behind @indent blanks. 0 or -ENOMEM. */
int manifest_fields_write(const struct manifest *m, unsigned indent, struct buf *out);
/* One such line. */
int manifest_put_string(struct buf *out, unsigned indent, const char *key, const char *value);

/* The child, or NULL with @d saying that it is missing. */
const struct yaml_node *manifest_require(const struct yaml_node *mapping, const char *key,
					 struct diag *d);
int manifest_read_digest(const struct yaml_node *node, struct digest *ret, struct diag *d);
/* A text of @min to @max bytes; with @one_line, without control characters. */
int manifest_read_text(const struct yaml_node *node, size_t min, size_t max, bool one_line,
		       const char **ret, struct diag *d);
/* Items of a list with at most @max of them; -EINVAL says so. */
int manifest_count(const struct yaml_node *list, size_t max, size_t *ret, struct diag *d);
