/* SPDX-License-Identifier: MIT */
/*
 * Forgetting. DELETE with secure_delete zeroes the cells, but three copies outlive it:
 * old segments of the search index (optimize merges them), old pages in the log
 * (checkpoint with truncation) and a damaged file that was moved aside.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "store/store-private.h"

static int delete_receipts(struct store *s, enum store_statement which,
			   const struct store_scope *scope)
{
	sqlite3_stmt *st = NULL;
	int r = store_statement(s, which, &st);

	if (r)
		return r;
	sqlite3_bind_int64(st, 1, scope->id);
	if (sqlite3_bind_text(st, 2, scope->caller, -1, SQLITE_STATIC) != SQLITE_OK)
		return -ENOMEM;
	sqlite3_bind_int64(st, 3, scope->since_ms);
	sqlite3_bind_int64(st, 4, scope->until_ms);
	return store_run(s, st);
}

static int delete_by_time(struct store *s, enum store_statement which,
			  const struct store_scope *scope)
{
	sqlite3_stmt *st = NULL;
	int r = store_statement(s, which, &st);

	if (r)
		return r;
	sqlite3_bind_int64(st, 1, scope->since_ms);
	sqlite3_bind_int64(st, 2, scope->until_ms);
	return store_run(s, st);
}

/* What was said lately, in which the rows' words occur. */
static int delete_conversations(struct store *s, const char *caller)
{
	sqlite3_stmt *st = NULL;
	int r = store_statement(s, STATEMENT_DROP_CONVERSATIONS, &st);

	if (r)
		return r;
	if (sqlite3_bind_text(st, 1, "", -1, SQLITE_STATIC) != SQLITE_OK ||
	    sqlite3_bind_text(st, 3, caller, -1, SQLITE_STATIC) != SQLITE_OK)
		return -ENOMEM;
	sqlite3_bind_int64(st, 2, INT64_MAX);
	return store_run(s, st);
}

static int delete_rows(struct store *s, const struct store_scope *scope, uint64_t *n)
{
	sqlite3_stmt *st = NULL;
	int r = delete_receipts(s, STATEMENT_FORGET_INDEX, scope);

	if (!r)
		r = delete_receipts(s, STATEMENT_FORGET_RECEIPTS, scope);
	*n = (uint64_t)sqlite3_changes64(s->db);
	if (!r)
		r = delete_receipts(s, STATEMENT_FORGET_CALLS, scope);
	if (!r)
		r = delete_conversations(s, scope->caller);
	if (!r && !scope->keep_notes && !scope->id && !scope->caller) {
		r = delete_by_time(s, STATEMENT_FORGET_NOTES, scope);
		if (!r)
			r = delete_by_time(s, STATEMENT_FORGET_GRANTS, scope);
	}
	if (!r)
		r = store_statement(s, STATEMENT_OPTIMIZE, &st);
	return r ? r : store_run(s, st);
}

/* Damaged files cannot be searched for rows, so they go with "everything" only. */
static int delete_aside(struct store *s)
{
	int fd = openat(s->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	struct dirent *e;
	DIR *dir;

	if (fd < 0)
		return -errno;
	dir = fdopendir(fd);
	if (!dir) {
		r = -errno;
		close(fd);
		return r;
	}
	while ((e = readdir(dir)))
		if (!strncmp(e->d_name, STORE_ASIDE, strlen(STORE_ASIDE)) &&
		    unlinkat(s->dir_fd, e->d_name, 0) < 0)
			r = -errno;
	closedir(dir);
	return r;
}

int store_forget(struct store *s, const struct store_scope *scope, uint64_t *n)
{
	uint64_t deleted = 0;
	int r = store_begin(s);

	if (r)
		return r;
	/* Merging the index needs room for a moment; a full store must still forget. */
	store_limit_size(s->db, 0);
	r = store_end(s, delete_rows(s, scope, &deleted));
	store_limit_size(s->db, s->max_bytes);
	if (r)
		return r;
	if (n)
		*n = deleted;
	r = store_result(s, sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_TRUNCATE,
						      NULL, NULL));
	if (r)
		return r;
	if (!scope->id && !scope->caller && !scope->since_ms && !scope->until_ms &&
	    !scope->keep_notes)
		return delete_aside(s);
	return 0;
}
