/* SPDX-License-Identifier: MIT */
/* Replies as their file has them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "assistantd/daemon/replies-private.h"
#include "util/macro.h"

static const char *const message_slots[SLOT_HINT] = {
	[SLOT_THING] = "{thing}", [SLOT_TIME] = "{time}", [SLOT_NAME] = "{name}",
};

const char *reply_slot_name(enum slot s)
{
	return s < SLOT_HINT ? message_slots[s] : hint_slot_names[s - SLOT_HINT];
}

enum slot reply_slot_at(const char *text)
{
	enum slot s = 0;

	while (s < SLOT_COUNT && strncmp(text, reply_slot_name(s), strlen(reply_slot_name(s))) != 0)
		s++;
	return s;
}

struct replies *replies_free(struct replies *r)
{
	if (!r)
		return NULL;
	for (size_t i = 0; i < r->n_intents; i++)
		free(r->intents[i].hints);
	free(r->intents);
	for (size_t i = 0; i < r->n_kinds; i++) {
		free(r->kinds[i].replies.items);
		free(r->kinds[i].hinted.items);
	}
	free(r->kinds);
	free(r->hinted.items);
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

static int flag_of(const struct yaml_node *map, const char *key, bool *ret, struct diag *d)
{
	const struct yaml_node *n = yaml_get(map, key);

	return n ? yaml_bool(n, ret, d) : 0;
}

/* Without a list, an intent answers the hint of its own name. */
static int read_hints(struct reply_intent *i, const struct yaml_node *map, struct diag *d)
{
	const struct yaml_node *list = NULL;
	int r = yaml_get(map, "hints") ? sequence(map, "hints", &list, d) : 0;

	if (r < 0)
		return r;
	i->hints = calloc(list ? count(list) : 1, sizeof(*i->hints));
	if (!i->hints)
		return -ENOMEM;
	if (!list)
		i->hints[i->n_hints++] = i->name;
	for (const struct yaml_node *n = list ? list->first : NULL; r == 0 && n; n = n->next)
		r = yaml_str(n, &i->hints[i->n_hints++], d);
	return r;
}

static int read_intents(struct replies *r, const struct yaml_node *root, struct diag *d)
{
	static const char *const keys[] = { "light", "hints", NULL };
	const struct yaml_node *map = yaml_get(root, "intents");
	int e;

	if (!map)
		return yaml_error(root, -EINVAL, DIAG_TYPE, d, "intents: missing");
	e = yaml_expect(map, YAML_MAPPING, d);
	if (e < 0)
		return e;
	r->intents = calloc(count(map) + 1, sizeof(*r->intents));
	if (!r->intents)
		return -ENOMEM;
	for (const struct yaml_node *n = map->first; e == 0 && n; n = n->next) {
		struct reply_intent *i = &r->intents[r->n_intents++];

		i->name = n->key;
		e = yaml_expect(n, YAML_MAPPING, d);
		if (e == 0)
			e = yaml_check_keys(n, keys, d);
		if (e == 0)
			e = flag_of(n, "light", &i->light, d);
		if (e == 0)
			e = read_hints(i, n, d);
	}
	return e;
}

static int take_slots(const struct yaml_node *map, const char *key, const char *text,
		      unsigned *slots, struct diag *d)
{
	for (const char *c = text; (c = strchr(c, '{')); c++) {
		enum slot s = reply_slot_at(c);

		if (s == SLOT_COUNT)
			return yaml_error(yaml_get(map, key), -EINVAL, DIAG_RANGE, d,
					  "%s: '%.20s': expected the slots {thing}, {time}, "
					  "{name}, or of a hint {when}, {subject}, {words}, {wh}, "
					  "{what}, {do}", key, c);
		*slots |= 1u << s;
	}
	return 0;
}

static int find_intent(const struct replies *r, const struct yaml_node *map, const char *name,
		       bool grave, const struct reply_intent **ret, struct diag *d)
{
	size_t i = 0;

	while (i < r->n_intents && strcmp(r->intents[i].name, name) != 0)
		i++;
	if (i == r->n_intents)
		return yaml_error(yaml_get(map, "intent"), -EINVAL, DIAG_RANGE, d,
				  "intent: '%s': expected one of intents", name);
	if (grave && r->intents[i].light)
		return yaml_error(yaml_get(map, "intent"), -EINVAL, DIAG_PAIR, d,
				  "intent: '%s' is light, and no answer to a kind that is grave",
				  name);
	*ret = &r->intents[i];
	return 0;
}

static int read_reply(const struct replies *r, bool grave, const struct yaml_node *map,
		      struct template *reply, struct diag *d)
{
	static const char *const keys[] = { "intent", "text", NULL };
	const char *intent;
	int e = yaml_expect(map, YAML_MAPPING, d);

