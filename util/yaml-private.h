/* SPDX-License-Identifier: MIT */
/* Nodes of YAML that stand in several places: `&name` gives one a name, `*name` is a copy. */
#pragma once

#include "util/yaml.h"

#define YAML_ANCHOR_MAX 63

struct yaml_anchor {
	char name[YAML_ANCHOR_MAX + 1];
	const struct yaml_node *node;
};

struct yaml_anchors {
	struct yaml_anchor *items;
	size_t n;
	size_t copied, bytes;	/* nodes and their text so far, by all copies */
};

void yaml_node_free(struct yaml_node *node);

/* Gives @node the name, which another may have had. 0, -ENOMEM, -E2BIG: the name is too long,
 * or there are too many. */
int yaml_anchor_set(struct yaml_anchors *t, const char *name, const struct yaml_node *node);
const struct yaml_node *yaml_anchor_get(const struct yaml_anchors *t, const char *name);
/* A copy of @node, without its key, to stand at @depth; its lines are those of the original. 0,
 * -ENOMEM, -E2BIG: more nodes or text than yaml.h allows in all, or deeper than YAML_MAX_DEPTH. */
int yaml_anchor_copy(struct yaml_anchors *t, const struct yaml_node *node, unsigned depth,
		     struct yaml_node **ret);
