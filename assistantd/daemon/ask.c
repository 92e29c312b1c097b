/* SPDX-License-Identifier: MIT */
/* A request in plain words: by the sentence templates it becomes a task, calls of tools, an
 * answer or a question; what they do not know is asked back, not guessed. All commands of it
 * are understood before anything is done. */
#include <errno.h>
#include <string.h>

#include "assistantd/daemon/ask-private.h"
#include "assistantd/daemon/languages.h"
#include "assistantd/daemon/out.h"
#include "assistantd/daemon/states.h"
#include "assistantd/daemon/timers.h"
#include "assistantd/daemon/worker.h"
#include "util/macro.h"

static const char help[] =
	"I can correct, rewrite, summarize or answer a text (\"make this friendlier: …\"), tell "
	"the time, set timers and reminders, switch what is known of your home and tell how it "
	"is, and take back what I did.";

struct ask *ask_free(struct ask *a)
{
	if (!a)
		return NULL;
	while (a->n_choices) {
		struct choice *c = &a->choices[--a->n_choices];

		free(c->id);
		free(c->title);
	}
	json_decref(a->explanation);
	free(a);
	return NULL;
}

void ask_out(const struct ask *a, DBusMessageIter *dict)
{
	struct out_list list;

	if (*a->conversation)
		out_dict_str(dict, "conversation", a->conversation);
	out_open_list(&list, dict, "choices");
	for (size_t i = 0; i < a->n_choices; i++) {
		DBusMessageIter *item = out_list_next(&list);

		out_dict_str(item, "id", a->choices[i].id);
		out_dict_str(item, "title", a->choices[i].title);
		out_list_end_item(&list);
	}
	out_close_list(&list);
	if (a->explanation)
		explain_out(a->explanation, dict);
}

void ask_answer(struct job *job, const char *kind, const char *text)
{
	job->kind = kind;
	job->source = "baseline";
	if (buf_append_str(&job->result, text) < 0) {
		job_finish(job, "Internal", "out of memory");
		return;
	}
	answer_delta(job, 0, job->result.data, job->result.len);
	job_done(job);
}

void ask_back(struct job *job, const char *question)
{
	ask_answer(job, "question", question);
}

int ask_match(void *arg, const char *text, size_t len, struct intent_matches **ret)
{
	const struct asking *a = arg;
	const struct job *job = a->job;
	const struct intent_context context[] = { { "area", job->options.area } };

	*ret = NULL;
	if (!job->d->languages)
		return INTENT_E_NONE;
	return languages_match(job->d->languages, text, len, context,
			       job->options.area ? 1 : 0, ret);
}

struct commands_input ask_input(struct asking *a, const struct order *last)
{
	return (struct commands_input){ .match = ask_match, .arg = a,
					.words = a->job->d->words, .last = last };
}

/* Whether nothing stands there that has weight: "in the". */
static bool only_small_words(const struct words *w, const char *at, const char *end)
{
	while (at < end) {
		size_t len = strcspn(at, " ");

		if (len >= (size_t)(end - at) ||
		    (len && !words_find(w, WORDS_SKIP, at, len)))
			return false;
		at += len + 1;
	}
	return true;
}

/* "And the bedroom?": what was said last, at another place and with things of the same kind. */
static int follow_place(struct asking *a)
{
	const struct order *last = &a->conversation->last;
	const struct buf *text = &a->job->input;
	const char *name = order_slot(last, "name");
	size_t start, end;
	struct things at = { 0 };
	struct thing t, old;
	struct order o;
	int r;

	if (!last->intent || !name || !thing_find(a->job, name, &old))
		return 0;
	commands_fragment(a->job->d->words, text->data, text->len, &start, &end);
	while (start < end && things_next(a->job, &at, &t)) {
		size_t len = strlen(t.area);
		const char *where = text->data + end - len;

		if (!len || len > end - start || !words_equal(t.area, len, where, len) ||
		    !only_small_words(a->job->d->words, text->data + start, where))
			continue;
		r = order_copy(&o, last);
		if (r < 0)
			return r;
		order_unset(&o, "name");
		o.label = POLICY_LABEL_NOTES;
		r = order_set(&o, "area", t.area, POLICY_LABEL_USER);
		if (r == 0)
			r = order_set(&o, "domain", old.domain, POLICY_LABEL_NOTES);
		if (r == 0 && *old.device_class)
			r = order_set(&o, "device_class", old.device_class, POLICY_LABEL_NOTES);
		if (r == 0)
			r = ask_take_order(a, &o);
		order_deinit(&o);
		return r;
	}
	return 0;
}

