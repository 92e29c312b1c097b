/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/yaml-private.h"

static struct yaml_anchor *find(const struct yaml_anchors *t, const char *name)
{
	for (size_t i = 0; i < t->n; i++)
		if (strcmp(t->items[i].name, name) == 0)
			return &t->items[i];
	return NULL;
}

int yaml_anchor_set(struct yaml_anchors *t, const char *name, const struct yaml_node *node)
{
	struct yaml_anchor *a = find(t, name), *grown;

	if (a) {
		a->node = node;
		return 0;
	}
	if (t->n == YAML_MAX_KEYS || strlen(name) > YAML_ANCHOR_MAX)
		return -E2BIG;
	grown = reallocarray(t->items, t->n + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	t->items = grown;
	a = &grown[t->n++];
	strcpy(a->name, name);
	a->node = node;
	return 0;
}

const struct yaml_node *yaml_anchor_get(const struct yaml_anchors *t, const char *name)
{
	const struct yaml_anchor *a = find(t, name);

	return a ? a->node : NULL;
}

static int copy_children(struct yaml_anchors *t, const struct yaml_node *node, unsigned depth,
			 struct yaml_node *copy)
{
	struct yaml_node **last = &copy->first;
	int r = 0;

	for (const struct yaml_node *c = node->first; c && r == 0; c = c->next) {
		r = yaml_anchor_copy(t, c, depth + 1, last);
		if (r == 0 && c->key) {
			(*last)->key = strdup(c->key);
			r = (*last)->key ? 0 : -ENOMEM;
		}
		if (r == 0)
			last = &(*last)->next;
	}
	return r;
}

int yaml_anchor_copy(struct yaml_anchors *t, const struct yaml_node *node, unsigned depth,
		     struct yaml_node **ret)
{
	bool too_deep = node->kind != YAML_SCALAR && depth >= YAML_MAX_DEPTH;
	struct yaml_node *copy;
	int r = 0;

	t->bytes += node->len + (node->key ? strlen(node->key) : 0);
	if (t->copied++ == YAML_MAX_COPIED || t->bytes > YAML_MAX_COPIED_BYTES || too_deep)
		return -E2BIG;
	copy = malloc(sizeof(*copy));
	if (!copy)
		return -ENOMEM;
	*copy = *node;
	copy->first = copy->next = NULL;
	copy->key = copy->text = NULL;
	if (node->text) {
		copy->text = strdup(node->text);
		r = copy->text ? 0 : -ENOMEM;
	}
	if (r == 0)
		r = copy_children(t, node, depth, copy);
	if (r < 0) {
		yaml_node_free(copy);
		return r;
	}
	*ret = copy;
	return 0;
}
