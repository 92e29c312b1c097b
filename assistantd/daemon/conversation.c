/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/conversation.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "assistantd/daemon/log.h"
#include "assistantd/daemon/worker.h"
#include "util/macro.h"

enum { LASTS_MS = 30 * 60 * 1000, CONVERSATIONS_MAX = 64, PER_CALLER_MAX = 8 };

struct conversations {
	struct worker *worker;
	struct conversation *first;	/* the newest */
};

/* A row on its way to the store. */
struct conversation_write {
	struct work work;
	char id[CONVERSATION_ID_MAX];
	char *caller, *data;		/* data NULL: the row goes */
	int64_t until_ms;
};

void conversation_unfocus(struct conversation *c)
{
	while (c->n_focus)
		free(c->focus[--c->n_focus].entity);
}

static void drop_others(struct conversation *c)
{
	while (c->n_others)
		free(c->others[--c->n_others]);
}

int conversation_set_others(struct conversation *c, const char *const *ids, size_t n)
{
	drop_others(c);
	for (; c->n_others < MIN(n, (size_t)CONVERSATION_CHOICES_MAX); c->n_others++) {
		c->others[c->n_others] = strdup(ids[c->n_others]);
		if (!c->others[c->n_others])
			return -ENOMEM;
	}
	return 0;
}

void conversation_drop_pending(struct conversation *c)
{
	struct pending *p = &c->pending;

	while (p->n_orders)
		order_deinit(&p->orders[--p->n_orders]);
	if (p->n_choices)
		drop_others(c);
	while (p->n_choices) {
		struct choice *choice = &p->choices[--p->n_choices];

		c->others[c->n_others++] = choice->id;
		free(choice->title);
	}
	free(p->unknown);
	p->unknown = NULL;
	p->at = 0;
}

static void free_conversation(struct conversation *c)
{
	conversation_unfocus(c);
	conversation_drop_pending(c);
	drop_others(c);
	order_deinit(&c->last);
	free(c->caller);
	free(c);
}

int conversation_said(struct conversation *c, const struct order *o)
{
	struct order copy;
	int r = order_copy(&copy, o);

	if (r == 0) {
		order_deinit(&c->last);
		c->last = copy;
	}
	return r;
}

int conversation_focus(struct conversation *c, const char *entity, enum policy_label label)
{
	if (c->n_focus == CONVERSATION_FOCUS_MAX)
		return 0;
	c->focus[c->n_focus] = (struct focus){ strdup(entity), label };
	if (!c->focus[c->n_focus].entity)
		return -ENOMEM;
	c->n_focus++;
	return 0;
}

int conversation_choice(struct conversation *c, const char *id, const char *title)
{
	struct pending *p = &c->pending;
	struct choice *choice = &p->choices[p->n_choices];

	if (p->n_choices == CONVERSATION_CHOICES_MAX)
		return -E2BIG;
	*choice = (struct choice){ strdup(id), strdup(title) };
	if (!choice->id || !choice->title) {
		free(choice->id);
		free(choice->title);
		return -ENOMEM;
	}
	p->n_choices++;
	return 0;
}

static json_t *focus_json(const struct conversation *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->n_focus; i++)
		json_array_append_new(list, json_pack("{s:s, s:i}", "id", c->focus[i].entity,
						      "label", (int)c->focus[i].label));
	return list;
}

static json_t *pending_json(const struct pending *p)
{
	json_t *orders = json_array(), *choices = json_array();

	for (size_t i = 0; i < p->n_orders; i++)
		json_array_append_new(orders, order_to_json(&p->orders[i]));
	for (size_t i = 0; i < p->n_choices; i++)
		json_array_append_new(choices, json_pack("{s:s, s:s}", "id", p->choices[i].id,
							 "title", p->choices[i].title));
	return json_pack("{s:o, s:o, s:i, s:s*}", "orders", orders, "choices", choices, "at",
			 (int)p->at, "unknown", p->unknown);
}

