/* SPDX-License-Identifier: MIT */
/*
 * The front end's end of the process that trains: begun, stopped where it stands, asked to stop,
 * lost and there again. The process is this program itself, which plays one that does what the
 * name of the adapter says.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "assistantd/daemon/training-process.h"
#include "assistantd/ipc/ipc.h"
#include "tests/check-main.h"
#include "util/macro.h"

enum { SOCKET = 3 };

static int memory_file(const char *text)
{
	int fd = memfd_create("file", MFD_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		_exit(1);
	return fd;
}

/* The played process. */

static void send_progress(uint64_t id, uint64_t step)
{
	const struct train_progress v = { .stage = TRAIN_TRAINING, .step = step, .total = 1000,
					  .loss = 2.5f };
	struct ipc_message m;

	ipc_message_init(&m, TRAIN_PROGRESS, id);
	if (train_put_progress(&m, &v) < 0 || ipc_send(SOCKET, &m) < 0)
		_exit(1);
	ipc_message_deinit(&m);
}

static void send_failed(uint64_t id, uint32_t error, const char *field, const char *text)
{
	struct train_failed v = { .error = error, .defect.code = DIAG_RANGE };
	struct ipc_message m;

	ipc_message_init(&m, TRAIN_FAILED, id);
	if (buf_append_str(&v.defect.field, field) < 0 ||
	    buf_append_str(&v.defect.text, text) < 0 || train_put_failed(&m, &v) < 0 ||
	    ipc_send(SOCKET, &m) < 0)
		_exit(1);
	train_failed_deinit(&v);
	ipc_message_deinit(&m);
}

static void send_done(uint64_t id)
{
	struct train_done v = { .better = true, .package_fd = memory_file("a package"),
				.report_fd = memory_file("a page"), .steps = 7 };
	struct ipc_message m;

	ipc_message_init(&m, TRAIN_DONE, id);
	if (train_put_done(&m, &v) < 0 || ipc_send(SOCKET, &m) < 0)
		_exit(1);
	train_done_deinit(&v);
	ipc_message_deinit(&m);
}

/* Steps until it is told to stop; where the socket is gone it ends. */
static void work_on(uint64_t id)
{
	struct ipc_message m;

	ipc_message_init(&m, 0, 0);
	fcntl(SOCKET, F_SETFL, O_NONBLOCK);
	for (uint64_t step = 1;; step++) {
		int r = ipc_recv(SOCKET, &m);

		if (r == 0 && m.type == TRAIN_STOP)
			break;
		if (r != 0 && r != IPC_E_AGAIN)
			_exit(0);
		send_progress(id, step);
		usleep(10000);
	}
	ipc_message_deinit(&m);
	fcntl(SOCKET, F_SETFL, 0);
	send_failed(id, TRAIN_E_STOPPED, "", "as was asked for");
}

/* As the file of a checkpoint that becomes too large. */
static void grow(uint64_t id, const struct train_begin *begin)
{
	const struct sigaction ignored = { .sa_handler = SIG_IGN };
	off_t most = (off_t)begin->file_bytes;

	sigaction(SIGXFSZ, &ignored, NULL);
	if (pwrite(begin->checkpoint_fd, "x", 1, most - 1) != 1)
		_exit(1);
	if (pwrite(begin->checkpoint_fd, "x", 1, most) < 0)
		send_failed(id, TRAIN_E_CHECKPOINT, "checkpoint", strerror(errno));
}

static int greet(void)
{
	const struct engine_hello hello = { .pid = (uint32_t)getpid() };
	struct ipc_message m;

	ipc_message_init(&m, ENGINE_HELLO, 0);
	return engine_put_hello(&m, &hello) < 0 || ipc_send(SOCKET, &m) < 0 ? -1 : 0;
}

