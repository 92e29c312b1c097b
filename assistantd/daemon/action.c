/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/action.h"

#include <errno.h>
#include <string.h>

#include "assistantd/daemon/action-private.h"
#include "assistantd/daemon/action-say.h"
#include "assistantd/daemon/agents.h"
#include "assistantd/daemon/apps.h"
#include "assistantd/daemon/grants.h"
#include "assistantd/daemon/out.h"
#include "assistantd/daemon/pins.h"
#include "assistantd/daemon/provider.h"
#include "assistantd/daemon/screen.h"
#include "util/macro.h"

void action_free(struct action *a)
{
	if (!a)
		return;
	undo_drop(a->undo);
	rest_free(a->rest);
	executor_free(a->plan);
	executor_free(a->back);
	buf_deinit(&a->note);
	free(a);
}

struct planned_call *action_call(const struct action *a, size_t i)
{
	size_t n = executor_count(a->plan);

	if (i < n)
		return executor_call(a->plan, i);
	return a->back ? executor_call(a->back, i - n) : NULL;
}

size_t action_count(const struct action *a)
{
	return executor_count(a->plan);
}

/* What a tool acts on that names no thing: "Wi-Fi" is what is read back of "Wi-Fi on or off". */
static const char *spoken_title(const struct action *a, const struct action_spec *spec)
{
	const struct tool_registry *r = a->job->d->tool_registry;
	const struct tool *t = tool_registry_find(r, spec->tool);
	const struct tool *read = t && t->read_back && !tool_has_argument(t, "entity")
		? tool_registry_find(r, t->read_back) : NULL;

	return read ? read->title : spec->title;
}

int action_add(struct action *a, const struct action_spec *spec)
{
	struct action_spec mine = *spec;

	mine.title = spoken_title(a, spec);
	mine.required |= a->job->options.whole;
	return executor_add(a->plan, &mine);
}

bool action_stop(struct job *job)
{
	/* A scene that is being taken back is taken back. */
	return job->action && (executor_stop(job->action->plan) || job->action->back);
}

/* Standing grants are the hand's or a sandboxed application's; others are asked about. */
static bool has_grant(const struct daemon *d, const struct caller *caller,
		      const struct planned_call *c)
{
	bool sandboxed = caller->kind == POLICY_CALLER_SANDBOXED;

	if (!sandboxed && caller->kind != POLICY_CALLER_HAND)
		return false;
	return grants_has(d->grants, sandboxed ? caller->identity : "", c->tool_name, c->target);
}

static void facts(void *data, const struct planned_call *c, struct policy_input *in)
{
	const struct action *a = data;
	const struct daemon *d = a->job->d;
	const struct caller *caller = a->job->caller;
	const struct home_entity *e = home_find(d->home, c->target);

	in->caller = caller->kind;
	in->unregistered |= e && !home_visible(d->home, e);
	if (c->tool)
		in->risk = providers_risk(d->providers, c->tool);
	in->opening |= c->tool && c->parsed &&
		       tool_opens(c->tool, e ? e->domain : "", e ? e->device_class : "",
				  c->parsed);
	in->pin = *c->target && pins_has(d->pins, c->target);
	in->grant = has_grant(d, caller, c);
	/* Who shows sources and takes PINs, where these are wanted. */
	in->agent = agents_available(d->agents, caller,
				     in->pin || in->decided_by == POLICY_LABEL_OUTSIDE);
	in->locked = screen_locked(d->screen);
	in->crowded = agents_crowded(d->agents, caller);
}

static const struct backend *backend(void *data, const struct tool *t)
{
	const struct action *a = data;

	return a->job->d->backends[t->backend];
}

static struct executor *running(const struct action *a)
{
	return a->back ? a->back : a->plan;
}

static void on_answer(void *arg, const struct agent_outcome *outcome)
{
	static const enum executor_answer answers[] = {
		[AGENT_NO] = EXECUTOR_NO, [AGENT_YES] = EXECUTOR_YES, [AGENT_GONE] = EXECUTOR_GONE,
	};
	struct action *a = arg;

	a->job->confirming = NULL;
	if (outcome->answer == AGENT_NO)
		a->job->refused = true;
	executor_answer(running(a), answers[outcome->answer], outcome->id);
}