static json_t *others_json(const struct conversation *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->n_others; i++)
		json_array_append_new(list, json_string(c->others[i]));
	return list;
}

static char *to_text(const struct conversation *c)
{
	json_auto_t *data = json_pack("{s:o, s:o}", "focus", focus_json(c), "others",
					 others_json(c));

	if (c->last.intent)
		json_object_set_new(data, "last", order_to_json(&c->last));
	if (c->pending.n_choices)
		json_object_set_new(data, "pending", pending_json(&c->pending));
	return data ? json_dumps(data, JSON_COMPACT) : NULL;
}

static int read_focus(struct conversation *c, const json_t *list)
{
	const char *id;
	json_t *item;
	size_t i;
	int label, r = 0;

	json_array_foreach(list, i, item) {
		if (json_unpack(item, "{s:s, s:i}", "id", &id, "label", &label) < 0 || label < 0 ||
		    label >= POLICY_LABEL_COUNT)
			return -EINVAL;
		r = conversation_focus(c, id, (enum policy_label)label);
		if (r < 0)
			return r;
	}
	return 0;
}

static int read_others(struct conversation *c, const json_t *list)
{
	json_t *item;
	size_t i;

	if (json_array_size(list) > CONVERSATION_CHOICES_MAX)
		return -EINVAL;
	json_array_foreach(list, i, item) {
		if (!json_is_string(item))
			return -EINVAL;
		c->others[i] = strdup(json_string_value(item));
		if (!c->others[i])
			return -ENOMEM;
		c->n_others++;
	}
	return 0;
}

static int read_pending(struct conversation *c, const json_t *object)
{
	struct pending *p = &c->pending;
	const char *id, *title, *unknown = NULL;
	json_t *orders, *choices, *item;
	size_t i;
	int at, r = 0;

	if (!object)
		return 0;
	if (json_unpack((json_t *)object, "{s:o, s:o, s:i, s?s}", "orders", &orders, "choices",
			&choices, "at", &at, "unknown", &unknown) < 0 ||
	    json_array_size(orders) > CONVERSATION_ORDERS_MAX || at < 0 ||
	    (size_t)at >= json_array_size(orders))
		return -EINVAL;
	json_array_foreach(orders, i, item)
		if (r == 0) {
			r = order_from_json(&p->orders[i], item);
			p->n_orders += r == 0;
		}
	json_array_foreach(choices, i, item)
		if (r == 0)
			r = json_unpack(item, "{s:s, s:s}", "id", &id, "title", &title) < 0
				? -EINVAL : conversation_choice(c, id, title);
	p->at = (size_t)at;
	if (r == 0 && unknown && !(p->unknown = strdup(unknown)))
		r = -ENOMEM;
	return r == -E2BIG ? -EINVAL : r;
}

static int read_data(struct conversation *c, const char *text)
{
	json_auto_t *data = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	const json_t *last = json_object_get(data, "last");
	int r = json_is_object(data) ? 0 : -EINVAL;

	if (r == 0 && last)
		r = order_from_json(&c->last, last);
	if (r == 0)
		r = read_focus(c, json_object_get(data, "focus"));
	if (r == 0)
		r = read_others(c, json_object_get(data, "others"));
	return r < 0 ? r : read_pending(c, json_object_get(data, "pending"));
}

int conversations_new(struct conversations **ret, struct worker *worker)
{
	*ret = calloc(1, sizeof(**ret));
	if (!*ret)
		return -ENOMEM;
	(*ret)->worker = worker;
	return 0;
}

void conversations_forget(struct conversations *s, const char *caller)
{
	for (struct conversation **at = &s->first; *at;) {
		struct conversation *c = *at;

		if (caller && strcmp(c->caller, caller) != 0) {
			at = &c->next;
			continue;
		}
		*at = c->next;
		free_conversation(c);
	}
}

struct conversations *conversations_free(struct conversations *s)
{
	if (!s)
		return NULL;
	conversations_forget(s, NULL);
	free(s);
	return NULL;
}

