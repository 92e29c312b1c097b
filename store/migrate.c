/* SPDX-License-Identifier: MIT */
/*
 * The schema, as steps. A step that was released is never edited; a new one is appended
 * and STORE_SCHEMA_VERSION raised.
 */
#include "store/store-private.h"
#include "util/macro.h"

static const char *const steps[] = {
	/* 1: receipts, their text, and an index of the text that keeps no copy. No triggers
	 * feed it: with trusted_schema off they may not write to a virtual table. */
	"CREATE TABLE receipt ("
	" id INTEGER PRIMARY KEY AUTOINCREMENT, time_ms INTEGER NOT NULL,"
	" caller TEXT NOT NULL, task TEXT NOT NULL, adapter TEXT, adapter_digest TEXT,"
	" base_digest TEXT, scale REAL NOT NULL, generation INTEGER NOT NULL,"
	" tokens_in INTEGER NOT NULL, tokens_out INTEGER NOT NULL,"
	" queued_ms INTEGER NOT NULL, loading_ms INTEGER NOT NULL, reading_ms INTEGER NOT NULL,"
	" writing_ms INTEGER NOT NULL, acting_ms INTEGER NOT NULL,"
	" finish TEXT NOT NULL, source TEXT NOT NULL,"
	" effects TEXT, private INTEGER NOT NULL CHECK (private IN (0, 1)));"
	"CREATE INDEX receipt_time ON receipt (time_ms);"
	"CREATE TABLE text ("
	" id INTEGER PRIMARY KEY REFERENCES receipt (id) ON DELETE CASCADE,"
	" request TEXT, request_label INTEGER NOT NULL CHECK (request_label BETWEEN 0 AND 2),"
	" result TEXT, result_label INTEGER NOT NULL CHECK (result_label BETWEEN 0 AND 2));"
	"CREATE VIRTUAL TABLE text_index USING fts5 (request, result, content='text',"
	" content_rowid='id', tokenize='unicode61');",
	/* 2: notes and standing consents. */
	"CREATE TABLE note (key TEXT PRIMARY KEY NOT NULL, text TEXT NOT NULL,"
	" label INTEGER NOT NULL CHECK (label BETWEEN 0 AND 2), time_ms INTEGER NOT NULL);"
	"CREATE TABLE consent (app TEXT NOT NULL, tool TEXT NOT NULL, target TEXT NOT NULL,"
	" time_ms INTEGER NOT NULL, PRIMARY KEY (app, tool, target)) WITHOUT ROWID;",
	/* 3: timers, whose ids are never used again, and conversations. */
	"CREATE TABLE timer (id INTEGER PRIMARY KEY AUTOINCREMENT,"
	" kind INTEGER NOT NULL CHECK (kind IN (0, 1)), length_ms INTEGER NOT NULL,"
	" due_ms INTEGER NOT NULL, left_ms INTEGER NOT NULL, boot_due_ms INTEGER NOT NULL,"
	" rang_ms INTEGER NOT NULL, name TEXT NOT NULL, boot_id TEXT NOT NULL);"
	"CREATE TABLE conversation (id TEXT PRIMARY KEY NOT NULL, caller TEXT NOT NULL,"
	" data TEXT NOT NULL, until_ms INTEGER NOT NULL) WITHOUT ROWID;",
	/* 4: the journal of tool calls. */
	"CREATE TABLE call (id INTEGER PRIMARY KEY AUTOINCREMENT, plan INTEGER NOT NULL,"
	" request INTEGER NOT NULL, time_ms INTEGER NOT NULL, settled_ms INTEGER NOT NULL,"
	" risk INTEGER NOT NULL, label INTEGER NOT NULL CHECK (label BETWEEN 0 AND 2),"
	" verified INTEGER NOT NULL CHECK (verified IN (0, 1)),"
	" private INTEGER NOT NULL CHECK (private IN (0, 1)), undo_of INTEGER NOT NULL,"
	" caller TEXT NOT NULL, tool TEXT NOT NULL, target TEXT NOT NULL, title TEXT NOT NULL,"
	" verdict TEXT NOT NULL, reason TEXT NOT NULL, consent TEXT, outcome TEXT NOT NULL CHECK"
	" (outcome IN ('sending', 'done', 'already', 'sent', 'failed', 'denied', 'cancelled',"
	" 'not_run')), text TEXT, arguments TEXT, why TEXT, before TEXT, after TEXT,"
	" undo_tool TEXT, undo_arguments TEXT, undo_until_ms INTEGER NOT NULL DEFAULT 0,"
	" undone_by INTEGER NOT NULL DEFAULT 0);"
	"CREATE INDEX call_plan ON call (plan);"
	"CREATE INDEX call_time ON call (time_ms);",
};

static int user_version(sqlite3 *db, int *ret)
{
	sqlite3_stmt *st = NULL;
	int rc = sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &st, NULL);

	if (rc != SQLITE_OK)
		return rc;
	rc = sqlite3_step(st);
	if (rc == SQLITE_ROW)
		*ret = sqlite3_column_int(st, 0);
	sqlite3_finalize(st);
	return rc == SQLITE_ROW ? SQLITE_OK : rc;
}

static int migrate_step(sqlite3 *db, unsigned step)
{
	char pragma[48];
	int rc = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);

	if (rc != SQLITE_OK)
		return rc;
	/* The version is a page of the same transaction: both happen, or neither. */
	sqlite3_snprintf((int)sizeof(pragma), pragma, "PRAGMA user_version = %u", step + 1);
	rc = sqlite3_exec(db, steps[step], NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(db, pragma, NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
	if (rc != SQLITE_OK)
		sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	return rc;
}

int store_migrate(sqlite3 *db, unsigned version, unsigned *from)
{
	int found = 0, rc;
	unsigned i;

	_Static_assert(ARRAY_SIZE(steps) == STORE_SCHEMA_VERSION, "one step per version");
	rc = user_version(db, &found);
	if (rc != SQLITE_OK)
		return rc;
	if (found < 0 || (unsigned)found > STORE_SCHEMA_VERSION)
		return SQLITE_MISMATCH;
	*from = (unsigned)found;
	for (i = *from; i < version && i < ARRAY_SIZE(steps); i++) {
		rc = migrate_step(db, i);
		if (rc != SQLITE_OK)
			return rc;
	}
	return SQLITE_OK;
}
