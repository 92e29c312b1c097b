/* SPDX-License-Identifier: MIT */
/* Notes, preferences and standing consents. */
#include <errno.h>
#include <string.h>

#include "store/store-private.h"
#include "util/utf8.h"

static int bind_three(sqlite3_stmt *st, const char *a, const char *b, const char *c)
{
	const char *const values[] = { a, b, c };
	int i;

	for (i = 0; i < 3; i++) {
		if (!values[i])
			continue;
		if (!utf8_valid(values[i], strlen(values[i])))
			return -EINVAL;
		if (sqlite3_bind_text(st, i + 1, values[i], -1, SQLITE_STATIC) != SQLITE_OK)
			return -ENOMEM;
	}
	return 0;
}

int store_put_note(struct store *s, const char *key, const char *text, enum store_label label,
		   int64_t time_ms)
{
	sqlite3_stmt *st = NULL;
	int r;

	if ((unsigned)label > STORE_LABEL_OUTSIDE)
		return -EINVAL;
	r = store_begin(s);
	if (r)
		return r;
	r = store_statement(s, STATEMENT_PUT_NOTE, &st);
	if (!r)
		r = bind_three(st, key, text, NULL);
	if (!r) {
		sqlite3_bind_int(st, 3, label);
		sqlite3_bind_int64(st, 4, time_ms);
		r = store_run(s, st);
	}
	return store_end(s, r);
}

int store_get_note(struct store *s, const char *key, char **text, enum store_label *label)
{
	sqlite3_stmt *st = NULL;
	int r, rc;

	r = store_statement(s, STATEMENT_GET_NOTE, &st);
	if (!r)
		r = bind_three(st, key, NULL, NULL);
	if (r)
		return r;
	rc = sqlite3_step(st);
	if (rc == SQLITE_ROW) {
		const char *found = (const char *)sqlite3_column_text(st, 0);

		*label = (enum store_label)sqlite3_column_int(st, 1);
		*text = found ? strdup(found) : NULL;
		r = *text ? 0 : -ENOMEM;
	} else {
		r = rc == SQLITE_DONE ? STORE_E_NOT_FOUND : store_result(s, rc);
	}
	sqlite3_reset(st);
	sqlite3_clear_bindings(st);
	return r;
}

int store_add_grant(struct store *s, const char *app, const char *tool, const char *target,
		    int64_t time_ms)
{
	sqlite3_stmt *st = NULL;
	int r = store_begin(s);

	if (r)
		return r;
	r = store_statement(s, STATEMENT_ADD_GRANT, &st);
	if (!r)
		r = bind_three(st, app, tool, target);
	if (!r) {
		sqlite3_bind_int64(st, 4, time_ms);
		r = store_run(s, st);
	}
	return store_end(s, r);
}

int store_has_grant(struct store *s, const char *app, const char *tool, const char *target)
{
	sqlite3_stmt *st = NULL;
	int r, rc;

	r = store_statement(s, STATEMENT_HAS_GRANT, &st);
	if (!r)
		r = bind_three(st, app, tool, target);
	if (r)
		return r;
	rc = sqlite3_step(st);
	sqlite3_reset(st);
	sqlite3_clear_bindings(st);
	return rc == SQLITE_DONE ? STORE_E_NOT_FOUND : store_result(s, rc);
}

int store_drop_grant(struct store *s, const char *app, const char *tool, const char *target)
{
	sqlite3_stmt *st = NULL;
	int r = store_begin(s);

	if (r)
		return r;
	r = store_statement(s, STATEMENT_DROP_GRANT, &st);
	if (!r)
		r = bind_three(st, app, tool, target);
	if (!r)
		r = store_run(s, st);
	if (!r && sqlite3_changes(s->db) == 0)
		r = STORE_E_NOT_FOUND;
	return store_end(s, r);
}

int store_list_grants(struct store *s, store_grant_fn fn, void *arg)
{
	sqlite3_stmt *st = NULL;
	int r = store_statement(s, STATEMENT_LIST_GRANTS, &st), rc = SQLITE_DONE;

	while (!r && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		struct store_grant g = {
			.app = (const char *)sqlite3_column_text(st, 0),
			.tool = (const char *)sqlite3_column_text(st, 1),
			.target = (const char *)sqlite3_column_text(st, 2),
			.time_ms = sqlite3_column_int64(st, 3),
		};

		r = g.app && g.tool && g.target ? fn(arg, &g) : -ENOMEM;
	}
	if (!r)
		r = store_result(s, rc);
	sqlite3_reset(st);
	return r;
}
