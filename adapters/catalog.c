/* SPDX-License-Identifier: MIT */
#include "adapters/catalog.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util/macro.h"
#include "util/yaml.h"

#define CATALOG_MAX_ENTRIES 1024
#define CATALOG_MAX_SCALE 8.0

struct catalog {
	struct yaml *source;	/* owns every string of the entries */
	struct catalog_entry *entries;
	size_t count;
};

static bool is_name(const char *s)
{
	size_t n = 0;

	for (; s[n]; n++)
		if (!(islower((unsigned char)s[n]) || isdigit((unsigned char)s[n]) ||
		      (n && (s[n] == '-' || s[n] == '_'))))
			return false;
	return n > 0 && n <= 63;
}

static int read_name(const struct yaml_node *node, const char **ret, struct diag *d)
{
	int r = yaml_str(node, ret, d);

	if (r == 0 && !is_name(*ret))
		return yaml_error(node, -EINVAL, DIAG_RANGE, d,
				  "%s: expected 1 to 63 of a-z, 0-9, - and _", node->key);
	return r;
}

static int read_file(const struct yaml_node *node, const char **ret, struct diag *d)
{
	int r = yaml_str(node, ret, d);

	/* A folder in it could lead anywhere; a leading point hides or climbs. */
	if (r == 0 && (!**ret || **ret == '.' || strchr(*ret, '/') || strlen(*ret) > 255))
		return yaml_error(node, -EINVAL, DIAG_RANGE, d,
				  "%s: expected the name of a file beside the catalogue",
				  node->key);
	return r;
}

static int read_digest(const struct yaml_node *node, struct digest *ret, struct diag *d)
{
	const char *hex;
	int r = yaml_str(node, &hex, d);

	if (r == 0 && digest_from_hex(hex, ret) < 0)
		return yaml_error(node, -EINVAL, DIAG_RANGE, d,
				  "%s: expected 64 hexadecimal digits of SHA-256", node->key);
	return r;
}

/* The child, or NULL with @d saying that it is missing. */
static const struct yaml_node *require(const struct yaml_node *entry, const char *key,
				       struct diag *d)
{
	const struct yaml_node *node = yaml_get(entry, key);

	if (!node)
		yaml_error(entry, -EINVAL, DIAG_PAIR, d, "%s is missing", key);
	return node;
}

static int read_required(struct catalog_entry *e, const struct yaml_node *entry, struct diag *d)
{
	const struct yaml_node *name, *task, *file, *digest, *base, *prompt;
	int r;

	if (!(name = require(entry, "name", d)) || !(task = require(entry, "task", d)) ||
	    !(file = require(entry, "file", d)) || !(digest = require(entry, "digest", d)) ||
	    !(base = require(entry, "base", d)) || !(prompt = require(entry, "prompt", d)))
		return -EINVAL;
	if ((r = read_name(name, &e->name, d)) < 0 || (r = read_name(task, &e->task, d)) < 0 ||
	    (r = read_file(file, &e->file, d)) < 0 ||
	    (r = read_digest(digest, &e->digest, d)) < 0 ||
	    (r = read_digest(base, &e->base, d)) < 0)
		return r;
	return yaml_str(prompt, &e->prompt, d);
}

static int read_entry(struct catalog_entry *e, const struct yaml_node *entry, struct diag *d)
{
	static const char *const keys[] = { "name", "task", "style", "title", "file",
					    "digest", "base", "scale", "prompt", NULL };
	const struct yaml_node *node;
	double scale = 1.0;
	int r = yaml_check_keys(entry, keys, d);

	if (r == 0)
		r = read_required(e, entry, d);
	if (r == 0 && (node = yaml_get(entry, "style")))
		r = read_name(node, &e->style, d);
	e->title = e->name;
	if (r == 0 && (node = yaml_get(entry, "title")))
		r = yaml_str(node, &e->title, d);
	if (r == 0 && (node = yaml_get(entry, "scale")))
		r = yaml_f64(node, 0.0, CATALOG_MAX_SCALE, &scale, d);
	e->scale = (float)scale;
	return r;
}

