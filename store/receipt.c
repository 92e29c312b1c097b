/* SPDX-License-Identifier: MIT */
/* Receipts: one row per request, its text in a table beside it, and the history query. */
#include <errno.h>
#include <string.h>

#include "store/store-private.h"
#include "util/buf.h"
#include "util/macro.h"
#include "util/utf8.h"

#define HISTORY_LIMIT 100
#define HISTORY_LIMIT_MAX 1000

static bool valid_text(const char *s)
{
	return !s || utf8_valid(s, strlen(s));
}

static bool valid_receipt(const struct store_receipt *r)
{
	const char *const required[] = { r->caller, r->task, r->finish, r->source };
	const char *const optional[] = { r->adapter, r->adapter_digest, r->base_digest,
					 r->effects, r->request, r->result };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(required); i++)
		if (!required[i] || !valid_text(required[i]))
			return false;
	for (i = 0; i < ARRAY_SIZE(optional); i++)
		if (!valid_text(optional[i]))
			return false;
	return (unsigned)r->request_label <= STORE_LABEL_OUTSIDE &&
	       (unsigned)r->result_label <= STORE_LABEL_OUTSIDE &&
	       r->generation <= INT64_MAX && r->tokens_in <= INT64_MAX &&
	       r->tokens_out <= INT64_MAX;
}

/* Binding fails only for want of memory; NULL binds NULL. */
static int bind_texts(sqlite3_stmt *st, const int *at, const char *const *values, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (sqlite3_bind_text(st, at[i], values[i], -1, SQLITE_STATIC) != SQLITE_OK)
			return -ENOMEM;
	return 0;
}

static int check_effects(struct store *s, const char *effects)
{
	sqlite3_stmt *st = NULL;
	int r, rc;

	if (!effects)
		return 0;
	if (!valid_text(effects))
		return -EINVAL;
	r = store_statement(s, STATEMENT_JSON_VALID, &st);
	if (r)
		return r;
	if (sqlite3_bind_text(st, 1, effects, -1, SQLITE_STATIC) != SQLITE_OK)
		return -ENOMEM;
	rc = sqlite3_step(st);
	if (rc != SQLITE_ROW)
		r = store_result(s, rc);
	else if (!sqlite3_column_int(st, 0))
		r = -EINVAL;
	sqlite3_reset(st);
	sqlite3_clear_bindings(st);
	return r;
}

static int add_row(struct store *s, const struct store_receipt *r)
{
	static const int text_at[] = { 2, 3, 4, 5, 6, 16, 17, 18 };
	const char *const values[] = { r->caller, r->task, r->adapter, r->adapter_digest,
				       r->base_digest, r->finish, r->source, r->effects };
	const int64_t numbers[] = { (int64_t)r->generation, (int64_t)r->tokens_in,
				    (int64_t)r->tokens_out, r->queued_ms, r->loading_ms,
				    r->reading_ms, r->writing_ms, r->acting_ms };
	sqlite3_stmt *st = NULL;
	size_t i;
	int err = store_statement(s, STATEMENT_ADD_RECEIPT, &st);

	if (err)
		return err;
	err = bind_texts(st, text_at, values, ARRAY_SIZE(values));
	if (err)
		return err;
	sqlite3_bind_int64(st, 1, r->time_ms);
	sqlite3_bind_double(st, 7, r->scale);
	for (i = 0; i < ARRAY_SIZE(numbers); i++)
		sqlite3_bind_int64(st, 8 + (int)i, numbers[i]);
	sqlite3_bind_int(st, 19, r->is_private);
	return store_run(s, st);
}

static int add_text(struct store *s, int64_t id, const struct store_receipt *r)
{
	static const int text_at[] = { 2, 4 };
	const char *const values[] = { r->request, r->result };
	sqlite3_stmt *st = NULL;
	int err;

	if (r->is_private || (!r->request && !r->result))
		return 0;
	err = store_statement(s, STATEMENT_ADD_TEXT, &st);
	if (err)
		return err;
	err = bind_texts(st, text_at, values, 2);
	if (err)
		return err;
	sqlite3_bind_int64(st, 1, id);
	sqlite3_bind_int(st, 3, r->request_label);
	sqlite3_bind_int(st, 5, r->result_label);
	err = store_run(s, st);
	if (!err)
		err = store_statement(s, STATEMENT_INDEX_TEXT, &st);
	if (err)
		return err;
	sqlite3_bind_int64(st, 1, id);
	return store_run(s, st);
}

int store_add_receipt(struct store *s, const struct store_receipt *r, int64_t *id)
{
	int64_t row;
	int err;

	if (!valid_receipt(r))
		return -EINVAL;
	err = check_effects(s, r->effects);
	if (!err)
		err = store_begin(s);
	if (err)
		return err;
	err = add_row(s, r);
	row = sqlite3_last_insert_rowid(s->db);
	if (!err)
		err = add_text(s, row, r);
	err = store_end(s, err);
	if (!err)
		*id = row;
	return err;
}

