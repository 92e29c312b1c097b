/* SPDX-License-Identifier: MIT */
#include "store/timer.h"

#include <errno.h>
#include <string.h>

#include "store/store-private.h"
#include "util/macro.h"
#include "util/utf8.h"

static int bind(sqlite3_stmt *st, const struct store_timer *t)
{
	const int64_t numbers[] = { t->id, t->kind, t->length_ms, t->due_ms, t->left_ms,
				    t->boot_due_ms, t->rang_ms };

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
		sqlite3_bind_int64(st, 1 + (int)i, numbers[i]);
	return sqlite3_bind_text(st, 8, t->name, -1, SQLITE_STATIC) == SQLITE_OK &&
	       sqlite3_bind_text(st, 9, t->boot_id, -1, SQLITE_STATIC) == SQLITE_OK ? 0 : -ENOMEM;
}

int store_put_timer(struct store *s, const struct store_timer *t)
{
	sqlite3_stmt *st = NULL;
	int r;

	if (t->id <= 0 || (unsigned)t->kind > STORE_REMINDER || !t->name || !t->boot_id ||
	    !utf8_valid(t->name, strlen(t->name)) || !utf8_valid(t->boot_id, strlen(t->boot_id)))
		return -EINVAL;
	r = store_begin(s);
	if (r)
		return r;
	r = store_statement(s, STATEMENT_PUT_TIMER, &st);
	if (!r)
		r = bind(st, t);
	if (!r)
		r = store_run(s, st);
	return store_end(s, r);
}

int store_drop_timer(struct store *s, int64_t id)
{
	sqlite3_stmt *st = NULL;
	int r = store_begin(s);

	if (r)
		return r;
	r = store_statement(s, STATEMENT_DROP_TIMER, &st);
	if (!r) {
		sqlite3_bind_int64(st, 1, id);
		r = store_run(s, st);
	}
	if (!r && sqlite3_changes(s->db) == 0)
		r = STORE_E_NOT_FOUND;
	return store_end(s, r);
}

static int next_id(struct store *s, int64_t *next)
{
	sqlite3_stmt *st = NULL;
	int r = store_statement(s, STATEMENT_LAST_TIMER, &st), rc;

	if (r)
		return r;
	rc = sqlite3_step(st);
	*next = rc == SQLITE_ROW ? sqlite3_column_int64(st, 0) + 1 : 1;
	sqlite3_reset(st);
	return store_result(s, rc);
}

int store_timers(struct store *s, store_timer_fn fn, void *arg, int64_t *next)
{
	sqlite3_stmt *st = NULL;
	int r = next_id(s, next), rc;

	if (!r)
		r = store_statement(s, STATEMENT_TIMERS, &st);
	if (r)
		return r;
	while (!r && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		const struct store_timer t = {
			.id = sqlite3_column_int64(st, 0),
			.kind = (enum store_timer_kind)sqlite3_column_int(st, 1),
			.length_ms = sqlite3_column_int64(st, 2),
			.due_ms = sqlite3_column_int64(st, 3),
			.left_ms = sqlite3_column_int64(st, 4),
			.boot_due_ms = sqlite3_column_int64(st, 5),
			.rang_ms = sqlite3_column_int64(st, 6),
			.name = (const char *)sqlite3_column_text(st, 7),
			.boot_id = (const char *)sqlite3_column_text(st, 8),
		};

		r = t.name && t.boot_id ? fn(arg, &t) : -ENOMEM;
	}
	if (!r)
		r = store_result(s, rc);
	sqlite3_reset(st);
	return r;
}
