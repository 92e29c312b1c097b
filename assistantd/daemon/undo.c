/* SPDX-License-Identifier: MIT */
/*
 * Taking back: the journal names the inverse calls, the back ends tell whether somebody changed
 * the same things since, and what follows is a plan like any other, last call first.
 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "assistantd/daemon/action-private.h"
#include "util/clock.h"
#include "util/macro.h"

/* A call of the journal, in memory of its own. */
struct done_call {
	struct undo *undo;
	int64_t id, undo_until_ms, undone_by;
	char *tool, *target, *title, *outcome, *arguments, *before, *after;
	char *undo_tool, *undo_arguments;
	enum store_label label;
	bool changed;			/* by others, since */
	bool taken;			/* another request takes it back */
};

struct undo {
	struct work work;
	struct action *action;		/* NULL: nobody waits for it any more */
	struct store_call_query query;
	char *caller;			/* whose calls are looked at */
	bool last;			/* the query is for the caller's last plan */
	struct done_call calls[EXECUTOR_CALLS_MAX];
	size_t n, waiting;		/* for states */
	bool loaded;
};

static void undo_free(struct undo *u)
{
	for (size_t i = 0; i < u->n; i++) {
		struct done_call *c = &u->calls[i];

		free(c->tool);
		free(c->target);
		free(c->title);
		free(c->outcome);
		free(c->arguments);
		free(c->before);
		free(c->after);
		free(c->undo_tool);
		free(c->undo_arguments);
	}
	free(u->caller);
	free(u);
}

void undo_drop(struct undo *u)
{
	if (u)
		u->action = NULL;
}

static bool copy(char **ret, const char *text)
{
	*ret = text ? strdup(text) : NULL;
	return !text == !*ret;
}

static int keep_call(void *arg, const struct store_call *row)
{
	struct undo *u = arg;
	struct done_call *c = &u->calls[u->n];

	/* Of a plan, what took something back is no part of what was wanted. */
	if (row->undo_of && !u->query.id)
		return 0;
	u->n++;
	*c = (struct done_call){ .undo = u, .id = row->id, .undo_until_ms = row->undo_until_ms,
				 .undone_by = row->undone_by, .label = row->label };
	return copy(&c->tool, row->tool) &&
	       copy(&c->target, row->target) && copy(&c->title, row->title) &&
	       copy(&c->outcome, row->outcome) && copy(&c->arguments, row->arguments) &&
	       copy(&c->before, row->before) && copy(&c->after, row->after) &&
	       copy(&c->undo_tool, row->undo_tool) &&
	       copy(&c->undo_arguments, row->undo_arguments) ? 0 : -ENOMEM;
}

static int run_load(struct work *work, struct store *store)
{
	struct undo *u = container_of(work, struct undo, work);
	int r = store ? 0 : -ENODEV;

	if (r == 0 && u->last)
		r = store_last_plan(store, u->caller, &u->query.plan);
	return r ? r : store_calls(store, &u->query, keep_call, u);
}

/* Why the call cannot be taken back, in words; NULL: it can. */
static const char *obstacle(const struct done_call *c)
{
	if (strcmp(c->outcome, "done") != 0 && strcmp(c->outcome, "sent") != 0)
		return "was not changed";
	if (c->undone_by)
		return "was undone already";
	if (c->taken)
		return "is being undone already";
	if (!c->undo_tool || !c->undo_arguments)
		return "cannot be undone";
	if (c->undo_until_ms <= clock_ms(CLOCK_REALTIME))
		return "was changed too long ago";
	return NULL;
}

/* On its way between two states, which it leaves by itself. */
static bool is_moving(const json_t *state)
{
	static const char *const moving[] = { "opening", "closing", "locking", "unlocking",
					      "arming", "pending", "returning" };
	const char *word = json_string_value(json_object_get(state, "state"));

	for (size_t i = 0; word && i < ARRAY_SIZE(moving); i++)
		if (strcmp(word, moving[i]) == 0)
			return true;
	return false;
}