/* "Set a timer for 3 minutes and remind me to …": a name may have taken what is a command. What
 * goes to its end as a text is left as it is. */
static int read_apart(struct asking *a, const struct commands_input *in)
{
	struct commands_input apart = *in;
	const struct order *o = &a->commands->items[0].meanings[0];
	struct commands *parts;
	int r;

	if (a->commands->n != 1 || strncmp(o->intent, "Hass", 4) != 0 || ask_leads(a, o))
		return 0;
	parts = calloc(1, sizeof(*parts));
	if (!parts)
		return -ENOMEM;
	apart.apart = true;
	r = commands_read(&apart, a->job->input.data, a->job->input.len, parts);
	if (r == 0 && parts->n > 1) {
		struct commands *whole = a->commands;

		a->commands = parts;
		parts = whole;
	}
	commands_deinit(parts);
	free(parts);
	return MIN(r, 0);
}

static int read_with(struct asking *a, const struct commands_input *in, enum things_it it)
{
	const struct buf *text = &a->job->input;
	int r = things_bind(a->job, a->conversation, it);

	return r == 0 ? commands_read(in, text->data, text->len, a->commands) : r;
}

/*
 * As it is first: words that can stand for a thing are articles in other languages, and "make it
 * brighter" says enough where it is known where. Then with "it" for what was meant last, then for
 * whatever the text itself has named. "Make it warmer" without a text is said of what was meant
 * last, too.
 */
static int read_commands(struct asking *a, const struct commands_input *in)
{
	static const enum things_it ways[] = { THINGS_NO_IT, THINGS_FOCUS, THINGS_ANY };
	const struct buf *text = &a->job->input;
	bool refers = reference_is_said(a->job->d->words, text->data, text->len);
	int r = COMMANDS_E_NONE;

	for (size_t i = 0; r == COMMANDS_E_NONE && i < (refers ? ARRAY_SIZE(ways) : 1); i++)
		r = read_with(a, in, ways[i]);
	if (r == 0 && refers && ask_lacks_text(a->job, &a->commands->items[0].meanings[0])) {
		r = read_with(a, in, THINGS_FOCUS);
		if (r == COMMANDS_E_NONE)
			r = read_with(a, in, THINGS_NO_IT);
	}
	return r == 0 ? read_apart(a, in) : r;
}

/* The orders of the text: 0, ASK_DONE where there is a question instead. */
static int understand(struct asking *a)
{
	bool asked = a->conversation->pending.n_orders > 0;
	/* Where something was asked, the command before that is not what goes on. */
	struct commands_input in = ask_input(a, asked ? NULL : &a->conversation->last);
	const struct order *first;
	int r = ask_take_answer(a);

	if (r || a->n_orders)
		return r;
	r = read_commands(a, &in);
	if (r == 0 && a->job->options.explain)
		r = ask_explain(a);
	first = r == 0 ? &a->commands->items[0].meanings[0] : NULL;
	if (first && a->commands->n == 1 && strcmp(first->intent, "AssistantMeant") == 0)
		return ask_take_correction(a, first);
	if (r <= 0)
		return r < 0 ? r : ask_pick(a);
	r = a->job->options.explain ? ask_explain(a) : 0;
	if (r == 0 && !asked)
		r = follow_place(a);
	if (r || a->n_orders)
		return r;
	r = ask_unknown(a);
	if (r == 0) {
		ask_back(a->job, "I did not understand that. Ask what I can do.");
		r = ASK_DONE;
	}
	return r;
}

