/* SPDX-License-Identifier: MIT */
/* Parses the input and walks the tree: every promise of yaml.h about it, every accessor. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "util/utf8.h"
#include "util/yaml.h"

static void check_place(const struct diag *d)
{
	if (d->code == DIAG_NONE || !d->text[0])
		abort();
}

static void check_scalar(const struct yaml_node *n)
{
	struct diag d = DIAG_NULL;
	const char *s;
	uint64_t u;
	double f;
	bool b;

	if (n->first || strlen(n->text) != n->len || !utf8_valid(n->text, n->len))
		abort();
	if (yaml_str(n, &s, NULL) != 0 || s != n->text)
		abort();
	if (yaml_u64(n, 10, 20, &u, &d) == 0 ? u < 10 || u > 20 : d.code == DIAG_NONE)
		abort();
	d = (struct diag)DIAG_NULL;
	if (yaml_f64(n, -1.0, 1.0, &f, &d) == 0 ? !(f >= -1.0 && f <= 1.0) : d.code == DIAG_NONE)
		abort();
	yaml_bool(n, &b, NULL);
}

static void walk(const struct yaml_node *n, unsigned depth)
{
	static const char *const none[] = { NULL };
	struct diag d = DIAG_NULL;

	if (depth > YAML_MAX_DEPTH || !n->line || !n->column)
		abort();
	if (n->kind == YAML_SCALAR) {
		check_scalar(n);
		return;
	}
	if (yaml_str(n, &(const char *){ NULL }, &d) != -EINVAL)
		abort();
	check_place(&d);
	d = (struct diag)DIAG_NULL;
	if (n->kind == YAML_MAPPING && (yaml_check_keys(n, none, &d) == 0) != !n->first)
		abort();
	for (const struct yaml_node *c = n->first; c; c = c->next) {
		if ((n->kind == YAML_MAPPING) != (c->key != NULL))
			abort();
		/* Keys are given once, so the first of a name is this one. */
		if (c->key && yaml_get(n, c->key) != c)
			abort();
		walk(c, depth + 1);
	}
}

static int parse(const char *text, size_t size, bool anchors)
{
	_cleanup_(yaml_tree_freep) struct yaml *y = NULL;
	struct diag d = DIAG_NULL;
	int r = anchors ? yaml_parse_anchors(&y, text, size, &d) : yaml_parse(&y, text, size, &d);

	if (r == 0) {
		walk(yaml_root(y), 0);
		return 0;
	}
	if (y || (r != -EINVAL && r != -ENOMEM))
		abort();
	check_place(&d);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* What is a document without anchors is one where they are allowed. */
	int strict = parse((const char *)data, size, false);

	if (parse((const char *)data, size, true) < 0 && strict == 0)
		abort();
	return 0;
}
