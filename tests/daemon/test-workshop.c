/* SPDX-License-Identifier: MIT */
/*
 * The front end's end of the workshop: jobs one after the other, a process only while there are
 * jobs, and what becomes of them when it ends. The process is this program itself, which plays
 * one that is told by the name of a file what to do; and the real one with the embedded model.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "assistantd/daemon/workshop.h"
#include "tests/check-main.h"
#include "util/macro.h"

enum { SOCKET = 3 };

/* What the played process does with a file, by its first letter. */
static void play(struct ipc_message *m)
{
	struct workshop_inspect question;
	struct workshop_inspected v = { .bytes = 0 };
	char letter = 0;

	if (workshop_get_inspect(m, &question) < 0)
		_exit(1);
	if (pread(question.fd, &letter, 1, 0) != 1 || letter == 'd')
		raise(SIGKILL);
	workshop_inspect_deinit(&question);
	if (letter == 'w')
		pause();
	if (letter == 'b') {
		v.defect.code = DIAG_TRUNC;
		buf_append_str(&v.defect.field, "a field");
		buf_append_str(&v.defect.text, "a text");
	}
	v.bytes = (uint64_t)getpid();
	ipc_message_init(m, WORKSHOP_INSPECTED, m->id);
	if (workshop_put_inspected(m, &v) < 0 || ipc_send(SOCKET, m) < 0)
		_exit(1);
	workshop_inspected_deinit(&v);
}

static int play_workshop(void)
{
	const struct engine_hello hello = { .pid = (uint32_t)getpid() };
	struct ipc_message m;

	ipc_message_init(&m, ENGINE_HELLO, 0);
	if (engine_put_hello(&m, &hello) < 0 || ipc_send(SOCKET, &m) < 0)
		return 1;
	while (ipc_recv(SOCKET, &m) == 0)
		play(&m);
	return 0;
}

static struct loop *loop;
static struct workshop *workshop;
static unsigned waiting;

struct asked {
	struct workshop_job job;
	enum workshop_outcome outcome;
	enum diag_code code;
	char text[128];
	uint64_t bytes;
	unsigned calls;
};

static void on_done(void *arg, struct workshop_result *result)
{
	struct asked *a = arg;

	a->calls++;
	a->outcome = result->outcome;
	a->code = result->code;
	snprintf(a->text, sizeof(a->text), "%s", result->text);
	if (result->outcome == WORKSHOP_DONE)
		a->bytes = result->inspected.bytes;
	if (--waiting == 0)
		loop_stop(loop);
}

static int file_of(const char *text)
{
	int fd = memfd_create("file", MFD_CLOEXEC);

	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	return fd;
}

static void ask(struct asked *a, const char *text)
{
	struct workshop_inspect question = { .fd = file_of(text) };

	*a = (struct asked){ .job = { .done = on_done, .arg = a } };
	ck_assert_int_eq(workshop_inspect(workshop, &a->job, &question), 0);
	ck_assert_uint_eq(a->calls, 0);
	workshop_inspect_deinit(&question);
	waiting++;
}

static void make(const char *path, bool require_sandbox)
{
	const struct workshop_config config = { .path = path, .digests = "/nonexistent/digests",
						.require_sandbox = require_sandbox };

	ck_assert_int_eq(workshop_new(&workshop, loop, &config), 0);
}

static void begin(void)
{
	ck_assert_int_eq(loop_new(&loop), 0);
	waiting = 0;
}

static void end(void)
{
	workshop = workshop_free(workshop);
	loop_free(loop);
}

