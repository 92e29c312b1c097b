/* SPDX-License-Identifier: MIT */
/* Opening: whose directory, which settings, is the file sound, is its schema ours. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include "store/store-private.h"
#include "util/clock.h"
#include "util/macro.h"

#define BUSY_TIMEOUT_MS 2000
#define CHECK_BUDGET_MS 200
#define PAGE_SIZE 4096
#define PAGES_MAX UINT64_C(0xfffffffe)	/* SQLite's own */

static int open_dir(struct store *s, const char *dir, struct diag *d)
{
	struct stat st;

	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		return diag_set(d, -errno, DIAG_SYSTEM, dir, "mkdir: %s", strerror(errno));
	s->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (s->dir_fd < 0)
		return diag_set(d, -errno, DIAG_SYSTEM, dir, "open: %s", strerror(errno));
	if (fstat(s->dir_fd, &st) < 0)
		return diag_set(d, -errno, DIAG_SYSTEM, dir, "stat: %s", strerror(errno));
	if (st.st_uid != geteuid())
		return diag_set(d, -EPERM, DIAG_SYSTEM, dir, "belongs to another user");
	if ((st.st_mode & 07777) != 0700 && fchmod(s->dir_fd, 0700) < 0)
		return diag_set(d, -errno, DIAG_SYSTEM, dir, "chmod: %s", strerror(errno));
	return 0;
}

