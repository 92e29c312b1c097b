/* SPDX-License-Identifier: MIT */
#include "adapters/peft-match.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base_model/base_model.h"
#include "util/cleanup.h"
#include "util/macro.h"

#define MAX_NAMES 4096	/* of a list: more than modules of a base that we open */
#define MAX_STEPS ((uint64_t)1 << 20)	/* of one expression on one path */

static int check_list(const char *key, const json_t *list, struct diag *d)
{
	const json_t *item;
	size_t i;

	if (json_array_size(list) > MAX_NAMES)
		return diag_set(d, -EINVAL, DIAG_LIMIT, key, "%zu names, at most %d",
				json_array_size(list), MAX_NAMES);
	json_array_foreach(list, i, item)
		if (!json_is_string(item))
			return diag_set(d, -EINVAL, DIAG_TYPE, key,
					"item %zu: expected a string", i);
	return 0;
}

int peft_names_read(struct peft_names *names, const char *key, const json_t *value,
		    struct diag *d)
{
	const char *text = json_string_value(value);

	names->key = key;
	if (json_is_null(value))
		return 0;
	if (json_is_array(value)) {
		names->list = value;
		return check_list(key, value, d);
	}
	if (!text)
		return diag_set(d, -EINVAL, DIAG_TYPE, key, "expected strings, or one");
	names->all = strcmp(text, "all-linear") == 0;
	return names->all ? 0 : pattern_new(&names->expression, text, key, d);
}

/* The whole path, or its end behind a point. */
static bool list_has(const json_t *list, const char *path)
{
	size_t len = strlen(path), i;
	const json_t *item;

	json_array_foreach(list, i, item) {
		const char *name = json_string_value(item);
		size_t n = json_string_length(item);

		if (n <= len && strcmp(path + len - n, name) == 0 &&
		    (n == len || path[len - n - 1] == '.'))
			return true;
	}
	return false;
}

static bool list_has_whole(const json_t *list, const char *path)
{
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
		if (strcmp(json_string_value(item), path) == 0)
			return true;
	return false;
}

static int matches(const struct pattern *p, const char *key, const char *path, uint64_t *steps,
		   struct diag *d)
{
	uint64_t allowed = MIN(*steps, MAX_STEPS), left = allowed;
	int r = pattern_whole(p, path, strlen(path), &left);

	*steps -= allowed - left;
	if (r == -ELOOP)
		return diag_set(d, -EINVAL, DIAG_LIMIT, key,
				"an expression takes too many steps on '%.80s'", path);
	if (r < 0)
		return diag_set(d, r, DIAG_SYSTEM, key, "%s", strerror(-r));
	return r;
}

static int names_match(const struct peft_names *names, const char *path, uint64_t *steps,
		       struct diag *d)
{
	if (names->expression)
		return matches(names->expression, names->key, path, steps, d);
	return names->list && list_has(names->list, path);
}

void peft_targets_deinit(struct peft_targets *t)
{
	pattern_free(t->wanted.expression);
	pattern_free(t->excluded.expression);
}

static bool is_layer(const json_t *value)
{
	return json_is_integer(value) && json_integer_value(value) >= 0;
}

int peft_layers_read(struct peft_targets *t, const char *key, const json_t *value,
		     struct diag *d)
{
	const json_t *item;
	bool good = true;
	size_t i;

	if (json_is_null(value) || (json_is_array(value) && json_array_size(value) == 0))
		return 0;
	if (json_is_array(value) && json_array_size(value) <= MAX_NAMES)
		json_array_foreach(value, i, item)
			good &= is_layer(item);
	else
		good = is_layer(value);
	t->layers = value;
	return good ? 0 : diag_set(d, -EINVAL, DIAG_TYPE, key, "expected numbers of layers");
}

/* PEFT takes them for expressions; we take what is meant, names. */
static bool is_stack(const json_t *value)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
				      "0123456789";
	const char *s = json_string_value(value);

	return s && *s && !s[strspn(s, allowed)];
}

int peft_stacks_read(struct peft_targets *t, const char *key, const json_t *value,
		     struct diag *d)
{
	const json_t *item;
	bool good = true;
	size_t i;