static void play(struct ipc_message *m)
{
	struct train_begin begin;
	char letter = '\0';

	if (m->type != TRAIN_BEGIN || train_get_begin(m, &begin) < 0)
		_exit(1);
	/* What the descriptors hold is what was sent. */
	if (pread(begin.data_fd, &letter, 1, 0) != 1 || letter != 'd')
		_exit(1);
	if (strcmp(begin.name.data, "dies") == 0)
		raise(SIGKILL);
	else if (strcmp(begin.name.data, "refuses") == 0)
		send_failed(m->id, TRAIN_E_DATA, "line 17", "broken");
	else if (strcmp(begin.name.data, "fills") == 0)
		send_failed(m->id, TRAIN_E_SPACE, "checkpoint", "no space left on device");
	else if (strcmp(begin.name.data, "grows") == 0)
		grow(m->id, &begin);
	else if (strcmp(begin.name.data, "greets") == 0 && greet() < 0)
		_exit(1);
	else if (strcmp(begin.name.data, "ends") == 0 || strcmp(begin.name.data, "greets") == 0)
		send_done(m->id);
	else
		work_on(m->id);
	train_begin_deinit(&begin);
}

static int play_training(void)
{
	struct ipc_message m;

	ipc_message_init(&m, 0, 0);
	if (greet() < 0)
		return 1;
	while (ipc_recv(SOCKET, &m) == 0)
		play(&m);
	return 0;
}

/* What was heard. */
static struct loop *loop;
static struct training_process *process;
static struct heard {
	const char *name;		/* of the adapter */
	unsigned ready, progress, done, failed, lost;
	uint64_t step, steps;
	enum train_error error;
	char text[200], package[32];
	unsigned losses_to_wait_for;
} heard;

static void on_ready(void *arg)
{
	struct train_begin v = TRAIN_BEGIN_NULL;

	ck_assert_ptr_eq(arg, &heard);
	heard.ready++;
	v.base_fd = memory_file("b");
	v.data_fd = memory_file("d");
	v.checkpoint_fd = memory_file("c");
	v.file_bytes = 1 << 20;
	ck_assert_int_eq(buf_append_str(&v.name, heard.name), 0);
	ck_assert_int_eq(training_process_begin(process, &v), 0);
	train_begin_deinit(&v);
}

static void on_progress(void *arg, const struct train_progress *p)
{
	(void)arg;
	heard.progress++;
	heard.step = p->step;
	if (heard.progress == 5)
		loop_stop(loop);
}

static void on_done(void *arg, struct train_done *done)
{
	(void)arg;
	heard.done++;
	heard.steps = done->steps;
	ck_assert_int_gt(pread(done->package_fd, heard.package, sizeof(heard.package), 0), 0);
	loop_stop(loop);
}

static void on_failed(void *arg, enum train_error error, const char *field, const char *text)
{
	(void)arg;
	heard.failed++;
	heard.error = error;
	snprintf(heard.text, sizeof(heard.text), "%s: %s", field, text);
	loop_stop(loop);
}

static void on_lost(void *arg)
{
	(void)arg;
	if (++heard.lost == heard.losses_to_wait_for)
		loop_stop(loop);
}

static const struct training_process_events events = { on_ready, on_progress, on_done, on_failed,
						       on_lost };

static void begin(const char *name, const char *path, bool require_sandbox)
{
	heard = (struct heard){ .name = name };
	ck_assert_int_eq(loop_new(&loop), 0);
	ck_assert_int_eq(training_process_new(&process, loop, path, require_sandbox, &events,
					      &heard), 0);
	ck_assert_int_eq(training_process_pid(process), 0);
	ck_assert_int_eq(training_process_want(process), 0);
}

static void end(void)
{
	process = training_process_free(process);
	loop_free(loop);
}

static void stop_loop(void *arg)
{
	(void)arg;
	loop_stop(loop);
}

static void run_for(unsigned ms)
{
	struct loop_timer *timer;

	ck_assert_int_eq(loop_after(loop, &timer, ms, stop_loop, NULL), 0);
	ck_assert_int_eq(loop_run(loop), 0);
}

/* As the kernel has it: R, S, T … */
static char state_of(pid_t pid)
{
	char path[64], line[512], *at;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "r");
	if (!f)
		return '\0';
	ck_assert_ptr_nonnull(fgets(line, sizeof(line), f));
	fclose(f);
	at = strrchr(line, ')');
	return at[2];
}

START_TEST(one_that_ends)
{
	begin("ends", "/proc/self/exe", false);
	ck_assert_int_eq(loop_run(loop), 0);
	ck_assert_uint_eq(heard.done, 1);
	ck_assert_uint_eq(heard.steps, 7);
	ck_assert_str_eq(heard.package, "a package");
	training_process_rest(process);
	ck_assert_int_eq(training_process_pid(process), 0);
	ck_assert_uint_eq(heard.lost, 0);
}
END_TEST

