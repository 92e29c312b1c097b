/* SPDX-License-Identifier: MIT */
/* Who listens to what. */
#include <errno.h>
#include <search.h>
#include <string.h>

#include "assistantd/tools/things-private.h"
#include "util/loop.h"
#include "util/macro.h"
#include "util/utf8.h"

struct listening {
	struct things *things;
	struct thing *thing;
};

static struct topic *find(struct things *t, const char *name)
{
	struct topic **at = tfind(&name, &t->topics, things_compare);

	return at ? *at : NULL;
}

static void free_topic(void *node)
{
	struct topic *topic = node;

	free(topic->name);
	free(topic->listeners);
	free(topic);
}

void things_topics_deinit(struct things *t)
{
	tdestroy(t->topics, free_topic);
}

static struct topic *add_topic(struct things *t, const char *name)
{
	struct topic *topic = find(t, name);

	if (topic)
		return topic;
	topic = calloc(1, sizeof(*topic));
	if (topic && (topic->name = strdup(name)) && tsearch(topic, &t->topics, things_compare))
		return topic;
	if (topic)
		free_topic(topic);
	return NULL;
}

static void make_due(struct things *t, struct topic *topic)
{
	if (topic->due)
		return;
	topic->due = true;
	topic->next_due = t->due;
	t->due = topic;
}

static void remove_topic(struct things *t, struct topic *topic)
{
	struct topic **at = &t->due;

	while (topic->due && *at != topic)
		at = &(*at)->next_due;
	if (topic->due)
		*at = topic->next_due;
	if (topic->subscribed)
		t->ops->subscribe(t->arg, topic->name, false);
	tdelete(topic, &t->topics, things_compare);
	free_topic(topic);
}

/* What is retained there is sent again for each who comes. */
static int listen_to(void *arg, const char *name)
{
	struct listening *l = arg;
	struct topic *topic = add_topic(l->things, name);
	struct thing **more;

	if (!topic)
		return -ENOMEM;
	for (size_t i = topic->n; i > 0; i--)
		if (topic->listeners[i - 1] == l->thing)
			return 0;
	/* In powers of two. */
	if ((topic->n & (topic->n - 1)) == 0) {
		more = reallocarray(topic->listeners, MAX(2 * topic->n, (size_t)1), sizeof(*more));
		if (!more)
			return -ENOMEM;
		topic->listeners = more;
	}
	topic->listeners[topic->n++] = l->thing;
	make_due(l->things, topic);
	return 0;
}

int things_listen(struct things *t, struct thing *thing)
{
	return entity_topics(thing->entity, listen_to, &(struct listening){ t, thing });
}

static int unlisten_to(void *arg, const char *name)
{
	struct listening *l = arg;
	struct topic *topic = find(l->things, name);

	for (size_t i = 0; topic && i < topic->n; i++)
		if (topic->listeners[i] == l->thing) {
			topic->listeners[i] = topic->listeners[--topic->n];
			break;
		}
	if (topic && topic->n == 0)
		remove_topic(l->things, topic);
	return 0;
}

void things_unlisten(struct things *t, struct thing *thing)
{
	entity_topics(thing->entity, unlisten_to, &(struct listening){ t, thing });
}

bool things_flush_topics(struct things *t)
{
	enum { AT_ONCE = 100 };

	for (int i = 0; i < AT_ONCE && t->due; i++) {
		struct topic *topic = t->due;

		t->due = topic->next_due;
		topic->due = false;
		topic->subscribed = true;
		t->ops->subscribe(t->arg, topic->name, true);
	}
	return t->due;
}

static void visit(const void *node, VISIT which, void *arg)
{
	struct topic *topic = *(struct topic *const *)node;

	if (which != postorder && which != leaf)
		return;
	topic->subscribed = false;
	make_due(arg, topic);
}

void things_subscribe_all(struct things *t)
{
	twalk_r(t->topics, visit, t);
}

static void hear(struct things *t, struct thing *thing, const struct entity_message *m)
{
	struct diag d = DIAG_NULL;

	if (entity_hear(thing->entity, m, loop_now(), &d)) {
		things_add_news(t, thing);
		t->ops->changed(t->arg, thing);
	}
	if (d.code)
		warnings_say(&t->warnings, m->topic, &d);
}

void things_hear_state(struct things *t, const char *name, const char *payload, size_t len)
{
	struct topic *topic = find(t, name);
	struct entity_message m = { name, payload, len, NULL };
	struct diag d = DIAG_NULL;

	if (!topic)
		return;
	if (len > ENTITY_PAYLOAD_MAX)
		diag_set(&d, -EINVAL, DIAG_LIMIT, "", "the message is longer than %d KiB",
			 ENTITY_PAYLOAD_MAX / 1024);
	else if (!utf8_valid(payload, len))
		diag_set(&d, -EINVAL, DIAG_SYNTAX, "", "the message is no UTF-8");
	if (d.code) {
		warnings_say(&t->warnings, name, &d);
		return;
	}
	m.json = json_loadb(payload, len, JSON_DECODE_ANY, NULL);
	for (size_t i = 0; i < topic->n; i++)
		hear(t, topic->listeners[i], &m);
	json_decref(m.json);
}
