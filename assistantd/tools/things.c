/* SPDX-License-Identifier: MIT */
/* What is described, described anew, and taken back. */
#include "assistantd/tools/things.h"

#include <errno.h>
#include <search.h>
#include <string.h>

#include "assistantd/ipc/ipc.h"
#include "assistantd/tools/discovery.h"
#include "assistantd/tools/things-private.h"
#include "util/loop.h"
#include "util/macro.h"

/* The parts of one message, while they are taken in. */
struct taking {
	struct things *things;
	struct source *source;
};

int things_compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int things_new(struct things **ret, const char *prefix, bool guarded,
	       const struct things_ops *ops, void *arg)
{
	struct things *t = calloc(1, sizeof(*t));

	if (!t)
		return -ENOMEM;
	*t = (struct things){ .prefix = prefix, .guarded = guarded, .ops = ops, .arg = arg };
	*ret = t;
	return 0;
}

static void free_thing(struct thing *thing)
{
	entity_free(thing->entity);
	free(thing->topic);
	free(thing->part);
	free(thing->id);
	free(thing->told_id);
	free(thing);
}

static void free_source(void *node)
{
	struct source *s = node;

	while (s->parts) {
		struct thing *next = s->parts->next_part;

		free_thing(s->parts);
		s->parts = next;
	}
	free(s->topic);
	free(s);
}

struct things *things_free(struct things *t)
{
	if (!t)
		return NULL;
	things_topics_deinit(t);
	things_names_deinit(t);
	tdestroy(t->sources, free_source);
	warnings_deinit(&t->warnings);
	free(t);
	return NULL;
}

void things_add_news(struct things *t, struct thing *thing)
{
	if (thing->news)
		return;
	thing->news = true;
	thing->next_news = NULL;
	thing->previous_news = t->last_news;
	*(t->last_news ? &t->last_news->next_news : &t->news) = thing;
	t->last_news = thing;
}

static void drop_news(struct things *t, struct thing *thing)
{
	if (!thing->news)
		return;
	thing->news = false;
	*(thing->previous_news ? &thing->previous_news->next_news : &t->news) = thing->next_news;
	*(thing->next_news ? &thing->next_news->previous_news : &t->last_news) =
		thing->previous_news;
}

void things_tell(struct things *t, struct thing *thing)
{
	if (!thing->news || !thing->id)
		return;
	drop_news(t, thing);
	t->ops->tell(t->arg, thing, thing->new_services || !thing->told_id);
	if (!thing->told_id)
		thing->told_id = strdup(thing->id);
	thing->new_services = false;
}

void things_tell_gone(struct things *t, struct thing *thing)
{
	if (thing->told_id)
		t->ops->tell_gone(t->arg, thing->told_id);
	free(TAKE(thing->told_id));
}

static struct source *find_source(struct things *t, const char *topic)
{
	struct source **at = tfind(&topic, &t->sources, things_compare);

	return at ? *at : NULL;
}

static struct source *add_source(struct things *t, const char *topic)
{
	struct source *s = find_source(t, topic);

	if (s)
		return s;
	s = calloc(1, sizeof(*s));
	if (s && (s->topic = strdup(topic)) && tsearch(s, &t->sources, things_compare))
		return s;
	if (s)
		free(s->topic);
	free(s);
	return NULL;
}

/* Without parts it is forgotten. */
static void release_source(struct things *t, struct source *s)
{
	if (s->parts)
		return;
	tdelete(s, &t->sources, things_compare);
	free_source(s);
}

static int compare_unique(const void *a, const void *b)
{
	const struct entity *x = ((const struct thing *)a)->entity;
	const struct entity *y = ((const struct thing *)b)->entity;
	int r = strcmp(x->component->name, y->component->name);

	return r ? r : strcmp(x->unique, y->unique);
}

static bool keeps_time(const struct entity *e)
{
	return e->expires_s > 0 || e->off_delay_s > 0;
}

/* Out of all lists but that of its source. */
static void withdraw(struct things *t, struct thing *thing)
{
	struct thing **same = tfind(thing, &t->uniques, compare_unique);

	if (same && *same == thing)
		tdelete(thing, &t->uniques, compare_unique);
	things_unlisten(t, thing);
	things_leave(t, thing);
	drop_news(t, thing);
	t->n_lapsing -= keeps_time(thing->entity);
	t->n--;
}

static void remove_thing(struct things *t, struct source *s, struct thing *thing)
{
	struct thing **at = &s->parts;

	while (*at != thing)
		at = &(*at)->next_part;
	*at = thing->next_part;
	t->ops->gone(t->arg, thing);
	things_tell_gone(t, thing);
	withdraw(t, thing);
	free_thing(thing);
}

/* Into all lists. What one maker calls by one name is one thing, described twice. */
static int enlist(struct things *t, struct thing *thing, struct diag *d)
{
	struct thing **same = NULL;
	int r;

	if (*thing->entity->unique) {
		same = tsearch(thing, &t->uniques, compare_unique);
		if (!same)
			return -ENOMEM;
		if (*same != thing)
			return diag_set(d, -EINVAL, DIAG_DUP, "unique_id", "it is that of %.180s",
					(*same)->topic);
	}
	t->n++;
	t->n_lapsing += keeps_time(thing->entity);
	r = things_join(t, thing);
	if (r == 0)
		r = things_listen(t, thing);
	if (r < 0)
		withdraw(t, thing);
	return r;
}

/* A part that has another key now is the same thing: the old one makes room. */
static void remove_namesake(struct taking *g, struct thing *thing)
{
	struct thing **same = *thing->entity->unique
		? tfind(thing, &g->things->uniques, compare_unique) : NULL;

	if (same && !(*same)->present && strcmp((*same)->topic, thing->topic) == 0)
		remove_thing(g->things, g->source, *same);
}