/* "Open: Garage; Turn off: Hall Lamp" */
static int summarize(const struct executor_question *q, struct buf *out)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < q->n; i++)
		r = buf_printf(out, "%s%s: %s%s", i ? "; " : "", q->calls[i]->tool->title,
			       q->calls[i]->title, q->calls[i]->spec.changed
			       ? " (changed by others since)" : "");
	return r;
}

/* The user's words, and those of others that came with them. */
static size_t list_sources(const struct job *job, struct agent_source *sources)
{
	size_t n = 0;

	sources[n++] = (struct agent_source){ POLICY_LABEL_USER, "request",
					      job->input.len ? job->input.data : "" };
	for (size_t i = 0; i < job->options.n_attachments && n < AGENT_SOURCES_MAX; i++) {
		const struct attachment *at = &job->options.attachments[i];

		sources[n++] = (struct agent_source){
			POLICY_LABEL_OUTSIDE, at->origin ? at->origin : "attachment", at->text };
	}
	return n;
}

static int ask(void *data, const struct executor_question *q)
{
	struct action *a = data;
	_cleanup_(buf_deinit) struct buf summary = BUF_NULL;
	struct agent_source sources[AGENT_SOURCES_MAX];
	struct agent_call calls[EXECUTOR_CALLS_MAX];
	struct agent_question question = {
		.caller = a->job->caller, .title = q->calls[0]->tool->title,
		.calls = calls, .n_calls = q->n,
		.sources = sources, .undo = true,
	};
	size_t n_sources = list_sources(a->job, sources);
	int r = summarize(q, &summary);

	for (size_t i = 0; i < q->n; i++) {
		const struct planned_call *c = q->calls[i];

		calls[i] = (struct agent_call){
			.tool = c->tool_name, .title = c->title, .target = c->target,
			.arguments = c->arguments,
			.risk = c->opens ? POLICY_RISK_CONSEQUENTIAL : c->tool->risk,
			.pin = c->verdict.need_pin, .always = c->verdict.offer_grant,
		};
		question.undo &= c->tool->undo != NULL;
		/* With sources, only who can show them may be asked. */
		if (c->spec.decided_by == POLICY_LABEL_OUTSIDE)
			question.n_sources = n_sources;
	}
	question.summary = summary.len ? summary.data : "";
	answer_progress(a->job, STAGE_CONFIRMING);
	return r < 0 ? r : agents_ask(a->job->d->agents, &question, on_answer, a,
				      &a->job->confirming);
}

static void begin(void *data, struct planned_call *const *calls, size_t n)
{
	struct action *a = data;

	answer_progress(a->job, STAGE_ACTING);
	journal_begin(a, running(a), calls, n);
}

/* What a tool that reads has found, in its own words; sentences are joined, so without a stop. */
static void take_words(struct planned_call *c)
{
	json_auto_t *read = c->result ? json_loads(c->result, JSON_DECODE_ANY, NULL) : NULL;
	size_t len;

	if (c->done || c->outcome != OUTCOME_DONE || !c->tool->say)
		return;
	c->done = tool_say(c->tool, read ? read : c->after);
	len = c->done ? strlen(c->done) : 0;
	if (len && c->done[len - 1] == '.')
		c->done[len - 1] = '\0';
}

static void settle(void *data, struct planned_call *c)
{
	take_words(c);
	journal_settle(data, c);
}

static int say_plan(const struct action *a, const struct executor *e, struct buf *out)
{
	struct planned_call *calls[EXECUTOR_CALLS_MAX];
	size_t n = executor_count(e);

	for (size_t i = 0; i < n; i++)
		calls[i] = executor_call(e, i);
	return action_say_calls(calls, n, a->job->options.dry_run, out);
}

static bool all_well(const struct executor *e)
{
	const struct planned_call *c;

	for (size_t i = 0; (c = executor_call(e, i)); i++)
		if (c->outcome != OUTCOME_DONE && c->outcome != OUTCOME_ALREADY)
			return false;
	return true;
}

static int say(const struct action *a, struct buf *out)
{
	int r = say_plan(a, a->plan, out);

	if (r == 0 && a->back)
		r = buf_append_str(out, all_well(a->back) ? " The rest was taken back: "
							  : " I tried to take the rest back: ");
	if (r == 0 && a->back)
		r = say_plan(a, a->back, out);
	return r < 0 || !a->note.len ? r : buf_append_str(out, a->note.data);
}

