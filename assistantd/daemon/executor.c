/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/executor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assistantd/daemon/executor-private.h"
#include "util/utf8.h"

/* A call that the back end has. It outlives the plan where that ends first. */
struct flight {
	struct planned_call *call;	/* NULL: nobody waits for it any more */
};

static void call_deinit(struct planned_call *c)
{
	if (c->flight)
		c->flight->call = NULL;
	tool_unref(c->tool);
	free(c->tool_name);
	free(c->target);
	free(c->title);
	free(c->why);
	free(c->done);
	free(c->arguments);
	free(c->result);
	json_decref(c->parsed);
	json_decref(c->before);
	json_decref(c->after);
}

int executor_new(struct executor **ret, const struct executor_ops *ops, void *data,
		 const struct tool_registry *registry)
{
	struct executor *e = calloc(1, sizeof(*e));

	if (!e)
		return -ENOMEM;
	e->ops = ops;
	e->data = data;
	e->registry = registry;
	*ret = e;
	return 0;
}

struct executor *executor_free(struct executor *e)
{
	if (!e)
		return NULL;
	for (size_t i = 0; i < e->n; i++)
		call_deinit(&e->calls[i]);
	free(e);
	return NULL;
}

/* What is sent is read back from the bytes that are checked and shown. */
static int parse(struct planned_call *c)
{
	int r = c->tool ? tool_check_arguments(c->tool, c->arguments, strlen(c->arguments),
					       &c->parsed, NULL) : 0;

	return r == -ENOMEM ? r : 0;
}

int executor_add(struct executor *e, const struct action_spec *spec)
{
	const struct tool *tool = e->registry ? tool_registry_find(e->registry, spec->tool) : NULL;
	const char *entity = json_string_value(json_object_get(spec->arguments, "entity"));
	struct planned_call *c = &e->calls[e->n];
	int r = -ENOMEM;

	if (e->n == EXECUTOR_CALLS_MAX)
		return -E2BIG;
	if (!json_is_object(spec->arguments))
		return -EINVAL;
	*c = (struct planned_call){
		.executor = e,
		.tool = tool ? tool_ref(tool) : NULL,
		.tool_name = strdup(spec->tool),
		.target = strdup(entity ? entity : spec->target),
		.title = strdup(spec->title),
		.why = strdup(spec->why ? spec->why : ""),
		.done = spec->done ? strdup(spec->done) : NULL,
		.arguments = json_dumps(spec->arguments, JSON_COMPACT | JSON_SORT_KEYS),
		.spec = *spec,
		.outcome = OUTCOME_NOT_RUN,
	};
	c->spec.tool = c->spec.target = c->spec.title = c->spec.why = c->spec.done = NULL;
	c->spec.arguments = NULL;
	if (c->tool_name && c->target && c->title && c->why && c->arguments &&
	    (c->done || !spec->done))
		r = parse(c);
	if (r < 0) {
		call_deinit(c);
		return r;
	}
	e->n++;
	return 0;
}

size_t executor_count(const struct executor *e)
{
	return e->n;
}

struct planned_call *executor_call(const struct executor *e, size_t i)
{
	return i < e->n ? (struct planned_call *)&e->calls[i] : NULL;
}

void executor_in_order(struct executor *e)
{
	e->in_order = true;
}

bool executor_broken(const struct executor *e)
{
	for (size_t i = 0; i < e->n; i++) {
		const struct planned_call *c = &e->calls[i];

		if (c->spec.required && c->stage == CALL_ENDED &&
		    (c->outcome == OUTCOME_FAILED || c->outcome == OUTCOME_DENIED ||
		     c->outcome == OUTCOME_CANCELLED))
			return true;
	}
	return false;
}

/* One waits for the other: they have the same target, or one says of none. */
static bool conflict(const struct executor *e, const struct planned_call *a,
		     const struct planned_call *b)
{
	return e->in_order || !*a->target || !*b->target || strcmp(a->target, b->target) == 0;
}

static bool is_ready(const struct executor *e, const struct planned_call *c)
{
	if (c->stage != CALL_PLANNED || (c->verdict.action != POLICY_ALLOW && !c->agreed))
		return false;
	for (const struct planned_call *o = e->calls; o != c; o++)
		if (o->stage != CALL_ENDED && conflict(e, o, c))
			return false;
	return true;
}

/* Hands what may be sent by now to the journal: true when the journal answered at once, so that
 * there may be more. */
static bool start_ready(struct executor *e)
{
	struct planned_call *ready[EXECUTOR_CALLS_MAX];
	size_t n = 0;

	if (!e->running || e->asking || e->writing || e->stopped || executor_broken(e))
		return false;
	for (size_t i = 0; i < e->n; i++)
		if (is_ready(e, &e->calls[i]))
			ready[n++] = &e->calls[i];
	if (n == 0)
		return false;
	for (size_t i = 0; i < n; i++)
		ready[i]->stage = CALL_WRITING;
	e->writing = true;
	e->ops->begin(e->data, ready, n);
	return !e->writing;
}

static bool is_busy(const struct executor *e)
{
	for (size_t i = 0; i < e->n; i++)
		if (e->calls[i].stage == CALL_WRITING || e->calls[i].stage == CALL_SENT)
			return true;
	return e->asking;
}