START_TEST(one_that_refuses)
{
	begin("refuses", "/proc/self/exe", false);
	ck_assert_int_eq(loop_run(loop), 0);
	ck_assert_uint_eq(heard.failed, 1);
	ck_assert_int_eq(heard.error, TRAIN_E_DATA);
	ck_assert_str_eq(heard.text, "line 17: broken");
}
END_TEST

/* Whatever it says, it is told to begin once. */
START_TEST(one_that_greets_again)
{
	begin("greets", "/proc/self/exe", false);
	ck_assert_int_eq(loop_run(loop), 0);
	ck_assert_uint_eq(heard.done, 1);
	ck_assert_uint_eq(heard.ready, 1);
}
END_TEST

START_TEST(one_that_writes_too_much)
{
	begin("grows", "/proc/self/exe", false);
	ck_assert_int_eq(loop_run(loop), 0);
	ck_assert_uint_eq(heard.failed, 1);
	ck_assert_int_eq(heard.error, TRAIN_E_CHECKPOINT);
	ck_assert_msg(strstr(heard.text, strerror(EFBIG)) != NULL, "%s", heard.text);
}
END_TEST

START_TEST(stopped_where_it_stands)
{
	unsigned before;
	pid_t pid;

	begin("works", "/proc/self/exe", false);
	ck_assert_int_eq(loop_run(loop), 0);
	pid = training_process_pid(process);
	training_process_pause(process, true);
	while (state_of(pid) != 'T')
		usleep(1000);
	/* What it had sent is read, and then there is nothing more. */
	run_for(50);
	before = heard.progress;
	run_for(50);
	ck_assert_uint_eq(heard.progress, before);
	training_process_pause(process, false);
	heard.progress = 0;
	ck_assert_int_eq(loop_run(loop), 0);
	ck_assert_uint_eq(heard.progress, 5);
	ck_assert_int_eq(training_process_pid(process), pid);

	ck_assert_int_eq(training_process_stop(process), 0);
	while (!heard.failed)
		ck_assert_int_eq(loop_run(loop), 0);
	ck_assert_int_eq(heard.error, TRAIN_E_STOPPED);
	ck_assert_uint_eq(heard.lost, 0);
}
END_TEST

START_TEST(one_that_is_stopped_can_be_ended)
{
	pid_t pid;

	begin("works", "/proc/self/exe", false);
	ck_assert_int_eq(loop_run(loop), 0);
	pid = training_process_pid(process);
	training_process_pause(process, true);
	training_process_rest(process);
	ck_assert_int_lt(kill(pid, 0), 0);
	ck_assert_int_eq(errno, ESRCH);
}
END_TEST

START_TEST(one_that_dies_is_there_again)
{
	begin("dies", "/proc/self/exe", false);
	heard.losses_to_wait_for = 3;
	ck_assert_int_eq(loop_run(loop), 0);
	ck_assert_uint_eq(heard.lost, 3);
	ck_assert_uint_eq(heard.ready, 3);
}
END_TEST

START_TEST(no_program)
{
	begin("works", "/bin/false", false);
	heard.losses_to_wait_for = 2;
	ck_assert_int_eq(loop_run(loop), 0);
	ck_assert_uint_eq(heard.ready, 0);
}
END_TEST

START_TEST(no_sandbox)
{
	begin("works", "/proc/self/exe", true);
	ck_assert_int_eq(loop_run(loop), 0);
	ck_assert_uint_eq(heard.ready, 0);
	ck_assert_ptr_nonnull(strstr(heard.text, "sandbox"));
}
END_TEST

int main(int argc, char **argv)
{
	TCase *tests = tcase_create("training-process");

	if (argc > 1 && strcmp(argv[1], "training") == 0)
		return play_training();
	tcase_add_checked_fixture(tests, NULL, end);
	tcase_add_test(tests, one_that_ends);
	tcase_add_test(tests, one_that_refuses);
	tcase_add_test(tests, one_that_greets_again);
	tcase_add_test(tests, one_that_writes_too_much);
	tcase_add_test(tests, stopped_where_it_stands);
	tcase_add_test(tests, one_that_is_stopped_can_be_ended);
	tcase_add_test(tests, one_that_dies_is_there_again);
	tcase_add_test(tests, no_program);
	tcase_add_test(tests, no_sandbox);
	return run_tests("training-process", tests);
}
