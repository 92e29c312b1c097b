/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "assistantd/daemon/log.h"
#include "util/macro.h"

enum { FIRST_DELAY_MS = 20, LAST_DELAY_MS = 30000, QUEUE_MAX = 256, SOCKET_BUFFER = 1 << 20,
       CHILD_SOCKET = 3 };

struct queued {
	struct ipc_message message;
	struct queued *next;
};

struct child {
	struct loop *loop;
	const char *path;
	char *const *argv;
	struct child_ops ops;
	void *arg;
	pid_t pid;			/* 0: none */
	int sock;			/* -1: none */
	struct loop_source *source;
	struct loop_timer *restart;
	uint64_t delay_ms;
	bool wanted;
	struct queued *first, *last;
	size_t n_queued;
};

extern char **environ;

static void start(void *arg);

static void drop_queue(struct child *c)
{
	while (c->first) {
		struct queued *next = c->first->next;

		ipc_message_deinit(&c->first->message);
		free(c->first);
		c->first = next;
	}
	c->last = NULL;
	c->n_queued = 0;
}

/* SIGKILL ends it within milliseconds, so that waiting does not hold up the loop. */
static void reap(struct child *c)
{
	int status = 0;

	if (c->pid <= 0)
		return;
	kill(c->pid, SIGKILL);
	while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL)
		log_warning("%s: ended by signal %d", c->path, WTERMSIG(status));
	else if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
		log_warning("%s: ended with status %d", c->path, WEXITSTATUS(status));
	c->pid = 0;
}

static void disconnect(struct child *c)
{
	c->source = loop_unwatch(c->source);
	closep(&c->sock);
	c->sock = -1;
	drop_queue(c);
}

static int schedule_start(struct child *c)
{
	int r;

	if (!c->wanted || c->restart)
		return 0;
	r = loop_after(c->loop, &c->restart, c->delay_ms, start, c);
	if (r < 0)
		log_error("%s: out of memory, not started again", c->path);
	c->delay_ms = MIN(c->delay_ms * 2, (uint64_t)LAST_DELAY_MS);
	return r;
}

/* Answers come before the reaping: who waits for the child is told at once. */
static void lost(struct child *c)
{
	disconnect(c);
	c->ops.ended(c->arg);
	reap(c);
	schedule_start(c);
}

static int flush(struct child *c)
{
	while (c->first) {
		struct queued *q = c->first;
		int r = ipc_send(c->sock, &q->message);

		if (r != 0)
			return r;
		c->first = q->next;
		c->last = c->first ? c->last : NULL;
		c->n_queued--;
		ipc_message_deinit(&q->message);
		free(q);
	}
	return 0;
}

static void on_socket(void *arg, int fd, short events)
{
	struct child *c = arg;
	struct ipc_message m;
	int r = 0;

	(void)fd;
	if (events & POLLOUT)
		r = flush(c);
	ipc_message_init(&m, 0, 0);
	/* A bounded number at a time: the bus has its turn in between. */
	for (int i = 0; i < 64 && (r == 0 || r == IPC_E_AGAIN) && c->sock >= 0; i++) {
		r = ipc_recv(c->sock, &m);
		if (r != 0)
			break;
		c->ops.message(c->arg, &m);
	}
	ipc_message_deinit(&m);
	if (c->sock < 0)
		return;
	if (r == 0 || r == IPC_E_AGAIN) {
		loop_set_events(c->source, POLLIN | (c->first ? POLLOUT : 0));
		return;
	}
	if (r < 0)
		log_error("%s: %s", c->path, strerror(-r));
	lost(c);
}

/* The child gets its end as descriptor 3, and nothing else of ours. */
static int spawn(struct child *c, int end)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, defaults;
	int r;

	sigemptyset(&none);
	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	sigaddset(&defaults, SIGTERM);
	sigaddset(&defaults, SIGINT);
	sigaddset(&defaults, SIGHUP);
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &defaults);
	r = posix_spawn_file_actions_adddup2(&actions, end, CHILD_SOCKET);
	if (r == 0)
		r = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", 0, 0);
	if (r == 0)
		r = posix_spawn(&c->pid, c->path, &actions, &attributes, c->argv, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return -r;
}