/* Everything that moves a plan stands between these two: the outermost goes on with it, and
 * nothing touches it behind that. */
static void enter(struct executor *e)
{
	e->entered++;
}

static void leave(struct executor *e)
{
	if (e->entered > 1) {
		e->entered--;
		return;
	}
	while (start_ready(e))
		;
	e->entered = 0;
	if (!e->running || is_busy(e))
		return;
	e->running = false;
	e->ops->ended(e->data, e->end);
}

static json_t *keep_state(const json_t *state)
{
	_cleanup_free_ char *text = json_is_object(state) ? json_dumps(state, JSON_COMPACT) : NULL;

	return text && strlen(text) <= EXECUTOR_STATE_MAX ? json_deep_copy(state) : NULL;
}

static void end_call(struct planned_call *c, enum tools_outcome outcome, const char *text)
{
	c->stage = CALL_ENDED;
	c->outcome = outcome;
	/* Of others, and cut. */
	snprintf(c->text, sizeof(c->text), "%s", text);
	if (!utf8_valid(c->text, strlen(c->text)))
		c->text[strlen(c->text) - utf8_incomplete_tail(c->text, strlen(c->text))] = '\0';
	if (!utf8_valid(c->text, strlen(c->text)))
		c->text[0] = '\0';
	c->executor->ops->settle(c->executor->data, c);
}

static void on_result(void *arg, const struct backend_result *result)
{
	struct flight *flight = arg;
	struct planned_call *c = flight->call;
	struct executor *e;

	free(flight);
	if (!c)
		return;
	e = c->executor;
	enter(e);
	c->flight = NULL;
	c->verified = result->verified;
	c->before = keep_state(result->before);
	c->after = keep_state(result->after);
	if (result->result && strlen(result->result) <= EXECUTOR_RESULT_MAX)
		c->result = strdup(result->result);
	end_call(c, result->outcome, result->text);
	leave(e);
}

static void send_call(struct executor *e, struct planned_call *c)
{
	const struct backend *backend = e->ops->backend(e->data, c->tool);
	struct flight *flight = calloc(1, sizeof(*flight));
	int r = !flight ? -ENOMEM : !backend ? -ENOTCONN : 0;

	/* Before the call, for its end may come at once. */
	c->stage = CALL_SENT;
	c->flight = flight;
	if (flight)
		flight->call = c;
	if (r == 0)
		r = backend->call(backend->data, c->tool, c->parsed, on_result, flight);
	if (r == 0)
		return;
	c->flight = NULL;
	free(flight);
	end_call(c, OUTCOME_FAILED, strerror(-r));
}

void executor_begun(struct executor *e, int result)
{
	enter(e);
	e->writing = false;
	for (size_t i = 0; i < e->n; i++) {
		struct planned_call *c = &e->calls[i];

		if (c->stage != CALL_WRITING)
			continue;
		if (e->stopped)
			end_call(c, OUTCOME_NOT_RUN, "");
		else if (result != 0 && c->tool->risk >= POLICY_RISK_CONSEQUENTIAL)
			end_call(c, OUTCOME_FAILED, "the journal cannot be written");
		else if (!gate_passes(e, c))
			end_call(c, OUTCOME_DENIED, "no longer allowed");
		else
			send_call(e, c);
	}
	leave(e);
}

void executor_decide(struct executor *e)
{
	gate_decide(e);
}

static bool is_unavailable(const struct executor *e)
{
	for (size_t i = 0; i < e->n; i++)
		if (e->calls[i].verdict.action == POLICY_UNAVAILABLE)
			return true;
	return false;
}

/* The next question, or the end of asking. */
static void ask(struct executor *e)
{
	if (executor_broken(e) || gate_ask(e) >= 0)
		return;
	e->asking = false;
	e->end = EXECUTOR_UNAVAILABLE;
	e->stopped = true;
}

void executor_run(struct executor *e)
{
	enter(e);
	e->running = true;
	gate_decide(e);
	if (is_unavailable(e)) {
		e->end = EXECUTOR_UNAVAILABLE;
		e->stopped = true;
	} else {
		ask(e);
	}
	leave(e);
}

void executor_answer(struct executor *e, enum executor_answer answer, uint64_t question)
{
	if (!e->asking)
		return;
	enter(e);
	e->asking = false;
	for (size_t i = 0; i < e->n; i++) {
		struct planned_call *c = &e->calls[i];

		if (c->stage != CALL_PLANNED || !c->in_question || c->agreed)
			continue;
		c->question = question;
		c->agreed = answer == EXECUTOR_YES;
		if (answer == EXECUTOR_NO) {
			e->end = EXECUTOR_REFUSED;
			c->stage = CALL_ENDED;
			c->outcome = OUTCOME_CANCELLED;
		}
	}
	if (answer == EXECUTOR_GONE) {
		e->end = EXECUTOR_UNANSWERED;
		e->stopped = true;
	} else {
		ask(e);
	}
	leave(e);
}

bool executor_stop(struct executor *e)
{
	bool out = false;

	e->stopped = true;
	for (size_t i = 0; i < e->n; i++)
		out |= e->calls[i].stage == CALL_SENT || e->calls[i].stage == CALL_WRITING;
	return out;
}