/* What a plan came to, as the results of ask have it. */
static const char *kind_of(const struct action *a)
{
	const struct planned_call *c;

	if (a->job->options.dry_run)
		return "plan";
	for (size_t i = 0; (c = executor_call(a->plan, i)); i++)
		if (c->outcome != OUTCOME_DENIED)
			return "action";
	return "refusal";
}

static void finish(struct action *a)
{
	struct job *job = a->job;
	int r;

	if (job->state != JOB_RUNNING)
		return;
	if (a->unwritten)
		job_warn(job, "what was done was not written to the journal");
	job->source = "baseline";
	job->kind = kind_of(a);
	r = say(a, &job->result);
	answer_delta(job, 0, job->result.data ? job->result.data : "", job->result.len);
	if (r < 0)
		job_finish(job, "Internal", "out of memory");
	else
		job_done(job);
}

/* A scene is whole or not at all. */
static bool take_back(struct action *a)
{
	if (a->back || !executor_broken(a->plan) ||
	    undo_scene(a, a->plan, &a->back) < 0 || !a->back)
		return false;
	executor_run(a->back);
	return true;
}

static void ended(void *data, enum executor_end end)
{
	struct action *a = data;

	/* What cannot be taken back is told call by call; the plan's own end counts. */
	if (!a->back)
		a->end = end;
	if (take_back(a))
		return;
	if (a->end == EXECUTOR_UNAVAILABLE)
		job_finish(a->job, "ConfirmationUnavailable",
			   "this needs your word, and nobody can be asked; try `assistantctl ask` "
			   "in a terminal");
	else if (a->end == EXECUTOR_UNANSWERED)
		job_finish(a->job, "ConfirmationUnavailable", "nobody answered the question");
	else
		finish(a);
}

static const struct executor_ops ops = { facts, ask, begin, settle, backend, ended };

int action_executor(struct action *a, struct executor **ret)
{
	return executor_new(ret, &ops, a, a->job->d->tool_registry);
}

struct action *action_new(struct job *job)
{
	struct action *a = calloc(1, sizeof(*a));

	if (!a)
		return NULL;
	a->job = job;
	if (action_executor(a, &a->plan) < 0) {
		free(a);
		return NULL;
	}
	action_free(job->action);
	job->action = a;
	return a;
}

void action_run(struct action *a)
{
	struct daemon *d = a->job->d;

	if (a->job->options.dry_run) {
		executor_decide(a->plan);
		finish(a);
	} else if (!apps_count_calls(d->apps, a->job->caller, (unsigned)action_count(a))) {
		job_finish(a->job, DBUS_ERROR_LIMITS_EXCEEDED,
			   "more than %u calls of tools within a minute",
			   d->config.calls_per_minute);
	} else {
		executor_run(a->plan);
	}
}

void action_out(const struct action *a, DBusMessageIter *dict)
{
	const struct planned_call *c;
	struct out_list list;

	out_open_list(&list, dict, "actions");
	for (size_t i = 0; (c = action_call(a, i)); i++) {
		DBusMessageIter *item = out_list_next(&list);

		out_dict_u64(item, "call", (uint64_t)c->journal);
		out_dict_str(item, "tool", c->tool_name);
		out_dict_str(item, "arguments", c->arguments);
		out_dict_str(item, "outcome", tools_outcome_name(c->outcome));
		out_dict_bool(item, "verified", c->verified);
		out_dict_str(item, "state", action_state_text(c));
		if (c->result)
			out_dict_str(item, "result", c->result);
		if (c->undo_until_ms) {
			out_dict_u64(item, "undo", (uint64_t)c->journal);
			out_dict_i64(item, "undo_expires", c->undo_until_ms);
		}
		out_list_end_item(&list);
	}
	out_close_list(&list);
}

char *action_effects(const struct action *a)
{
	bool keep = !a->job->options.is_private && a->job->d->config.keep_text;
	json_auto_t *list = json_array();
	const struct planned_call *c;

	for (size_t i = 0; (c = action_call(a, i)); i++) {
		_cleanup_free_ char *arguments = journal_arguments(c);
		json_t *item = json_pack("{s:I, s:s, s:s, s:b, s:s}", "call",
					 (json_int_t)c->journal, "tool", c->tool_name, "outcome",
					 tools_outcome_name(c->outcome), "verified", c->verified,
					 "state", action_state_text(c));

		if (item && arguments && keep)
			json_object_set_new(item, "arguments", json_string(arguments));
		json_array_append_new(list, item);
	}
	return json_array_size(list) ? json_dumps(list, JSON_COMPACT) : NULL;
}
