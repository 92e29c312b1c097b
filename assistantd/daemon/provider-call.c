/* SPDX-License-Identifier: MIT */
/*
 * One call of an application's tool: where it can be read, the state before, the call, and then
 * the state until it is what the application claims, or time is up. The application may hang,
 * die, or tell what is not so at any of these.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "assistantd/daemon/grants.h"
#include "assistantd/daemon/out.h"
#include "assistantd/daemon/provider-private.h"
#include "util/macro.h"

enum { READ_AGAIN_MS = 250, READ_MS = 5000, STATE_MAX = 8 * 1024 };

struct provider_call {
	struct providers *providers;
	const struct tool *tool;	/* a reference */
	char *sender, *path, *name;	/* whom to call, and the tool's name there */
	char *arguments;		/* JSON, or the token of Undo */
	const char *member;		/* Call or Undo; NULL: only the state is wanted */
	bool can_read;
	uint64_t until;
	struct loop_timer *timer;
	json_t *before, *after, *result;
	char *text;			/* of the result, as it came */
	backend_fn done;		/* NULL when nobody is to be told */
	void *arg;
	unsigned refs;			/* the list, and the reply that is awaited */
	struct provider_call *next;
};

static void unref(struct provider_call *c)
{
	if (--c->refs > 0)
		return;
	tool_unref(c->tool);
	free(c->sender);
	free(c->path);
	free(c->name);
	free(c->arguments);
	free(c->text);
	json_decref(c->before);
	json_decref(c->after);
	json_decref(c->result);
	free(c);
}

static void leave_list(struct provider_call *c)
{
	struct provider_call **at = &c->providers->calls;

	while (*at && *at != c)
		at = &(*at)->next;
	if (!*at)
		return;
	*at = c->next;
	unref(c);
}

static void end(struct provider_call *c, enum tools_outcome outcome, bool verified,
		const char *text)
{
	bool undoable = json_is_true(json_object_get(c->tool->spec, "can_undo"));
	struct backend_result result = {
		.outcome = outcome, .verified = verified, .before = c->before, .after = c->after,
		.result = c->text, .text = text,
	};
	backend_fn done = c->done;

	/* Without the token there is no way back. */
	if (undoable && !json_object_get(c->before, "token"))
		result.before = NULL;
	c->timer = loop_cancel(c->timer);
	c->done = NULL;
	if (done)
		done(c->arg, &result);
	leave_list(c);
}