/* Of what the call set or changed, whether something is not as it left it. */
static bool changed_since(const struct done_call *c, const json_t *now)
{
	json_auto_t *before = c->before ? json_loads(c->before, 0, NULL) : NULL;
	json_auto_t *after = c->after ? json_loads(c->after, 0, NULL) : NULL;
	json_auto_t *set = c->arguments ? json_loads(c->arguments, 0, NULL) : NULL;
	const char *key;
	json_t *value;

	if (!after || !now || is_moving(after))
		return false;
	json_object_foreach(after, key, value) {
		const json_t *was = json_object_get(before, key);
		bool ours = json_object_get(set, key) || (was && !json_equal(was, value));

		if (ours && !json_equal(value, json_object_get(now, key)))
			return true;
	}
	return false;
}

/* Whether @other takes the call back, or has, while the journal may not know of it yet. */
static bool takes_back(const struct job *other, int64_t id)
{
	const struct planned_call *c;

	for (size_t i = 0; other->action && (c = action_call(other->action, i)); i++)
		if (c->spec.undo_of == id &&
		    (c->outcome == OUTCOME_NOT_RUN ? other->state < JOB_STORING
						   : c->outcome <= OUTCOME_SENT))
			return true;
	return false;
}

static void find_taken(struct undo *u)
{
	const struct job *mine = u->action->job;

	for (size_t i = 0; i < u->n; i++)
		for (const struct job *j = mine->d->jobs; j && !u->calls[i].taken; j = j->next)
			u->calls[i].taken = j != mine && takes_back(j, u->calls[i].id);
}

/* Those that have read the journal, too, and wait for states, leave this call alone. */
static void take_from_others(const struct action *a, int64_t id)
{
	for (struct job *j = a->job->d->jobs; j; j = j->next) {
		struct undo *other = j->action && j->action != a ? j->action->undo : NULL;

		for (size_t i = 0; other && i < other->n; i++)
			other->calls[i].taken |= other->calls[i].id == id;
	}
}

static int add_inverse(struct action *a, const struct done_call *c)
{
	static const enum policy_label labels[] = {
		[STORE_LABEL_USER] = POLICY_LABEL_USER,
		[STORE_LABEL_NOTES] = POLICY_LABEL_NOTES,
		[STORE_LABEL_OUTSIDE] = POLICY_LABEL_OUTSIDE,
	};
	json_auto_t *arguments = json_loads(c->undo_arguments, 0, NULL);
	char why[48];
	struct action_spec spec = {
		.tool = c->undo_tool,
		.arguments = arguments,
		.target = c->target,
		.title = c->title,
		/* It was chosen as the call was that it takes back: the rule is the tool's. */
		.decided_by = labels[c->label],
		.scope = ACTION_NAMED,
		.changed = c->changed,
		.undo_of = c->id,
		.why = why,
	};

	snprintf(why, sizeof(why), "undoes call %lld", (long long)c->id);
	take_from_others(a, c->id);
	return action_add(a, &spec);
}

/* Whether any of it can be taken back. */
static bool has_work(const struct undo *u)
{
	for (size_t i = 0; i < u->n; i++)
		if (!obstacle(&u->calls[i]))
			return true;
	return false;
}

static void refuse(struct undo *u, int result)
{
	struct job *job = u->action->job;
	char text[320];

	u->action->undo = NULL;
	if (result < 0 || (result > 0 && result != STORE_E_NOT_FOUND)) {
		job_finish(job, "Internal", "the journal cannot be read");
		return;
	}
	if (u->n == 0)
		snprintf(text, sizeof(text), "There is nothing to undo.");
	else
		snprintf(text, sizeof(text), "%.200s %s.", u->calls[0].title,
			 obstacle(&u->calls[0]));
	ask_answer(job, "refusal", text);
}

/* All states are there: the plan. */
static void take_back(struct undo *u)
{
	struct action *a = u->action;
	int r = 0;

	if (!has_work(u)) {
		refuse(u, 0);
		undo_free(u);
		return;
	}
	a->undo = NULL;
	executor_in_order(a->plan);
	for (size_t i = 0; r == 0 && i < u->n; i++) {
		const struct done_call *c = &u->calls[i];
		const char *why = obstacle(c);

		/* Of a plan, what was not changed is not worth a word. */
		if (why && strcmp(c->outcome, "done") == 0)
			r = buf_printf(&a->note, " %s %s.", c->title, why);
		else if (!why)
			r = add_inverse(a, c);
	}
	if (r < 0)
		job_finish(a->job, "Internal", "%s", strerror(-r));
	else
		action_run(a);
	undo_free(u);
}

