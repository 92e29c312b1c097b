/* SPDX-License-Identifier: MIT */
/*
 * assistant-commands: the process that starts the user's commands. It holds nothing but the
 * socket to the front end, so that nothing can be had from it by what it starts.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "assistantd/tools/command.h"
#include "util/macro.h"

enum { EXEC_SOCKET = 3 };

struct slot {
	uint64_t id;
	struct command *command;	/* NULL: free */
};

struct exec {
	struct loop *loop;
	struct loop_source *socket, *children;
	struct slot slots[EXEC_RUNNING_MAX];
	int status;
};

static void end(struct exec *t, int err)
{
	t->status = err;
	loop_stop(t->loop);
}

static void tell(struct exec *t, uint64_t id, const struct exec_done *v)
{
	struct ipc_message m;
	int r;

	ipc_message_init(&m, EXEC_DONE, id);
	r = exec_put_done(&m, v);
	if (r == 0)
		r = ipc_send(EXEC_SOCKET, &m);
	ipc_message_deinit(&m);
	/* The front end has gone: the end, whichever of the two sees it first. */
	if (r < 0)
		end(t, r == -EPIPE ? 0 : r);
}

static void on_done(void *arg, struct command *c, const struct exec_done *done)
{
	struct exec *t = arg;

	for (size_t i = 0; i < EXEC_RUNNING_MAX; i++)
		if (t->slots[i].command == c) {
			t->slots[i].command = NULL;
			tell(t, t->slots[i].id, done);
		}
}

static void run(struct exec *t, uint64_t id, const struct exec_run *v)
{
	struct exec_done failed = { .end = EXEC_NOT_STARTED };
	size_t i = 0;
	int r = -EBUSY;

	while (i < EXEC_RUNNING_MAX && t->slots[i].command)
		i++;
	if (i < EXEC_RUNNING_MAX)
		r = command_start(&t->slots[i].command, t->loop, v, on_done, t);
	if (r < 0) {
		failed.code = (uint32_t)-r;
		tell(t, id, &failed);
	} else {
		t->slots[i].id = id;
	}
}

static void on_socket(void *arg, int fd, short events)
{
	struct exec *t = arg;
	struct exec_run v;
	struct ipc_message m;
	int r;

	(void)events;
	ipc_message_init(&m, 0, 0);
	r = ipc_recv(fd, &m);
	if (r == 0 && m.type == EXEC_RUN && (r = exec_get_run(&m, &v)) == 0) {
		run(t, m.id, &v);
		exec_run_deinit(&v);
	} else if (r != IPC_E_AGAIN) {
		end(t, r == IPC_E_CLOSED ? 0 : r < 0 ? r : -EBADMSG);
	}
	ipc_message_deinit(&m);
}

static void on_children(void *arg, int fd, short events)
{
	struct exec *t = arg;
	struct signalfd_siginfo info;

	(void)events;
	/* One signal may stand for several. */
	if (read(fd, &info, sizeof(info)) < 0)
		return;
	for (size_t i = 0; i < EXEC_RUNNING_MAX; i++)
		if (t->slots[i].command)
			command_reap(t->slots[i].command);
}

static int watch(struct exec *t)
{
	sigset_t set;
	int fd, r;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return -errno;
	r = loop_watch(t->loop, &t->children, fd, POLLIN, on_children, t);
	if (r == 0)
		r = loop_watch(t->loop, &t->socket, EXEC_SOCKET, POLLIN, on_socket, t);
	return r;
}

int main(void)
{
	struct exec t = { 0 };
	int r = fcntl(EXEC_SOCKET, F_SETFD, FD_CLOEXEC);

	if (r < 0) {
		fputs("error: assistant-commands is started by assistantd, with a socket as "
		      "descriptor 3\n", stderr);
		return 64;
	}
	signal(SIGPIPE, SIG_IGN);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	r = loop_new(&t.loop);
	if (r == 0)
		r = watch(&t);
	if (r == 0)
		r = loop_run(t.loop);
	r = r < 0 ? r : t.status;
	for (size_t i = 0; i < EXEC_RUNNING_MAX; i++)
		command_free(t.slots[i].command);
	if (r < 0)
		fprintf(stderr, "<3>assistant-commands: %s\n", strerror(-r));
	_exit(r < 0 ? 1 : 0);
}
