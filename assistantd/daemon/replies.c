/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/replies.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "assistantd/daemon/mentions.h"
#include "assistantd/daemon/sorter.h"
#include "util/buf.h"
#include "util/macro.h"
#include "util/yaml.h"

enum slot { SLOT_THING, SLOT_TIME, SLOT_NAME, SLOT_COUNT };

static const char *const slot_names[SLOT_COUNT] = {
	[SLOT_THING] = "{thing}", [SLOT_TIME] = "{time}", [SLOT_NAME] = "{name}",
};

enum { NAME_BYTES = 40 };

struct template {
	const char *intent, *text;
};

struct kind {
	const char *name;
	struct template *replies;
	size_t n_replies;
};

struct replies {
	struct yaml *yaml;	/* owns all strings */
	struct kind *kinds;
	size_t n_kinds;
	struct mention_words *mentions;
};

struct replies *replies_free(struct replies *r)
{
	if (!r)
		return NULL;
	for (size_t i = 0; i < r->n_kinds; i++)
		free(r->kinds[i].replies);
	free(r->kinds);
	mention_words_free(r->mentions);
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

/* The sequence under @key, which must be there and not empty. */
static int sequence(const struct yaml_node *map, const char *key, const struct yaml_node **ret,
		    struct diag *d)
{
	*ret = yaml_get(map, key);
	if (!*ret)
		return yaml_error(map, -EINVAL, DIAG_TYPE, d, "%s: missing", key);
	if (yaml_expect(*ret, YAML_SEQUENCE, d) < 0)
		return -EINVAL;
	if (!count(*ret))
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

/* The slot at @text, or SLOT_COUNT. */
static enum slot slot_at(const char *text)
{
	enum slot s = 0;

