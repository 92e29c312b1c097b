/* SPDX-License-Identifier: MIT */
#include "tests/check-main.h"
#include "tests/store/fixture.h"

START_TEST(damaged_file_is_moved_aside)
{
	struct store_opened o;
	struct store *s = open_store(NULL);
	struct store_receipt r = receipt("before", NULL);
	struct store_scope everything = { 0 };
	char aside[200];
	int64_t id;
	int fd, i;

	for (i = 0; i < 100; i++)
		ck_assert_int_eq(store_add_receipt(s, &r, &id), 0);
	s = store_close(s);
	fd = open(file, O_RDWR);
	/* Case 0: the head; case 1: pages in the middle; case 2: cut short. */
	if (_i == 2)
		ck_assert_int_eq(ftruncate(fd, 4096 * 5 + 100), 0);
	for (i = 0; i < 4096 && _i < 2; i++)
		ck_assert_int_eq(pwrite(fd, "\xa5", 1, (_i ? 4096 : 0) + i), 1);
	close(fd);
	s = open_store(&o);
	ck_assert(o.recovered);
	ck_assert_uint_eq(count(s, (struct store_query){ 0 }), 0);
	ck_assert_int_eq(store_add_receipt(s, &r, &id), 0);
	snprintf(aside, sizeof(aside), "%s/%s", dir, o.moved_to);
	ck_assert_int_eq(access(aside, F_OK), 0);
	ck_assert_int_eq(store_forget(s, &everything, NULL), 0);
	ck_assert_int_ne(access(aside, F_OK), 0);
	store_close(s);
}
END_TEST

START_TEST(newer_version_is_left_alone)
{
	struct store *s = open_store(NULL);
	struct store_opened o;
	struct diag d = DIAG_NULL;
	char pragma[48];

	snprintf(pragma, sizeof(pragma), "PRAGMA user_version = %d", STORE_SCHEMA_VERSION + 1);
	ck_assert_int_eq(sqlite3_exec(s->db, pragma, NULL, NULL, NULL), 0);
	s = store_close(s);
	ck_assert_int_eq(store_open(&s, dir, 0, &o, &d), STORE_E_NEWER);
	ck_assert(!o.recovered && d.code == DIAG_UNSUP);
	ck_assert_int_eq(access(file, F_OK), 0);
}
END_TEST

START_TEST(version_one_is_migrated_with_its_rows)
{
	struct store_opened o;
	struct store *s;
	sqlite3 *db;
	unsigned from = 9;

	ck_assert_int_eq(mkdir(dir, 0700), 0);
	ck_assert_int_eq(sqlite3_open(file, &db), SQLITE_OK);
	ck_assert_int_eq(store_migrate(db, 1, &from), SQLITE_OK);
	ck_assert_uint_eq(from, 0);
	ck_assert_int_eq(sqlite3_exec(db,
		"INSERT INTO receipt VALUES (5, 1, 'c', 't', NULL, NULL, NULL, 1, 0, 0, 0,"
		" 0, 0, 0, 0, 0, 'stop', 'model', NULL, 0);"
		"INSERT INTO text VALUES (5, 'words', 0, NULL, 2);"
		"INSERT INTO text_index (rowid, request) VALUES (5, 'words')",
		NULL, NULL, NULL), 0);
	sqlite3_close(db);
	s = open_store(&o);
	ck_assert_uint_eq(o.migrated_from, 1);
	ck_assert_uint_eq(count(s, (struct store_query){ .words = "words" }), 1);
	ck_assert_int_eq(store_put_note(s, "k", "v", STORE_LABEL_NOTES, 2), 0);
	store_close(s);
}
END_TEST

START_TEST(settings_hold)
{
	static const char *const pragmas[][2] = {
		{ "journal_mode", "wal" }, { "synchronous", "2" }, { "foreign_keys", "1" },
		{ "trusted_schema", "0" }, { "secure_delete", "1" }, { "mmap_size", "0" },
		{ "cell_size_check", "1" },
	};
	struct store *s = open_store(NULL);
	sqlite3_stmt *st;
	char sql[64];
	size_t i;
	int on = 0;

	for (i = 0; i < ARRAY_SIZE(pragmas); i++) {
		snprintf(sql, sizeof(sql), "PRAGMA %s", pragmas[i][0]);
		ck_assert_int_eq(sqlite3_prepare_v2(s->db, sql, -1, &st, NULL), 0);
		ck_assert_int_eq(sqlite3_step(st), SQLITE_ROW);
		ck_assert_str_eq((const char *)sqlite3_column_text(st, 0), pragmas[i][1]);
		sqlite3_finalize(st);
	}
	ck_assert_int_eq(sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, -1, &on), 0);
	ck_assert_int_eq(on, 1);
	store_close(s);
}
END_TEST

