/* SPDX-License-Identifier: MIT */
#include "adapters/catalog.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/manifest-fields.h"
#include "util/macro.h"
#include "util/yaml.h"

#define KEY_ID_LEN 16

struct catalog {
	struct yaml *source;	/* owns every string of the entries */
	struct catalog_entry *entries;
	size_t count;
};

static const char *const state_names[] = {
	[CATALOG_ACTIVE] = "active",   [CATALOG_STAGED] = "staged",
	[CATALOG_RETIRED] = "retired", [CATALOG_REFUSED] = "refused",
};

const char *catalog_state_name(enum catalog_state state)
{
	return state_names[state];
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

static int read_state(const struct yaml_node *node, enum catalog_state *ret, struct diag *d)
{
	const char *word;
	int r = yaml_str(node, &word, d);

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(state_names); i++)
		if (strcmp(word, state_names[i]) == 0) {
			*ret = (enum catalog_state)i;
			return 0;
		}
	return r < 0 ? r : yaml_error(node, -EINVAL, DIAG_RANGE, d,
				      "state: expected active, staged, retired or refused");
}

static int read_signature(const struct yaml_node *node, const char **ret, struct diag *d)
{
	int r = yaml_str(node, ret, d);

	if (r < 0 || strcmp(*ret, CATALOG_UNKNOWN_KEY) == 0)
		return r;
	if (strspn(*ret, "0123456789ABCDEF") != KEY_ID_LEN || (*ret)[KEY_ID_LEN])
		return yaml_error(node, -EINVAL, DIAG_RANGE, d,
				  "signature: expected %d hexadecimal digits or %s", KEY_ID_LEN,
				  CATALOG_UNKNOWN_KEY);
	return 0;
}

static int read_version(struct catalog_entry *e, const struct yaml_node *entry, struct diag *d)
{
	const struct yaml_node *node;
	uint64_t since = 0;
	int r = 0;

	e->reason = e->signature = "";
	e->enabled = true;
	if ((node = yaml_get(entry, "state")))
		r = read_state(node, &e->state, d);
	if (r == 0 && (node = yaml_get(entry, "reason")))
		r = manifest_read_text(node, 0, CATALOG_MAX_REASON, true, &e->reason, d);
	if (r == 0 && (node = yaml_get(entry, "since")))
		r = yaml_u64(node, 0, INT64_MAX, &since, d);
	if (r == 0 && (node = yaml_get(entry, "signature")))
		r = read_signature(node, &e->signature, d);
	if (r == 0 && (node = yaml_get(entry, "enabled")))
		r = yaml_bool(node, &e->enabled, d);
	if (r == 0 && (node = yaml_get(entry, "pinned")))
		r = yaml_bool(node, &e->pinned, d);
	e->since = (int64_t)since;
	return r;
}

static int read_entry(struct catalog_entry *e, const struct yaml_node *entry, struct diag *d)
{
	static const char *const keys[] = { MANIFEST_FIELDS, "file", "digest", "state", "reason",
					    "since", "signature", "enabled", "pinned", NULL };
	const struct yaml_node *file, *digest;
	int r = yaml_check_keys(entry, keys, d);

	if (r < 0 || (r = manifest_fields_read(&e->manifest, entry, d)) < 0)
		return r;
	if (!(file = manifest_require(entry, "file", d)) ||
	    !(digest = manifest_require(entry, "digest", d)))
		return -EINVAL;
	if ((r = read_file(file, &e->file, d)) < 0 ||
	    (r = manifest_read_digest(digest, &e->digest, d)) < 0)
		return r;
	return read_version(e, entry, d);
}

static int check_distinct(const struct catalog *c, const struct catalog_entry *e,
			  const struct yaml_node *node, struct diag *d)
{
	const char *name = e->manifest.name;

	if (catalog_version(c, name, &e->digest))
		return yaml_error(node, -EINVAL, DIAG_DUP, d,
				  "the same version of adapter '%s' is given twice", name);
	if (e->state == CATALOG_ACTIVE && catalog_active(c, name))
		return yaml_error(node, -EINVAL, DIAG_DUP, d,
				  "adapter '%s' has two active versions", name);
	return 0;
}

static int read_entries(struct catalog *c, const struct yaml_node *list, struct diag *d)
{
	size_t count;
	int r = yaml_expect(list, YAML_SEQUENCE, d);

	if (r < 0 || (r = manifest_count(list, CATALOG_MAX_ENTRIES, &count, d)) < 0)
		return r;
	c->entries = calloc(MAX(count, (size_t)1), sizeof(*c->entries));
	if (!c->entries)
		return diag_set(d, -ENOMEM, DIAG_SYSTEM, "", "out of memory");
	for (const struct yaml_node *n = list->first; n; n = n->next) {
		struct catalog_entry *e = &c->entries[c->count];

		if ((r = read_entry(e, n, d)) < 0 || (r = check_distinct(c, e, n, d)) < 0) {
			manifest_fields_deinit(&e->manifest);
			return r;
		}
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
		yaml_tree_free(source);
		return diag_set(d, -ENOMEM, DIAG_SYSTEM, "", "out of memory");
	}
	c->source = source;
	r = yaml_check_keys(root, keys, d);
	if (r < 0)
		return r;
	if (!(version = manifest_require(root, "version", d)) ||
	    !(list = manifest_require(root, "adapters", d)))
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
	for (size_t i = 0; i < c->count; i++)
		manifest_fields_deinit(&c->entries[i].manifest);
	yaml_tree_free(c->source);
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

const struct catalog_entry *catalog_active(const struct catalog *c, const char *name)
{
	for (size_t i = 0; i < c->count; i++)
		if (c->entries[i].state == CATALOG_ACTIVE &&
		    strcmp(c->entries[i].manifest.name, name) == 0)
			return &c->entries[i];
	return NULL;
}

const struct catalog_entry *catalog_version(const struct catalog *c, const char *name,
					    const struct digest *digest)
{
	for (size_t i = 0; i < c->count; i++)
		if (digest_equal(&c->entries[i].digest, digest) &&
		    strcmp(c->entries[i].manifest.name, name) == 0)
			return &c->entries[i];
	return NULL;
}
