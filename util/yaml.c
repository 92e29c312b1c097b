/* SPDX-License-Identifier: MIT */
/*
 * libyaml's events become a tree. The event interface, not libyaml's own
 * documents: those resolve aliases without a limit, and a small file can
 * have large ones.
 */
#include "util/yaml.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "util/buf.h"
#include "util/file.h"
#include "util/macro.h"
#include "util/yaml-private.h"

struct yaml {
	struct yaml_node *root;
};

struct builder {
	struct yaml_node *open[YAML_MAX_DEPTH];
	struct yaml_node **tail[YAML_MAX_DEPTH];
	unsigned keys[YAML_MAX_DEPTH];
	unsigned depth;
	struct yaml_node *root;
	char *key;	/* read, its value is still to come */
	uint32_t key_line, key_column;
	struct yaml_node *latest;	/* the node begun last; NULL: it was a key */
	struct yaml_anchors *anchors;	/* NULL: nodes have no names */
};

/* Depth is capped at YAML_MAX_DEPTH while building, so this recursion is too. */
void yaml_node_free(struct yaml_node *node)
{
	struct yaml_node *next;

	for (; node; node = next) {
		next = node->next;
		yaml_node_free(node->first);
		free(node->text);
		free(node->key);
		free(node);
	}
}

static int place_error(uint32_t line, uint32_t column, int err, enum diag_code code, struct diag *d,
		       const char *fmt, va_list args)
{
	char field[32], text[sizeof(d->text)];

	snprintf(field, sizeof(field), "%u:%u", line, column);
	vsnprintf(text, sizeof(text), fmt, args);
	return diag_set(d, err, code, field, "%s", text);
}

int yaml_error(const struct yaml_node *node, int err, enum diag_code code, struct diag *d,
	       const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	err = place_error(node->line, node->column, err, code, d, fmt, args);
	va_end(args);
	return err;
}

static __attribute__((format(printf, 4, 5))) int mark_error(yaml_mark_t mark, enum diag_code code,
							     struct diag *d, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	place_error((uint32_t)mark.line + 1, (uint32_t)mark.column + 1, 0, code, d, fmt, args);
	va_end(args);
	return -EINVAL;
}

static struct yaml_node *node_new(enum yaml_kind kind, yaml_mark_t mark)
{
	struct yaml_node *node = calloc(1, sizeof(*node));

	if (!node)
		return NULL;
	node->kind = kind;
	node->line = (uint32_t)mark.line + 1;
	node->column = (uint32_t)mark.column + 1;
	return node;
}

/* Links @node under the innermost open collection; the tree owns it from here. */
static void attach(struct builder *b, struct yaml_node *node)
{
	b->latest = node;
	if (b->depth == 0) {
		b->root = node;
		return;
	}
	if (b->open[b->depth - 1]->kind == YAML_MAPPING) {
		node->key = TAKE(b->key);
		node->key_line = b->key_line;
		node->key_column = b->key_column;
	}
	*b->tail[b->depth - 1] = node;
	b->tail[b->depth - 1] = &node->next;
}

static int open_collection(struct builder *b, enum yaml_kind kind, const yaml_event_t *ev,
			   struct diag *d)
{
	struct yaml_node *node;

	if (b->depth == YAML_MAX_DEPTH)
		return mark_error(ev->start_mark, DIAG_LIMIT, d, "nested deeper than %d levels",
				  YAML_MAX_DEPTH);
	if (b->depth && b->open[b->depth - 1]->kind == YAML_MAPPING && !b->key)
		return mark_error(ev->start_mark, DIAG_TYPE, d, "a key must be a plain string");
	node = node_new(kind, ev->start_mark);
	if (!node)
		return diag_set(d, -ENOMEM, DIAG_SYSTEM, "", "out of memory");
	attach(b, node);
	b->open[b->depth] = node;
	b->tail[b->depth] = &node->first;
	b->keys[b->depth] = 0;
	b->depth++;
	return 0;
}