START_TEST(full_is_reported_and_passes)
{
	struct store *s = NULL;
	struct diag d = DIAG_NULL;
	struct store_scope everything = { 0 };
	struct store_receipt r;
	static char big[20000];
	int64_t id;
	unsigned n = 0;
	int err;

	memset(big, 'x', sizeof(big) - 1);
	r = receipt(big, NULL);
	ck_assert_int_eq(store_open(&s, dir, 300000, NULL, &d), 0);
	while ((err = store_add_receipt(s, &r, &id)) == 0)
		ck_assert_uint_lt(++n, 100);
	ck_assert_int_eq(err, STORE_E_FULL);
	ck_assert_uint_ge(n, 3);
	ck_assert_uint_eq(count(s, (struct store_query){ 0 }), n);
	ck_assert_int_eq(store_forget(s, &everything, NULL), 0);
	ck_assert_int_eq(store_add_receipt(s, &r, &id), 0);
	store_close(s);
}
END_TEST

START_TEST(refused_write_keeps_what_was_acknowledged)
{
	struct rlimit old, tight;
	struct store *s = open_store(NULL);
	struct store_receipt r = receipt("kept", NULL);
	struct stat st;
	char wal[160];
	int64_t id;
	int err;

	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(store_add_receipt(s, &r, &id), 0);
	snprintf(wal, sizeof(wal), "%s-wal", file);
	ck_assert_int_eq(stat(wal, &st), 0);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &old), 0);
	tight = old;
	tight.rlim_cur = (rlim_t)st.st_size + 100;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &tight), 0);
	err = store_add_receipt(s, &r, &id);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &old), 0);
	ck_assert_msg(err == STORE_E_FULL || err == -EIO, "%d", err);
	ck_assert_uint_eq(count(s, (struct store_query){ 0 }), 1);
	ck_assert_int_eq(store_add_receipt(s, &r, &id), 0);
	ck_assert_uint_eq(count(s, (struct store_query){ 0 }), 2);
	store_close(s);
}
END_TEST

/* A child commits and tells each id; killed at any moment, no id it told may be missing. */
START_TEST(killed_writer_loses_nothing)
{
	struct store_opened o;
	struct store *s;
	int64_t id, told = 0;
	int round, fds[2], status;
	pid_t pid;

	for (round = 0; round < 20; round++) {
		ck_assert_int_eq(pipe(fds), 0);
		pid = fork();
		ck_assert_int_ge(pid, 0);
		if (pid == 0) {
			struct store_receipt r = receipt("some words", "and others");

			if (store_open(&s, dir, 0, NULL, NULL))
				_exit(1);
			while (store_add_receipt(s, &r, &id) == 0)
				if (write(fds[1], &id, sizeof(id)) != sizeof(id))
					_exit(2);
			_exit(3);
		}
		close(fds[1]);
		ck_assert_int_eq(read(fds[0], &told, sizeof(told)), sizeof(told));
		usleep(1000 + 1700 * (unsigned)round);
		kill(pid, SIGKILL);
		while (read(fds[0], &id, sizeof(id)) == sizeof(id))
			told = id;
		close(fds[0]);
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		ck_assert(WIFSIGNALED(status));
		s = open_store(&o);
		ck_assert(!o.recovered);
		{
			struct rows rows = { 0 };
			struct store_query newest = { .limit = 1 };

			ck_assert_int_eq(store_history(s, &newest, collect, &rows), 0);
			ck_assert_int_ge(rows.ids[0], told);
			ck_assert_str_eq(rows.request, "some words");
		}
		ck_assert_int_eq(sqlite3_exec(s->db, "INSERT INTO text_index (text_index)"
					      " VALUES ('integrity-check')", NULL, NULL, NULL), 0);
		store_close(s);
	}
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("store faults");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, damaged_file_is_moved_aside, 0, 3);
	tcase_add_test(tc, newer_version_is_left_alone);
	tcase_add_test(tc, version_one_is_migrated_with_its_rows);
	tcase_add_test(tc, settings_hold);
	tcase_add_test(tc, full_is_reported_and_passes);
	tcase_add_test(tc, refused_write_keeps_what_was_acknowledged);
	tcase_add_test(tc, killed_writer_loses_nothing);
	return run_tests("store faults", tc);
}
