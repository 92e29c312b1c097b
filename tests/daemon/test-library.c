/* SPDX-License-Identifier: MIT */
/* The user's catalogue and its files: changed whole or not at all, held while they are used,
 * and nothing left behind. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "assistantd/daemon/library-change.h"
#include "tests/check-main.h"
#include "tests/scratch.h"
#include "util/macro.h"

static char folder[64];
static struct paths paths;
static struct loop *loop;
static struct worker *worker;
static struct library *library;
static unsigned changes;

static void on_changed(void *arg)
{
	(void)arg;
	changes++;
}

static int do_nothing(struct work *work, struct store *store)
{
	(void)work;
	(void)store;
	return 0;
}

static void stop(struct work *work, int result)
{
	(void)work;
	(void)result;
	loop_stop(loop);
}

/* With what is done at the start behind it: it removes what a crash has left. */
static void open_library(void)
{
	struct work work = { .run = do_nothing, .done = stop };

	ck_assert_int_eq(loop_new(&loop), 0);
	ck_assert_int_eq(worker_new(&worker, loop, scratch, 1 << 20), 0);
	ck_assert_int_eq(library_new(&library, &paths, worker, on_changed, NULL), 0);
	worker_post(worker, &work);
	ck_assert_int_eq(loop_run(loop), 0);
}

/* All that was posted is done before it returns. */
static void close_library(void)
{
	library_stop(library);
	worker = worker_free(worker);
	library = library_free(library);
	loop = loop_free(loop);
}

static void setup(void)
{
	scratch_make();
	snprintf(folder, sizeof(folder), "%s/adapters", scratch);
	paths = (struct paths){ .data = scratch, .shared = (char *)"/nonexistent" };
	changes = 0;
	open_library();
}

static void teardown(void)
{
	if (library)
		close_library();
	scratch_remove();
}

static struct digest digest(int number)
{
	struct digest d;

	memset(d.bytes, number, sizeof(d.bytes));
	return d;
}

static bool is_there(const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return access(path, F_OK) == 0;
}

static bool has_file(int number)
{
	char name[DIGEST_HEX_LEN + 6];
	const struct digest d = digest(number);

	library_file_name(&d, name);
	return is_there(name);
}

static void write_text(const char *name, const char *text)
{
	char path[256];
	FILE *f;

	ck_assert_int_eq(make_folders(folder), 0);
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
}

/* One version of "a" that is added or removed. */
struct step {
	struct library_change change;
	int number;
	bool removes, refuses;
	char file[DIGEST_HEX_LEN + 6], fresh[256];
	int calls, result;
};

static int edit(struct library_change *change, struct versions *v)
{
	struct step *s = container_of(change, struct step, change);
	static const struct digest bases[1];
	struct catalog_entry e = {
		.manifest = { .name = "a", .task = "tone", .title = "a", .prompt = "{{ text }}",
			      .bases = bases, .n_bases = 1, .rank = 4, .scale = 1,
			      .sequence = 1 },
		.file = s->file, .digest = change->digest, .state = CATALOG_STAGED, .reason = "",
		.signature = "", .enabled = true,
	};

	if (s->refuses)
		return diag_set(&change->diag, -EINVAL, DIAG_SIG, "", "not this one");
	if (s->removes) {
		versions_remove(v, "a", &change->digest);
		return 0;
	}
	library_file_name(&e.digest, s->file);
	versions_add(v, &e);
	versions_activate(v, versions_staged(v, "a", NULL), "updated");
	return 0;
}

static void done(struct library_change *change, int result)
{
	struct step *s = container_of(change, struct step, change);

	s->calls++;
	s->result = result;
}

static void begin(struct step *s, int number)
{
	s->number = number;
	s->change = (struct library_change){ .edit = edit, .done = done,
					     .digest = digest(number) };
	if (!s->removes) {
		char name[32];

		snprintf(name, sizeof(name), "incoming-%d.new", number);
		write_text(name, "an adapter");
		snprintf(s->fresh, sizeof(s->fresh), "%s/%s", folder, name);
		s->change.fresh = s->fresh;
	}
	library_change(library, &s->change);
}

/* What the files say, to a service that starts. */
static size_t versions_after_restart(void)
{
	struct installed i;
	size_t n = 0;

	close_library();
	open_library();
	while (library_at(library, n, &i))
		n++;
	return n;
}

static void stop_when_done(struct library_change *change, int result)
{
	done(change, result);
	loop_stop(loop);
}

/* Runs the loop until @s is done. */
static void run(struct step *s)
{
	s->change.done = stop_when_done;
	while (s->calls == 0)
		ck_assert_int_eq(loop_run(loop), 0);
}

START_TEST(changes_are_in_force_when_told)
{
	struct step one = { 0 }, two = { 0 };
	uint32_t before = library_generation(library);
	struct installed i;
	int fd;

	begin(&one, 1);
	ck_assert(!library_find(library, "a", NULL, &i));
	begin(&two, 2);
	run(&two);
	ck_assert_int_eq(one.result, 0);
	ck_assert_int_eq(two.result, 0);
	ck_assert_int_eq(one.calls + two.calls, 2);
	ck_assert_uint_eq(library_generation(library), before + 2);
	ck_assert_uint_eq(changes, 2);
	ck_assert(library_find(library, "a", NULL, &i));
	ck_assert(i.users && digest_equal(&i.entry->digest, &two.change.digest));
	fd = library_open(&i);
	ck_assert_int_ge(fd, 0);
	close(fd);
	ck_assert_uint_eq(versions_after_restart(), 2);
	ck_assert(has_file(1) && has_file(2) && !is_there("incoming-1.new"));
}
END_TEST

