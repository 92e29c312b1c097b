/* SPDX-License-Identifier: MIT */
#include "store/journal.h"

#include <errno.h>
#include <string.h>

#include "store/store-private.h"
#include "util/macro.h"
#include "util/utf8.h"

enum { LIMIT = 100, LIMIT_MAX = 1000 };

/* Texts at their places in a statement; NULL binds NULL. */
struct text_at {
	int at;
	const char *text;
};

static int bind_texts(sqlite3_stmt *st, const struct text_at *texts, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *text = texts[i].text;

		if (text && !utf8_valid(text, strlen(text)))
			return -EINVAL;
		if (sqlite3_bind_text(st, texts[i].at, text, -1, SQLITE_STATIC) != SQLITE_OK)
			return -ENOMEM;
	}
	return 0;
}

static void bind_numbers(sqlite3_stmt *st, int at, const int64_t *numbers, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sqlite3_bind_int64(st, at + (int)i, numbers[i]);
}

static int begin_call(struct store *s, const struct store_call *c, int64_t plan, int64_t *id)
{
	const int64_t numbers[] = { plan, c->request, c->time_ms, c->settled_ms, c->risk, c->label,
				    c->verified, c->is_private, c->undo_of };
	const struct text_at texts[] = {
		{ 10, c->caller }, { 11, c->tool }, { 12, c->target }, { 13, c->title },
		{ 14, c->verdict }, { 15, c->reason }, { 16, c->consent }, { 17, c->outcome },
		{ 18, c->is_private ? NULL : c->text }, { 19, c->is_private ? NULL : c->arguments },
		{ 20, c->is_private ? NULL : c->why },
	};
	sqlite3_stmt *st = NULL;
	int r = store_statement(s, STATEMENT_BEGIN_CALL, &st);

	if (r)
		return r;
	bind_numbers(st, 1, numbers, ARRAY_SIZE(numbers));
	r = bind_texts(st, texts, ARRAY_SIZE(texts));
	if (!r)
		r = store_run(s, st);
	*id = sqlite3_last_insert_rowid(s->db);
	return r;
}

/* The first of a plan names it, which takes its id. */
static int set_plan(struct store *s, int64_t id)
{
	sqlite3_stmt *st = NULL;
	int r = store_statement(s, STATEMENT_NAME_PLAN, &st);

	if (r)
		return r;
	sqlite3_bind_int64(st, 1, id);
	return store_run(s, st);
}

static bool complete(const struct store_call *c)
{
	return c->caller && c->tool && c->target && c->title && c->verdict && c->reason &&
	       c->outcome && (unsigned)c->label <= STORE_LABEL_OUTSIDE;
}

int store_begin_calls(struct store *s, struct store_call *calls, size_t n)
{
	int64_t first = 0, id, plan = n ? calls[0].plan : 0;
	int r;

	for (size_t i = 0; i < n; i++)
		if (!complete(&calls[i]))
			return -EINVAL;
	r = n ? store_begin(s) : 0;
	if (r || !n)
		return r;
	for (size_t i = 0; !r && i < n; i++) {
		r = begin_call(s, &calls[i], plan, &id);
		if (!r && i == 0)
			first = id;
		if (!r && !plan) {
			plan = id;
			r = set_plan(s, id);
		}
	}
	r = store_end(s, r);
	/* One connection writes, and within one transaction: the ids follow each other. */
	for (size_t i = 0; !r && i < n; i++) {
		calls[i].id = first + (int64_t)i;
		calls[i].plan = plan;
	}
	return r;
}

static int mark_undone(struct store *s, int64_t id, int64_t by)
{
	const int64_t numbers[] = { id, by };
	sqlite3_stmt *st = NULL;
	int r = store_statement(s, STATEMENT_MARK_UNDONE, &st);

	if (r)
		return r;
	bind_numbers(st, 1, numbers, 2);
	return store_run(s, st);
}

/* What changed something, or may have. */
static bool has_effect(const char *outcome)
{
	return strcmp(outcome, "done") == 0 || strcmp(outcome, "sent") == 0 ||
	       strcmp(outcome, "already") == 0;
}

