/* SPDX-License-Identifier: MIT */
/* Every SQL text that runs after opening, prepared on first use and kept. */
#include <errno.h>

#include "store/store-private.h"

#define HISTORY_COLUMNS                                                                  \
	"SELECT r.id, r.time_ms, r.caller, r.task, r.adapter, r.adapter_digest,"        \
	" r.base_digest, r.scale, r.generation, r.tokens_in, r.tokens_out, r.queued_ms," \
	" r.loading_ms, r.reading_ms, r.writing_ms, r.acting_ms, r.finish, r.source,"    \
	" r.effects, r.private, t.request, t.result, t.request_label, t.result_label"    \
	" FROM receipt r LEFT JOIN text t ON t.id = r.id "
#define HISTORY_WHERE                                                                    \
	"(?1 IS NULL OR r.task = ?1) AND (?2 IS NULL OR r.caller = ?2)"                  \
	" AND r.time_ms >= ?3 AND (?4 = 0 OR r.time_ms < ?4) AND (?5 = 0 OR r.id < ?5)"  \
	" ORDER BY r.id DESC LIMIT ?6"
#define FORGET_WHERE_CALL                                           \
	"(?1 = 0 OR request = ?1) AND (?2 IS NULL OR caller = ?2)"  \
	" AND time_ms >= ?3 AND (?4 = 0 OR time_ms < ?4)"
#define CALL_COLUMNS                                                                     \
	"plan, request, time_ms, settled_ms, risk, label, verified, private, undo_of,"   \
	" caller, tool, target, title, verdict, reason, consent, outcome, text, arguments, why"
#define FORGET_WHERE                                                \
	"(?1 = 0 OR id = ?1) AND (?2 IS NULL OR caller = ?2)"       \
	" AND time_ms >= ?3 AND (?4 = 0 OR time_ms < ?4)"

static const char *const texts[STATEMENT_COUNT] = {
	[STATEMENT_BEGIN] = "BEGIN IMMEDIATE",
	[STATEMENT_COMMIT] = "COMMIT",
	[STATEMENT_ROLLBACK] = "ROLLBACK",
	[STATEMENT_ADD_RECEIPT] =
		"INSERT INTO receipt (time_ms, caller, task, adapter, adapter_digest,"
		" base_digest, scale, generation, tokens_in, tokens_out, queued_ms, loading_ms,"
		" reading_ms, writing_ms, acting_ms, finish, source, effects, private)"
		" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
	[STATEMENT_ADD_TEXT] =
		"INSERT INTO text (id, request, request_label, result, result_label)"
		" VALUES (?, ?, ?, ?, ?)",
	[STATEMENT_INDEX_TEXT] =
		"INSERT INTO text_index (rowid, request, result)"
		" SELECT id, request, result FROM text WHERE id = ?",
	/* Not a constraint: an untrusted schema may not call json_valid(). */
	[STATEMENT_JSON_VALID] = "SELECT json_valid(?)",
	[STATEMENT_SET_EFFECTS] = "UPDATE receipt SET effects = ?2 WHERE id = ?1",
	[STATEMENT_HISTORY] = HISTORY_COLUMNS "WHERE " HISTORY_WHERE,
	[STATEMENT_HISTORY_WORDS] = HISTORY_COLUMNS
		"WHERE r.id IN (SELECT rowid FROM text_index WHERE text_index MATCH ?7) AND "
		HISTORY_WHERE,
	[STATEMENT_PUT_NOTE] =
		"INSERT INTO note (key, text, label, time_ms) VALUES (?1, ?2, ?3, ?4)"
		" ON CONFLICT (key) DO UPDATE SET text = ?2, label = ?3, time_ms = ?4",
	[STATEMENT_GET_NOTE] = "SELECT text, label FROM note WHERE key = ?",
	[STATEMENT_ADD_GRANT] =
		"INSERT OR REPLACE INTO consent (app, tool, target, time_ms) VALUES (?, ?, ?, ?)",
	[STATEMENT_HAS_GRANT] =
		"SELECT 1 FROM consent WHERE app = ?1 AND tool = ?2 AND target IN (?3, '')",
	[STATEMENT_DROP_GRANT] = "DELETE FROM consent WHERE app = ? AND tool = ? AND target = ?",
	[STATEMENT_LIST_GRANTS] =
		"SELECT app, tool, target, time_ms FROM consent"
		" ORDER BY time_ms, app, tool, target",
	/* The index keeps no text, so a deletion tells it the words; before the rows go. */
	[STATEMENT_FORGET_INDEX] =
		"INSERT INTO text_index (text_index, rowid, request, result)"
		" SELECT 'delete', id, request, result FROM text"
		" WHERE id IN (SELECT id FROM receipt WHERE " FORGET_WHERE ")",
	[STATEMENT_FORGET_RECEIPTS] = "DELETE FROM receipt WHERE " FORGET_WHERE,
	[STATEMENT_FORGET_NOTES] =
		"DELETE FROM note WHERE time_ms >= ?1 AND (?2 = 0 OR time_ms < ?2)",
	[STATEMENT_FORGET_GRANTS] =
		"DELETE FROM consent WHERE time_ms >= ?1 AND (?2 = 0 OR time_ms < ?2)",
	[STATEMENT_FORGET_CALLS] = "DELETE FROM call WHERE " FORGET_WHERE_CALL,
	[STATEMENT_BEGIN_CALL] =
		"INSERT INTO call (" CALL_COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
		" ?, ?, ?, ?, ?, ?, ?, ?, ?)",
	[STATEMENT_NAME_PLAN] = "UPDATE call SET plan = id WHERE id = ?",
	[STATEMENT_SETTLE_CALL] =
		"UPDATE call SET settled_ms = ?2, verified = ?3, undo_until_ms = ?4, outcome = ?5,"
		" text = ?6, before = ?7, after = ?8, undo_tool = ?9, undo_arguments = ?10"
		" WHERE id = ?1",
	[STATEMENT_MARK_UNDONE] = "UPDATE call SET undone_by = ?2 WHERE id = ?1",
	[STATEMENT_LINK_CALLS] = "UPDATE call SET request = ?2 WHERE plan = ?1",
	[STATEMENT_RECOVER_CALLS] =
		"UPDATE call SET outcome = 'sent', settled_ms = ?,"
		" text = 'the service ended before its effect was seen'"
		" WHERE outcome = 'sending'",
	[STATEMENT_CALLS] =
		"SELECT id, " CALL_COLUMNS ", before, after, undo_tool, undo_arguments,"
		" undo_until_ms, undone_by FROM call WHERE (?1 = 0 OR id = ?1)"
		" AND (?2 = 0 OR plan = ?2) AND (?3 = 0 OR request = ?3) AND time_ms >= ?4"
		" AND (?5 = 0 OR time_ms < ?5) AND (?6 = 0 OR id < ?6)"
		" AND (?8 IS NULL OR caller = ?8) ORDER BY id DESC LIMIT ?7",
	[STATEMENT_LAST_PLAN] =
		"SELECT plan FROM call WHERE caller = ? AND risk > 0 AND undo_of = 0"
		" AND undone_by = 0 AND outcome IN ('done', 'sent', 'sending')"
		" ORDER BY id DESC LIMIT 1",
	[STATEMENT_PUT_TIMER] =
		"INSERT OR REPLACE INTO timer (id, kind, length_ms, due_ms, left_ms,"
		" boot_due_ms, rang_ms, name, boot_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
	[STATEMENT_DROP_TIMER] = "DELETE FROM timer WHERE id = ?",
	[STATEMENT_LAST_TIMER] = "SELECT seq FROM sqlite_sequence WHERE name = 'timer'",
	[STATEMENT_TIMERS] =
		"SELECT id, kind, length_ms, due_ms, left_ms, boot_due_ms, rang_ms, name, boot_id"
		" FROM timer ORDER BY id",
	[STATEMENT_PUT_CONVERSATION] =
		"INSERT OR REPLACE INTO conversation (id, caller, data, until_ms)"
		" VALUES (?, ?, ?, ?)",
	[STATEMENT_DROP_CONVERSATIONS] =
		"DELETE FROM conversation WHERE (?1 = '' OR id = ?1) AND until_ms <= ?2"
		" AND (?3 IS NULL OR caller = ?3)",
	[STATEMENT_CONVERSATIONS] = "SELECT id, caller, data, until_ms FROM conversation",
	/* A deleted row's words stay in the index's older segments until they are merged. */
	[STATEMENT_OPTIMIZE] = "INSERT INTO text_index (text_index) VALUES ('optimize')",
};

