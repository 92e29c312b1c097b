/* SPDX-License-Identifier: MIT */
/*
 * One question, from the asking to its one end. An agent shows one at a time, further ones
 * wait; an agent that goes, or answers what is no answer, is out, and the question goes on to
 * the next in the time that is left. What is answered late counts for nothing.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "assistantd/daemon/agents-private.h"
#include "assistantd/daemon/grants.h"
#include "assistantd/daemon/notify.h"
#include "assistantd/daemon/pins.h"

size_t questions_open(const struct agents *a)
{
	size_t n = 0;

	for (const struct agent_wait *w = a->waits; w; w = w->next)
		n += !w->over;
	return n;
}

static void forget_pin(struct agent_wait *w)
{
	if (w->pin)
		explicit_bzero(w->pin, strlen(w->pin));
	free(w->pin);
	w->pin = NULL;
}

static void wait_free(struct agent_wait *w)
{
	struct agent_wait **at = &w->agents->waits;

	while (*at && *at != w)
		at = &(*at)->next;
	if (*at)
		*at = w->next;
	question_deinit(&w->question);
	forget_pin(w);
	free(w);
}

void question_end(struct agent_wait *w, const struct agent_outcome *outcome)
{
	agent_fn done = w->done;
	void *arg = w->arg;

	question_unshow(w, true);
	w->over = true;
	w->done = NULL;
	if (done)
		done(arg, outcome);
	if (!w->pin)
		wait_free(w);
}

void question_end_with(struct agent_wait *w, enum agent_answer answer, const char *why)
{
	struct agent_outcome outcome = { .answer = answer, .id = w->id, .by = "", .why = why };

	question_end(w, &outcome);
}

/* The standing grants that "always" stands for: true when there are any. */
static bool grant_all(struct agent_wait *w)
{
	const struct question *q = &w->question;
	bool app = q->caller->kind == POLICY_CALLER_SANDBOXED, any = false;

	for (size_t i = 0; i < q->n_calls; i++) {
		const struct question_call *c = &q->calls[i];
		int r = !c->always || c->pin ? -EPERM :
			grants_add(w->agents->s.grants, app ? q->caller->identity : "", c->tool,
				   app ? "" : c->target);

		any |= r == 0 || r == -EEXIST;
	}
	return any;
}

void question_end_with_yes(struct agent_wait *w, const char *by, bool always)
{
	/* It may go with what it stands in. */
	_cleanup_free_ char *who = strdup(by);
	struct agent_outcome outcome = { .answer = AGENT_YES, .id = w->id,
					 .by = who ? who : "", .why = "" };

	outcome.always = always && grant_all(w);
	question_end(w, &outcome);
}

static void on_pin(void *arg, enum pin_result result);

void question_check_pin(struct agent_wait *w, size_t from)
{
	w->pin_of = question_pin(&w->question, from);
	if (w->pin_of == w->question.n_calls) {
		forget_pin(w);
		question_end_with_yes(w, w->agent ? w->agent->caller->identity : "", w->always);
	} else if (pins_check(w->agents->s.pins, w->question.calls[w->pin_of].target, w->pin,
			      on_pin, w) < 0) {
		forget_pin(w);
		question_end_with(w, AGENT_GONE, "out of memory");
	}
}

static void on_pin(void *arg, enum pin_result result)
{
	struct agent_wait *w = arg;
	struct agents *a = w->agents;

	if (result == PIN_RIGHT && !w->over) {
		question_check_pin(w, w->pin_of + 1);
		questions_pump(a);
		return;
	}
	forget_pin(w);
	if (w->over)
		wait_free(w);
	else if (result == PIN_LOCKED_OUT)
		question_end_with(w, AGENT_NO, "too many wrong PINs; try again in five minutes");
	else if (result == PIN_FAILED)
		question_end_with(w, AGENT_GONE, "the PIN could not be looked at");
	else if (++w->wrong == PIN_TRIES)
		question_end_with(w, AGENT_NO, "the PIN was wrong");
	else
		question_unshow(w, false);	/* to be shown again */
	questions_pump(a);
}