static int connect_child(struct child *c)
{
	int pair[2], size = SOCKET_BUFFER, r;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	for (int i = 0; i < 2; i++)
		setsockopt(pair[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	/* dup2() onto itself would leave close-on-exec set. */
	if (pair[1] == CHILD_SOCKET) {
		pair[1] = fcntl(pair[1], F_DUPFD_CLOEXEC, CHILD_SOCKET + 1);
		close(CHILD_SOCKET);
	}
	r = spawn(c, pair[1]);
	close(pair[1]);
	c->sock = pair[0];
	if (r == 0 && fcntl(c->sock, F_SETFL, O_NONBLOCK) < 0)
		r = -errno;
	if (r == 0)
		r = loop_watch(c->loop, &c->source, c->sock, POLLIN, on_socket, c);
	return r;
}

static void start(void *arg)
{
	struct child *c = arg;
	int r;

	c->restart = NULL;
	c->pid = 0;
	r = connect_child(c);
	if (r < 0) {
		log_error("%s: %s", c->path, strerror(-r));
		disconnect(c);
		reap(c);
		schedule_start(c);
		return;
	}
	c->ops.started(c->arg);
}

int child_new(struct child **ret, struct loop *loop, const char *path, char *const *argv,
	      const struct child_ops *ops, void *arg)
{
	struct child *c = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	*c = (struct child){ .loop = loop, .path = path, .argv = argv, .ops = *ops, .arg = arg,
			     .sock = -1, .delay_ms = FIRST_DELAY_MS, .wanted = !ops->on_demand };
	*ret = c;
	if (c->wanted)
		start(c);
	return 0;
}

struct child *child_free(struct child *c)
{
	if (!c)
		return NULL;
	loop_cancel(c->restart);
	disconnect(c);
	/* Closing ends it by itself; a short grace for what it has begun to send elsewhere. */
	for (int i = 0; i < 20 && c->pid > 0; i++) {
		if (waitpid(c->pid, NULL, WNOHANG) == c->pid)
			c->pid = 0;
		else
			usleep(5000);
	}
	reap(c);
	free(c);
	return NULL;
}

int child_want(struct child *c)
{
	c->wanted = true;
	return c->sock < 0 ? schedule_start(c) : 0;
}

void child_rest(struct child *c)
{
	c->wanted = false;
	c->restart = loop_cancel(c->restart);
	disconnect(c);
	reap(c);
}

bool child_running(const struct child *c)
{
	return c->sock >= 0;
}

pid_t child_pid(const struct child *c)
{
	return c->pid;
}

void child_pause(struct child *c, bool pause)
{
	if (c->pid > 0)
		kill(c->pid, pause ? SIGSTOP : SIGCONT);
}

int child_limit_files(struct child *c, uint64_t bytes)
{
	const struct rlimit both = { bytes, bytes };

	if (c->pid <= 0)
		return -EPIPE;
	return prlimit(c->pid, RLIMIT_FSIZE, &both, NULL) < 0 ? -errno : 0;
}

void child_healthy(struct child *c)
{
	c->delay_ms = FIRST_DELAY_MS;
}

static int enqueue(struct child *c, struct ipc_message *m)
{
	struct queued *q;

	if (c->n_queued == QUEUE_MAX)
		return -EAGAIN;
	q = calloc(1, sizeof(*q));
	if (!q)
		return -ENOMEM;
	q->message = *m;
	ipc_message_init(m, 0, 0);
	if (c->last)
		c->last->next = q;
	else
		c->first = q;
	c->last = q;
	c->n_queued++;
	loop_set_events(c->source, POLLIN | POLLOUT);
	return 0;
}

int child_send(struct child *c, struct ipc_message *m, int r)
{
	if (r == 0 && c->sock < 0)
		r = -EPIPE;
	if (r == 0)
		r = c->first ? IPC_E_AGAIN : ipc_send(c->sock, m);
	if (r == IPC_E_AGAIN)
		r = enqueue(c, m);
	ipc_message_deinit(m);
	return r;
}
