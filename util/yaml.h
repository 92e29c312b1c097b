/* SPDX-License-Identifier: MIT */
/*
 * A YAML document as a tree, for configuration, catalogues, tools and intents.
 *
 * Only what such files need: mappings, sequences and scalars. Anchors, aliases,
 * tags, a second document, a repeated key, more than YAML_MAX_DEPTH levels, more
 * than YAML_MAX_KEYS keys in a mapping and more than YAML_MAX_SIZE bytes are
 * refused. Every error says line:column in the field of its diag, counted from 1.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/cleanup.h"
#include "util/diag.h"

#define YAML_MAX_DEPTH 16
#define YAML_MAX_SIZE (256 * 1024)
#define YAML_MAX_KEYS 1024
#define YAML_MAX_COPIED 16384
#define YAML_MAX_COPIED_BYTES (8 * YAML_MAX_SIZE)

enum yaml_kind { YAML_SCALAR, YAML_SEQUENCE, YAML_MAPPING };

struct yaml_node {
	enum yaml_kind kind;
	uint32_t line, column;
	char *text;	/* scalar: NUL-terminated UTF-8 without a NUL inside */
	size_t len;
	bool quoted;	/* scalar: was not plain, so it is a string whatever it looks like */
	char *key;	/* name under which the parent mapping holds this node, or NULL */
	uint32_t key_line, key_column;
	struct yaml_node *first;	/* children of a sequence or mapping, in file order */
	struct yaml_node *next;
};

struct yaml;

/* 0 and the tree; -EINVAL, -ENOMEM with @d filled. An empty document is an empty mapping. */
int yaml_parse(struct yaml **ret, const char *text, size_t len, struct diag *d);
/* The same with anchors and aliases: what these stand for is copied, YAML_MAX_COPIED nodes
 * with YAML_MAX_COPIED_BYTES of text at most in one document. */
int yaml_parse_anchors(struct yaml **ret, const char *text, size_t len, struct diag *d);
/* yaml_parse() from an open file, read from its beginning; also -EIO and such of the system. */
int yaml_read_fd(struct yaml **ret, int fd, struct diag *d);
struct yaml *yaml_tree_free(struct yaml *y);
DEFINE_CLEANUP(struct yaml *, yaml_tree_free)

const struct yaml_node *yaml_root(const struct yaml *y);
/* The child of that name, or NULL; NULL too when @mapping is NULL or no mapping. */
const struct yaml_node *yaml_get(const struct yaml_node *mapping, const char *key);

/* 0, or -EINVAL naming the place and what was expected. */
int yaml_expect(const struct yaml_node *node, enum yaml_kind kind, struct diag *d);
/* Refuses a mapping with a key that is not in the NULL-ended list, naming it. */
int yaml_check_keys(const struct yaml_node *mapping, const char *const *allowed, struct diag *d);
/* The string stays owned by the tree. */
int yaml_str(const struct yaml_node *node, const char **ret, struct diag *d);
int yaml_u64(const struct yaml_node *node, uint64_t min, uint64_t max, uint64_t *ret,
	     struct diag *d);
int yaml_f64(const struct yaml_node *node, double min, double max, double *ret, struct diag *d);
/* true or false, spelled so (YAML 1.2 core schema); yes, on and the like are refused. */
int yaml_bool(const struct yaml_node *node, bool *ret, struct diag *d);
/* Fills @d with the node's place; returns @err. */
int yaml_error(const struct yaml_node *node, int err, enum diag_code code, struct diag *d,
	       const char *fmt, ...) __attribute__((format(printf, 5, 6)));