/* JSON in a reply with one string: NULL where it is something else, or too long. */
static json_t *json_of(DBusMessage *reply, size_t max, const char **text)
{
	if (!reply || dbus_message_get_type(reply) != DBUS_MESSAGE_TYPE_METHOD_RETURN ||
	    !dbus_message_get_args(reply, NULL, DBUS_TYPE_STRING, text, DBUS_TYPE_INVALID) ||
	    strlen(*text) > max)
		return NULL;
	return json_loads(*text, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
}

static json_t *state_of(DBusMessage *reply)
{
	const char *text;
	json_t *state = json_of(reply, STATE_MAX, &text);

	if (json_is_object(state))
		return state;
	json_decref(state);
	return NULL;
}

static int send(struct provider_call *c, const char *member, uint64_t timeout_ms,
		bus_reply_fn done)
{
	DBusMessage *m = dbus_message_new_method_call(c->sender, c->path, PROVIDER_INTERFACE,
						      member);
	DBusMessageIter at, dict;
	int r;

	if (!m)
		return -ENOMEM;
	dbus_message_iter_init_append(m, &at);
	out_str(&at, c->name);
	out_str(&at, c->arguments);
	if (strcmp(member, "Call") == 0) {
		out_open_dict(&at, &dict);
		out_dict_u32(&dict, "timeout_ms", (uint32_t)timeout_ms);
		out_close_dict(&at, &dict);
	}
	c->refs++;
	r = bus_call(c->providers->s.bus, m, (int)timeout_ms, done, c);
	if (r < 0)
		c->refs--;
	return r;
}

static uint64_t left_ms(const struct provider_call *c)
{
	uint64_t now = loop_now();

	return c->until > now ? c->until - now : 0;
}

static void read_after(void *arg);

/* What it claims is so, is so; where it claims nothing, something has changed. */
static bool is_confirmed(const struct provider_call *c)
{
	const json_t *claimed = json_object_get(c->result, "state");

	if (!c->after)
		return false;
	return json_is_object(claimed) ? tool_agrees(claimed, c->after, 0)
				       : c->before && !json_equal(c->before, c->after);
}

static bool was_so(const struct provider_call *c)
{
	const json_t *claimed = json_object_get(c->result, "state");

	return json_is_object(claimed) && c->before && tool_agrees(claimed, c->before, 0);
}

static void on_after(void *arg, DBusMessage *reply)
{
	struct provider_call *c = arg;

	if (c->done) {
		json_decref(c->after);
		c->after = state_of(reply);
		if (is_confirmed(c))
			end(c, was_so(c) ? OUTCOME_ALREADY : OUTCOME_DONE, true, "");
		else if (left_ms(c) < READ_AGAIN_MS ||
			 loop_after(c->providers->s.loop, &c->timer, READ_AGAIN_MS, read_after,
				    c) < 0)
			end(c, OUTCOME_SENT, false, "its state does not show the effect");
	}
	unref(c);
}

static void read_after(void *arg)
{
	struct provider_call *c = arg;

	c->timer = NULL;
	if (send(c, "Read", MAX(left_ms(c), (uint64_t)1), on_after) < 0)
		end(c, OUTCOME_SENT, false, "out of memory");
}

/* The token by which it can be taken back stands with the state before. */
static int keep_token(struct provider_call *c)
{
	const json_t *token = json_object_get(c->result, "undo");

	if (!json_is_string(token) || json_string_length(token) > PROVIDER_TOKEN_MAX)
		return 0;
	if (!c->before && !(c->before = json_object()))
		return -ENOMEM;
	return json_object_set(c->before, "token", (json_t *)token);
}

static void take_result(struct provider_call *c, DBusMessage *reply)
{
	struct diag d = DIAG_NULL;
	const char *text = "";

	c->result = json_of(reply, TOOL_RESULT_MAX, &text);
	if (!c->result) {
		end(c, c->tool->risk == POLICY_RISK_READ ? OUTCOME_FAILED : OUTCOME_SENT, false,
		    "what it answered is no JSON, or longer than 64 KiB");
	} else if (c->tool->result_schema &&
		   tool_schema_validate(c->tool->result_schema, c->result, &d) < 0) {
		end(c, c->tool->risk == POLICY_RISK_READ ? OUTCOME_FAILED : OUTCOME_SENT, false,
		    "what it answered is not as it said that it would be");
	} else if (!(c->text = strdup(text)) || keep_token(c) < 0) {
		end(c, OUTCOME_SENT, false, "out of memory");
	} else if (c->tool->risk == POLICY_RISK_READ) {
		end(c, OUTCOME_DONE, true, "");
	} else if (c->can_read) {
		c->until = loop_now() + CLAMP(left_ms(c), (uint64_t)READ_AGAIN_MS,
					      (uint64_t)READ_MS);
		read_after(c);
	} else {
		end(c, OUTCOME_SENT, false, "its effect cannot be read");
	}
}

static void on_called(void *arg, DBusMessage *reply)
{
	struct provider_call *c = arg;
	const char *name = reply ? dbus_message_get_error_name(reply) : NULL;
	const char *text = NULL;

	if (!c->done) {
		unref(c);
		return;
	}
	if (!name) {
		take_result(c, reply);
	} else if (strcmp(name, DBUS_ERROR_NO_REPLY) == 0 ||
		   strcmp(name, DBUS_ERROR_TIMEOUT) == 0) {
		/* It may have done it, and died, or be at it still. */
		end(c, OUTCOME_SENT, false, "the application did not answer");
	} else {
		if (!dbus_message_get_args(reply, NULL, DBUS_TYPE_STRING, &text,
					   DBUS_TYPE_INVALID))
			text = name;
		end(c, OUTCOME_FAILED, false, text);
	}
	unref(c);
}

static void call_now(struct provider_call *c)
{
	if (send(c, c->member, MAX(left_ms(c), (uint64_t)1), on_called) < 0)
		end(c, OUTCOME_FAILED, false, "out of memory");
}

static void on_before(void *arg, DBusMessage *reply)
{
	struct provider_call *c = arg;

	if (c->done) {
		c->before = state_of(reply);
		call_now(c);
	}
	unref(c);
}

static void on_read(void *arg, DBusMessage *reply)
{
	struct provider_call *c = arg;

	if (c->done) {
		c->after = state_of(reply);
		end(c, c->after ? OUTCOME_DONE : OUTCOME_FAILED, c->after,
		    c->after ? "" : "its state cannot be read");
	}
	unref(c);
}

static struct provider_call *call_new(struct providers *p, const struct tool *t,
				      const struct provided *by, const json_t *arguments)
{
	struct provider_call *c = calloc(1, sizeof(*c));
	const char *name = json_string_value(json_object_get(t->spec, "name"));
	const char *token = json_string_value(json_object_get(arguments, "token"));
	bool undo = !provider_tool_is_listed(t);

	if (!c)
		return NULL;
	c->refs = 1;
	c->providers = p;
	c->tool = tool_ref(t);
	c->sender = strdup(by->caller->name);
	c->path = strdup(by->path);
	c->name = name ? strndup(name, strlen(name) - (undo ? strlen(PROVIDER_UNDO) : 0)) : NULL;
	c->arguments = undo ? strdup(token ? token : "")
			    : json_dumps(arguments, JSON_COMPACT | JSON_SORT_KEYS);
	c->member = undo ? "Undo" : "Call";
	c->can_read = json_is_true(json_object_get(t->spec, "can_read"));
	c->until = loop_now() + t->timeout_ms;
	if (c->sender && c->path && c->name && c->arguments)
		return c;
	unref(c);
	return NULL;
}

static void enter_list(struct provider_call *c, backend_fn done, void *arg)
{
	c->done = done;
	c->arg = arg;
	c->next = c->providers->calls;
	c->providers->calls = c;
}

/* It passed the gate, which wanted the user's word where this is its first use. */
static void trust(struct providers *p, const struct tool *t)
{
	if (!grants_has(p->s.grants, t->owner, t->name, ""))
		grants_add(p->s.grants, t->owner, t->name, "");
}

int provider_call(void *data, const struct tool *t, const json_t *arguments, backend_fn done,
		  void *arg)
{
	struct providers *p = data;
	const struct provided *by = provided_find(p, t->name);
	struct provider_call *c = by ? call_new(p, t, by, arguments) : NULL;
	bool reads = c && c->can_read && t->risk != POLICY_RISK_READ;
	int r;

	if (!c)
		return by ? -ENOMEM : -ENOTCONN;
	/* A state that does not come is none, and keeps nobody from calling. */
	r = send(c, reads ? "Read" : c->member, reads ? MIN(t->timeout_ms / 2, (uint32_t)READ_MS)
						      : t->timeout_ms,
		 reads ? on_before : on_called);
	if (r < 0) {
		unref(c);
		return r;
	}
	trust(p, t);
	enter_list(c, done, arg);
	return 0;
}

int provider_read(void *data, const struct tool *t, const json_t *arguments, backend_fn done,
		  void *arg)
{
	struct providers *p = data;
	const struct provided *by = provided_find(p, t->name);
	struct provider_call *c;
	int r;

	if (!by)
		return -ENOTCONN;
	if (!json_is_true(json_object_get(t->spec, "can_read")))
		return -ENOTSUP;
	c = call_new(p, t, by, arguments);
	if (!c)
		return -ENOMEM;
	r = send(c, "Read", READ_MS, on_read);
	if (r < 0) {
		unref(c);
		return r;
	}
	enter_list(c, done, arg);
	return 0;
}

void provider_calls_drop(struct providers *p)
{
	while (p->calls) {
		struct provider_call *c = p->calls;

		c->timer = loop_cancel(c->timer);
		c->done = NULL;
		leave_list(c);
	}
}