	while (s < SLOT_COUNT && strncmp(text, slot_names[s], strlen(slot_names[s])) != 0)
		s++;
	return s;
}

static int read_reply(struct template *reply, const struct yaml_node *map, struct diag *d)
{
	static const char *const keys[] = { "intent", "text", NULL };
	int r = yaml_expect(map, YAML_MAPPING, d);

	if (r < 0 || (r = yaml_check_keys(map, keys, d)) < 0 ||
	    (r = text_of(map, "intent", &reply->intent, d)) < 0 ||
	    (r = text_of(map, "text", &reply->text, d)) < 0)
		return r;
	for (const char *c = reply->text; (c = strchr(c, '{')); c++)
		if (slot_at(c) == SLOT_COUNT)
			return yaml_error(yaml_get(map, "text"), -EINVAL, DIAG_RANGE, d,
					  "text: expected the slots {thing}, {time}, {name}");
	return 0;
}

static int read_kind(struct kind *kind, const struct yaml_node *map, struct diag *d)
{
	static const char *const keys[] = { "name", "replies", NULL };
	const struct yaml_node *replies;
	int r = yaml_expect(map, YAML_MAPPING, d);

	if (r < 0 || (r = yaml_check_keys(map, keys, d)) < 0 ||
	    (r = text_of(map, "name", &kind->name, d)) < 0 ||
	    (r = sequence(map, "replies", &replies, d)) < 0)
		return r;
	kind->replies = calloc(count(replies), sizeof(*kind->replies));
	if (!kind->replies)
		return -ENOMEM;
	for (const struct yaml_node *n = replies->first; r == 0 && n; n = n->next)
		r = read_reply(&kind->replies[kind->n_replies++], n, d);
	return r;
}

static int read_all(struct replies *r, struct diag *d)
{
	static const char *const keys[] = { "version", "kinds", "mentions", NULL };
	const struct yaml_node *root = yaml_root(r->yaml), *kinds, *version, *mentions;
	uint64_t number;
	int e = yaml_check_keys(root, keys, d);

	version = yaml_get(root, "version");
	if (e == 0 && !version)
		return yaml_error(root, -EINVAL, DIAG_TYPE, d, "version: missing");
	mentions = yaml_get(root, "mentions");
	if (e == 0 && !mentions)
		return yaml_error(root, -EINVAL, DIAG_TYPE, d, "mentions: missing");
	if (e < 0 || (e = yaml_u64(version, 1, 1, &number, d)) < 0 ||
	    (e = sequence(root, "kinds", &kinds, d)) < 0)
		return e;
	r->kinds = calloc(count(kinds), sizeof(*r->kinds));
	if (!r->kinds)
		return -ENOMEM;
	for (const struct yaml_node *n = kinds->first; e == 0 && n; n = n->next)
		e = read_kind(&r->kinds[r->n_kinds++], n, d);
	return e < 0 ? e : mention_words_read(&r->mentions, mentions, d);
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

/* What a message fills slots with; empty: nothing. */
struct filling {
	struct buf words[SLOT_COUNT];
};

/* A name that stands well in a line. */
static bool is_plain_name(const char *name)
{
	size_t n = 0;

	while ((unsigned char)name[n] >= 0x20 && name[n] != 0x7f)
		n++;
	return n && !name[n] && n <= NAME_BYTES;
}

static int fill_thing(const struct replies *r, const char *text, size_t len, struct buf *to)
{
	struct thing_mention thing = mention_thing(r->mentions, text, len);

	return thing.noun.len ? buf_printf(to, "%s %.*s", thing.determiner, (int)thing.noun.len,
					   text + thing.noun.start) : 0;
}

static int fill(const struct replies *r, const struct reply_to *to, struct filling *f)
{
	struct span time = mention_time(r->mentions, to->text, to->len);
	int e = fill_thing(r, to->text, to->len, &f->words[SLOT_THING]);

	if (e == 0 && !f->words[SLOT_THING].len && to->earlier)
		e = fill_thing(r, to->earlier, strlen(to->earlier), &f->words[SLOT_THING]);
	if (e == 0)
		e = buf_append(&f->words[SLOT_TIME], to->text + time.start, time.len);
	if (e == 0 && to->name && is_plain_name(to->name))
		e = buf_append_str(&f->words[SLOT_NAME], to->name);
	return e;
}

/* How many slots of a template are filled, or -1 where one is not. */
static int count_filled(const char *text, const struct filling *f)
{
	int n = 0;

	for (const char *c = text; (c = strchr(c, '{')); c++, n++)
		if (!f->words[slot_at(c)].len)
			return -1;
	return n;
}

static int write_reply(const char *text, const struct filling *f, char **ret)
{
	_cleanup_(buf_deinit) struct buf out = BUF_NULL;
	int r = 0;

	while (r == 0 && *text) {
		size_t plain = strcspn(text, "{");
		enum slot s;

		r = buf_append(&out, text, plain);
		text += plain;
		if (r < 0 || !*text)
			break;
		s = slot_at(text);
		r = buf_append(&out, f->words[s].data, f->words[s].len);
		text += strlen(slot_names[s]);
	}
	*ret = r == 0 ? buf_steal(&out) : NULL;
	return r;
}

/* Whether an earlier template of the kind has the intent of @at. */
static bool intent_before(const struct kind *k, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (strcmp(k->replies[i].intent, k->replies[at].intent) == 0)
			return true;
	return false;
}

/* Of the templates with the intent of @at the one with the most slots, all filled. */
static const struct template *best_of_intent(const struct kind *k, size_t at,
					     const struct filling *f)
{
	const struct template *best = NULL;
	int most = -1;

	for (size_t i = at; i < k->n_replies; i++) {
		int filled = count_filled(k->replies[i].text, f);

		if (strcmp(k->replies[i].intent, k->replies[at].intent) == 0 && filled > most) {
			most = filled;
			best = &k->replies[i];
		}
	}
	return best;
}

static const struct kind *kind_of(const struct replies *r, const struct terms *kinds,
				  const struct reply_to *to, int *error)
{
	const struct kind *k = r->kinds;
	struct sorting s;

	*error = sorter_sort(kinds, NULL, to->text, to->len, &s);
	if (*error < 0)
		return NULL;
	while (k < r->kinds + r->n_kinds - 1 &&
	       strcmp(k->name, terms_column(kinds, s.kind)) != 0)
		k++;
	return k;
}

int replies_choose(const struct replies *r, const struct terms *kinds, const struct reply_to *to,
		   struct reply *ret, size_t max, size_t *n)
{
	struct filling f = { 0 };
	int e;
	const struct kind *k = kind_of(r, kinds, to, &e);

	*n = 0;
	if (e == 0)
		e = fill(r, to, &f);
	for (size_t i = 0; e == 0 && i < k->n_replies && *n < max; i++) {
		const struct template *t = intent_before(k, i) ? NULL : best_of_intent(k, i, &f);

		if (!t)
			continue;
		ret[*n].kind = k->name;
		ret[*n].intent = t->intent;
		e = write_reply(t->text, &f, &ret[*n].text);
		*n += e == 0;
	}
	for (size_t i = 0; i < SLOT_COUNT; i++)
		buf_deinit(&f.words[i]);
	return e;
}