START_TEST(what_is_refused_changes_nothing)
{
	struct step one = { 0 }, bad = { .refuses = true };

	begin(&one, 1);
	begin(&bad, 2);
	run(&bad);
	ck_assert_int_eq(bad.result, -EINVAL);
	ck_assert_int_eq(bad.change.diag.code, DIAG_SIG);
	ck_assert_uint_eq(versions_after_restart(), 1);
	/* What nobody took over goes with the next start. */
	close_library();
	ck_assert(has_file(1) && !has_file(2) && !is_there("incoming-2.new"));
}
END_TEST

START_TEST(files_stay_while_they_are_held)
{
	struct step one = { 0 }, removal = { .removes = true }, two = { 0 };
	struct library_hold hold = { 0 };
	struct installed i;
	int fd;

	begin(&one, 1);
	run(&one);
	library_hold(library, &hold);
	ck_assert(library_find(library, "a", NULL, &i));
	begin(&removal, 1);
	run(&removal);
	begin(&two, 2);
	run(&two);
	/* The entry and its file are those of before. */
	ck_assert_str_eq(i.entry->manifest.name, "a");
	fd = library_open(&i);
	ck_assert_int_ge(fd, 0);
	close(fd);
	library_release(&hold);
	library_release(&hold);
	close_library();
	ck_assert(!has_file(1) && has_file(2));
}
END_TEST

START_TEST(a_crash_leaves_the_old_catalogue)
{
	struct step one = { 0 };
	char name[DIGEST_HEX_LEN + 6];
	const struct digest lost = digest(7);

	begin(&one, 1);
	run(&one);
	/* After the file had its name, and while the catalogue was being written. */
	library_file_name(&lost, name);
	write_text(name, "of a version that was never listed");
	write_text("catalog.yaml.new", "version: 1\nadap");
	write_text("incoming-8.new", "half of a");
	write_text("mine.gguf", "put there by hand");
	ck_assert_uint_eq(versions_after_restart(), 1);
	close_library();
	ck_assert(has_file(1) && !has_file(7));
	ck_assert(!is_there("catalog.yaml.new") && !is_there("incoming-8.new"));
	ck_assert(is_there("mine.gguf"));
}
END_TEST

START_TEST(a_broken_catalogue_is_not_written_over)
{
	struct step one = { 0 }, two = { 0 };
	struct installed i;

	begin(&one, 1);
	run(&one);
	write_text("catalog.yaml", "version: 1\nadapters: {\n");
	library_reload(library);
	/* What was read before goes on. */
	ck_assert(library_find(library, "a", NULL, &i));
	begin(&two, 2);
	ck_assert_int_eq(two.result, -EBADMSG);
	ck_assert_msg(strstr(two.change.diag.text, "catalog.yaml:"), "%s", two.change.diag.text);
	/* It may list any file, so that none is removed. */
	ck_assert_uint_eq(versions_after_restart(), 0);
	close_library();
	ck_assert(has_file(1));
}
END_TEST

START_TEST(a_full_disk_is_told)
{
	const struct rlimit little = { 64, 64 };
	struct step one = { 0 }, two = { 0 };
	struct installed i;
	struct rlimit before;

	begin(&one, 1);
	run(&one);
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &(struct rlimit){ little.rlim_cur,
								   before.rlim_max }), 0);
	begin(&two, 2);
	run(&two);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
	ck_assert_int_eq(two.result, -EFBIG);
	ck_assert_msg(strstr(two.change.diag.text, strerror(EFBIG)), "%s", two.change.diag.text);
	ck_assert(library_find(library, "a", NULL, &i));
	ck_assert(digest_equal(&i.entry->digest, &one.change.digest));
	ck_assert_uint_eq(versions_after_restart(), 1);
	close_library();
	ck_assert(has_file(1) && !has_file(2) && !is_there("catalog.yaml.new"));
}
END_TEST

START_TEST(what_waits_at_the_end_is_told)
{
	struct step steps[3] = { 0 };

	for (int i = 0; i < 3; i++)
		begin(&steps[i], i + 1);
	close_library();
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(steps[i].calls, 1);
	ck_assert_int_eq(steps[0].result, 0);
	ck_assert_int_eq(steps[2].result, -ECANCELED);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("library");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, changes_are_in_force_when_told);
	tcase_add_test(tc, what_is_refused_changes_nothing);
	tcase_add_test(tc, files_stay_while_they_are_held);
	tcase_add_test(tc, a_crash_leaves_the_old_catalogue);
	tcase_add_test(tc, a_broken_catalogue_is_not_written_over);
	tcase_add_test(tc, a_full_disk_is_told);
	tcase_add_test(tc, what_waits_at_the_end_is_told);
	return run_tests("library", tc);
}