static int take_key(struct builder *b, const yaml_event_t *ev, struct diag *d)
{
	const char *name = (const char *)ev->data.scalar.value;

	/* Each is compared with those before it. */
	if (b->keys[b->depth - 1]++ == YAML_MAX_KEYS)
		return mark_error(ev->start_mark, DIAG_LIMIT, d, "more than %d keys",
				  YAML_MAX_KEYS);
	if (yaml_get(b->open[b->depth - 1], name))
		return mark_error(ev->start_mark, DIAG_DUP, d, "key '%s' is given twice", name);
	b->latest = NULL;
	b->key = strdup(name);
	if (!b->key)
		return diag_set(d, -ENOMEM, DIAG_SYSTEM, "", "out of memory");
	b->key_line = (uint32_t)ev->start_mark.line + 1;
	b->key_column = (uint32_t)ev->start_mark.column + 1;
	return 0;
}

static int take_scalar(struct builder *b, const yaml_event_t *ev, struct diag *d)
{
	const char *value = (const char *)ev->data.scalar.value;
	struct yaml_node *node;

	if (memchr(value, 0, ev->data.scalar.length))
		return mark_error(ev->start_mark, DIAG_TYPE, d, "a NUL byte inside a string");
	if (b->depth && b->open[b->depth - 1]->kind == YAML_MAPPING && !b->key)
		return take_key(b, ev, d);
	node = node_new(YAML_SCALAR, ev->start_mark);
	if (!node || !(node->text = strdup(value))) {
		yaml_node_free(node);
		return diag_set(d, -ENOMEM, DIAG_SYSTEM, "", "out of memory");
	}
	node->len = ev->data.scalar.length;
	node->quoted = ev->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	attach(b, node);
	return 0;
}

/* A tag is refused, and so is a name where nodes have none. */
static int check_extras(const struct builder *b, const yaml_event_t *ev,
			const yaml_char_t *anchor, const yaml_char_t *tag, struct diag *d)
{
	if (anchor && !b->anchors)
		return mark_error(ev->start_mark, DIAG_UNSUP, d, "anchors are not supported");
	if (tag)
		return mark_error(ev->start_mark, DIAG_UNSUP, d, "tags are not supported");
	return 0;
}

/* Gives the node begun last its name. */
static int take_anchor(struct builder *b, const yaml_event_t *ev, const yaml_char_t *anchor,
		       struct diag *d)
{
	int r = 0;

	if (anchor && !b->latest)
		return mark_error(ev->start_mark, DIAG_UNSUP, d, "a key cannot have an anchor");
	if (anchor)
		r = yaml_anchor_set(b->anchors, (const char *)anchor, b->latest);
	if (r == -E2BIG)
		return mark_error(ev->start_mark, DIAG_LIMIT, d, "more than %d anchors, or one "
				  "with more than %d bytes", YAML_MAX_KEYS, YAML_ANCHOR_MAX);
	return r < 0 ? diag_set(d, r, DIAG_SYSTEM, "", "out of memory") : 0;
}

static int take_alias(struct builder *b, const yaml_event_t *ev, struct diag *d)
{
	const char *name = (const char *)ev->data.alias.anchor;
	const struct yaml_node *node = b->anchors ? yaml_anchor_get(b->anchors, name) : NULL;
	struct yaml_node *copy = NULL;
	int r;

	if (!b->anchors)
		return mark_error(ev->start_mark, DIAG_UNSUP, d, "aliases are not supported");
	if (b->depth && b->open[b->depth - 1]->kind == YAML_MAPPING && !b->key)
		return mark_error(ev->start_mark, DIAG_TYPE, d, "a key must be a plain string");
	if (!node)
		return mark_error(ev->start_mark, DIAG_PAIR, d, "there is no anchor of this name");
	for (unsigned i = 0; i < b->depth; i++)
		if (b->open[i] == node)
			return mark_error(ev->start_mark, DIAG_LAYOUT, d,
					  "an alias stands inside what it names");
	r = yaml_anchor_copy(b->anchors, node, b->depth, &copy);
	if (r == -E2BIG)
		return mark_error(ev->start_mark, DIAG_LIMIT, d, "aliases for more than %d nodes "
				  "or %d bytes, or nested deeper than %d levels", YAML_MAX_COPIED,
				  YAML_MAX_COPIED_BYTES, YAML_MAX_DEPTH);
	if (r < 0)
		return diag_set(d, r, DIAG_SYSTEM, "", "out of memory");
	attach(b, copy);
	return 0;
}