/* In the order of their ends, the newest first. */
static void insert(struct conversations *s, struct conversation *c)
{
	struct conversation **at = &s->first;

	while (*at && (*at)->until_ms > c->until_ms)
		at = &(*at)->next;
	c->next = *at;
	*at = c;
}

int conversations_restore(struct conversations *s, const struct store_conversation *row)
{
	struct conversation *c = calloc(1, sizeof(*c));
	int r;

	if (!c || !(c->caller = strdup(row->caller))) {
		free(c);
		return -ENOMEM;
	}
	c->until_ms = row->until_ms;
	r = snprintf(c->id, sizeof(c->id), "%s", row->id) < (int)sizeof(c->id) ? 0 : -EINVAL;
	if (r == 0)
		r = read_data(c, row->data);
	if (r < 0)
		free_conversation(c);
	else
		insert(s, c);
	return r;
}

struct conversation *conversations_find(struct conversations *s, const char *id,
					const char *caller, int64_t now_ms)
{
	bool any = strcmp(id, "last") == 0;

	for (struct conversation *c = s->first; c; c = c->next)
		if ((any || strcmp(c->id, id) == 0) && strcmp(c->caller, caller) == 0 &&
		    c->until_ms > now_ms)
			return c;
	return NULL;
}

static int run_write(struct work *work, struct store *store)
{
	struct conversation_write *w = container_of(work, struct conversation_write, work);
	const struct store_conversation row = { w->id, w->caller, w->until_ms, w->data };

	if (!store)
		return -ENODEV;
	return w->data ? store_put_conversation(store, &row)
		       : store_drop_conversation(store, w->id);
}

static void written(struct work *work, int result)
{
	struct conversation_write *w = container_of(work, struct conversation_write, work);

	if (result)
		log_warning("store: a conversation was not written (%d)", result);
	free(w->caller);
	free(w->data);
	free(w);
}

/* It is a convenience: without memory or a store it ends with the service. */
static void write_row(struct conversations *s, const struct conversation *c, bool drop)
{
	struct conversation_write *w = s->worker ? calloc(1, sizeof(*w)) : NULL;

	if (!w)
		return;
	memcpy(w->id, c->id, sizeof(w->id));
	w->until_ms = c->until_ms;
	w->caller = strdup(c->caller);
	w->data = drop ? NULL : to_text(c);
	if (!w->caller || (!drop && !w->data)) {
		free(w->caller);
		free(w->data);
		free(w);
		return;
	}
	w->work = (struct work){ .run = run_write, .done = written };
	worker_post(s->worker, &w->work);
}

static void drop_at(struct conversations *s, struct conversation **at)
{
	struct conversation *c = *at;

	*at = c->next;
	write_row(s, c, true);
	free_conversation(c);
}

/* The oldest of this caller's go, then the oldest of all. */
static void make_room(struct conversations *s, const char *caller)
{
	struct conversation **at = &s->first;
	unsigned n = 1, own = 1;

	while (*at) {
		bool is_own = strcmp((*at)->caller, caller) == 0;

		if (n == CONVERSATIONS_MAX || (is_own && own == PER_CALLER_MAX)) {
			drop_at(s, at);
			continue;
		}
		n++;
		own += is_own;
		at = &(*at)->next;
	}
}

struct conversation *conversations_begin(struct conversations *s, const char *caller,
					 int64_t now_ms)
{
	struct conversation *c = calloc(1, sizeof(*c));
	unsigned char bytes[16];

	if (!c || !(c->caller = strdup(caller)) ||
	    getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes)) {
		if (c)
			free_conversation(c);
		return NULL;
	}
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(c->id + 2 * i, 3, "%02x", bytes[i]);
	c->until_ms = now_ms + LASTS_MS;
	make_room(s, caller);
	insert(s, c);
	return c;
}

void conversations_keep(struct conversations *s, struct conversation *c, int64_t now_ms)
{
	struct conversation **at = &s->first;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	c->until_ms = now_ms + LASTS_MS;
	insert(s, c);
	write_row(s, c, c->is_private);
}