	if (e < 0 || (e = yaml_check_keys(map, keys, d)) < 0 ||
	    (e = text_of(map, "intent", &intent, d)) < 0 ||
	    (e = find_intent(r, map, intent, grave, &reply->intent, d)) < 0 ||
	    (e = text_of(map, "text", &reply->text, d)) < 0)
		return e;
	return take_slots(map, "text", reply->text, &reply->slots, d);
}

static int read_templates(const struct replies *r, bool grave, const struct yaml_node *list,
			  struct template_list *ret, struct diag *d)
{
	int e = 0;

	ret->items = calloc(count(list), sizeof(*ret->items));
	if (!ret->items)
		return -ENOMEM;
	for (const struct yaml_node *n = list->first; e == 0 && n; n = n->next)
		e = read_reply(r, grave, n, &ret->items[ret->n++], d);
	return e;
}

/* Whether there is an answer that needs nothing of the message. */
static bool has_plain(const struct template_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (!l->items[i].slots)
			return true;
	return false;
}

static int read_kind(const struct replies *r, struct kind *kind, const struct yaml_node *map,
		     struct diag *d)
{
	static const char *const keys[] = { "name", "grave", "replies", "hinted", NULL };
	const struct yaml_node *list;
	int e = yaml_expect(map, YAML_MAPPING, d);

	if (e < 0 || (e = yaml_check_keys(map, keys, d)) < 0 ||
	    (e = text_of(map, "name", &kind->name, d)) < 0 ||
	    (e = flag_of(map, "grave", &kind->grave, d)) < 0 ||
	    (e = sequence(map, "replies", &list, d)) < 0 ||
	    (e = read_templates(r, kind->grave, list, &kind->replies, d)) < 0)
		return e;
	if (!has_plain(&kind->replies))
		return yaml_error(list, -EINVAL, DIAG_PAIR, d,
				  "replies: expected one without slots");
	for (const struct kind *other = r->kinds; other < kind; other++)
		if (strcmp(other->name, kind->name) == 0)
			return yaml_error(yaml_get(map, "name"), -EINVAL, DIAG_DUP, d,
					  "name: there are two of '%s'", kind->name);
	if (!yaml_get(map, "hinted"))
		return 0;
	e = sequence(map, "hinted", &list, d);
	return e < 0 ? e : read_templates(r, kind->grave, list, &kind->hinted, d);
}

static int read_kinds(struct replies *r, const struct yaml_node *root, struct diag *d)
{
	const struct yaml_node *kinds;
	int e = sequence(root, "kinds", &kinds, d);

	if (e < 0)
		return e;
	r->kinds = calloc(count(kinds), sizeof(*r->kinds));
	if (!r->kinds)
		return -ENOMEM;
	for (const struct yaml_node *n = kinds->first; e == 0 && n; n = n->next)
		e = read_kind(r, &r->kinds[r->n_kinds++], n, d);
	return e;
}

static int read_hinted(struct replies *r, const struct yaml_node *root, struct diag *d)
{
	const struct yaml_node *list;
	int e = sequence(root, "hinted", &list, d);

	if (e == 0)
		e = read_templates(r, false, list, &r->hinted, d);
	if (e == 0)
		e = text_of(root, "more", &r->more, d);
	return e < 0 ? e : take_slots(root, "more", r->more, &r->more_slots, d);
}

static int read_all(struct replies *r, struct diag *d)
{
	static const char *const keys[] = { "version", "intents", "kinds", "hinted", "more",
					    "mentions", NULL };
	const struct yaml_node *root = yaml_root(r->yaml), *version, *mentions;
	uint64_t number;
	int e = yaml_check_keys(root, keys, d);

	version = yaml_get(root, "version");
	if (e == 0 && !version)
		return yaml_error(root, -EINVAL, DIAG_TYPE, d, "version: missing");
	mentions = yaml_get(root, "mentions");
	if (e == 0 && !mentions)
		return yaml_error(root, -EINVAL, DIAG_TYPE, d, "mentions: missing");
	if (e < 0 || (e = yaml_u64(version, 1, 1, &number, d)) < 0 ||
	    (e = read_intents(r, root, d)) < 0 || (e = read_kinds(r, root, d)) < 0 ||
	    (e = read_hinted(r, root, d)) < 0)
		return e;
	return mention_words_read(&r->mentions, mentions, d);
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

int replies_check(const struct replies *r, const struct terms *kinds, struct diag *d)
{
	for (size_t i = 0; i < terms_columns(kinds); i++) {
		size_t k = 0;

		while (k < r->n_kinds && strcmp(r->kinds[k].name, terms_column(kinds, i)) != 0)
			k++;
		if (k == r->n_kinds)
			return diag_set(d, -EINVAL, DIAG_PAIR, "kinds", "there are no replies to "
					"'%s', which the table of messages has",
					terms_column(kinds, i));
	}
	return 0;
}

const struct mention_words *replies_mentions(const struct replies *r)
{
	return r->mentions;
}
