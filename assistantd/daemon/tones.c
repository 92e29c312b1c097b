/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/tones.h"

#include <errno.h>
#include <string.h>

#include "util/macro.h"
#include "util/yaml.h"

struct tones *tones_free(struct tones *t)
{
	if (!t)
		return NULL;
	for (size_t i = 0; i < t->n_swaps; i++) {
		for (size_t k = 0; k < t->swaps[i].n; k++) {
			free(t->swaps[i].items[k].say.items);
			free(t->swaps[i].items[k].as.items);
		}
		free(t->swaps[i].items);
	}
	for (size_t i = 0; i < t->n_styles; i++) {
		struct tone *s = &t->styles[i];

		for (size_t k = 0; k < s->n_shapes; k++)
			free(s->shapes[k].forms.items);
		for (size_t k = 0; k < s->n_closings; k++)
			free(s->closings[k].unless.items);
		free(s->shapes);
		free(s->closings);
		free(s->swaps);
	}
	free(t->swaps);
	free(t->styles);
	free(t->lists.verbs.items);
	free(t->lists.finite.items);
	free(t->lists.subjects.items);
	free(t->small.items);
	yaml_tree_free(t->yaml);
	free(t);
	return NULL;
}

const struct tone *tones_find(const struct tones *t, const char *style)
{
	for (size_t i = 0; t && i < t->n_styles; i++)
		if (!style || strcmp(t->styles[i].name, style) == 0)
			return &t->styles[i];
	return NULL;
}

static size_t children(const struct yaml_node *n)
{
	size_t count = 0;

	for (const struct yaml_node *c = n->first; c; c = c->next)
		count++;
	return count;
}

/* The sequence under @key; with @min 0 it may be missing, and *@ret is NULL. */
static int sequence(const struct yaml_node *map, const char *key, size_t min,
		    const struct yaml_node **ret, struct diag *d)
{
	*ret = yaml_get(map, key);
	if (!*ret)
		return min ? yaml_error(map, -EINVAL, DIAG_TYPE, d, "%s: missing", key) : 0;
	if (yaml_expect(*ret, YAML_SEQUENCE, d) < 0)
		return -EINVAL;
	if (children(*ret) < min)
		return yaml_error(*ret, -EINVAL, DIAG_RANGE, d, "%s: empty", key);
	return 0;
}

static int take_text(const struct yaml_node *map, const char *key, const char **ret,
		     struct diag *d)
{
	const struct yaml_node *n = yaml_get(map, key);

	if (!n)
		return yaml_error(map, -EINVAL, DIAG_TYPE, d, "%s: missing", key);
	return yaml_str(n, ret, d);
}

static int take_bool(const struct yaml_node *map, const char *key, bool *ret, struct diag *d)
{
	const struct yaml_node *n = yaml_get(map, key);

	return n ? yaml_bool(n, ret, d) : 0;
}

static int take_strings(const struct yaml_node *map, const char *key, size_t min,
			struct strings *ret, struct diag *d)
{
	const struct yaml_node *list;
	int r = sequence(map, key, min, &list, d);

	if (r < 0 || !list)
		return r;
	ret->items = calloc(children(list) + 1, sizeof(*ret->items));
	if (!ret->items)
		return -ENOMEM;
	for (const struct yaml_node *n = list->first; r == 0 && n; n = n->next)
		r = yaml_str(n, &ret->items[ret->n++], d);
	return r;
}

/* What is looked for is compared in small letters, and has some. */
static int check_said(const struct yaml_node *map, const char *key, const struct strings *said,
		      struct diag *d)
{
	const struct yaml_node *list = yaml_get(map, key);