int store_settle_call(struct store *s, const struct store_call *c)
{
	const int64_t numbers[] = { c->id, c->settled_ms, c->verified, c->undo_until_ms };
	const struct text_at texts[] = {
		{ 5, c->outcome }, { 6, c->is_private ? NULL : c->text },
		{ 7, c->is_private ? NULL : c->before },
		{ 8, c->is_private ? NULL : c->after }, { 9, c->is_private ? NULL : c->undo_tool },
		{ 10, c->is_private ? NULL : c->undo_arguments },
	};
	sqlite3_stmt *st = NULL;
	int r = c->outcome ? store_begin(s) : -EINVAL;

	if (r)
		return r;
	r = store_statement(s, STATEMENT_SETTLE_CALL, &st);
	if (!r) {
		bind_numbers(st, 1, numbers, ARRAY_SIZE(numbers));
		r = bind_texts(st, texts, ARRAY_SIZE(texts));
	}
	if (!r)
		r = store_run(s, st);
	if (!r && sqlite3_changes(s->db) == 0)
		r = STORE_E_NOT_FOUND;
	if (!r && c->undo_of && has_effect(c->outcome))
		r = mark_undone(s, c->undo_of, c->id);
	return store_end(s, r);
}

int store_link_calls(struct store *s, int64_t plan, int64_t receipt)
{
	const int64_t numbers[] = { plan, receipt };
	sqlite3_stmt *st = NULL;
	int r = store_begin(s);

	if (r)
		return r;
	r = store_statement(s, STATEMENT_LINK_CALLS, &st);
	if (!r) {
		bind_numbers(st, 1, numbers, 2);
		r = store_run(s, st);
	}
	return store_end(s, r);
}

int store_recover_calls(struct store *s, int64_t now_ms, unsigned *n)
{
	sqlite3_stmt *st = NULL;
	int r = store_begin(s);

	*n = 0;
	if (r)
		return r;
	r = store_statement(s, STATEMENT_RECOVER_CALLS, &st);
	if (!r) {
		sqlite3_bind_int64(st, 1, now_ms);
		r = store_run(s, st);
	}
	if (!r)
		*n = (unsigned)sqlite3_changes(s->db);
	return store_end(s, r);
}

static const char *column(sqlite3_stmt *st, int i)
{
	return (const char *)sqlite3_column_text(st, i);
}

static void read_row(sqlite3_stmt *st, struct store_call *c)
{
	*c = (struct store_call){
		.id = sqlite3_column_int64(st, 0), .plan = sqlite3_column_int64(st, 1),
		.request = sqlite3_column_int64(st, 2), .time_ms = sqlite3_column_int64(st, 3),
		.settled_ms = sqlite3_column_int64(st, 4),
		.risk = (unsigned)sqlite3_column_int(st, 5),
		.label = (enum store_label)sqlite3_column_int(st, 6),
		.verified = sqlite3_column_int(st, 7) != 0,
		.is_private = sqlite3_column_int(st, 8) != 0,
		.undo_of = sqlite3_column_int64(st, 9), .caller = column(st, 10),
		.tool = column(st, 11), .target = column(st, 12), .title = column(st, 13),
		.verdict = column(st, 14), .reason = column(st, 15), .consent = column(st, 16),
		.outcome = column(st, 17), .text = column(st, 18), .arguments = column(st, 19),
		.why = column(st, 20), .before = column(st, 21), .after = column(st, 22),
		.undo_tool = column(st, 23), .undo_arguments = column(st, 24),
		.undo_until_ms = sqlite3_column_int64(st, 25),
		.undone_by = sqlite3_column_int64(st, 26),
	};
}

int store_calls(struct store *s, const struct store_call_query *q, store_call_fn fn, void *arg)
{
	uint32_t limit = q->limit ? MIN(q->limit, (uint32_t)LIMIT_MAX) : (uint32_t)LIMIT;
	const int64_t numbers[] = { q->id, q->plan, q->request, q->since_ms, q->until_ms,
				    q->before_id, limit };
	const struct text_at caller = { 8, q->caller };
	struct store_call row;
	sqlite3_stmt *st = NULL;
	int rc = SQLITE_DONE, r = store_statement(s, STATEMENT_CALLS, &st);

	if (r)
		return r;
	bind_numbers(st, 1, numbers, ARRAY_SIZE(numbers));
	r = bind_texts(st, &caller, 1);
	while (!r && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		read_row(st, &row);
		r = fn(arg, &row);
	}
	if (!r)
		r = store_result(s, rc);
	sqlite3_reset(st);
	sqlite3_clear_bindings(st);
	return r;
}

int store_last_plan(struct store *s, const char *caller, int64_t *plan)
{
	const struct text_at text = { 1, caller };
	sqlite3_stmt *st = NULL;
	int rc, r = store_statement(s, STATEMENT_LAST_PLAN, &st);

	if (!r)
		r = bind_texts(st, &text, 1);
	if (r)
		return r;
	rc = sqlite3_step(st);
	if (rc == SQLITE_ROW)
		*plan = sqlite3_column_int64(st, 0);
	r = rc == SQLITE_DONE ? STORE_E_NOT_FOUND : store_result(s, rc);
	sqlite3_reset(st);
	sqlite3_clear_bindings(st);
	return r;
}