int store_result(struct store *s, int rc)
{
	switch (rc) {
	case SQLITE_OK:
	case SQLITE_DONE:
	case SQLITE_ROW:
		return 0;
	case SQLITE_IOERR_FSYNC:
	case SQLITE_IOERR_DIR_FSYNC:
		s->failed = true;
		return STORE_E_SYNC;
	}
	switch (rc & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return STORE_E_BUSY;
	case SQLITE_FULL:
		return STORE_E_FULL;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return STORE_E_CORRUPT;
	case SQLITE_MISMATCH:
	case SQLITE_CONSTRAINT:
		return -EINVAL;
	case SQLITE_TOOBIG:
		return -E2BIG;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_READONLY:
		return -EROFS;
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return -EPERM;
	default:
		return -EIO;
	}
}

int store_statement(struct store *s, enum store_statement which, sqlite3_stmt **ret)
{
	sqlite3_stmt **st = &s->statements[which];
	int rc;

	if (s->failed)
		return STORE_E_SYNC;
	if (!*st) {
		rc = sqlite3_prepare_v3(s->db, texts[which], -1, SQLITE_PREPARE_PERSISTENT, st,
					NULL);
		if (rc != SQLITE_OK)
			return store_result(s, rc);
	}
	sqlite3_reset(*st);
	sqlite3_clear_bindings(*st);
	*ret = *st;
	return 0;
}

int store_run(struct store *s, sqlite3_stmt *st)
{
	int rc = sqlite3_step(st);

	/* Reset at once: a statement left open would hold its read transaction. */
	sqlite3_reset(st);
	sqlite3_clear_bindings(st);
	return store_result(s, rc);
}

int store_begin(struct store *s)
{
	sqlite3_stmt *st = NULL;
	int r = store_statement(s, STATEMENT_BEGIN, &st);

	return r ? r : store_run(s, st);
}

int store_end(struct store *s, int r)
{
	sqlite3_stmt *st = NULL;
	int q;

	if (!r) {
		r = store_statement(s, STATEMENT_COMMIT, &st);
		if (!r)
			r = store_run(s, st);
	}
	/* Some errors have rolled back already; a rollback outside is an error of no weight. */
	if (r && !sqlite3_get_autocommit(s->db)) {
		q = store_statement(s, STATEMENT_ROLLBACK, &st);
		if (!q)
			store_run(s, st);
	}
	return r;
}

void store_finalize(struct store *s)
{
	unsigned i;

	for (i = 0; i < STATEMENT_COUNT; i++) {
		sqlite3_finalize(s->statements[i]);
		s->statements[i] = NULL;
	}
}