	for (size_t i = 0; i < said->n; i++)
		if (!*said->items[i] || strpbrk(said->items[i], "ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
			return yaml_error(list, -EINVAL, DIAG_RANGE, d,
					  "%s: '%s': expected words in small letters", key,
					  said->items[i]);
	return 0;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int take_set(const struct yaml_node *map, const char *key, struct word_set *ret,
		    struct diag *d)
{
	struct strings words = { 0 };
	int r = take_strings(map, key, 1, &words, d);

	ret->items = words.items;
	ret->n = words.n;
	if (r == 0)
		r = check_said(map, key, &words, d);
	if (r == 0)
		qsort(ret->items, ret->n, sizeof(*ret->items), compare);
	return r;
}

static int read_swap(struct tone_swap *swap, const struct yaml_node *map, struct diag *d)
{
	static const char *const keys[] = { "say", "as", NULL };
	int r = yaml_expect(map, YAML_MAPPING, d);

	if (r < 0 || (r = yaml_check_keys(map, keys, d)) < 0 ||
	    (r = take_strings(map, "say", 1, &swap->say, d)) < 0 ||
	    (r = check_said(map, "say", &swap->say, d)) < 0)
		return r;
	return take_strings(map, "as", 1, &swap->as, d);
}

static int read_swaps(struct tones *t, const struct yaml_node *root, struct diag *d)
{
	const struct yaml_node *map = yaml_get(root, "swaps");
	int r = map ? yaml_expect(map, YAML_MAPPING, d) :
		      yaml_error(root, -EINVAL, DIAG_TYPE, d, "swaps: missing");

	if (r < 0)
		return r;
	t->swaps = calloc(children(map) + 1, sizeof(*t->swaps));
	if (!t->swaps)
		return -ENOMEM;
	for (const struct yaml_node *list = map->first; r == 0 && list; list = list->next) {
		struct tone_swaps *swaps = &t->swaps[t->n_swaps++];

		swaps->name = list->key;
		r = yaml_expect(list, YAML_SEQUENCE, d);
		swaps->items = calloc(children(list) + 1, sizeof(*swaps->items));
		if (!swaps->items)
			return -ENOMEM;
		for (const struct yaml_node *n = list->first; r == 0 && n; n = n->next)
			r = read_swap(&swaps->items[swaps->n++], n, d);
	}
	return r;
}

static int read_closing(struct tone_closing *closing, const struct yaml_node *map, struct diag *d)
{
	static const char *const keys[] = { "name", "text", "unless", NULL };
	int r = yaml_expect(map, YAML_MAPPING, d);

	if (r < 0 || (r = yaml_check_keys(map, keys, d)) < 0 ||
	    (r = take_text(map, "name", &closing->name, d)) < 0 ||
	    (r = take_text(map, "text", &closing->text, d)) < 0 ||
	    (r = take_strings(map, "unless", 0, &closing->unless, d)) < 0)
		return r;
	return check_said(map, "unless", &closing->unless, d);
}

static int find_closing(const struct tone *tone, struct tone_shape *shape,
			const struct yaml_node *map, struct diag *d)
{
	const struct yaml_node *node = yaml_get(map, "closing");
	const char *name;
	int r = node ? yaml_str(node, &name, d) : 0;

	if (r < 0 || !node)
		return r;
	for (size_t i = 0; i < tone->n_closings; i++)
		if (strcmp(tone->closings[i].name, name) == 0)
			shape->closing = &tone->closings[i];
	return shape->closing ? 0 : yaml_error(node, -EINVAL, DIAG_RANGE, d,
					       "closing: the style has no '%s'", name);
}

/* Every slot of a form is one of the pattern. */
static int check_form(const struct tone_shape *shape, const char *form,
		      const struct yaml_node *at, struct diag *d)
{
	while ((form = strchr(form, '{'))) {
		size_t len = strcspn(++form, "}");

		if (!form[len] || !pattern_has(shape->match, form, len))
			return yaml_error(at, -EINVAL, DIAG_RANGE, d,
					  "forms: '%.*s' is no slot of the pattern", (int)len,
					  form);
		form += len;
	}
	return 0;
}

static int read_shape(struct tone *tone, const struct yaml_node *map, struct diag *d)
{
	static const char *const keys[] = { "match", "forms", "question", "once", "again",
					    "closing", NULL };
	struct tone_shape *shape = &tone->shapes[tone->n_shapes++];
	int r = yaml_expect(map, YAML_MAPPING, d);
	const char *defect;

	if (r < 0 || (r = yaml_check_keys(map, keys, d)) < 0 ||
	    (r = take_text(map, "match", &shape->match, d)) < 0 ||
	    (r = take_strings(map, "forms", 0, &shape->forms, d)) < 0 ||
	    (r = take_bool(map, "question", &shape->question, d)) < 0 ||
	    (r = take_bool(map, "once", &shape->once, d)) < 0 ||
	    (r = take_bool(map, "again", &shape->again, d)) < 0 ||
	    (r = find_closing(tone, shape, map, d)) < 0)
		return r;
	defect = pattern_defect(shape->match);
	if (defect)
		return yaml_error(yaml_get(map, "match"), -EINVAL, DIAG_RANGE, d, "match: %s",
				  defect);
	for (size_t i = 0; r == 0 && i < shape->forms.n; i++)
		r = check_form(shape, shape->forms.items[i], yaml_get(map, "forms"), d);
	return r;
}

static int use_swaps(const struct tones *t, struct tone *tone, const struct yaml_node *list,
		     struct diag *d)
{
	tone->swaps = calloc(list ? children(list) + 1 : 1, sizeof(*tone->swaps));
	if (!tone->swaps)
		return -ENOMEM;
	for (const struct yaml_node *n = list ? list->first : NULL; n; n = n->next) {
		const struct tone_swaps *found = NULL;
		const char *name;

		if (yaml_str(n, &name, d) < 0)
			return -EINVAL;
		for (size_t i = 0; i < t->n_swaps; i++)
			if (strcmp(t->swaps[i].name, name) == 0)
				found = &t->swaps[i];
		if (!found)
			return yaml_error(n, -EINVAL, DIAG_RANGE, d, "swaps: no list '%s'", name);
		tone->swaps[tone->n_swaps++] = found;
	}
	return 0;
}

static int read_style(struct tones *t, const struct yaml_node *map, struct diag *d)
{
	static const char *const keys[] = { "name", "calm", "swaps", "shapes", "closings", NULL };
	struct tone *tone = &t->styles[t->n_styles++];
	const struct yaml_node *swaps, *shapes, *closings;
	int r = yaml_expect(map, YAML_MAPPING, d);

	if (r < 0 || (r = yaml_check_keys(map, keys, d)) < 0 ||
	    (r = take_text(map, "name", &tone->name, d)) < 0 ||
	    (r = take_bool(map, "calm", &tone->calm, d)) < 0 ||
	    (r = sequence(map, "swaps", 0, &swaps, d)) < 0 ||
	    (r = sequence(map, "shapes", 0, &shapes, d)) < 0 ||
	    (r = sequence(map, "closings", 0, &closings, d)) < 0 ||
	    (r = use_swaps(t, tone, swaps, d)) < 0)
		return r;
	tone->closings = calloc(closings ? children(closings) : 1, sizeof(*tone->closings));
	tone->shapes = calloc(shapes ? children(shapes) : 1, sizeof(*tone->shapes));
	if (!tone->closings || !tone->shapes)
		return -ENOMEM;
	for (const struct yaml_node *n = closings ? closings->first : NULL; r == 0 && n;
	     n = n->next)
		r = read_closing(&tone->closings[tone->n_closings++], n, d);
	for (const struct yaml_node *n = shapes ? shapes->first : NULL; r == 0 && n; n = n->next)
		r = read_shape(tone, n, d);
	return r;
}

static int read_all(struct tones *t, struct diag *d)
{
	static const char *const keys[] = { "version", "verbs", "finite", "subjects", "small",
					    "swaps", "styles", NULL };
	const struct yaml_node *root = yaml_root(t->yaml), *styles;
	uint64_t version;
	int r = yaml_check_keys(root, keys, d);

	if (r == 0 && !yaml_get(root, "version"))
		return yaml_error(root, -EINVAL, DIAG_TYPE, d, "version: missing");
	if (r < 0 || (r = yaml_u64(yaml_get(root, "version"), 1, 1, &version, d)) < 0 ||
	    (r = take_set(root, "verbs", &t->lists.verbs, d)) < 0 ||
	    (r = take_set(root, "finite", &t->lists.finite, d)) < 0 ||
	    (r = take_set(root, "subjects", &t->lists.subjects, d)) < 0 ||
	    (r = take_set(root, "small", &t->small, d)) < 0 ||
	    (r = read_swaps(t, root, d)) < 0 ||
	    (r = sequence(root, "styles", 1, &styles, d)) < 0)
		return r;
	t->styles = calloc(children(styles), sizeof(*t->styles));
	if (!t->styles)
		return -ENOMEM;
	for (const struct yaml_node *n = styles->first; r == 0 && n; n = n->next)
		r = read_style(t, n, d);
	return r;
}

int tones_read_fd(struct tones **ret, int fd, struct diag *d)
{
	_cleanup_(tones_freep) struct tones *t = calloc(1, sizeof(*t));
	int r = t ? yaml_read_fd(&t->yaml, fd, d) : -ENOMEM;

	if (r == 0)
		r = read_all(t, d);
	if (r == 0)
		*ret = TAKE(t);
	return r;
}