static int take_node(struct builder *b, const yaml_event_t *ev, struct diag *d)
{
	const yaml_char_t *anchor, *tag;
	int r;

	if (ev->type == YAML_MAPPING_START_EVENT) {
		anchor = ev->data.mapping_start.anchor;
		tag = ev->data.mapping_start.tag;
	} else if (ev->type == YAML_SEQUENCE_START_EVENT) {
		anchor = ev->data.sequence_start.anchor;
		tag = ev->data.sequence_start.tag;
	} else {
		anchor = ev->data.scalar.anchor;
		tag = ev->data.scalar.tag;
	}
	r = check_extras(b, ev, anchor, tag, d);
	if (r == 0 && ev->type == YAML_SCALAR_EVENT)
		r = take_scalar(b, ev, d);
	else if (r == 0)
		r = open_collection(b, ev->type == YAML_MAPPING_START_EVENT ? YAML_MAPPING :
				    YAML_SEQUENCE, ev, d);
	return r < 0 ? r : take_anchor(b, ev, anchor, d);
}

static int take_event(struct builder *b, const yaml_event_t *ev, struct diag *d)
{
	switch (ev->type) {
	case YAML_DOCUMENT_START_EVENT:
		if (b->root)
			return mark_error(ev->start_mark, DIAG_UNSUP, d, "a second document");
		return 0;
	case YAML_ALIAS_EVENT:
		return take_alias(b, ev, d);
	case YAML_MAPPING_START_EVENT:
	case YAML_SEQUENCE_START_EVENT:
	case YAML_SCALAR_EVENT:
		return take_node(b, ev, d);
	case YAML_MAPPING_END_EVENT:
	case YAML_SEQUENCE_END_EVENT:
		b->depth--;
		return 0;
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_STREAM_END_EVENT:
	case YAML_DOCUMENT_END_EVENT:
		break;
	}
	return 0;
}

static int build(struct builder *b, yaml_parser_t *parser, struct diag *d)
{
	bool end = false;
	int r = 0;

	while (!end && r == 0) {
		yaml_event_t ev;

		if (!yaml_parser_parse(parser, &ev)) {
			if (parser->error == YAML_MEMORY_ERROR)
				return diag_set(d, -ENOMEM, DIAG_SYSTEM, "", "out of memory");
			return mark_error(parser->problem_mark, DIAG_SYNTAX, d, "%s",
					  parser->problem ? parser->problem : "not YAML");
		}
		end = ev.type == YAML_STREAM_END_EVENT;
		r = take_event(b, &ev, d);
		yaml_event_delete(&ev);
	}
	if (r == 0 && !b->root)
		b->root = node_new(YAML_MAPPING, (yaml_mark_t){ 0 });
	if (r == 0 && !b->root)
		return -ENOMEM;
	return r;
}

static int parse(struct yaml **ret, const char *text, size_t len, struct yaml_anchors *anchors,
		 struct diag *d)
{
	struct builder b = { .anchors = anchors };
	_cleanup_free_ struct yaml *y = NULL;
	yaml_parser_t parser;
	int r;

	if (len > YAML_MAX_SIZE)
		return diag_set(d, -EINVAL, DIAG_LIMIT, "", "larger than %d bytes", YAML_MAX_SIZE);
	y = calloc(1, sizeof(*y));
	if (!y || !yaml_parser_initialize(&parser))
		return diag_set(d, -ENOMEM, DIAG_SYSTEM, "", "out of memory");
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	r = build(&b, &parser, d);
	yaml_parser_delete(&parser);
	free(b.key);
	if (r < 0) {
		yaml_node_free(b.root);
		return r;
	}
	y->root = b.root;
	*ret = TAKE(y);
	return 0;
}

int yaml_parse(struct yaml **ret, const char *text, size_t len, struct diag *d)
{
	return parse(ret, text, len, NULL, d);
}