START_TEST(one_after_the_other)
{
	struct asked a[3];

	make("/proc/self/exe", false);
	ask(&a[0], "good");
	ask(&a[1], "bad");
	ask(&a[2], "good");
	ck_assert_int_eq(loop_run(loop), 0);
	for (size_t i = 0; i < ARRAY_SIZE(a); i++)
		ck_assert_uint_eq(a[i].calls, 1);
	ck_assert_int_eq(a[0].outcome, WORKSHOP_DONE);
	ck_assert_int_eq(a[1].outcome, WORKSHOP_REFUSED);
	ck_assert_int_eq(a[1].code, DIAG_TRUNC);
	ck_assert_str_eq(a[1].text, "a text");
	ck_assert_int_eq(a[2].outcome, WORKSHOP_DONE);
	/* By one process. */
	ck_assert_uint_eq(a[0].bytes, a[2].bytes);
}
END_TEST

START_TEST(a_file_ends_the_process)
{
	struct asked a[4];

	make("/proc/self/exe", false);
	ask(&a[0], "good");
	ask(&a[1], "deadly");
	ask(&a[2], "deadly");
	ask(&a[3], "good");
	ck_assert_int_eq(loop_run(loop), 0);
	ck_assert_int_eq(a[0].outcome, WORKSHOP_DONE);
	ck_assert_int_eq(a[1].outcome, WORKSHOP_ENDED);
	ck_assert_int_eq(a[2].outcome, WORKSHOP_ENDED);
	ck_assert_int_eq(a[3].outcome, WORKSHOP_DONE);
	ck_assert_uint_ne(a[0].bytes, a[3].bytes);
}
END_TEST

static void cancel_first(void *arg)
{
	struct asked *a = arg;

	workshop_cancel(workshop, &a->job);
	waiting--;
}

/* One that is being worked on costs a process; one that waits costs nothing. */
START_TEST(cancelled)
{
	struct loop_timer *timer;
	struct asked a[3];

	make("/proc/self/exe", false);
	ask(&a[0], "waits for ever");
	ask(&a[1], "good");
	ask(&a[2], "good");
	workshop_cancel(workshop, &a[1].job);
	waiting--;
	ck_assert_int_eq(loop_after(loop, &timer, 300, cancel_first, &a[0]), 0);
	ck_assert_int_eq(loop_run(loop), 0);
	ck_assert_uint_eq(a[0].calls, 0);
	ck_assert_uint_eq(a[1].calls, 0);
	ck_assert_int_eq(a[2].outcome, WORKSHOP_DONE);
	workshop_cancel(workshop, &a[2].job);
}
END_TEST

START_TEST(no_program)
{
	struct asked a;

	make("/bin/false", false);
	ask(&a, "good");
	ck_assert_int_eq(loop_run(loop), 0);
	ck_assert_int_eq(a.outcome, WORKSHOP_FAILED);
}
END_TEST

START_TEST(no_sandbox)
{
	struct asked a[2];

	make("/proc/self/exe", true);
	ask(&a[0], "good");
	ask(&a[1], "good");
	ck_assert_int_eq(loop_run(loop), 0);
	ck_assert_int_eq(a[0].outcome, WORKSHOP_FAILED);
	ck_assert_ptr_nonnull(strstr(a[0].text, "sandbox"));
	ck_assert_int_eq(a[1].outcome, WORKSHOP_FAILED);
}
END_TEST

START_TEST(the_service_ends)
{
	struct asked a;

	make("/proc/self/exe", false);
	ask(&a, "good");
	waiting++;
	workshop = workshop_free(workshop);
	ck_assert_uint_eq(a.calls, 1);
	ck_assert_int_eq(a.outcome, WORKSHOP_FAILED);
}
END_TEST

/* The real program. */

struct proven {
	struct workshop_job job;
	struct workshop_imported imported;
	enum workshop_outcome outcome;
	uint32_t mismatch, verdict;
	struct digest base;
	char text[256];
};

static void on_result(void *arg, struct workshop_result *result)
{
	struct proven *p = arg;

	p->outcome = result->outcome;
	p->base = result->base;
	snprintf(p->text, sizeof(p->text), "%s: %s", result->field, result->text);
	if (result->outcome == WORKSHOP_DONE && p->job.type == WORKSHOP_IMPORT) {
		p->imported = result->imported;
		result->imported = (struct workshop_imported)WORKSHOP_IMPORTED_NULL;
	} else if (result->outcome == WORKSHOP_DONE) {
		p->mismatch = result->proved.mismatch;
		p->verdict = result->proved.verdict;
		snprintf(p->text, sizeof(p->text), "%s", result->proved.text.data);
	}
	loop_stop(loop);
}

