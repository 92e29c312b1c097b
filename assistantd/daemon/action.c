/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/action.h"

#include <errno.h>
#include <string.h>

#include "assistantd/daemon/action-private.h"
#include "assistantd/daemon/agents.h"
#include "assistantd/daemon/out.h"
#include "util/macro.h"

/* A call that the back end has. It outlives the plan where that ends first. */
struct flight {
	struct action_call *call;	/* NULL: nobody waits for it any more */
};

static void finish(struct action *a);

static void call_deinit(struct action_call *c)
{
	if (c->flight)
		c->flight->call = NULL;
	tool_unref(c->tool);
	free(c->tool_name);
	free(c->target);
	free(c->title);
	free(c->why);
	free(c->arguments);
	free(c->result);
	json_decref(c->parsed);
	json_decref(c->before);
	json_decref(c->after);
}

void action_free(struct action *a)
{
	if (!a)
		return;
	for (size_t i = 0; i < a->n; i++)
		call_deinit(&a->calls[i]);
	free(a);
}

struct action *action_new(struct job *job)
{
	struct action *a = calloc(1, sizeof(*a));

	if (!a)
		return NULL;
	a->job = job;
	action_free(job->action);
	job->action = a;
	return a;
}

int action_add(struct action *a, const struct action_spec *spec)
{
	const struct tool *tool = a->job->d->tool_registry
		? tool_registry_find(a->job->d->tool_registry, spec->tool) : NULL;
	struct action_call *c = &a->calls[a->n];

	if (a->n == ACTION_CALLS_MAX)
		return -E2BIG;
	if (!json_is_object(spec->arguments))
		return -EINVAL;
	*c = (struct action_call){
		.action = a,
		.tool_name = strdup(spec->tool),
		.target = strdup(spec->target),
		.title = strdup(spec->title),
		.why = strdup(spec->why ? spec->why : ""),
		.tool = tool ? tool_ref(tool) : NULL,
		.parsed = json_deep_copy(spec->arguments),
		.arguments = json_dumps(spec->arguments, JSON_COMPACT | JSON_SORT_KEYS),
		.decided_by = spec->decided_by,
		.scope = spec->scope,
		.opening = spec->opening,
		.outcome = OUTCOME_NOT_RUN,
	};
	if (!c->tool_name || !c->target || !c->title || !c->why || !c->parsed || !c->arguments) {
		call_deinit(c);
		return -ENOMEM;
	}
	a->n++;
	return 0;
}

size_t action_count(const struct action *a)
{
	return a->n;
}

bool action_stop(struct job *job)
{
	if (!job->action || !job->action->sent)
		return false;
	job->action->stopped = true;
	return true;
}

static json_t *keep(const json_t *state)
{
	return state ? json_deep_copy(state) : NULL;
}

static void on_result(void *arg, const struct backend_result *result)
{
	struct flight *flight = arg;
	struct action_call *c = flight->call;

	free(flight);
	if (!c)
		return;
	c->flight = NULL;
	c->outcome = result->outcome;
	c->verified = result->verified;
	c->before = keep(result->before);
	c->after = keep(result->after);
	c->result = result->result ? strdup(result->result) : NULL;
	snprintf(c->text, sizeof(c->text), "%s", result->text);
	if (--c->action->waiting == 0)
		finish(c->action);
}

/* The gate's inputs for one call. */
static struct policy_verdict decide(const struct action *a, struct action_call *c)
{
	const struct job *job = a->job;
	struct policy_input in = {
		.caller = job->caller->kind,
		.risk = c->tool ? c->tool->risk : POLICY_RISK_FORBIDDEN,
		.decided_by = c->decided_by,
		.egress = c->tool && c->tool->egress,
		.opening = c->opening,
		.many = a->n > 10,
		.agent = agents_available(job->d->agents, job->caller, false),
		.unregistered = !c->tool,
		.crowded = agents_crowded(job->d->agents, job->caller),
	};

	in.invalid = c->tool && tool_check_arguments(c->tool, c->arguments, strlen(c->arguments),
						     NULL, NULL) < 0;
	for (const struct action_call *o = a->calls; o != c; o++)
		in.repeated |= o->tool == c->tool && strcmp(o->arguments, c->arguments) == 0;
	return policy_decide(&in);
}

static void send_call(struct action *a, struct action_call *c)
{
	const struct backend *backend = a->job->d->backends[c->tool->backend];
	struct flight *flight = calloc(1, sizeof(*flight));
	int r = !flight ? -ENOMEM : !backend ? -ENOTCONN : 0;

	if (r == 0) {
		flight->call = c;
		c->flight = flight;
		a->waiting++;
		r = backend->call(backend->data, c->tool, c->parsed, on_result, flight);
	}
	if (r == 0) {
		a->sent = true;
		return;
	}
	if (c->flight)
		a->waiting--;
	c->flight = NULL;
	free(flight);
	c->outcome = OUTCOME_FAILED;
	snprintf(c->text, sizeof(c->text), "%s", strerror(-r));
}

