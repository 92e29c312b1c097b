/* SPDX-License-Identifier: MIT */
#include "assistantd/tools/calls.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "assistantd/tools/order.h"
#include "util/macro.h"

struct call {
	struct calls *calls;
	uint64_t id;
	struct things *things;
	struct thing *thing;
	struct order *order;
	/* Messages that the broker has not taken yet. */
	int numbers[ORDER_COMMANDS_MAX];
	size_t n_numbers;
	bool lost;			/* the connection, before it took all of them */
	struct loop_timer *deadline;
	struct call *next;
};

struct calls {
	struct loop *loop;
	struct front *front;
	struct call *first;
	size_t n;
};

int calls_new(struct calls **ret, struct loop *loop, struct front *front)
{
	struct calls *c = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	*c = (struct calls){ .loop = loop, .front = front };
	*ret = c;
	return 0;
}

static void free_call(struct call *c)
{
	loop_cancel(c->deadline);
	order_free(c->order);
	free(c);
}

/* Ends it; what it says of the thing, the front end knows before. */
static void answer(struct call *c, enum tools_outcome outcome, bool verified, const char *text)
{
	struct call **at = &c->calls->first;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	c->calls->n--;
	if (c->thing)
		things_tell(c->things, c->thing);
	front_result(c->calls->front, c->id, outcome, verified,
		     c->thing ? c->thing->entity : NULL, c->order->before, text);
	free_call(c);
}

struct calls *calls_free(struct calls *c)
{
	if (!c)
		return NULL;
	while (c->first) {
		c->first->thing = NULL;
		answer(c->first, OUTCOME_SENT, false, "the connection was given up");
	}
	free(c);
	return NULL;
}

static void on_deadline(void *arg)
{
	struct call *c = arg;
	const struct entity *e = c->thing->entity;

	c->deadline = NULL;
	/* What is on its way was obeyed, and the state says so. */
	if (order_is_seen(c->order, e) && order_progress(c->order, e) == ORDER_HEADING)
		answer(c, OUTCOME_DONE, true, "");
	else if (!entity_available(e))
		answer(c, OUTCOME_SENT, false, "the device is not available any more");
	else if (c->n_numbers || c->lost)
		answer(c, OUTCOME_SENT, false, "the broker did not take it in time");
	else
		answer(c, OUTCOME_SENT, false, "the device did not confirm it");
}

/* What cannot be read back is over when the broker has it and the rest is as it should be. */
static void check(struct call *c)
{
	const struct entity *e = c->thing->entity;

	if (order_progress(c->order, e) != ORDER_OBEYED)
		return;
	if (order_is_seen(c->order, e))
		answer(c, OUTCOME_DONE, true, "");
	else if (c->n_numbers == 0 && !c->lost)
		answer(c, OUTCOME_SENT, false, "the device does not tell whether it obeyed");
}

void calls_changed(struct calls *calls, struct thing *t)
{
	for (struct call *c = calls->first, *next; c; c = next) {
		next = c->next;
		if (c->thing == t)
			check(c);
	}
}

void calls_gone(struct calls *calls, struct thing *t)
{
	for (struct call *c = calls->first, *next; c; c = next) {
		next = c->next;
		if (c->thing != t)
			continue;
		c->thing = NULL;
		answer(c, OUTCOME_SENT, false, "the device was removed meanwhile");
	}
}

void calls_taken(struct calls *calls, int number)
{
	for (struct call *c = calls->first, *next; c; c = next) {
		next = c->next;
		for (size_t i = 0; i < c->n_numbers; i++)
			if (c->numbers[i] == number) {
				c->numbers[i] = c->numbers[--c->n_numbers];
				check(c);
				return;
			}
	}
}

void calls_lost(struct calls *calls)
{
	for (struct call *c = calls->first; c; c = c->next) {
		c->lost |= c->n_numbers > 0;
		c->n_numbers = 0;
	}
}

/* 0, or -errno with the rest not sent. */
static int send_commands(struct call *c, struct broker *broker, struct diag *d)
{
	struct order_command commands[ORDER_COMMANDS_MAX];
	const struct entity *e = c->thing->entity;
	size_t n;
	int r = order_commands(c->order, e, commands, &n, d);

	for (size_t i = 0; r == 0 && i < n; i++) {
		r = broker_publish(broker, commands[i].topic, commands[i].payload, e->retain,
				   &c->numbers[c->n_numbers]);
		c->n_numbers += r == 0;
	}
	order_commands_deinit(commands, n);
	return r;
}

static const char *obstacle(const struct calls *calls, const struct thing *t,
			    const struct broker *broker)
{
	if (!t)
		return "no such device";
	if (!broker || !broker_is_up(broker))
		return "the broker is not reached";
	if (!entity_available(t->entity))
		return "the device is not available";
	return calls->n == CALLS_MAX ? "too many calls at once" : NULL;
}

static int new_call(struct call **ret, struct calls *calls, uint64_t id,
		    const struct tools_call *v, struct thing *t, struct diag *d)
{
	struct call *c = calloc(1, sizeof(*c));
	int r;

	if (!c)
		return -ENOMEM;
	*c = (struct call){ .calls = calls, .id = id, .thing = t };
	r = order_new(&c->order, t->entity, v->service.len ? v->service.data : "", v->data.data,
		      v->data.len, d);
	if (r == 0)
		r = loop_after(calls->loop, &c->deadline, v->deadline_ms, on_deadline, c);
	if (r < 0) {
		free_call(c);
		return r;
	}
	c->next = calls->first;
	calls->first = c;
	calls->n++;
	*ret = c;
	return 0;
}

void calls_begin(struct calls *calls, uint64_t id, const struct tools_call *v,
		 struct things *things, struct broker *broker)
{
	struct thing *t = things ? things_find(things, v->entity.len ? v->entity.data : "") : NULL;
	const char *why = obstacle(calls, t, broker);
	struct diag d = DIAG_NULL;
	struct call *c;
	int r = why ? -EINVAL : new_call(&c, calls, id, v, t, &d);

	if (r < 0) {
		json_auto_t *before = t ? entity_snapshot(t->entity) : NULL;

		front_result(calls->front, id, OUTCOME_FAILED, false, t ? t->entity : NULL, before,
			     why ? why : d.code ? d.text : strerror(-r));
		return;
	}
	c->things = things;
	if (order_is_done(c->order, t->entity)) {
		answer(c, OUTCOME_ALREADY, true, "");
		return;
	}
	r = send_commands(c, broker, &d);
	if (r < 0 && c->n_numbers == 0)
		answer(c, OUTCOME_FAILED, false, d.code ? d.text : strerror(-r));
	else if (r < 0)
		answer(c, OUTCOME_SENT, false, "only a part of it could be sent");
}