static int read_entries(struct catalog *c, const struct yaml_node *list, struct diag *d)
{
	size_t count = 0;
	int r = yaml_expect(list, YAML_SEQUENCE, d);

	if (r < 0)
		return r;
	for (const struct yaml_node *n = list->first; n; n = n->next)
		count++;
	if (count > CATALOG_MAX_ENTRIES)
		return yaml_error(list, -EINVAL, DIAG_LIMIT, d, "more than %d adapters",
				  CATALOG_MAX_ENTRIES);
	c->entries = calloc(MAX(count, (size_t)1), sizeof(*c->entries));
	if (!c->entries)
		return diag_set(d, -ENOMEM, DIAG_SYSTEM, "", "out of memory");
	for (const struct yaml_node *n = list->first; n; n = n->next) {
		struct catalog_entry *e = &c->entries[c->count];

		r = read_entry(e, n, d);
		if (r < 0)
			return r;
		if (catalog_find(c, e->name))
			return yaml_error(n, -EINVAL, DIAG_DUP, d, "adapter '%s' is given twice",
					  e->name);
		c->count++;
	}
	return 0;
}

/* Consumes @source, also on failure. */
static int catalog_from_yaml(struct catalog **ret, struct yaml *source, struct diag *d)
{
	static const char *const keys[] = { "version", "adapters", NULL };
	_cleanup_(catalog_freep) struct catalog *c = calloc(1, sizeof(*c));
	const struct yaml_node *root = yaml_root(source), *version, *list;
	uint64_t number;
	int r;

	if (!c) {
		yaml_free(source);
		return diag_set(d, -ENOMEM, DIAG_SYSTEM, "", "out of memory");
	}
	c->source = source;
	r = yaml_check_keys(root, keys, d);
	if (r < 0)
		return r;
	if (!(version = require(root, "version", d)) || !(list = require(root, "adapters", d)))
		return -EINVAL;
	r = yaml_u64(version, 1, 1, &number, d);
	if (r == 0)
		r = read_entries(c, list, d);
	if (r < 0)
		return r;
	*ret = TAKE(c);
	return 0;
}

int catalog_parse(struct catalog **ret, const char *text, size_t len, struct diag *d)
{
	struct yaml *source;
	int r = yaml_parse(&source, text, len, d);

	return r < 0 ? r : catalog_from_yaml(ret, source, d);
}

int catalog_read_fd(struct catalog **ret, int fd, struct diag *d)
{
	struct yaml *source;
	int r = yaml_read_fd(&source, fd, d);

	return r < 0 ? r : catalog_from_yaml(ret, source, d);
}

struct catalog *catalog_free(struct catalog *c)
{
	if (!c)
		return NULL;
	yaml_free(c->source);
	free(c->entries);
	free(c);
	return NULL;
}

size_t catalog_count(const struct catalog *c)
{
	return c->count;
}

const struct catalog_entry *catalog_at(const struct catalog *c, size_t index)
{
	return index < c->count ? &c->entries[index] : NULL;
}

const struct catalog_entry *catalog_find(const struct catalog *c, const char *name)
{
	for (size_t i = 0; i < c->count; i++)
		if (strcmp(c->entries[i].name, name) == 0)
			return &c->entries[i];
	return NULL;
}

const struct catalog_entry *catalog_choose(const struct catalog *c, const char *task,
					   const char *style, const struct digest *base)
{
	for (size_t i = 0; i < c->count; i++) {
		const struct catalog_entry *e = &c->entries[i];

		if (strcmp(e->task, task) == 0 && digest_equal(&e->base, base) &&
		    (!style || (e->style && strcmp(e->style, style) == 0)))
			return e;
	}
	return NULL;
}
