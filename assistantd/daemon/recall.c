/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/recall.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "assistantd/daemon/conversation.h"
#include "assistantd/daemon/job.h"
#include "assistantd/daemon/log.h"
#include "assistantd/daemon/timers.h"
#include "util/macro.h"

/* A row in memory of its own, on its way from the store's thread. */
struct timer_copy {
	struct store_timer row;
	char *name, *boot_id;
	struct timer_copy *next;
};

struct conversation_copy {
	struct store_conversation row;
	char *id, *caller, *data;
	struct conversation_copy *next;
};

struct recall {
	struct work work;
	struct daemon *d;
	int64_t now_ms, next_timer;
	struct timer_copy *timers, **last_timer;
	struct conversation_copy *conversations;
};

static int copy_timer(void *arg, const struct store_timer *row)
{
	struct recall *r = arg;
	struct timer_copy *c = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	*r->last_timer = c;
	r->last_timer = &c->next;
	c->row = *row;
	c->row.name = c->name = strdup(row->name);
	c->row.boot_id = c->boot_id = strdup(row->boot_id);
	return c->name && c->boot_id ? 0 : -ENOMEM;
}

static int copy_conversation(void *arg, const struct store_conversation *row)
{
	struct recall *r = arg;
	struct conversation_copy *c = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	c->next = r->conversations;
	r->conversations = c;
	c->row.id = c->id = strdup(row->id);
	c->row.caller = c->caller = strdup(row->caller);
	c->row.data = c->data = strdup(row->data);
	c->row.until_ms = row->until_ms;
	return c->id && c->caller && c->data ? 0 : -ENOMEM;
}

static int run(struct work *work, struct store *store)
{
	struct recall *r = container_of(work, struct recall, work);
	int result;

	if (!store)
		return -ENODEV;
	result = store_timers(store, copy_timer, r, &r->next_timer);
	if (result == 0)
		result = store_conversations(store, r->now_ms, copy_conversation, r);
	return result;
}

static void take_timers(struct recall *r, bool whole)
{
	while (r->timers) {
		struct timer_copy *c = r->timers;

		if (whole && timers_restore(r->d->timers, &c->row) < 0)
			log_error("store: timer %lld cannot be taken up", (long long)c->row.id);
		r->timers = c->next;
		free(c->name);
		free(c->boot_id);
		free(c);
	}
	if (whole)
		timers_restored(r->d->timers, r->next_timer);
}

static void take_conversations(struct recall *r, bool whole)
{
	while (r->conversations) {
		struct conversation_copy *c = r->conversations;

		if (whole && conversations_restore(r->d->conversations, &c->row) < 0)
			log_warning("store: a conversation cannot be taken up");
		r->conversations = c->next;
		free(c->id);
		free(c->caller);
		free(c->data);
		free(c);
	}
}

static void done(struct work *work, int result)
{
	struct recall *r = container_of(work, struct recall, work);
	struct daemon *d = r->d;

	if (result)
		log_error("store: timers and conversations cannot be read (%d)", result);
	take_timers(r, result == 0);
	take_conversations(r, result == 0);
	free(r);
	d->recalled = true;
	jobs_pump(d);
}

int recall_begin(struct daemon *d)
{
	struct recall *r = calloc(1, sizeof(*r));
	struct timer_clock now;

	if (!r)
		return -ENOMEM;
	timer_clock_now(&now);
	r->d = d;
	r->now_ms = now.wall;
	r->last_timer = &r->timers;
	r->work = (struct work){ .run = run, .done = done };
	worker_post(d->worker, &r->work);
	return 0;
}