/* The request has ended meanwhile. */
static void give_up(struct undo *u)
{
	if (u->action)
		u->action->undo = NULL;
	undo_free(u);
}

static void on_state(void *arg, const struct backend_result *result)
{
	struct done_call *c = arg;
	struct undo *u = c->undo;

	c->changed = changed_since(c, result->after);
	if (--u->waiting > 0 || !u->loaded)
		return;
	if (!u->action || u->action->job->state != JOB_RUNNING)
		give_up(u);
	else
		take_back(u);
}

/* Asks for the state of what the call changed; without an answer it counts as unchanged. */
static void ask_state(const struct daemon *d, struct done_call *c)
{
	const struct tool *t = d->tool_registry ? tool_registry_find(d->tool_registry, c->tool)
						: NULL;
	const struct backend *backend = t ? d->backends[t->backend] : NULL;
	json_auto_t *arguments = NULL;

	if (!backend || !backend->read || !c->arguments ||
	    tool_check_arguments(t, c->arguments, strlen(c->arguments), &arguments, NULL) < 0)
		return;
	c->undo->waiting++;
	if (backend->read(backend->data, t, arguments, on_state, c) < 0)
		c->undo->waiting--;
}

static void loaded(struct work *work, int result)
{
	struct undo *u = container_of(work, struct undo, work);
	const struct action *a = u->action;

	if (!a || a->job->state != JOB_RUNNING || a->job->d->stopping) {
		give_up(u);
		return;
	}
	find_taken(u);
	if (result != 0 || !has_work(u)) {
		refuse(u, result);
		undo_free(u);
		return;
	}
	for (size_t i = 0; i < u->n; i++)
		if (!obstacle(&u->calls[i]))
			ask_state(a->job->d, &u->calls[i]);
	u->loaded = true;
	if (u->waiting == 0)
		take_back(u);
}

static void begin(struct job *job, const struct store_call_query *query, bool last)
{
	struct action *a = action_new(job);
	struct undo *u = a ? calloc(1, sizeof(*u)) : NULL;

	if (!u || !(u->caller = strdup(job->caller->identity))) {
		free(u);
		job_finish(job, "Internal", "out of memory");
		return;
	}
	u->action = a;
	u->query = *query;
	u->query.limit = EXECUTOR_CALLS_MAX;
	u->last = last;
	/* Of what others did a program is not even told that it was done. */
	if (job->caller->kind != POLICY_CALLER_HAND)
		u->query.caller = u->caller;
	a->undo = u;
	u->work = (struct work){ .run = run_load, .done = loaded };
	worker_post(job->d->worker, &u->work);
}

void action_undo(struct job *job, int64_t call)
{
	struct store_call_query query = { .id = call };

	begin(job, &query, call == 0);
}

void action_undo_request(struct job *job, int64_t receipt)
{
	struct store_call_query query = { .request = receipt };

	begin(job, &query, false);
}

/* What a call left behind that is to be taken back; -ENOENT where nothing is. */
static int add_scene_call(const struct planned_call *c, struct executor *e)
{
	json_auto_t *inverse = NULL;
	struct action_spec spec = c->spec;
	char why[48];
	int r;

	if (c->outcome != OUTCOME_DONE && c->outcome != OUTCOME_SENT)
		return -ENOENT;
	r = tool_undo(c->tool, c->parsed, c->before, &spec.tool, &inverse);
	if (r != 0)
		return r > 0 ? -ENOENT : r;
	spec.arguments = inverse;
	spec.target = c->target;
	spec.title = c->title;
	spec.required = false;
	spec.undo_of = c->journal;
	spec.why = why;
	snprintf(why, sizeof(why), "takes back a part of what failed");
	return executor_add(e, &spec);
}

int undo_scene(struct action *a, const struct executor *plan, struct executor **ret)
{
	_cleanup_(executor_freep) struct executor *e = NULL;
	int r = action_executor(a, &e);

	for (size_t i = executor_count(plan); r == 0 && i > 0; i--) {
		r = add_scene_call(executor_call(plan, i - 1), e);
		r = r == -ENOENT ? 0 : r;
	}
	if (r < 0)
		return r;
	executor_in_order(e);
	*ret = executor_count(e) ? TAKE(e) : NULL;
	return 0;
}
