/* SPDX-License-Identifier: MIT */
/* A question before the user: by a call to an agent, or a notification, and what comes back. */
#include <stdlib.h>
#include <string.h>

#include "assistantd/daemon/agents-private.h"
#include "assistantd/daemon/config.h"
#include "assistantd/daemon/log.h"
#include "assistantd/daemon/notify.h"
#include "assistantd/daemon/pins.h"
#include "util/macro.h"

/* A call of Confirm that is not answered; the question may be over by then. */
struct shown {
	struct agents *agents;
	struct agent_wait *wait;
	char *sender, *path;
};

static struct shown *shown_free(struct shown *s)
{
	if (s) {
		free(s->sender);
		free(s->path);
	}
	free(s);
	return NULL;
}

static struct shown *shown_new(struct agent_wait *w, const struct agent *agent)
{
	struct shown *s = calloc(1, sizeof(*s));

	if (s)
		*s = (struct shown){ w->agents, w, strdup(agent->caller->name),
				     strdup(agent->path) };
	return s && s->sender && s->path ? s : shown_free(s);
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

void question_unshow(struct agent_wait *w, bool cancel)
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
	question_end_with(w, AGENT_NO, "nobody answered in time");
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

		question_end(w, &outcome);
	} else {
		w->expiry = loop_cancel(w->expiry);
		w->always = decision == 2;
		w->pin = strdup(pin);
		if (w->pin)
			question_check_pin(w, 0);
		else
			question_end_with(w, AGENT_GONE, "out of memory");
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
	shown_free(s);
	questions_pump(a);
}

void question_show(struct agent_wait *w, const struct agent *agent)
{
	struct agents *a = w->agents;
	uint32_t left;

	w->agent = agent;
	w->shown = arm(w) == 0 ? shown_new(w, agent) : NULL;
	if (!w->shown) {
		question_end_with(w, AGENT_GONE, "out of memory");
		return;
	}
	left = (uint32_t)(w->expires_at - MIN(loop_now(), w->expires_at));
	/* Its own expiry: a time-out of the bus would say nothing to the agent. */
	if (bus_call(a->s.bus, question_message(&w->question, agent, w->id, left,
						PIN_TRIES - w->wrong),
		     DBUS_TIMEOUT_INFINITE, on_reply, w->shown) < 0) {
		w->shown = shown_free(w->shown);
		question_end_with(w, AGENT_GONE, "out of memory");
	}
}

static void on_pressed(void *arg, const char *action)
{
	struct agent_wait *w = arg;
	struct agents *a = w->agents;

	w->note = NULL;
	if (action && strcmp(action, "yes") == 0)
		question_end_with_yes(w, "notification", false);
	else
		question_end_with(w, AGENT_NO, action ? "" : "the notification was closed");
	questions_pump(a);
}

int question_show_note(struct agent_wait *w)
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
