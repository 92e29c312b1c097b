/* SPDX-License-Identifier: MIT */
#include "assistantd/tools/component.h"

#include <string.h>

#include "util/macro.h"

static const struct {
	const struct component *table;
	const size_t *n;
} tables[] = {
	{ components_light, &n_components_light },
	{ components_opening, &n_components_opening },
	{ components_air, &n_components_air },
	{ components_robot, &n_components_robot },
	{ components_plain, &n_components_plain },
};

static const struct component *at(size_t i)
{
	for (size_t t = 0; t < ARRAY_SIZE(tables); i -= *tables[t].n, t++)
		if (i < *tables[t].n)
			return &tables[t].table[i];
	return NULL;
}

const struct component *component_find(const char *name, const json_t *description)
{
	const struct component *c;

	for (size_t i = 0; (c = at(i)); i++)
		if (strcmp(c->name, name) == 0 && (!c->is || c->is(description)))
			return c;
	return NULL;
}

/* The forms of one thing stand together. */
const char *component_name(size_t i)
{
	const char *before = "";
	const struct component *c;

	for (size_t k = 0; (c = at(k)); before = c->name, k++)
		if (strcmp(c->name, before) != 0 && i-- == 0)
			return c->name;
	return NULL;
}

bool component_known(const char *name)
{
	const char *known;

	for (size_t i = 0; (known = component_name(i)); i++)
		if (strcmp(known, name) == 0)
			return true;
	return false;
}

bool component_listed(const char *list, const char *word)
{
	size_t n = strlen(word), len;

	for (const char *s = list; *s; s += len + (s[len] == ' ')) {
		len = strcspn(s, " ");
		if (len == n && strncmp(s, word, n) == 0)
			return true;
	}
	return false;
}
