/* SPDX-License-Identifier: MIT */
/* The gate around a plan: its inputs, the question to the user, and the last look before a call
 * is sent. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "assistantd/daemon/executor-private.h"

/* Chosen by more than their names, or more of them than somebody would look through. */
static bool is_many(const struct executor *e, const struct planned_call *c)
{
	bool named = c->spec.scope == ACTION_NAMED &&
		     c->spec.decided_by == POLICY_LABEL_USER;

	return c->spec.scope == ACTION_BROAD || (e->n > EXECUTOR_MANY && !named);
}

static bool is_repeated(const struct executor *e, const struct planned_call *c)
{
	for (const struct planned_call *o = e->calls; o != c; o++)
		if (strcmp(o->tool_name, c->tool_name) == 0 &&
		    strcmp(o->arguments, c->arguments) == 0)
			return true;
	return false;
}

static struct policy_verdict decide(const struct executor *e, const struct planned_call *c,
				    bool *opens)
{
	const struct tool *t = c->tool;
	struct policy_input in = {
		.caller = POLICY_CALLER_COUNT,	/* denied, unless it is told */
		.risk = t ? t->risk : POLICY_RISK_FORBIDDEN,
		.decided_by = c->spec.decided_by,
		.egress = t && t->egress,
		.private_data = c->spec.private_data,
		.free_text = t && t->free_text && c->spec.decided_by != POLICY_LABEL_USER,
		.opening = c->spec.opening,
		.many = is_many(e, c),
		.changed = c->spec.changed,
		.unregistered = !t || !tool_registry_find(e->registry, c->tool_name),
		.invalid = t && !c->parsed,
		.repeated = is_repeated(e, c),
	};

	e->ops->facts(e->data, c, &in);
	*opens = in.opening;
	return policy_decide(&in);
}

/* What a verdict and a yes are about: the name, the bytes, and whose words chose them. */
static int digest_call(const char *tool, const char *arguments, enum policy_label label,
		       struct digest *ret)
{
	_cleanup_(digest_stream_freep) struct digest_stream *s = NULL;
	unsigned char byte = (unsigned char)label;
	int r = digest_stream_new(&s);

	if (r == 0)
		r = digest_stream_update(s, tool, strlen(tool) + 1);
	if (r == 0)
		r = digest_stream_update(s, arguments, strlen(arguments) + 1);
	if (r == 0)
		r = digest_stream_update(s, &byte, 1);
	return r < 0 ? r : digest_stream_finish(s, ret);
}

static void deny(struct planned_call *c, const char *why)
{
	c->stage = CALL_ENDED;
	c->outcome = OUTCOME_DENIED;
	snprintf(c->text, sizeof(c->text), "%s", why);
}

void gate_decide(struct executor *e)
{
	for (size_t i = 0; i < e->n; i++) {
		struct planned_call *c = &e->calls[i];

		c->verdict = decide(e, c, &c->opens);
		if (c->verdict.action == POLICY_DENY)
			deny(c, policy_reason_name(c->verdict.reason));
		else if (digest_call(c->tool_name, c->arguments, c->spec.decided_by,
				     &c->consent) < 0)
			deny(c, "no memory");
	}
}

static bool is_question(const struct planned_call *c)
{
	return c->stage == CALL_PLANNED && !c->in_question &&
	       (c->verdict.action == POLICY_CONFIRM ||
		c->verdict.action == POLICY_CONFIRM_SOURCES);
}

int gate_ask(struct executor *e)
{
	struct executor_question q = { 0 };

	for (size_t i = 0; i < e->n; i++) {
		struct planned_call *c = &e->calls[i];

		if (!is_question(c))
			continue;
		/* A PIN belongs to one target, so the question is about that alone. */
		if (c->verdict.need_pin && q.n > 0)
			continue;
		q.calls[q.n++] = c;
		c->in_question = true;
		if (c->verdict.need_pin)
			break;
	}
	if (q.n == 0)
		return 1;
	e->asking = true;
	return e->ops->ask(e->data, &q);
}

bool gate_passes(struct executor *e, const struct planned_call *c)
{
	_cleanup_free_ char *bytes = json_dumps(c->parsed, JSON_COMPACT | JSON_SORT_KEYS);
	bool opens;
	struct policy_verdict now = decide(e, c, &opens);
	struct digest digest;

	/* What is handed over, not what was noted of it. */
	if (!bytes || digest_call(c->tool->name, bytes, c->spec.decided_by, &digest) < 0 ||
	    !digest_equal(&digest, &c->consent))
		return false;
	if (c->agreed)
		return now.action != POLICY_DENY && now.need_pin <= c->verdict.need_pin;
	return c->verdict.action == POLICY_ALLOW && now.action == POLICY_ALLOW;
}