static void tiny_path(char *path, size_t size, const char *file)
{
	snprintf(path, size, "%s/examples/tiny/%s", getenv("srcdir"), file);
}

static int import_tiny(struct proven *p, const char *model, const char *file)
{
	struct workshop_import question = WORKSHOP_IMPORT_NULL;
	char path[512];
	int r;

	tiny_path(path, sizeof(path), file);
	*p = (struct proven){ .job = { .done = on_result, .arg = p } };
	question.n_files = 1;
	question.files[0].fd = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(buf_append_str(&question.name, "tiny"), 0);
	ck_assert_int_eq(buf_append_str(&question.task, "tone"), 0);
	r = workshop_import(workshop, &p->job, model, &question);
	workshop_import_deinit(&question);
	return r;
}

START_TEST(the_embedded_model)
{
	struct workshop_prove question = { .scale = 1.0f };
	struct proven imported, proven = { .job = { .done = on_result, .arg = &proven } };
	char model[512];

	make("./assistant-engine", false);
	tiny_path(model, sizeof(model), "base.gguf");
	ck_assert_int_eq(import_tiny(&imported, model, "tone-friendly.gguf"), 0);
	ck_assert_int_eq(loop_run(loop), 0);
	ck_assert_msg(imported.outcome == WORKSHOP_DONE, "%s", imported.text);
	ck_assert_ptr_nonnull(strstr(imported.imported.manifest.data, "canaries:"));

	question.fd = imported.imported.fd;
	question.digest = imported.imported.digest;
	ck_assert_int_eq(workshop_prove(workshop, &proven.job, model, &question), 0);
	ck_assert_int_eq(loop_run(loop), 0);
	ck_assert_msg(proven.outcome == WORKSHOP_DONE, "%s", proven.text);
	ck_assert_uint_eq(proven.mismatch, WORKSHOP_FITS);
	ck_assert_msg(proven.verdict == WORKSHOP_GOOD, "%s", proven.text);
	ck_assert(digest_equal(&proven.base, &imported.base));
	workshop_imported_deinit(&imported.imported);
}
END_TEST

START_TEST(no_model)
{
	char path[512];
	struct proven p;

	make("./assistant-engine", false);
	ck_assert_int_eq(import_tiny(&p, "/nonexistent/model.gguf", "proofread.gguf"), 0);
	ck_assert_int_eq(loop_run(loop), 0);
	ck_assert_int_eq(p.outcome, WORKSHOP_NO_MODEL);
	tiny_path(path, sizeof(path), "proofread.gguf");
	ck_assert_int_eq(import_tiny(&p, path, "proofread.gguf"), 0);
	ck_assert_int_eq(loop_run(loop), 0);
	ck_assert_int_eq(p.outcome, WORKSHOP_NO_MODEL);
	ck_assert_msg(strlen(p.text) > 8, "%s", p.text);
}
END_TEST

int main(int argc, char **argv)
{
	TCase *tests = tcase_create("workshop");

	if (argc > 1 && strcmp(argv[1], "workshop") == 0)
		return play_workshop();
	tcase_add_checked_fixture(tests, begin, end);
	tcase_set_timeout(tests, 120);
	tcase_add_test(tests, one_after_the_other);
	tcase_add_test(tests, a_file_ends_the_process);
	tcase_add_test(tests, cancelled);
	tcase_add_test(tests, no_program);
	tcase_add_test(tests, no_sandbox);
	tcase_add_test(tests, the_service_ends);
	tcase_add_test(tests, the_embedded_model);
	tcase_add_test(tests, no_model);
	return run_tests("workshop", tests);
}