/* One command of several: its calls, or its answer. */
static int plan_one(struct asking *a, size_t i)
{
	const char *ids[CONVERSATION_FOCUS_MAX];
	struct order *o = &a->orders[i];
	struct buf answer = BUF_NULL;
	size_t n;
	int r;

	if (strcmp(o->intent, "AssistantAlias") == 0 && order_slot(o, "name") &&
	    order_slot(o, "alias"))
		return ask_add_alias(a, order_slot(o, "name"), order_slot(o, "alias"), o);
	/* It is no call of a tool, for which there could be a grant. */
	if (a->job->caller->kind == POLICY_CALLER_SANDBOXED && state_is_private(o)) {
		ask_answer(a->job, "refusal",
			   "An application in a sandbox is not told of your home and timers.");
		return ASK_DONE;
	}
	r = strcmp(o->intent, "AssistantHelp") == 0 ? buf_append_str(&answer, help) :
	    strcmp(o->intent, "HassNevermind") == 0 ? buf_append_str(&answer, "All right.") :
	    state_answer(a->job, o, &answer, ids, ARRAY_SIZE(ids), &n);
	if (r == 0 && answer.len)
		r = buf_printf(&a->said, "%s%s", a->said.len ? " " : "", answer.data);
	buf_deinit(&answer);
	if (r != -ENOENT)
		return r;
	r = plan_add(&a->plan, a->job, o);
	if (r == PLAN_E_WHICH)
		return ask_which(a, i, a->plan.choices, a->plan.n_choices);
	if (r == PLAN_E_NONE)
		ask_back(a->job, a->plan.text.len ? a->plan.text.data : "I cannot do that.");
	else if (r == PLAN_E_MANY)
		job_finish(a->job, "LimitsExceeded", "more than %d things are meant",
			   EXECUTOR_CALLS_MAX);
	return r > 0 ? ASK_DONE : r;
}

/* Of what "the other one" is one: the choices of a question, or what is of the same kind, at the
 * same place if there is more than one. */
static int set_others(struct asking *a)
{
	const struct conversation *c = a->conversation;
	const char *ids[CONVERSATION_CHOICES_MAX], *here[CONVERSATION_CHOICES_MAX];
	size_t n = 0, n_here = 0;
	struct things at = { 0 };
	struct thing t, meant;

	if (a->answered || c->n_focus != 1 || !thing_find(a->job, c->focus[0].entity, &meant))
		return 0;
	while (things_next(a->job, &at, &t)) {
		if (strcmp(t.domain, meant.domain) != 0)
			continue;
		if (n < ARRAY_SIZE(ids))
			ids[n++] = t.id;
		if (n_here < ARRAY_SIZE(here) && *t.area && strcasecmp(t.area, meant.area) == 0)
			here[n_here++] = t.id;
	}
	return conversation_set_others(a->conversation, n_here > 1 ? here : ids,
				       n_here > 1 ? n_here : n);
}

/* What "it" is from now on. */
static int focus(struct asking *a)
{
	const char *ids[CONVERSATION_FOCUS_MAX];
	struct buf unused = BUF_NULL;
	size_t n = 0;
	int r = 0;

	conversation_unfocus(a->conversation);
	for (size_t i = 0; r == 0 && i < a->plan.n; i++)
		if (*a->plan.calls[i].target)
			r = conversation_focus(a->conversation, a->plan.calls[i].target,
					       a->plan.calls[i].label);
	for (size_t i = 0; r == 0 && i < a->n_orders; i++) {
		if (state_answer(a->job, &a->orders[i], &unused, ids, ARRAY_SIZE(ids), &n) != 0)
			continue;
		for (size_t k = 0; r == 0 && k < n; k++)
			r = conversation_focus(a->conversation, ids[k],
					       order_label(&a->orders[i]));
	}
	buf_deinit(&unused);
	return r;
}