/* Sends what the gate allows and the user agreed to. */
static void run(struct action *a, bool agreed)
{
	answer_progress(a->job, STAGE_ACTING);
	/* One more than there are, so that an answer which comes at once does not end it. */
	a->waiting++;
	for (size_t i = 0; i < a->n; i++) {
		struct action_call *c = &a->calls[i];

		if (c->outcome != OUTCOME_NOT_RUN)
			continue;
		if (c->verdict.action == POLICY_ALLOW || agreed)
			send_call(a, c);
		else
			c->outcome = OUTCOME_CANCELLED;
	}
	if (--a->waiting == 0)
		finish(a);
}

static void on_answer(void *arg, const struct agent_outcome *outcome)
{
	struct action *a = arg;

	a->job->confirming = NULL;
	if (outcome->answer == AGENT_NO) {
		a->job->refused = true;
		run(a, false);
	} else if (outcome->answer == AGENT_GONE) {
		job_finish(a->job, "ConfirmationUnavailable", "nobody answered the question");
	} else {
		run(a, true);
	}
}

static int summary(const struct action *a, struct buf *text)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < a->n; i++) {
		const struct action_call *c = &a->calls[i];

		if (c->outcome == OUTCOME_NOT_RUN && c->verdict.action != POLICY_ALLOW)
			r = buf_printf(text, "%s%s: %s", text->len ? "; " : "", c->tool->title,
				       c->title);
	}
	return r;
}

static void confirm(struct action *a)
{
	_cleanup_(buf_deinit) struct buf text = BUF_NULL;
	struct agent_call calls[ACTION_CALLS_MAX];
	struct agent_question question = { .calls = calls, .caller = a->job->caller };
	int r = summary(a, &text);

	for (size_t i = 0; i < a->n; i++) {
		const struct action_call *c = &a->calls[i];

		if (c->outcome != OUTCOME_NOT_RUN || c->verdict.action == POLICY_ALLOW)
			continue;
		if (question.n_calls == 0)
			question.title = c->tool->title;
		calls[question.n_calls++] = (struct agent_call){
			.tool = c->tool->name, .title = c->title,
			.target = c->target, .arguments = c->arguments,
			.risk = c->opening ? POLICY_RISK_CONSEQUENTIAL : c->tool->risk,
			.pin = c->verdict.need_pin, .always = c->verdict.offer_grant,
		};
	}
	question.summary = text.len ? text.data : "";
	answer_progress(a->job, STAGE_CONFIRMING);
	if (r == 0)
		r = agents_ask(a->job->d->agents, &question, on_answer, a, &a->job->confirming);
	if (r < 0)
		job_finish(a->job, "ConfirmationUnavailable", "nobody can be asked");
}

void action_run(struct action *a)
{
	bool unavailable = false, ask = false;

	for (size_t i = 0; i < a->n; i++) {
		struct action_call *c = &a->calls[i];

		c->outcome = OUTCOME_NOT_RUN;
		c->verdict = decide(a, c);
		if (c->verdict.action == POLICY_DENY) {
			c->outcome = OUTCOME_DENIED;
			snprintf(c->text, sizeof(c->text), "%s",
				 policy_reason_name(c->verdict.reason));
		} else if (c->verdict.action == POLICY_UNAVAILABLE) {
			unavailable = true;
		} else {
			ask |= c->verdict.action != POLICY_ALLOW;
		}
	}
	if (a->job->options.dry_run)
		finish(a);
	else if (unavailable)
		job_finish(a->job, "ConfirmationUnavailable",
			   "this needs your word, and nobody can be asked; try `assistantctl ask` "
			   "in a terminal");
	else if (ask)
		confirm(a);
	else
		run(a, false);
}

static void finish(struct action *a)
{
	struct job *job = a->job;
	int r;

	if (job->state != JOB_RUNNING)
		return;
	job->source = "baseline";
	job->kind = "action";
	r = action_say(a, &job->result);
	answer_delta(job, 0, job->result.data ? job->result.data : "", job->result.len);
	if (r < 0)
		job_finish(job, "Internal", "out of memory");
	else
		job_done(job);
}

void action_out(const struct action *a, DBusMessageIter *dict)
{
	struct out_list list;

	out_open_list(&list, dict, "actions");
	for (size_t i = 0; i < a->n; i++) {
		const struct action_call *c = &a->calls[i];
		DBusMessageIter *item = out_list_next(&list);

		out_dict_u64(item, "call", (uint64_t)i);
		out_dict_str(item, "tool", c->tool_name);
		out_dict_str(item, "arguments", c->arguments);
		out_dict_str(item, "outcome", tools_outcome_name(c->outcome));
		out_dict_bool(item, "verified", c->verified);
		out_dict_str(item, "state", action_state_text(c));
		out_list_end_item(&list);
	}
	out_close_list(&list);
}

char *action_effects(const struct action *a)
{
	json_auto_t *list = json_array();

	for (size_t i = 0; i < a->n; i++) {
		const struct action_call *c = &a->calls[i];

		json_array_append_new(list,
			json_pack("{s:s, s:s, s:s, s:b, s:s}", "tool",
				  c->tool_name, "arguments", c->arguments,
				  "outcome", tools_outcome_name(c->outcome), "verified",
				  c->verified, "state", action_state_text(c)));
	}
	return json_dumps(list, JSON_COMPACT);
}