/* Whether nothing else is shown in the same place. */
static bool is_free(const struct agents *a, const struct agent *agent)
{
	for (const struct agent_wait *w = a->waits; w; w = w->next)
		if (!w->over && (agent ? w->agent == agent : w->note != NULL))
			return false;
	return true;
}

static bool is_shown(const struct agent_wait *w)
{
	return w->over || w->agent || w->note || w->pin;
}

/* A notification takes no PIN and shows no sources. */
static bool needs_agent(const struct question *q)
{
	return question_pin(q, 0) < q->n_calls || q->n_sources;
}

/* True when something changed, so that the list has to be gone through again. */
static bool try_to_show(struct agents *a, struct agent_wait *w)
{
	const struct agent *agent = agents_choose(a, w->question.caller);

	if (!is_free(a, agent))
		return false;
	if (agent)
		question_show(w, agent);
	else if (needs_agent(&w->question) || !notify_has_actions(a->s.notify) ||
		 question_show_note(w) < 0)
		question_end_with(w, AGENT_GONE, "nobody is there to be asked any more");
	return true;
}

static bool show_one(struct agents *a)
{
	for (struct agent_wait *w = a->waits; w; w = w->next)
		if (!is_shown(w) && try_to_show(a, w))
			return true;
	return false;
}

void questions_pump(struct agents *a)
{
	while (show_one(a))
		;
}

void questions_forsake(struct agents *a, const struct agent *agent)
{
	for (struct agent_wait *w = a->waits; w; w = w->next)
		if (w->agent == agent)
			question_unshow(w, false);
}

void questions_end_all(struct agents *a, const char *why)
{
	struct agent_wait *w;

	do {
		for (w = a->waits; w && w->over; w = w->next)
			;
		if (w)
			question_end_with(w, AGENT_GONE, why);
	} while (w);
}

void questions_drop_all(struct agents *a)
{
	a->soon = loop_cancel(a->soon);
	while (a->waits) {
		question_unshow(a->waits, false);
		wait_free(a->waits);
	}
}

void agent_drop(struct agent_wait *w)
{
	struct agents *a = w ? w->agents : NULL;

	if (!w)
		return;
	w->done = NULL;
	question_end_with(w, AGENT_GONE, "");
	questions_pump(a);
}

static void on_soon(void *arg)
{
	struct agents *a = arg;

	a->soon = NULL;
	questions_pump(a);
}

int agents_ask(struct agents *a, const struct agent_question *q, agent_fn done, void *arg,
	       struct agent_wait **ret)
{
	struct agent_wait *w, **at = &a->waits;
	_cleanup_free_ char *body = NULL;
	int r;

	if (q->n_calls < 1 || q->n_calls > AGENT_CALLS_MAX)
		return -EINVAL;
	w = calloc(1, sizeof(*w));
	if (!w)
		return -ENOMEM;
	*w = (struct agent_wait){ .agents = a, .id = ++a->next_id, .done = done, .arg = arg };
	r = question_init(&w->question, a->s.callers, q);
	if (r == 0 && !agents_available(a, q->caller, needs_agent(&w->question)))
		r = -ENOENT;
	/* Of what a notification cannot show whole nobody is asked by one. */
	if (r == 0 && !agents_choose(a, q->caller) && question_note(&w->question, &body) < 0)
		r = -ENOENT;
	if (r == 0 && !a->soon)
		r = loop_after(a->s.loop, &a->soon, 0, on_soon, a);
	if (r < 0) {
		question_deinit(&w->question);
		free(w);
		return r;
	}
	while (*at)
		at = &(*at)->next;
	*at = *ret = w;
	agents_note_asked(a, q->caller);
	return 0;
}
