/* SPDX-License-Identifier: MIT */
/* Shared by the files of store/ and its tests. */
#pragma once

#include <sqlite3.h>

#include "store/store.h"

#define STORE_FILE "store.db"
#define STORE_LOCK "lock"
#define STORE_ASIDE "store.db.damaged-"	/* followed by the time in ms */
#define STORE_SCHEMA_VERSION 4

enum store_statement {
	STATEMENT_BEGIN,
	STATEMENT_COMMIT,
	STATEMENT_ROLLBACK,
	STATEMENT_ADD_RECEIPT,
	STATEMENT_ADD_TEXT,
	STATEMENT_INDEX_TEXT,
	STATEMENT_JSON_VALID,
	STATEMENT_SET_EFFECTS,
	STATEMENT_HISTORY,
	STATEMENT_HISTORY_WORDS,
	STATEMENT_PUT_NOTE,
	STATEMENT_GET_NOTE,
	STATEMENT_ADD_GRANT,
	STATEMENT_HAS_GRANT,
	STATEMENT_DROP_GRANT,
	STATEMENT_LIST_GRANTS,
	STATEMENT_FORGET_INDEX,
	STATEMENT_FORGET_RECEIPTS,
	STATEMENT_FORGET_NOTES,
	STATEMENT_FORGET_GRANTS,
	STATEMENT_FORGET_CALLS,
	STATEMENT_BEGIN_CALL,
	STATEMENT_NAME_PLAN,
	STATEMENT_SETTLE_CALL,
	STATEMENT_MARK_UNDONE,
	STATEMENT_LINK_CALLS,
	STATEMENT_RECOVER_CALLS,
	STATEMENT_CALLS,
	STATEMENT_LAST_PLAN,
	STATEMENT_PUT_TIMER,
	STATEMENT_DROP_TIMER,
	STATEMENT_LAST_TIMER,
	STATEMENT_TIMERS,
	STATEMENT_PUT_CONVERSATION,
	STATEMENT_DROP_CONVERSATIONS,
	STATEMENT_CONVERSATIONS,
	STATEMENT_OPTIMIZE,
	STATEMENT_COUNT,
};

struct store {
	sqlite3 *db;
	sqlite3_stmt *statements[STATEMENT_COUNT];
	int dir_fd;	/* -1 before it is open */
	int lock_fd;	/* held while the store is open: one process per directory */
	uint64_t max_bytes;	/* of the file, 0 = no bound */
	bool failed;	/* a sync failed; see STORE_E_SYNC */
};

/* SQLite's extended code as a result of this folder; notes a failed sync in @s. */
int store_result(struct store *s, int rc);
/* The prepared statement, reset and without bindings. 0 or as store_result(). */
int store_statement(struct store *s, enum store_statement which, sqlite3_stmt **ret);
/* Runs a statement that returns no rows, and resets it. */
int store_run(struct store *s, sqlite3_stmt *st);
/* BEGIN IMMEDIATE: a read that turns into a write would ignore the busy timeout. */
int store_begin(struct store *s);
/* Commits when @r is 0, else rolls back; returns @r or the error of the commit. */
int store_end(struct store *s, int r);
void store_finalize(struct store *s);

/* Brings @db from its user_version up to @version, one transaction each step; *@from gets
 * the version found. SQLite's code, or SQLITE_MISMATCH for a file of a newer version. */
int store_migrate(sqlite3 *db, unsigned version, unsigned *from);
/* Bounds the file's size, 0 = no bound. SQLite's code. */
int store_limit_size(sqlite3 *db, uint64_t max_bytes);