int store_set_effects(struct store *s, int64_t id, const char *effects)
{
	sqlite3_stmt *st = NULL;
	int r = check_effects(s, effects);

	if (!r)
		r = store_begin(s);
	if (r)
		return r;
	r = store_statement(s, STATEMENT_SET_EFFECTS, &st);
	if (!r) {
		sqlite3_bind_int64(st, 1, id);
		if (sqlite3_bind_text(st, 2, effects, -1, SQLITE_STATIC) != SQLITE_OK)
			r = -ENOMEM;
		else
			r = store_run(s, st);
	}
	if (!r && sqlite3_changes(s->db) == 0)
		r = STORE_E_NOT_FOUND;
	return store_end(s, r);
}

static const char *column(sqlite3_stmt *st, int i)
{
	return (const char *)sqlite3_column_text(st, i);
}

static void read_row(sqlite3_stmt *st, struct store_receipt *r)
{
	*r = (struct store_receipt){
		.id = sqlite3_column_int64(st, 0), .time_ms = sqlite3_column_int64(st, 1),
		.caller = column(st, 2), .task = column(st, 3), .adapter = column(st, 4),
		.adapter_digest = column(st, 5), .base_digest = column(st, 6),
		.scale = sqlite3_column_double(st, 7),
		.generation = (uint64_t)sqlite3_column_int64(st, 8),
		.tokens_in = (uint64_t)sqlite3_column_int64(st, 9),
		.tokens_out = (uint64_t)sqlite3_column_int64(st, 10),
		.queued_ms = (uint32_t)sqlite3_column_int64(st, 11),
		.loading_ms = (uint32_t)sqlite3_column_int64(st, 12),
		.reading_ms = (uint32_t)sqlite3_column_int64(st, 13),
		.writing_ms = (uint32_t)sqlite3_column_int64(st, 14),
		.acting_ms = (uint32_t)sqlite3_column_int64(st, 15),
		.finish = column(st, 16), .source = column(st, 17), .effects = column(st, 18),
		.is_private = sqlite3_column_int(st, 19) != 0,
		.request = column(st, 20), .result = column(st, 21),
		.request_label = (enum store_label)sqlite3_column_int(st, 22),
		.result_label = (enum store_label)sqlite3_column_int(st, 23),
	};
}

/* Each word as a quoted string, so that nothing the user types is query syntax. */
static int quote_words(struct buf *out, const char *words)
{
	static const char blanks[] = " \t\r\n";
	size_t i, n;

	for (words += strspn(words, blanks); *words; words += strspn(words, blanks)) {
		n = strcspn(words, blanks);
		if (buf_append_str(out, out->len ? " \"" : "\"") < 0)
			return -ENOMEM;
		for (i = 0; i < n; i++)
			if (buf_append_str(out, words[i] == '"' ? "\"" : "") < 0 ||
			    buf_append_char(out, words[i]) < 0)
				return -ENOMEM;
		if (buf_append_char(out, '"') < 0)
			return -ENOMEM;
		words += n;
	}
	return 0;
}

static int bind_query(sqlite3_stmt *st, const struct store_query *q, const struct buf *words)
{
	uint32_t limit = q->limit ? MIN(q->limit, (uint32_t)HISTORY_LIMIT_MAX) : HISTORY_LIMIT;

	if (sqlite3_bind_text(st, 1, q->task, -1, SQLITE_STATIC) != SQLITE_OK ||
	    sqlite3_bind_text(st, 2, q->caller, -1, SQLITE_STATIC) != SQLITE_OK ||
	    (words->len &&
	     sqlite3_bind_text(st, 7, words->data, -1, SQLITE_STATIC) != SQLITE_OK))
		return -ENOMEM;
	sqlite3_bind_int64(st, 3, q->since_ms);
	sqlite3_bind_int64(st, 4, q->until_ms);
	sqlite3_bind_int64(st, 5, q->before_id);
	sqlite3_bind_int64(st, 6, limit);
	return 0;
}

int store_history(struct store *s, const struct store_query *q, store_receipt_fn fn, void *arg)
{
	_cleanup_(buf_deinit) struct buf words = BUF_NULL;
	struct store_receipt row;
	sqlite3_stmt *st = NULL;
	int r, rc;

	if (!valid_text(q->words) || (q->words && quote_words(&words, q->words) < 0))
		return q->words && !valid_text(q->words) ? -EINVAL : -ENOMEM;
	r = store_statement(s, words.len ? STATEMENT_HISTORY_WORDS : STATEMENT_HISTORY, &st);
	if (!r)
		r = bind_query(st, q, &words);
	if (r)
		return r;
	while ((rc = sqlite3_step(st)) == SQLITE_ROW && !r) {
		read_row(st, &row);
		r = fn(arg, &row);
		if (r)
			break;
	}
	if (!r)
		r = store_result(s, rc);
	sqlite3_reset(st);
	sqlite3_clear_bindings(st);
	return r;
}
