/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/action.h"

#include <errno.h>
#include <string.h>

#include "assistantd/daemon/action-private.h"
#include "assistantd/daemon/agents.h"
#include "assistantd/daemon/out.h"
#include "util/macro.h"

static void finish(struct action *a);

void action_free(struct action *a)
{
	if (!a)
		return;
	for (size_t i = 0; i < a->n; i++) {
		free(a->calls[i].entity);
		free(a->calls[i].name);
		free(a->calls[i].arguments);
	}
	free(a);
}

bool action_stop(struct job *job)
{
	if (!job->action || !job->action->sent)
		return false;
	job->action->stopped = true;
	return true;
}

static void on_result(void *arg, const struct tools_result *result)
{
	struct action_call *c = arg;
	struct action *a = c->action;

	c->outcome = result->outcome;
	c->verified = result->verified;
	c->state_level = result->level;
	snprintf(c->state, sizeof(c->state), "%s", result->state.len ? result->state.data : "");
	snprintf(c->text, sizeof(c->text), "%s", result->text.len ? result->text.data : "");
	if (--a->waiting == 0)
		finish(a);
}

/* The gate's inputs for one call; the words that chose it came from the user alone, for the
 * templates saw nothing else. */
static struct policy_verdict decide(const struct action *a, struct action_call *c)
{
	const struct job *job = a->job;
	struct policy_input in = {
		.caller = job->caller->kind,
		.risk = c->tool ? c->tool->risk : POLICY_RISK_FORBIDDEN,
		.decided_by = POLICY_LABEL_USER,
		.egress = c->tool && c->tool->egress,
		.opening = c->opening,
		.many = a->n > 10,
		.agent = agents_available(job->d->agents, job->caller),
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
	int r;

	c->wait.result = on_result;
	c->wait.arg = c;
	a->waiting++;
	r = tools_send(a->job->d->tools, &c->wait, c->entity, c->service, c->level,
		       c->tool->timeout_ms);
	if (r == 0) {
		a->sent = true;
		return;
	}
	a->waiting--;
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

static void on_answer(void *arg, enum agent_answer answer)
{
	struct action *a = arg;

	a->job->confirming = NULL;
	if (answer == AGENT_NO) {
		a->job->refused = true;
		run(a, false);
	} else if (answer == AGENT_GONE) {
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
				       c->name);
	}
	return r;
}

static void confirm(struct action *a, const struct action_call *first)
{
	_cleanup_(buf_deinit) struct buf text = BUF_NULL;
	struct agent_question question = {
		.tool = first->tool->name,
		.title = first->tool->title,
		.arguments = first->arguments,
		.risk = first->opening ? POLICY_RISK_CONSEQUENTIAL : first->tool->risk,
		.caller = a->job->caller,
	};
	int r = summary(a, &text);

	question.summary = text.len ? text.data : "";
	answer_progress(a->job, STAGE_CONFIRMING);
	if (r == 0)
		r = agents_ask(a->job->d->agents, &question, on_answer, a, &a->job->confirming);
	if (r < 0)
		job_finish(a->job, "ConfirmationUnavailable", "nobody can be asked");
}

void action_run(struct action *a)
{
	const struct action_call *ask = NULL;
	bool unavailable = false;

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
		} else if (c->verdict.action != POLICY_ALLOW && !ask) {
			ask = c;
		}
	}
	if (a->job->options.dry_run)
		finish(a);
	else if (unavailable)
		job_finish(a->job, "ConfirmationUnavailable",
			   "this needs your word, and nobody can be asked; try `assistantctl ask` "
			   "in a terminal");
	else if (ask)
		confirm(a, ask);
	else
		run(a, false);
}

static int say_call(const struct action_call *c, struct buf *out)
{
	char level[16] = "";

	if (c->state_level != TOOLS_NO_LEVEL && c->service == SERVICE_SET_LEVEL)
		snprintf(level, sizeof(level), " at %u %%", c->state_level);
	switch (c->outcome) {
	case OUTCOME_DONE:
		return buf_printf(out, "%s is %s%s.", c->name, c->state, level);
	case OUTCOME_ALREADY:
		return buf_printf(out, "%s was %s already%s.", c->name, c->state, level);
	case OUTCOME_SENT:
		return buf_printf(out, "I sent the command to %s, but could not confirm it.",
				  c->name);
	case OUTCOME_FAILED:
		return buf_printf(out, "%s could not be reached: %s.", c->name, c->text);
	case OUTCOME_DENIED:
		return buf_printf(out, "%s is not allowed (%s).", c->name, c->text);
	case OUTCOME_CANCELLED:
		return buf_printf(out, "%s was left as it is.", c->name);
	case OUTCOME_NOT_RUN:
	case OUTCOME_COUNT:
		break;
	}
	return buf_printf(out, "%s would be changed.", c->name);
}

static void finish(struct action *a)
{
	struct job *job = a->job;
	int r = 0;

	if (job->state != JOB_RUNNING)
		return;
	job->source = "baseline";
	job->kind = "action";
	for (size_t i = 0; r == 0 && i < a->n; i++) {
		if (i > 0)
			r = buf_append_char(&job->result, ' ');
		if (r == 0)
			r = say_call(&a->calls[i], &job->result);
	}
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
		out_dict_str(item, "tool", c->tool ? c->tool->name : "");
		out_dict_str(item, "arguments", c->arguments);
		out_dict_str(item, "outcome", tools_outcome_name(c->outcome));
		out_dict_bool(item, "verified", c->verified);
		out_dict_str(item, "state", c->state);
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
				  c->tool ? c->tool->name : "", "arguments", c->arguments,
				  "outcome", tools_outcome_name(c->outcome), "verified",
				  c->verified, "state", c->state));
	}
	return json_dumps(list, JSON_COMPACT);
}
