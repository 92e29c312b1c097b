/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/replies.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "util/macro.h"
#include "util/yaml.h"

struct kind {
	const char *name;
	const char **words;
	size_t n_words;
	struct reply *replies;
	size_t n_replies;
};

struct replies {
	struct yaml *yaml;	/* owns all strings */
	struct kind *kinds;
	size_t n_kinds;
};

struct replies *replies_free(struct replies *r)
{
	if (!r)
		return NULL;
	for (size_t i = 0; i < r->n_kinds; i++) {
		free(r->kinds[i].words);
		free(r->kinds[i].replies);
	}
	free(r->kinds);
	yaml_tree_free(r->yaml);
	free(r);
	return NULL;
}

static size_t count(const struct yaml_node *n)
{
	size_t children = 0;

	for (const struct yaml_node *c = n ? n->first : NULL; c; c = c->next)
		children++;
	return children;
}

/* The sequence under @key, which must be there and hold @min elements. */
static int sequence(const struct yaml_node *map, const char *key, size_t min,
		    const struct yaml_node **ret, struct diag *d)
{
	*ret = yaml_get(map, key);
	if (!*ret)
		return yaml_error(map, -EINVAL, DIAG_TYPE, d, "%s: missing", key);
	if (yaml_expect(*ret, YAML_SEQUENCE, d) < 0)
		return -EINVAL;
	if (count(*ret) < min)
		return yaml_error(*ret, -EINVAL, DIAG_RANGE, d, "%s: empty", key);
	return 0;
}

static int text_of(const struct yaml_node *map, const char *key, const char **ret, struct diag *d)
{
	const struct yaml_node *n = yaml_get(map, key);

	if (!n)
		return yaml_error(map, -EINVAL, DIAG_TYPE, d, "%s: missing", key);
	return yaml_str(n, ret, d);
}

static int read_reply(struct reply *reply, const struct yaml_node *map, struct diag *d)
{
	static const char *const keys[] = { "intent", "text", NULL };
	int r = yaml_expect(map, YAML_MAPPING, d);

	if (r < 0 || (r = yaml_check_keys(map, keys, d)) < 0 ||
	    (r = text_of(map, "intent", &reply->intent, d)) < 0)
		return r;
	return text_of(map, "text", &reply->text, d);
}

static int read_kind(struct kind *kind, const struct yaml_node *map, struct diag *d)
{
	static const char *const keys[] = { "name", "words", "replies", NULL };
	const struct yaml_node *words, *replies;
	int r = yaml_expect(map, YAML_MAPPING, d);

	if (r < 0 || (r = yaml_check_keys(map, keys, d)) < 0 ||
	    (r = text_of(map, "name", &kind->name, d)) < 0 ||
	    (r = sequence(map, "words", 0, &words, d)) < 0 ||
	    (r = sequence(map, "replies", 1, &replies, d)) < 0)
		return r;
	kind->words = calloc(count(words) + 1, sizeof(*kind->words));
	kind->replies = calloc(count(replies), sizeof(*kind->replies));
	if (!kind->words || !kind->replies)
		return -ENOMEM;
	for (const struct yaml_node *n = words->first; r == 0 && n; n = n->next)
		r = yaml_str(n, &kind->words[kind->n_words++], d);
	for (const struct yaml_node *n = replies->first; r == 0 && n; n = n->next)
		r = read_reply(&kind->replies[kind->n_replies++], n, d);
	return r;
}

static int read_all(struct replies *r, struct diag *d)
{
	static const char *const keys[] = { "version", "kinds", NULL };
	const struct yaml_node *root = yaml_root(r->yaml), *kinds, *version;
	uint64_t number;
	int e = yaml_check_keys(root, keys, d);

	version = yaml_get(root, "version");
	if (e == 0 && !version)
		return yaml_error(root, -EINVAL, DIAG_TYPE, d, "version: missing");
	if (e < 0 || (e = yaml_u64(version, 1, 1, &number, d)) < 0 ||
	    (e = sequence(root, "kinds", 1, &kinds, d)) < 0)
		return e;
	r->kinds = calloc(count(kinds), sizeof(*r->kinds));
	if (!r->kinds)
		return -ENOMEM;
	for (const struct yaml_node *n = kinds->first; e == 0 && n; n = n->next)
		e = read_kind(&r->kinds[r->n_kinds++], n, d);
	return e;
}

int replies_read_fd(struct replies **ret, int fd, struct diag *d)
{
	_cleanup_(replies_freep) struct replies *r = calloc(1, sizeof(*r));
	int e = r ? yaml_read_fd(&r->yaml, fd, d) : -ENOMEM;

	if (e == 0)
		e = read_all(r, d);
	if (e == 0)
		*ret = TAKE(r);
	return e;
}

static bool word_border(const char *text, size_t len, size_t at)
{
	return at == 0 || at == len || !isalnum((unsigned char)text[at - 1]) ||
	       !isalnum((unsigned char)text[at]);
}

static bool contains(const char *text, size_t len, const char *word)
{
	size_t n = strlen(word);

	for (size_t i = 0; n && i + n <= len; i++)
		if (strncasecmp(text + i, word, n) == 0 && word_border(text, len, i) &&
		    word_border(text, len, i + n))
			return true;
	return false;
}

size_t replies_choose(const struct replies *r, const char *message, size_t len,
		      struct reply *ret, size_t max, const char **kind)
{
	const struct kind *best = &r->kinds[r->n_kinds - 1];
	size_t top = 0, n;

	for (size_t i = 0; i < r->n_kinds; i++) {
		size_t points = 0;

		for (size_t k = 0; k < r->kinds[i].n_words; k++)
			if (contains(message, len, r->kinds[i].words[k]))
				points += strlen(r->kinds[i].words[k]);
		if (points > top) {
			top = points;
			best = &r->kinds[i];
		}
	}
	n = MIN(best->n_replies, max);
	for (size_t i = 0; i < n; i++)
		ret[i] = best->replies[i];
	*kind = best->name;
	return n;
}
