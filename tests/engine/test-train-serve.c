/* SPDX-License-Identifier: MIT */
/* A training run as the front end has it: by messages, and in the sandboxed process. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "assistantd/engine/train-serve.h"
#include "tests/check-main.h"
#include "tests/engine/run-front.h"
#include "util/cleanup.h"
#include "util/file.h"

enum { ID = 41 };

static struct train_begin begin;
static struct digest whole;	/* of what the run comes to */
static int sock = -1;		/* the front end's */
static pthread_t thread;
static pid_t process;

static void setup(void)
{
	runs_begin(&begin);
	whole = runs_digest(&begin, NULL);
	ck_assert_int_eq(ftruncate(begin.checkpoint_fd, 0), 0);
}

static void teardown(void)
{
	train_begin_deinit(&begin);
}

static void *serve(void *arg)
{
	int own = (int)(intptr_t)arg, r = train_serve(own, 1, 0);

	close(own);
	return (void *)(intptr_t)r;
}

static void open_thread(void)
{
	int pair[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	sock = pair[0];
	ck_assert_int_eq(pthread_create(&thread, NULL, serve, (void *)(intptr_t)pair[1]), 0);
}

static intptr_t close_thread(void)
{
	void *result;

	close(sock);
	ck_assert_int_eq(pthread_join(thread, &result), 0);
	return (intptr_t)result;
}

static void send_begin(void)
{
	struct ipc_message m;

	ipc_message_init(&m, TRAIN_BEGIN, ID);
	ck_assert_int_eq(train_put_begin(&m, &begin), 0);
	ck_assert_int_eq(ipc_send(sock, &m), 0);
	ipc_message_deinit(&m);
}

static void send_stop(void)
{
	struct ipc_message m;

	ipc_message_init(&m, TRAIN_STOP, ID);
	ck_assert_int_eq(ipc_send(sock, &m), 0);
	ipc_message_deinit(&m);
}

/* The next message that is no progress, or the first of stage @until, which is in @p. */
static void receive(struct ipc_message *m, uint32_t until, struct train_progress *p)
{
	uint32_t stage = 0;

	ipc_message_init(m, 0, 0);
	for (;;) {
		ck_assert_int_eq(ipc_recv(sock, m), 0);
		ck_assert_uint_eq(m->id, ID);
		if (m->type != TRAIN_PROGRESS)
			return;
		ck_assert_int_eq(train_get_progress(m, p), 0);
		ck_assert_uint_ge(p->stage, stage);
		stage = p->stage;
		if (stage >= until)
			return;
	}
}

static void expect_done(void)
{
	struct train_progress p = { .stage = TRAIN_STAGE_COUNT };
	struct train_done done;
	struct ipc_message m;
	struct digest digest;

	receive(&m, TRAIN_STAGE_COUNT, &p);
	ck_assert_uint_eq(p.stage, TRAIN_PROVING);
	ck_assert(p.held_out_base > 0 && p.held_out > 0 && p.step > 0 && p.tokens_per_s >= 0);
	ck_assert_uint_eq(m.type, TRAIN_DONE);
	ck_assert_int_eq(train_get_done(&m, &done), 0);
	ck_assert(done.better && digest_equal(&done.digest, &whole));
	ck_assert_int_eq(digest_of_fd(done.package_fd, &digest), 0);
	ck_assert(digest_equal(&digest, &whole));
	ck_assert(fcntl(done.report_fd, F_GET_SEALS) & F_SEAL_WRITE);
	train_done_deinit(&done);
	ipc_message_deinit(&m);
}

static void expect_failed(enum train_error error, const char *field)
{
	struct train_progress p;
	struct train_failed failed;
	struct ipc_message m;

	receive(&m, TRAIN_STAGE_COUNT, &p);
	ck_assert_uint_eq(m.type, TRAIN_FAILED);
	ck_assert_int_eq(train_get_failed(&m, &failed), 0);
	ck_assert_uint_eq(failed.error, error);
	ck_assert_str_eq(failed.defect.field.len ? failed.defect.field.data : "", field);
	ck_assert_uint_gt(failed.defect.text.len, 0);
	train_failed_deinit(&failed);
	ipc_message_deinit(&m);
}

START_TEST(a_run_by_messages)
{
	open_thread();
	send_begin();
	expect_done();
	ck_assert_int_eq(close_thread(), 0);
}
END_TEST

START_TEST(a_run_that_fails)
{
	close(begin.data_fd);
	begin.data_fd = runs_file("{\"prompt\": \"a\", \"completion\": 1}");
	open_thread();
	send_begin();
	expect_failed(TRAIN_E_DATA, "line 1: completion");
	ck_assert_int_eq(close_thread(), 0);
}
END_TEST

/* A STOP before the run is of none. */
START_TEST(a_run_that_is_stopped)
{
	struct train_progress p;
	struct ipc_message m;

	open_thread();
	send_stop();
	send_begin();
	receive(&m, TRAIN_TRAINING, &p);
	send_stop();
	ipc_message_deinit(&m);
	receive(&m, TRAIN_STAGE_COUNT, &p);
	/* It may have been through. */
	ck_assert(m.type == TRAIN_FAILED || m.type == TRAIN_DONE);
	ipc_message_deinit(&m);
	ck_assert_int_eq(close_thread(), 0);
	open_thread();
	send_begin();
	expect_done();
	ck_assert_int_eq(close_thread(), 0);
}
END_TEST

/* Nobody is there who would be told the end. */
START_TEST(a_front_end_that_goes)
{
	struct train_progress p;
	struct ipc_message m;
	intptr_t r;

	open_thread();
	send_begin();
	receive(&m, TRAIN_TRAINING, &p);
	ipc_message_deinit(&m);
	r = close_thread();
	/* It may have been through. */
	ck_assert(r == -EPIPE || r == 0);
	open_thread();
	send_begin();
	expect_done();
	ck_assert_int_eq(close_thread(), 0);
}
END_TEST

START_TEST(a_message_that_is_none)
{
	struct ipc_message m;

	open_thread();
	ipc_message_init(&m, TRAIN_BEGIN, ID);
	ck_assert_int_eq(ipc_send(sock, &m), 0);
	ipc_message_deinit(&m);
	ck_assert_int_eq(close_thread(), -EBADMSG);
}
END_TEST

/* The program itself, with the socket where it expects it. */
static void open_process(void)
{
	const char *build = getenv("builddir");
	char path[4096];
	int pair[2];

	snprintf(path, sizeof(path), "%s/assistant-engine", build ? build : ".");
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	sock = pair[0];
	process = fork();
	ck_assert_int_ge(process, 0);
	if (process == 0) {
		/* dup2() onto itself would leave it to be closed. */
		if (pair[1] == 3 ? fcntl(3, F_SETFD, 0) < 0 : dup2(pair[1], 3) < 0)
			_exit(99);
		execl(path, path, "training", NULL);
		_exit(98);
	}
	close(pair[1]);
}

static void expect_hello(void)
{
	struct engine_hello hello;
	struct ipc_message m;

	ipc_message_init(&m, 0, 0);
	ck_assert_int_eq(ipc_recv(sock, &m), 0);
	ck_assert_uint_eq(m.type, ENGINE_HELLO);
	ck_assert_int_eq(engine_get_hello(&m, &hello), 0);
	ck_assert_int_eq((pid_t)hello.pid, process);
	ipc_message_deinit(&m);
}

static int close_process(void)
{
	int status;

	close(sock);
	ck_assert_int_eq(waitpid(process, &status, 0), process);
	return status;
}

START_TEST(a_process_gives_way)
{
	_cleanup_(buf_deinit) struct buf adjusted = BUF_NULL;
	char path[64];
	int fd;

	open_process();
	expect_hello();
	ck_assert_int_eq(getpriority(PRIO_PROCESS, (id_t)process), 19);
	ck_assert_int_eq(sched_getscheduler(process), SCHED_IDLE);
	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", process);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(file_read_rest(fd, 16, &adjusted, NULL), 0);
	ck_assert_str_eq(adjusted.data, "1000\n");
	close(fd);
	ck_assert_int_eq(close_process(), 0);
}
END_TEST

START_TEST(a_process_runs)
{
	open_process();
	expect_hello();
	send_begin();
	expect_done();
	ck_assert_int_eq(close_process(), 0);
}
END_TEST

/* Stopped in the middle and ended there, more than once; what follows goes on. */
START_TEST(a_process_is_killed)
{
	struct train_progress p;
	struct ipc_message m;
	int status;

	for (int i = 0; i < 3; i++) {
		open_process();
		expect_hello();
		send_begin();
		receive(&m, TRAIN_TRAINING, &p);
		ipc_message_deinit(&m);
		kill(process, SIGSTOP);
		kill(process, SIGKILL);
		status = close_process();
		ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	}
	open_process();
	expect_hello();
	send_begin();
	expect_done();
	ck_assert_int_eq(close_process(), 0);
}
END_TEST

int main(void)
{
	TCase *c = tcase_create("train-serve");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_set_timeout(c, 120);
	tcase_add_test(c, a_run_by_messages);
	tcase_add_test(c, a_run_that_fails);
	tcase_add_test(c, a_run_that_is_stopped);
	tcase_add_test(c, a_front_end_that_goes);
	tcase_add_test(c, a_message_that_is_none);
	tcase_add_test(c, a_process_gives_way);
	tcase_add_test(c, a_process_runs);
	tcase_add_test(c, a_process_is_killed);
	return run_tests("train-serve", c);
}