	if (json_is_null(value) || (json_is_array(value) && json_array_size(value) == 0) ||
	    (json_is_string(value) && json_string_length(value) == 0))
		return 0;
	if (json_is_array(value) && json_array_size(value) <= MAX_NAMES)
		json_array_foreach(value, i, item)
			good &= is_stack(item);
	else
		good = is_stack(value);
	t->stacks = value;
	return good ? 0 : diag_set(d, -EINVAL, DIAG_UNSUP, key,
				   "expected plain names of lists of layers");
}

int peft_targets_check(const struct peft_targets *t, struct diag *d)
{
	if (t->layers && !t->wanted.list)
		return diag_set(d, -EINVAL, DIAG_PAIR, "layers_to_transform",
				"goes with a list in target_modules alone");
	if (t->stacks && !t->layers)
		return diag_set(d, -EINVAL, DIAG_PAIR, "layers_pattern",
				"goes with layers_to_transform alone");
	return 0;
}

/* The part of @path before ".LAYER.", without what is before it. */
static bool stack_is(const char *path, int layer, const char *name)
{
	char expected[64];
	int n = snprintf(expected, sizeof(expected), ".%s.%d.", name, layer);

	return n > 0 && (size_t)n < sizeof(expected) && strstr(path, expected);
}

static bool layer_matches(const struct peft_targets *t, const char *path, int layer)
{
	const json_t *item;
	bool found = !t->stacks;
	size_t i;

	if (layer < 0)
		return false;
	if (json_is_string(t->stacks))
		found = stack_is(path, layer, json_string_value(t->stacks));
	json_array_foreach(t->stacks, i, item)
		found |= stack_is(path, layer, json_string_value(item));
	if (!found || json_is_integer(t->layers))
		return found && json_integer_value(t->layers) == layer;
	json_array_foreach(t->layers, i, item)
		if (json_integer_value(item) == layer)
			return true;
	return false;
}

int peft_targets_match(const struct peft_targets *t, const char *path, int layer,
		       uint64_t *steps, struct diag *d)
{
	int r = names_match(&t->excluded, path, steps, d);

	if (r != 0)
		return MIN(r, 0);
	/* The output is linear too, and meant by its name only. */
	if (t->wanted.all)
		return layer >= 0;
	r = names_match(&t->wanted, path, steps, d);
	if (r <= 0 || !t->layers || list_has_whole(t->wanted.list, path))
		return r;
	return layer_matches(t, path, layer);
}

static int add_pattern(struct peft_patterns *p, const char *key, const char *expression,
		       const json_t *value, struct diag *d)
{
	_cleanup_free_ char *text = NULL;

	if (!json_is_number(value))
		return diag_set(d, -EINVAL, DIAG_TYPE, key, "'%.80s': expected a number",
				expression);
	if (asprintf(&text, "(.*\\.)?(%s)", expression) < 0)
		return diag_set(d, -ENOMEM, DIAG_SYSTEM, key, "out of memory");
	p->all[p->n++].value = json_number_value(value);
	return pattern_new(&p->all[p->n - 1].expression, text, key, d);
}

int peft_patterns_read(struct peft_patterns *p, const char *key, const json_t *value,
		       struct diag *d)
{
	const char *expression;
	json_t *item;

	if (json_is_null(value))
		return 0;
	if (!json_is_object(value) || json_object_size(value) > MAX_NAMES)
		return diag_set(d, -EINVAL, DIAG_TYPE, key,
				"expected an object of at most %d numbers", MAX_NAMES);
	p->all = calloc(json_object_size(value) + 1, sizeof(*p->all));
	if (!p->all)
		return diag_set(d, -ENOMEM, DIAG_SYSTEM, key, "out of memory");
	json_object_foreach((json_t *)value, expression, item) {
		int r = add_pattern(p, key, expression, item, d);

		if (r < 0)
			return r;
	}
	return 0;
}

void peft_patterns_deinit(struct peft_patterns *p)
{
	for (size_t i = 0; i < p->n; i++)
		pattern_free(p->all[i].expression);
	free(p->all);
}

int peft_patterns_find(const struct peft_patterns *p, const char *key, const char *path,
		       uint64_t *steps, double *ret, struct diag *d)
{
	for (size_t i = 0; i < p->n; i++) {
		int r = matches(p->all[i].expression, key, path, steps, d);

		if (r < 0)
			return r;
		if (r > 0) {
			*ret = p->all[i].value;
			return 0;
		}
	}
	return 0;
}