/* Everything is understood: it is remembered, then done. */
static void execute(struct asking *a)
{
	struct job *job = a->job;
	const struct order *last = &a->orders[a->n_orders - 1];
	bool dry = job->options.dry_run;
	int r = 0;

	if (!dry) {
		conversation_drop_pending(a->conversation);
		r = conversation_said(a->conversation, last);
		if (r == 0)
			r = focus(a);
		if (r == 0)
			r = set_others(a);
	}
	if (r == 0 && a->plan.n && a->said.len) {
		/* The answers stand before what becomes of the calls. */
		r = buf_printf(&job->result, "%s ", a->said.data);
	}
	if (r < 0)
		job_finish(job, "Internal", "%s", strerror(-r));
	else if (a->plan.n)
		plan_run(&a->plan, job);
	else
		ask_answer(job, "text", a->said.len ? a->said.data : "");
}

/* Commands that are for themselves alone: true where the first one is. */
static bool execute_alone(struct asking *a)
{
	const struct order *o = &a->orders[0];
	const char *task = ask_writing_task(o);

	if (a->n_orders != 1 || (!task && strcmp(o->intent, "AssistantUndo") != 0))
		return false;
	if (a->job->options.explain)
		ask_answer(a->job, "plan", task ? task : "Undo.");
	else if (task)
		ask_write(a->job, o, task);
	else
		action_undo(a->job, 0);
	return true;
}

static int decide(struct asking *a)
{
	int r = understand(a);

	if (r || execute_alone(a))
		return r;
	for (size_t i = 0; r == 0 && i < a->n_orders; i++)
		r = plan_one(a, i);
	if (r == 0)
		execute(a);
	return r;
}

/* Goes on with the conversation that is named, or begins one. */
static int open_conversation(struct asking *a)
{
	const char *id = a->job->options.conversation;
	struct conversations *all = a->job->d->conversations;
	const char *caller = a->job->caller->identity;
	struct timer_clock now;

	timer_clock_now(&now);
	a->now_ms = now.wall;
	a->conversation = id ? conversations_find(all, id, caller, a->now_ms) : NULL;
	if (!a->conversation && id && strcmp(id, "last") != 0)
		job_warn(a->job, "the conversation has ended; this is a new one");
	if (!a->conversation)
		a->conversation = conversations_begin(all, caller, a->now_ms);
	if (!a->conversation)
		return -ENOMEM;
	a->conversation->is_private |= a->job->options.is_private || !a->job->d->config.keep_text;
	snprintf(a->job->ask->conversation, sizeof(a->job->ask->conversation), "%s",
		 a->conversation->id);
	return 0;
}

static void asking_deinit(struct asking *a)
{
	while (a->n_orders)
		order_deinit(&a->orders[--a->n_orders]);
	if (a->commands)
		commands_deinit(a->commands);
	free(a->commands);
	plan_deinit(&a->plan);
	buf_deinit(&a->said);
}

void ask_begin(struct job *job)
{
	struct asking *a = calloc(1, sizeof(*a));
	int r = -ENOMEM;

	job->ask = calloc(1, sizeof(*job->ask));
	/* To be told how it is understood is not to have it done. */
	job->options.dry_run |= job->options.explain;
	if (a && job->ask) {
		a->job = job;
		a->commands = calloc(1, sizeof(*a->commands));
		r = a->commands ? open_conversation(a) : -ENOMEM;
	}
	if (r == 0)
		r = decide(a);
	if (r < 0)
		job_finish(job, r == -EINVAL ? "InvalidText" : "Internal", "%s",
			   r == -EINVAL ? "the text is not UTF-8" : strerror(-r));
	if (a && a->conversation)
		conversations_keep(job->d->conversations, a->conversation, a->now_ms);
	if (a)
		asking_deinit(a);
	free(a);
}
