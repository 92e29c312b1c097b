/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/confusions.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "util/macro.h"
#include "util/yaml.h"

struct confusions {
	struct yaml *yaml;		/* owns all words */
	double needs[CHANGE_COUNT];
	const struct yaml_node *confused, *agreement, *instead, *missing;
	const struct yaml_node *lists[CONFUSIONS_LISTS];
};

static const char *const kind_names[CHANGE_COUNT + 1] = {
	[CHANGE_SPELLING] = "spelling", [CHANGE_LETTER] = "letter",
	[CHANGE_FAR] = "far", [CHANGE_NAME] = "name", [CHANGE_RARE] = "rare",
	[CHANGE_CONFUSED] = "confused", [CHANGE_AGREEMENT] = "agreement",
	[CHANGE_ENDING] = "ending", [CHANGE_ARTICLE] = "article",
	[CHANGE_APOSTROPHE] = "apostrophe", [CHANGE_DOUBLED] = "doubled",
	[CHANGE_USAGE] = "usage", [CHANGE_SPACING] = "spacing",
	[CHANGE_MISSING] = "missing", [CHANGE_EXTRA] = "extra",
	[CHANGE_PUNCTUATION] = "punctuation", [CHANGE_STOP] = "stop",
	[CHANGE_CAPITAL] = "capital", [CHANGE_BACK] = "back",
};

static const char *const list_names[CONFUSIONS_LISTS] = {
	[CONFUSIONS_EXTRA] = "extra",
	[CONFUSIONS_QUESTIONS] = "questions", [CONFUSIONS_STATEMENTS] = "statements",
	[CONFUSIONS_CAPITALS] = "capitals", [CONFUSIONS_TWICE] = "twice",
	[CONFUSIONS_FOREIGN] = "foreign", [CONFUSIONS_NAMES] = "names",
};

const char *change_kind_name(enum change_kind kind)
{
	return kind_names[kind];
}

/* The node @key of @map, of this kind. */
static int take(const struct yaml_node *map, const char *key, enum yaml_kind kind,
		const struct yaml_node **ret, struct diag *d)
{
	*ret = yaml_get(map, key);
	if (!*ret)
		return yaml_error(map, -EINVAL, DIAG_TYPE, d, "%s: missing", key);
	return yaml_expect(*ret, kind, d);
}

static int check_words(const struct yaml_node *list, struct diag *d)
{
	const char *text;
	int r = yaml_expect(list, YAML_SEQUENCE, d);

	for (const struct yaml_node *n = list->first; r == 0 && n; n = n->next) {
		r = yaml_str(n, &text, d);
		if (r == 0 && !*text)
			r = yaml_error(n, -EINVAL, DIAG_RANGE, d, "expected a word");
	}
	return r;
}

/* Lists of words in a list, or by their names. */
static int take_sets(const struct yaml_node *map, const char *key, enum yaml_kind kind,
		     const struct yaml_node **ret, struct diag *d)
{
	int r = take(map, key, kind, ret, d);

	for (const struct yaml_node *n = r == 0 ? (*ret)->first : NULL; r == 0 && n; n = n->next)
		r = check_words(n, d);
	return r;
}

static int take_need(struct confusions *c, const struct yaml_node *map, enum change_kind kind,
		     struct diag *d)
{
	const struct yaml_node *n;
	int r = take(map, kind_names[kind], YAML_SCALAR, &n, d);

	return r < 0 ? r : yaml_f64(n, -100, 100, &c->needs[kind], d);
}

static int take_needs(struct confusions *c, const struct yaml_node *root, struct diag *d)
{
	const char *keys[CHANGE_COUNT + 1] = { NULL };
	const struct yaml_node *map;
	int r = take(root, "needs", YAML_MAPPING, &map, d);

	memcpy(keys, kind_names, CHANGE_COUNT * sizeof(*keys));
	if (r == 0)
		r = yaml_check_keys(map, keys, d);
	for (enum change_kind k = 0; r == 0 && k < CHANGE_COUNT; k++)
		r = take_need(c, map, k, d);
	return r;
}