int yaml_parse_anchors(struct yaml **ret, const char *text, size_t len, struct diag *d)
{
	struct yaml_anchors anchors = { 0 };
	int r = parse(ret, text, len, &anchors, d);

	free(anchors.items);
	return r;
}

int yaml_read_fd(struct yaml **ret, int fd, struct diag *d)
{
	_cleanup_(buf_deinit) struct buf text = BUF_NULL;
	int r = file_read_all(fd, YAML_MAX_SIZE, &text, d);

	return r < 0 ? r : yaml_parse(ret, text.data, text.len, d);
}

struct yaml *yaml_tree_free(struct yaml *y)
{
	if (!y)
		return NULL;
	yaml_node_free(y->root);
	free(y);
	return NULL;
}

const struct yaml_node *yaml_root(const struct yaml *y)
{
	return y->root;
}

const struct yaml_node *yaml_get(const struct yaml_node *mapping, const char *key)
{
	if (!mapping || mapping->kind != YAML_MAPPING)
		return NULL;
	for (const struct yaml_node *n = mapping->first; n; n = n->next)
		if (n->key && strcmp(n->key, key) == 0)
			return n;
	return NULL;
}

int yaml_expect(const struct yaml_node *node, enum yaml_kind kind, struct diag *d)
{
	static const char *const names[] = { "a single value", "a list", "a mapping" };

	if (node->kind == kind)
		return 0;
	return yaml_error(node, -EINVAL, DIAG_TYPE, d, "%s: expected %s",
			  node->key ? node->key : "value", names[kind]);
}

int yaml_check_keys(const struct yaml_node *mapping, const char *const *allowed, struct diag *d)
{
	char field[32];
	int r = yaml_expect(mapping, YAML_MAPPING, d);

	for (const struct yaml_node *n = mapping->first; r == 0 && n; n = n->next) {
		const char *const *name = allowed;

		while (*name && strcmp(*name, n->key) != 0)
			name++;
		if (*name)
			continue;
		snprintf(field, sizeof(field), "%u:%u", n->key_line, n->key_column);
		r = diag_set(d, -EINVAL, DIAG_UNSUP, field, "unknown key '%s'", n->key);
	}
	return r;
}

int yaml_str(const struct yaml_node *node, const char **ret, struct diag *d)
{
	int r = yaml_expect(node, YAML_SCALAR, d);

	if (r == 0)
		*ret = node->text;
	return r;
}

int yaml_u64(const struct yaml_node *node, uint64_t min, uint64_t max, uint64_t *ret,
	     struct diag *d)
{
	unsigned long long value = 0;
	char *end = NULL;

	if (node->kind == YAML_SCALAR && !node->quoted && node->text[0] >= '0' &&
	    node->text[0] <= '9') {
		errno = 0;
		value = strtoull(node->text, &end, 10);
	}
	if (!end || *end || errno || value < min || value > max)
		return yaml_error(node, -EINVAL, DIAG_RANGE, d,
				  "%s: expected a whole number from %llu to %llu",
				  node->key ? node->key : "value", (unsigned long long)min,
				  (unsigned long long)max);
	*ret = value;
	return 0;
}

int yaml_f64(const struct yaml_node *node, double min, double max, double *ret, struct diag *d)
{
	double value = NAN;
	char *end = NULL;

	/* LC_NUMERIC is never set by our programs, so strtod reads a point. */
	if (node->kind == YAML_SCALAR && !node->quoted && node->len)
		value = strtod(node->text, &end);
	if (!end || *end || !(value >= min && value <= max))
		return yaml_error(node, -EINVAL, DIAG_RANGE, d,
				  "%s: expected a number from %g to %g",
				  node->key ? node->key : "value", min, max);
	*ret = value;
	return 0;
}

int yaml_bool(const struct yaml_node *node, bool *ret, struct diag *d)
{
	if (node->kind == YAML_SCALAR && !node->quoted) {
		if (strcmp(node->text, "true") == 0 || strcmp(node->text, "false") == 0) {
			*ret = node->text[0] == 't';
			return 0;
		}
	}
	return yaml_error(node, -EINVAL, DIAG_TYPE, d, "%s: expected true or false",
			  node->key ? node->key : "value");
}
