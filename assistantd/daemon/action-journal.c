/* SPDX-License-Identifier: MIT */
/*
 * What a plan leaves in the journal: a row for each call before it is sent, and what became of
 * it when that is known. The worker's thread reads nothing that the loop's may change: rows
 * have texts of their own.
 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "assistantd/daemon/action-private.h"
#include "assistantd/daemon/log.h"
#include "util/clock.h"
#include "util/macro.h"

/* A row with the memory behind it. */
struct row {
	struct store_call call;
	char *texts[12];
	size_t n;
	bool failed;		/* for want of memory */
};

static void row_deinit(struct row *row)
{
	for (size_t i = 0; i < row->n; i++)
		free(row->texts[i]);
}

/* Takes @text (NULL stays NULL). */
static const char *own(struct row *row, char *text)
{
	if (text)
		row->texts[row->n++] = text;
	return text;
}

static const char *copy(struct row *row, const char *text)
{
	char *mine = text ? strdup(text) : NULL;

	row->failed |= text && !mine;
	return own(row, mine);
}

char *journal_arguments(const struct planned_call *c)
{
	json_auto_t *kept = c->parsed ? tool_loggable(c->tool, c->parsed) : NULL;

	return kept ? json_dumps(kept, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
}

/* What the user was shown and agreed to. */
static char *consent(const struct planned_call *c)
{
	char hex[DIGEST_HEX_LEN + 1], *text;

	if (!c->agreed)
		return NULL;
	digest_to_hex(&c->consent, hex);
	return asprintf(&text, "question %llu, sha256 %s", (unsigned long long)c->question,
			hex) < 0 ? NULL : text;
}

static void fill(struct row *row, const struct action *a, const struct planned_call *c)
{
	static const enum store_label labels[POLICY_LABEL_COUNT] = {
		STORE_LABEL_USER, STORE_LABEL_NOTES, STORE_LABEL_OUTSIDE,
	};

	*row = (struct row){ 0 };
	row->call = (struct store_call){
		.plan = a->journal,
		.time_ms = clock_ms(CLOCK_REALTIME),
		.caller = copy(row, a->job->caller->identity),
		.tool = copy(row, c->tool_name),
		.target = copy(row, c->target),
		.title = copy(row, c->title),
		.risk = c->tool ? c->tool->risk : POLICY_RISK_FORBIDDEN,
		.verdict = policy_action_name(c->verdict.action),
		.reason = policy_reason_name(c->verdict.reason),
		.arguments = own(row, journal_arguments(c)),
		.why = copy(row, *c->why ? c->why : NULL),
		.label = labels[c->spec.decided_by],
		.consent = own(row, consent(c)),
		.outcome = STORE_SENDING,
		.is_private = a->job->options.is_private,
		.undo_of = c->spec.undo_of,
	};
}

/* Calls on their way into the journal; the plan waits for it. */
struct batch {
	struct work work;
	struct action *action;
	struct executor *executor;
	struct planned_call *calls[EXECUTOR_CALLS_MAX];
	struct row rows[EXECUTOR_CALLS_MAX];
	struct store_call written[EXECUTOR_CALLS_MAX];
	size_t n;
};

static int run_begin(struct work *work, struct store *store)
{
	struct batch *b = container_of(work, struct batch, work);

	return store ? store_begin_calls(store, b->written, b->n) : -ENODEV;
}

static void begun(struct work *work, int result)
{
	struct batch *b = container_of(work, struct batch, work);
	struct action *a = b->action;

	if (result != 0) {
		log_warning("store: calls were not written to the journal (%d)", result);
		a->unwritten = true;
	}
	for (size_t i = 0; i < b->n; i++) {
		b->calls[i]->journal = result == 0 ? b->written[i].id : 0;
		row_deinit(&b->rows[i]);
	}
	if (result == 0)
		a->journal = b->written[0].plan;
	/* When the service ends nothing more is sent. */
	if (!a->job->d->stopping)
		executor_begun(b->executor, result);
	free(b);
}

void journal_begin(struct action *a, struct executor *e, struct planned_call *const *calls,
		   size_t n)
{
	struct batch *b = calloc(1, sizeof(*b));
	bool failed = !b;

	for (size_t i = 0; b && i < n; i++) {
		fill(&b->rows[i], a, calls[i]);
		b->calls[i] = calls[i];
		b->written[i] = b->rows[i].call;
		failed |= b->rows[i].failed;
	}
	if (failed) {
		for (size_t i = 0; b && i < n; i++)
			row_deinit(&b->rows[i]);
		free(b);
		a->unwritten = true;
		executor_begun(e, -ENOMEM);
		return;
	}
	b->n = n;
	b->action = a;
	b->executor = e;
	b->work = (struct work){ .run = run_begin, .done = begun };
	worker_post(a->job->d->worker, &b->work);
}

/* What became of one call, on its way into the journal; nobody waits for it. */
struct settled {
	struct work work;
	struct row row;
};

static int run_settle(struct work *work, struct store *store)
{
	struct settled *s = container_of(work, struct settled, work);

	return store ? store_settle_call(store, &s->row.call) : -ENODEV;
}

static void settled(struct work *work, int result)
{
	struct settled *s = container_of(work, struct settled, work);

	if (result != 0 && result != STORE_E_NOT_FOUND)
		log_warning("store: what became of call %lld was not written (%d)",
			    (long long)s->row.call.id, result);
	row_deinit(&s->row);
	free(s);
}

/* The call that takes this one back, where its arguments may be written down. */
static void fill_undo(struct row *row, const struct action *a, struct planned_call *c)
{
	json_auto_t *inverse = NULL, *kept = NULL;
	const struct tool *back;
	const char *tool;

	if ((c->outcome != OUTCOME_DONE && c->outcome != OUTCOME_SENT) ||
	    a->job->options.is_private || tool_undo(c->tool, c->parsed, c->before, &tool,
						    &inverse) != 0)
		return;
	back = tool_registry_find(a->job->d->tool_registry, tool);
	kept = back ? tool_loggable(back, inverse) : NULL;
	/* What was not known before is missing in it. */
	if (!kept || !json_equal(kept, inverse) ||
	    tool_schema_validate(back->schema, inverse, NULL) < 0)
		return;
	row->call.undo_tool = copy(row, tool);
	row->call.undo_arguments = own(row, json_dumps(inverse, JSON_COMPACT | JSON_SORT_KEYS));
	row->call.undo_until_ms = row->call.settled_ms + a->job->d->config.undo_ms;
	c->undo_until_ms = row->call.undo_until_ms;
}

void journal_settle(struct action *a, struct planned_call *c)
{
	struct settled *s = c->journal ? calloc(1, sizeof(*s)) : NULL;

	if (!s) {
		a->unwritten |= c->journal != 0;
		return;
	}
	s->row.call = (struct store_call){
		.id = c->journal,
		.settled_ms = clock_ms(CLOCK_REALTIME),
		.outcome = tools_outcome_name(c->outcome),
		.text = copy(&s->row, *c->text ? c->text : NULL),
		.verified = c->verified,
		.before = own(&s->row, c->before ? json_dumps(c->before, JSON_COMPACT) : NULL),
		.after = own(&s->row, c->after ? json_dumps(c->after, JSON_COMPACT) : NULL),
		.is_private = a->job->options.is_private,
		.undo_of = c->spec.undo_of,
	};
	fill_undo(&s->row, a, c);
	s->work = (struct work){ .run = run_settle, .done = settled };
	worker_post(a->job->d->worker, &s->work);
}

/* What was not run, on its way into the journal with the receipt. */
struct rest {
	size_t n;
	bool failed;
	struct planned_call *calls[2 * EXECUTOR_CALLS_MAX];
	struct row rows[2 * EXECUTOR_CALLS_MAX];
	struct store_call written[2 * EXECUTOR_CALLS_MAX];
};

void rest_free(struct rest *rest)
{
	for (size_t i = 0; rest && i < rest->n; i++)
		row_deinit(&rest->rows[i]);
	free(rest);
}

void action_prepare(struct action *a)
{
	struct rest *rest = calloc(1, sizeof(*rest));
	struct planned_call *c;

	rest_free(a->rest);
	a->rest = rest;
	for (size_t i = 0; rest && !a->job->options.dry_run && (c = action_call(a, i)); i++) {
		struct store_call *written = &rest->written[rest->n];

		if (c->journal)
			continue;
		fill(&rest->rows[rest->n], a, c);
		rest->failed |= rest->rows[rest->n].failed;
		*written = rest->rows[rest->n].call;
		written->outcome = tools_outcome_name(c->outcome);
		written->text = *c->text ? c->text : NULL;
		written->settled_ms = written->time_ms;
		rest->calls[rest->n++] = c;
	}
}

int action_write(struct action *a, struct store *store, int64_t receipt)
{
	struct rest *rest = a->rest;
	int r = !rest || rest->failed ? -ENOMEM : store_begin_calls(store, rest->written, rest->n);

	for (size_t i = 0; r == 0 && i < rest->n; i++)
		rest->calls[i]->journal = rest->written[i].id;
	if (r == 0 && rest->n > 0)
		a->journal = rest->written[0].plan;
	return r == 0 && a->journal ? store_link_calls(store, a->journal, receipt) : r;
}

/* What was out when the service ended before. */
struct recovery {
	struct work work;
	unsigned n;
};

static int run_recovery(struct work *work, struct store *store)
{
	struct recovery *r = container_of(work, struct recovery, work);

	return store ? store_recover_calls(store, clock_ms(CLOCK_REALTIME), &r->n) : -ENODEV;
}

static void recovered(struct work *work, int result)
{
	struct recovery *r = container_of(work, struct recovery, work);

	if (result != 0)
		log_warning("store: calls that were out cannot be settled (%d)", result);
	else if (r->n > 0)
		log_warning("%u calls were sent when the service ended; their effect was not seen "
			    "(assistantctl journal)", r->n);
	free(r);
}

int action_recover(struct daemon *d)
{
	struct recovery *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	r->work = (struct work){ .run = run_recovery, .done = recovered };
	worker_post(d->worker, &r->work);
	return 0;
}