/* Opens or makes a plain file of ours, mode 0600, in the directory. */
static int open_own(struct store *s, const char *name, bool *created, struct diag *d)
{
	_cleanup_close_ int fd = -1;
	struct stat st;

	fd = openat(s->dir_fd, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	*created = fd < 0 && errno == ENOENT;
	if (*created)
		fd = openat(s->dir_fd, name,
			    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return diag_set(d, -errno, DIAG_SYSTEM, name, "open: %s", strerror(errno));
	if (fstat(fd, &st) < 0)
		return diag_set(d, -errno, DIAG_SYSTEM, name, "stat: %s", strerror(errno));
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || st.st_nlink != 1)
		return diag_set(d, -EPERM, DIAG_SYSTEM, name,
				"is no plain file of this user with one name");
	if ((st.st_mode & 07777) != 0600 && fchmod(fd, 0600) < 0)
		return diag_set(d, -errno, DIAG_SYSTEM, name, "chmod: %s", strerror(errno));
	return TAKE_FD(fd);
}

static int take_lock(struct store *s, struct diag *d)
{
	bool created;
	int r = open_own(s, STORE_LOCK, &created, d);

	if (r < 0)
		return r;
	s->lock_fd = r;
	if (flock(s->lock_fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (errno == EWOULDBLOCK)
		return diag_set(d, STORE_E_BUSY, DIAG_SYSTEM, STORE_LOCK,
				"another process has the store open");
	return diag_set(d, -errno, DIAG_SYSTEM, STORE_LOCK, "lock: %s", strerror(errno));
}

static int exec_all(sqlite3 *db)
{
	static const char settings[] =
		"PRAGMA trusted_schema = OFF;"
		"PRAGMA cell_size_check = ON;"
		"PRAGMA mmap_size = 0;"
		"PRAGMA page_size = 4096;"
		"PRAGMA journal_mode = WAL;"
		"PRAGMA synchronous = FULL;"
		"PRAGMA foreign_keys = ON;"
		"PRAGMA secure_delete = ON;"
		/* Sorting and such stay out of files that nobody scans. */
		"PRAGMA temp_store = MEMORY;";

	return sqlite3_exec(db, settings, NULL, NULL, NULL);
}

static int configure(sqlite3 *db)
{
	static const struct {
		int id, value;
	} limits[] = {
		{ SQLITE_LIMIT_LENGTH, 64 << 20 },
		{ SQLITE_LIMIT_SQL_LENGTH, 100000 },
		{ SQLITE_LIMIT_ATTACHED, 0 },
		{ SQLITE_LIMIT_EXPR_DEPTH, 100 },
		{ SQLITE_LIMIT_COMPOUND_SELECT, 10 },
		{ SQLITE_LIMIT_TRIGGER_DEPTH, 10 },
		{ SQLITE_LIMIT_VARIABLE_NUMBER, 100 },
	};
	unsigned i;
	int rc;

	sqlite3_extended_result_codes(db, 1);
	sqlite3_busy_timeout(db, BUSY_TIMEOUT_MS);
	for (i = 0; i < ARRAY_SIZE(limits); i++)
		sqlite3_limit(db, limits[i].id, limits[i].value);
	rc = sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
	return rc == SQLITE_OK ? exec_all(db) : rc;
}

static int over_budget(void *arg)
{
	return clock_ms(CLOCK_MONOTONIC) > *(const int64_t *)arg;
}

/* SQLITE_CORRUPT when damage was found; a check that runs out of time proves nothing. */
static int quick_check(sqlite3 *db)
{
	int64_t until = clock_ms(CLOCK_MONOTONIC) + CHECK_BUDGET_MS;
	const unsigned char *text;
	sqlite3_stmt *st = NULL;
	int rc;

	rc = sqlite3_prepare_v2(db, "PRAGMA quick_check(1)", -1, &st, NULL);
	if (rc != SQLITE_OK)
		return rc;
	sqlite3_progress_handler(db, 1000, over_budget, &until);
	rc = sqlite3_step(st);
	if (rc == SQLITE_ROW) {
		text = sqlite3_column_text(st, 0);
		rc = text && !strcmp((const char *)text, "ok") ? SQLITE_OK : SQLITE_CORRUPT;
	} else if ((rc & 0xff) == SQLITE_INTERRUPT) {
		rc = SQLITE_OK;
	}
	sqlite3_progress_handler(db, 0, NULL, NULL);
	sqlite3_finalize(st);
	return rc;
}

int store_limit_size(sqlite3 *db, uint64_t max_bytes)
{
	uint64_t pages = max_bytes ? MIN(max_bytes / PAGE_SIZE + 1, PAGES_MAX) : PAGES_MAX;
	char sql[64];

	sqlite3_snprintf((int)sizeof(sql), sql, "PRAGMA max_page_count = %llu", pages);
	return sqlite3_exec(db, sql, NULL, NULL, NULL);
}

static int open_db(struct store *s, const char *path, uint64_t max_bytes, unsigned *from)
{
	int rc = sqlite3_open_v2(path, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX |
				 SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_PRIVATECACHE, NULL);

	if (rc == SQLITE_OK)
		rc = configure(s->db);
	if (rc == SQLITE_OK)
		rc = quick_check(s->db);
	if (rc == SQLITE_OK)
		rc = store_migrate(s->db, STORE_SCHEMA_VERSION, from);
	if (rc == SQLITE_OK)
		rc = store_limit_size(s->db, max_bytes);
	if (rc != SQLITE_OK) {
		sqlite3_close_v2(s->db);
		s->db = NULL;
	}
	return rc;
}

/* The log goes along: it may hold the rows that a person would want to save. */
static int move_aside(struct store *s, struct store_opened *opened, struct diag *d)
{
	static const char *const suffixes[] = { "", "-wal" };
	char from[64], to[80];
	unsigned i;

	snprintf(opened->moved_to, sizeof(opened->moved_to), STORE_ASIDE "%lld",
		 (long long)clock_ms(CLOCK_REALTIME));
	for (i = 0; i < 2; i++) {
		snprintf(from, sizeof(from), STORE_FILE "%s", suffixes[i]);
		snprintf(to, sizeof(to), "%s%s", opened->moved_to, suffixes[i]);
		if (renameat(s->dir_fd, from, s->dir_fd, to) < 0 && errno != ENOENT)
			return diag_set(d, -errno, DIAG_SYSTEM, from, "rename: %s",
					strerror(errno));
	}
	unlinkat(s->dir_fd, STORE_FILE "-shm", 0);
	if (fsync(s->dir_fd) < 0)
		return diag_set(d, -errno, DIAG_SYSTEM, from, "fsync: %s", strerror(errno));
	opened->recovered = true;
	return 0;
}

static int open_file(struct store *s, const char *path, uint64_t max_bytes,
		     struct store_opened *opened, struct diag *d)
{
	int fd, rc;

	/* Nobody else has it open (the lock), so closing drops no lock of SQLite's. */
	fd = open_own(s, STORE_FILE, &opened->created, d);
	if (fd < 0)
		return fd;
	close(fd);
	rc = open_db(s, path, max_bytes, &opened->migrated_from);
	if ((rc & 0xff) == SQLITE_CORRUPT || (rc & 0xff) == SQLITE_NOTADB) {
		int r = move_aside(s, opened, d);

		if (r < 0)
			return r;
		fd = open_own(s, STORE_FILE, &opened->created, d);
		if (fd < 0)
			return fd;
		close(fd);
		rc = open_db(s, path, max_bytes, &opened->migrated_from);
	}
	if (rc == SQLITE_MISMATCH)
		return diag_set(d, STORE_E_NEWER, DIAG_UNSUP, STORE_FILE,
				"written by a newer version of the program");
	if (rc != SQLITE_OK)
		return diag_set(d, store_result(s, rc), DIAG_SYSTEM, STORE_FILE, "%s",
				sqlite3_errstr(rc));
	return 0;
}

int store_open(struct store **ret, const char *dir, uint64_t max_bytes,
	       struct store_opened *opened, struct diag *d)
{
	_cleanup_(store_closep) struct store *s = calloc(1, sizeof(*s));
	_cleanup_free_ char *real = NULL;
	struct store_opened unused, *o = opened ? opened : &unused;
	char path[PATH_MAX];
	int r;

	*o = (struct store_opened){ 0 };
	if (!s)
		return -ENOMEM;
	s->dir_fd = s->lock_fd = -1;
	s->max_bytes = max_bytes;
	r = open_dir(s, dir, d);
	if (r)
		return r;
	r = take_lock(s, d);
	if (r)
		return r;
	/* SQLite's NOFOLLOW refuses links in any part; a home behind a link is legitimate. */
	real = realpath(dir, NULL);
	if (!real)
		return diag_set(d, -errno, DIAG_SYSTEM, dir, "%s", strerror(errno));
	if (snprintf(path, sizeof(path), "%s/" STORE_FILE, real) >= (int)sizeof(path))
		return diag_set(d, -ENAMETOOLONG, DIAG_LIMIT, dir, "path too long");
	r = open_file(s, path, max_bytes, o, d);
	if (r)
		return r;
	*ret = TAKE(s);
	return 0;
}

struct store *store_close(struct store *s)
{
	if (!s)
		return NULL;
	store_finalize(s);
	sqlite3_close_v2(s->db);
	if (s->dir_fd >= 0)
		close(s->dir_fd);
	if (s->lock_fd >= 0)
		close(s->lock_fd);
	free(s);
	return NULL;
}