static int add_thing(struct taking *g, const char *part, struct entity *e,
		     const struct digest *digest, struct diag *d)
{
	struct things *t = g->things;
	struct thing *thing = calloc(1, sizeof(*thing));
	int r;

	if (!thing) {
		entity_free(e);
		return -ENOMEM;
	}
	*thing = (struct thing){ .entity = e, .topic = strdup(g->source->topic),
				 .part = strdup(part), .digest = *digest, .present = true };
	if (thing->topic && thing->part)
		remove_namesake(g, thing);
	if (!thing->topic || !thing->part)
		r = -ENOMEM;
	else if (t->n == TOOLS_ENTITIES_MAX)
		r = diag_set(d, -EINVAL, DIAG_LIMIT, "", "there are %d things already",
			     TOOLS_ENTITIES_MAX);
	else
		r = enlist(t, thing, d);
	if (r < 0) {
		free_thing(thing);
		return r;
	}
	thing->next_part = g->source->parts;
	g->source->parts = thing;
	things_add_news(t, thing);
	return 0;
}

static bool same_face(const struct entity *a, const struct entity *b)
{
	return a->component == b->component && strcmp(a->base, b->base) == 0 &&
	       strcmp(a->name, b->name) == 0 && strcmp(a->device_class, b->device_class) == 0 &&
	       strcmp(a->unique, b->unique) == 0;
}

/* A new description of a thing that is there: who waits for it goes on waiting. Where it cannot be
 * taken in, it is as if it were removed. */
static int change_thing(struct taking *g, struct thing *thing, struct entity *e,
			const struct digest *digest, struct diag *d)
{
	struct things *t = g->things;
	struct entity *old = thing->entity;
	int r;

	entity_inherit(e, old);
	if (!same_face(e, old))
		things_tell_gone(t, thing);
	withdraw(t, thing);
	thing->entity = e;
	thing->digest = *digest;
	entity_free(old);
	r = enlist(t, thing, d);
	if (r < 0) {
		struct thing **at = &g->source->parts;

		while (*at != thing)
			at = &(*at)->next_part;
		*at = thing->next_part;
		t->ops->gone(t->arg, thing);
		things_tell_gone(t, thing);
		free_thing(thing);
		return r;
	}
	thing->new_services = true;
	things_add_news(t, thing);
	t->ops->changed(t->arg, thing);
	return 0;
}

static int digest_json(const char *component, const json_t *description, struct digest *ret)
{
	_cleanup_free_ char *text = json_dumps(description, JSON_COMPACT | JSON_SORT_KEYS);
	_cleanup_free_ char *all = NULL;
	int n = text ? asprintf(&all, "%s %s", component, text) : -1;

	return n < 0 ? -ENOMEM : digest_of(all, (size_t)n, ret);
}

static int take_part(void *arg, const char *component, const char *object, const char *part,
		     const json_t *description, struct diag *d)
{
	struct taking *g = arg;
	struct thing *thing = g->source->parts;
	struct entity *e = NULL;
	struct digest digest;
	int r;

	while (thing && strcmp(thing->part, part) != 0)
		thing = thing->next_part;
	r = description ? digest_json(component, description, &digest) : -EINVAL;
	/* Many makers repeat themselves; nothing has happened. */
	if (r == 0 && thing && digest_equal(&thing->digest, &digest)) {
		thing->present = true;
		return 0;
	}
	if (r == 0)
		r = entity_new(&e, component, object, description, g->things->guarded, d);
	if (r == 0 && thing) {
		thing->present = true;
		r = change_thing(g, thing, e, &digest, d);
	} else if (r == 0) {
		r = add_thing(g, part, e, &digest, d);
	} else if (r == -EINVAL && thing) {
		/* What is wrong does not replace what was right. */
		thing->present = true;
	}
	if (r == -EINVAL)
		warnings_say(&g->things->warnings, g->source->topic, d);
	return r == -ENOMEM ? r : 0;
}

static void describe(struct things *t, const char *topic, const char *payload, size_t len)
{
	struct taking g = { t, add_source(t, topic) };
	struct diag d = DIAG_NULL;
	int r;

	if (!g.source)
		return;
	for (struct thing *thing = g.source->parts; thing; thing = thing->next_part)
		thing->present = false;
	r = discovery_parse(t->prefix, topic, payload, len, take_part, &g, &d);
	if (r == -EINVAL)
		warnings_say(&t->warnings, topic, &d);
	for (struct thing *thing = g.source->parts, *next; thing && r >= 0; thing = next) {
		next = thing->next_part;
		if (!thing->present)
			remove_thing(t, g.source, thing);
	}
	release_source(t, g.source);
}

void things_hear(struct things *t, const char *topic, const char *payload, size_t len)
{
	if (discovery_is_topic(t->prefix, topic))
		describe(t, topic, payload, len);
	else
		things_hear_state(t, topic, payload, len);
}

static void lapse(const void *node, VISIT which, void *arg)
{
	const struct source *s = *(struct source *const *)node;
	struct things *t = arg;

	for (struct thing *thing = s->parts; thing && (which == postorder || which == leaf);
	     thing = thing->next_part)
		if (entity_lapse(thing->entity, loop_now())) {
			things_add_news(t, thing);
			t->ops->changed(t->arg, thing);
		}
}

bool things_lapse(struct things *t)
{
	if (t->n_lapsing > 0)
		twalk_r(t->sources, lapse, t);
	return t->n_lapsing > 0;
}

bool things_flush(struct things *t)
{
	enum { AT_ONCE = 200 };
	bool more;

	things_flush_names(t);
	more = things_flush_topics(t);
	for (int i = 0; i < AT_ONCE && t->news; i++)
		things_tell(t, t->news);
	return more || t->news;
}
