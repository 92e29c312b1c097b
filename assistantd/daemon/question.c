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
#include "assistantd/daemon/config.h"
#include "assistantd/daemon/grants.h"
#include "assistantd/daemon/log.h"
#include "assistantd/daemon/notify.h"
#include "assistantd/daemon/pins.h"
#include "assistantd/daemon/screen.h"
#include "util/macro.h"

struct agent_wait {
	struct agents *agents;
	uint64_t id;
	agent_fn done;
	void *arg;
	struct question question;
	const struct agent *agent;	/* that shows it, or NULL */
	struct shown *shown;		/* the call to it */
	struct notify_wait *note;	/* or the notification */
	struct loop_timer *expiry;
	uint64_t expires_at;		/* 0: it was not shown yet */
	unsigned wrong;			/* PINs */
	char *pin;			/* that is looked at, which holds it; else NULL */
	size_t pin_of;			/* for the target of this call */
	bool always, over;
	struct agent_wait *next;
};

/* A call of Confirm that is not answered; the question may be over by then. */
struct shown {
	struct agents *agents;
	struct agent_wait *wait;
	char *sender, *path;
};

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

static void send_cancel(struct agents *a, const struct agent *agent, uint64_t id)
{
	DBusMessage *m = dbus_message_new_method_call(agent->caller->name, agent->path,
						      "org.assistantd.Agent1", "Cancel");
	dbus_uint64_t call = id;

	if (m) {
		dbus_message_append_args(m, DBUS_TYPE_UINT64, &call, DBUS_TYPE_INVALID);
		dbus_message_set_no_reply(m, TRUE);
	}
	bus_send(a->s.bus, m);
}

/* Nobody shows it any more; with @cancel, who did is told. */
static void unshow(struct agent_wait *w, bool cancel)
{
	w->expiry = loop_cancel(w->expiry);
	notify_drop(w->note);
	w->note = NULL;
	if (w->shown) {
		w->shown->wait = NULL;
		w->shown = NULL;
		if (cancel)
			send_cancel(w->agents, w->agent, w->id);
	}
	w->agent = NULL;
}

static void end(struct agent_wait *w, const struct agent_outcome *outcome)
{
	agent_fn done = w->done;
	void *arg = w->arg;

	unshow(w, true);
	w->over = true;
	w->done = NULL;
	if (done)
		done(arg, outcome);
	if (!w->pin)
		wait_free(w);
}