static int take_instead(struct confusions *c, const struct yaml_node *root, struct diag *d)
{
	const char *text;
	int r = take(root, "instead", YAML_MAPPING, &c->instead, d);

	for (const struct yaml_node *n = r == 0 ? c->instead->first : NULL; r == 0 && n;
	     n = n->next)
		r = yaml_str(n, &text, d);
	return r;
}

static int read_all(struct confusions *c, struct diag *d)
{
	static const char *const keys[] = { "version", "needs", "confused", "agreement", "instead",
					    "missing", "extra", "questions", "statements",
					    "capitals", "twice", "foreign", "names", NULL };
	const struct yaml_node *root = yaml_root(c->yaml), *version;
	uint64_t number;
	int r = yaml_check_keys(root, keys, d);

	if (r == 0)
		r = take(root, "version", YAML_SCALAR, &version, d);
	if (r == 0)
		r = yaml_u64(version, 1, 1, &number, d);
	if (r == 0)
		r = take_needs(c, root, d);
	if (r == 0)
		r = take_sets(root, "confused", YAML_SEQUENCE, &c->confused, d);
	if (r == 0)
		r = take_sets(root, "agreement", YAML_SEQUENCE, &c->agreement, d);
	if (r == 0)
		r = take_sets(root, "missing", YAML_MAPPING, &c->missing, d);
	if (r == 0)
		r = take_instead(c, root, d);
	for (int i = 0; r == 0 && i < CONFUSIONS_LISTS; i++) {
		r = take(root, list_names[i], YAML_SEQUENCE, &c->lists[i], d);
		if (r == 0)
			r = check_words(c->lists[i], d);
	}
	return r;
}

int confusions_read_fd(struct confusions **ret, int fd, struct diag *d)
{
	_cleanup_(confusions_freep) struct confusions *c = calloc(1, sizeof(*c));
	int r = c ? yaml_read_fd(&c->yaml, fd, d) : -ENOMEM;

	if (r == 0)
		r = read_all(c, d);
	if (r == 0)
		*ret = TAKE(c);
	return r;
}

struct confusions *confusions_free(struct confusions *c)
{
	if (!c)
		return NULL;
	yaml_tree_free(c->yaml);
	free(c);
	return NULL;
}

const double *confusions_needs(const struct confusions *c)
{
	return c->needs;
}

static const struct yaml_node *find(const struct yaml_node *list, const char *word)
{
	const struct yaml_node *n = list->first;

	while (n && strcasecmp(n->text, word) != 0)
		n = n->next;
	return n;
}

static void each_of(const struct yaml_node *sets, enum change_kind kind, const char *word,
		    void (*each)(void *arg, enum change_kind kind, const char *other), void *arg)
{
	for (const struct yaml_node *set = sets->first; set; set = set->next) {
		const struct yaml_node *its = find(set, word);

		for (const struct yaml_node *n = its ? set->first : NULL; n; n = n->next)
			if (n != its)
				each(arg, kind, n->text);
	}
}

void confusions_each(const struct confusions *c, const char *word,
		     void (*each)(void *arg, enum change_kind kind, const char *other), void *arg)
{
	each_of(c->confused, CHANGE_CONFUSED, word, each, arg);
	each_of(c->agreement, CHANGE_AGREEMENT, word, each, arg);
}

void confusions_each_missing(const struct confusions *c, const char *word,
			     void (*each)(void *arg, const char *missing), void *arg)
{
	for (const struct yaml_node *n = c->missing->first; n; n = n->next)
		if (find(n, word))
			each(arg, n->key);
}

const char *confusions_instead(const struct confusions *c, const char *words)
{
	for (const struct yaml_node *n = c->instead->first; n; n = n->next)
		if (strcasecmp(n->key, words) == 0)
			return n->text;
	return NULL;
}

bool confusions_has(const struct confusions *c, enum confusions_list list, const char *word)
{
	return find(c->lists[list], word);
}