static void end_with(struct agent_wait *w, enum agent_answer answer, const char *why)
{
	struct agent_outcome outcome = { .answer = answer, .id = w->id, .by = "", .why = why };

	end(w, &outcome);
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

static void end_with_yes(struct agent_wait *w, const char *by, bool always)
{
	/* It may go with what it stands in. */
	_cleanup_free_ char *who = strdup(by);
	struct agent_outcome outcome = { .answer = AGENT_YES, .id = w->id,
					 .by = who ? who : "", .why = "" };

	outcome.always = always && grant_all(w);
	end(w, &outcome);
}

static void on_expired(void *arg)
{
	struct agent_wait *w = arg;
	struct agents *a = w->agents;
	struct agent *agent = w->agent ? agents_find(a, w->agent->caller->name, w->agent->path)
				       : NULL;

	w->expiry = NULL;
	/* One that shows nothing, as far as we can tell, keeps others from being asked. */
	if (agent && ++agent->unanswered >= AGENT_UNANSWERED_MAX) {
		log_warning("agent %s does not answer; it is asked no more",
			    agent->caller->identity);
		agents_remove(a, agent);
	}
	end_with(w, AGENT_NO, "nobody answered in time");
	questions_pump(a);
}

static int arm(struct agent_wait *w)
{
	uint64_t now = loop_now();

	if (!w->expires_at)
		w->expires_at = now + w->agents->s.config->question_ms;
	return loop_after(w->agents->s.loop, &w->expiry,
			  w->expires_at > now ? w->expires_at - now : 0, on_expired, w);
}

static void on_pin(void *arg, enum pin_result result);

/* Looks at the PIN for the next target that needs one; where none is left, it is a yes. */
static void check_pin(struct agent_wait *w, size_t from)
{
	w->pin_of = question_pin(&w->question, from);
	if (w->pin_of == w->question.n_calls) {
		forget_pin(w);
		end_with_yes(w, w->agent ? w->agent->caller->identity : "", w->always);
	} else if (pins_check(w->agents->s.pins, w->question.calls[w->pin_of].target, w->pin,
			      on_pin, w) < 0) {
		forget_pin(w);
		end_with(w, AGENT_GONE, "out of memory");
	}
}

static void on_pin(void *arg, enum pin_result result)
{
	struct agent_wait *w = arg;
	struct agents *a = w->agents;

	if (result == PIN_RIGHT && !w->over) {
		check_pin(w, w->pin_of + 1);
		questions_pump(a);
		return;
	}
	forget_pin(w);
	if (w->over)
		wait_free(w);
	else if (result == PIN_LOCKED_OUT)
		end_with(w, AGENT_NO, "too many wrong PINs; try again in five minutes");
	else if (result == PIN_FAILED)
		end_with(w, AGENT_GONE, "the PIN could not be looked at");
	else if (++w->wrong == PIN_TRIES)
		end_with(w, AGENT_NO, "the PIN was wrong");
	else
		unshow(w, false);	/* to be shown again */
	questions_pump(a);
}

/* The answer's signature is right. */
static void take_answer(struct agent_wait *w, DBusMessage *reply)
{
	DBusMessageIter at, dict, value;
	dbus_uint32_t decision;
	const char *key, *pin = "";

	dbus_message_iter_init(reply, &at);
	dbus_message_iter_get_basic(&at, &decision);
	dbus_message_iter_next(&at);
	dbus_message_iter_recurse(&at, &dict);
	while (bus_next_option(&dict, &key, &value))
		if (strcmp(key, "pin") == 0 &&
		    dbus_message_iter_get_arg_type(&value) == DBUS_TYPE_STRING)
			dbus_message_iter_get_basic(&value, &pin);
	if (decision == 0) {
		struct agent_outcome outcome = { .answer = AGENT_NO, .id = w->id, .why = "",
						 .by = w->agent->caller->identity };

		end(w, &outcome);
	} else {
		w->expiry = loop_cancel(w->expiry);
		w->always = decision == 2;
		w->pin = strdup(pin);
		if (w->pin)
			check_pin(w, 0);
		else
			end_with(w, AGENT_GONE, "out of memory");
	}
}

static bool is_answer(DBusMessage *reply)
{
	dbus_uint32_t decision;
	DBusMessageIter at;

	if (!reply || dbus_message_get_type(reply) != DBUS_MESSAGE_TYPE_METHOD_RETURN ||
	    !dbus_message_has_signature(reply, "ua{sv}"))
		return false;
	dbus_message_iter_init(reply, &at);
	dbus_message_iter_get_basic(&at, &decision);
	return decision <= 2;
}

static void on_reply(void *arg, DBusMessage *reply)
{
	struct shown *s = arg;
	struct agents *a = s->agents;
	struct agent_wait *w = s->wait;
	struct agent *agent = agents_find(a, s->sender, s->path);

	if (w) {
		w->shown = NULL;
		if (is_answer(reply)) {
			if (agent)
				agent->unanswered = 0;
			take_answer(w, reply);
		} else if (agent) {
			log_warning("agent %s gives no answer to a question; it is asked no more",
				    agent->caller->identity);
			agents_remove(a, agent);
		}
	} else if (agent && agent->unanswered) {
		agent->unanswered--;
	}
	free(s->sender);
	free(s->path);
	free(s);
	questions_pump(a);
}

static struct shown *shown_new(struct agent_wait *w, const struct agent *agent)
{
	struct shown *s = calloc(1, sizeof(*s));

	if (s)
		*s = (struct shown){ w->agents, w, strdup(agent->caller->name),
				     strdup(agent->path) };
	if (s && s->sender && s->path)
		return s;
	if (s) {
		free(s->sender);
		free(s->path);
	}
	free(s);
	return NULL;
}

static void show(struct agent_wait *w, const struct agent *agent)
{
	struct agents *a = w->agents;
	uint32_t left;

	w->agent = agent;
	w->shown = arm(w) == 0 ? shown_new(w, agent) : NULL;
	if (!w->shown) {
		end_with(w, AGENT_GONE, "out of memory");
		return;
	}
	left = (uint32_t)(w->expires_at - MIN(loop_now(), w->expires_at));
	/* Its own expiry: a time-out of the bus would say nothing to the agent. */
	if (bus_call(a->s.bus, question_message(&w->question, agent, w->id, left,
						PIN_TRIES - w->wrong),
		     DBUS_TIMEOUT_INFINITE, on_reply, w->shown) < 0) {
		free(w->shown->sender);
		free(w->shown->path);
		free(TAKE(w->shown));
		end_with(w, AGENT_GONE, "out of memory");
	}
}

static void on_pressed(void *arg, const char *action)
{
	struct agent_wait *w = arg;
	struct agents *a = w->agents;

	w->note = NULL;
	if (action && strcmp(action, "yes") == 0)
		end_with_yes(w, "notification", false);
	else
		end_with(w, AGENT_NO, action ? "" : "the notification was closed");
	questions_pump(a);
}

static int show_note(struct agent_wait *w)
{
	static const char *const actions[] = { "yes", "Yes", "no", "No", NULL };
	_cleanup_free_ char *body = NULL;
	struct notify_note note = {
		.summary = w->question.title,
		.actions = actions,
		.urgency = NOTIFY_CRITICAL,
		.expires_ms = w->agents->s.config->question_ms,
	};
	int r = question_note(&w->question, &body);

	if (r == 0) {
		note.body = body;
		r = arm(w);
	}
	return r < 0 ? r : notify_show(w->agents->s.notify, &note, on_pressed, w, &w->note);
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
		show(w, agent);
	else if (needs_agent(&w->question) || !notify_has_actions(a->s.notify) || show_note(w) < 0)
		end_with(w, AGENT_GONE, "nobody is there to be asked any more");
	return true;
}

void questions_pump(struct agents *a)
{
	bool again = true;

	while (again) {
		again = false;
		for (struct agent_wait *w = a->waits; !again && w; w = w->next)
			again = !is_shown(w) && try_to_show(a, w);
	}
}

void questions_forsake(struct agents *a, const struct agent *agent)
{
	for (struct agent_wait *w = a->waits; w; w = w->next)
		if (w->agent == agent)
			unshow(w, false);
}

void questions_end_all(struct agents *a, const char *why)
{
	struct agent_wait *w;

	do {
		for (w = a->waits; w && w->over; w = w->next)
			;
		if (w)
			end_with(w, AGENT_GONE, why);
	} while (w);
}

void questions_drop_all(struct agents *a)
{
	a->soon = loop_cancel(a->soon);
	while (a->waits) {
		unshow(a->waits, false);
		wait_free(a->waits);
	}
}

void agent_drop(struct agent_wait *w)
{
	struct agents *a = w ? w->agents : NULL;

	if (!w)
		return;
	w->done = NULL;
	end_with(w, AGENT_GONE, "");
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
