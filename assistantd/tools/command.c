/* SPDX-License-Identifier: MIT */
#include "assistantd/tools/command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/macro.h"
#include "util/sandbox.h"

/* For what has left the group and still holds an end of a pipe. */
enum { LINGER_MS = 200, N_PIPES = 2 };

/* One of its outputs. */
struct pipe_end {
	struct command *c;
	struct loop_source *source;
	struct buf *text;
	size_t max;
	int fd;
};

struct command {
	struct loop *loop;
	pid_t pid;			/* 0 once it was waited for */
	struct pipe_end pipes[N_PIPES];
	struct loop_timer *timer;	/* its time, then how long its output is waited for */
	struct exec_done result;
	bool timed_out;
	command_fn done;
	void *arg;
};

static void close_pipe(struct pipe_end *p)
{
	p->source = loop_unwatch(p->source);
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
}

struct command *command_free(struct command *c)
{
	if (!c)
		return NULL;
	if (c->pid > 0) {
		kill(-c->pid, SIGKILL);
		waitpid(c->pid, NULL, 0);
	}
	for (size_t i = 0; i < N_PIPES; i++)
		close_pipe(&c->pipes[i]);
	loop_cancel(c->timer);
	exec_done_deinit(&c->result);
	free(c);
	return NULL;
}

static void finish(struct command *c)
{
	c->timer = loop_cancel(c->timer);
	c->done(c->arg, c, &c->result);
	command_free(c);
}

static void finish_if_over(struct command *c)
{
	if (c->pid == 0 && c->pipes[0].fd < 0 && c->pipes[1].fd < 0)
		finish(c);
}

static void on_output(void *arg, int fd, short events)
{
	struct pipe_end *p = arg;
	struct command *c = p->c;
	char piece[4096];
	ssize_t n = read(fd, piece, sizeof(piece));
	size_t keep;

	(void)events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		close_pipe(p);
		finish_if_over(c);
		return;
	}
	/* The rest is read all the same: a writer that waits would not end. */
	keep = MIN((size_t)n, p->max - p->text->len);
	c->result.cut |= keep < (size_t)n || buf_append(p->text, piece, keep) < 0;
}

static void on_linger(void *arg)
{
	struct command *c = arg;

	c->timer = NULL;
	for (size_t i = 0; i < N_PIPES; i++)
		close_pipe(&c->pipes[i]);
	finish_if_over(c);
}

static void on_timeout(void *arg)
{
	struct command *c = arg;

	c->timer = NULL;
	c->timed_out = true;
	kill(-c->pid, SIGKILL);
}

void command_reap(struct command *c)
{
	int status;
	pid_t pid = c->pid;

	if (pid <= 0 || waitpid(pid, &status, WNOHANG) != pid)
		return;
	/* What it left running in its group goes with it. */
	kill(-pid, SIGKILL);
	c->pid = 0;
	c->result.end = c->timed_out ? EXEC_TIMED_OUT :
			WIFEXITED(status) ? EXEC_EXITED : EXEC_KILLED;
	c->result.code = (uint32_t)(WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
	c->timer = loop_cancel(c->timer);
	if (loop_after(c->loop, &c->timer, LINGER_MS, on_linger, c) < 0)
		on_linger(c);
	else
		finish_if_over(c);
}

static void limit(int what, uint64_t value)
{
	const struct rlimit both = { value, value };

	setrlimit(what, &both);
}

static void set_limits(const struct exec_run *v)
{
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_CPU, v->cpu_s);
	limit(RLIMIT_AS, (uint64_t)v->memory_mib << 20);
	limit(RLIMIT_NOFILE, v->files);
	limit(RLIMIT_FSIZE, (uint64_t)v->file_mib << 20);
}

/* The words of a message, as the system takes them. */
struct words {
	const char *argv[EXEC_WORDS_MAX + 1], *environment[EXEC_WORDS_MAX + 1];
	const char *writable[EXEC_WORDS_MAX + 1];
};

/* In the new process: never returns. What fails is told by its number through @report. */
static void become(const struct exec_run *v, const struct words *w, int out, int err,
		   int report)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), r = 0;
	sigset_t none;

	setsid();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	if (null < 0 || dup2(null, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0 ||
	    chdir(v->folder.len ? v->folder.data : "/") < 0)
		r = -errno;
	if (r == 0)
		r = sandbox_command(v->network, w->writable);
	if (r == 0) {
		/* Last: they are the command's, and this process may be larger. */
		set_limits(v);
		execve(w->argv[0], (char *const *)w->argv, (char *const *)w->environment);
		r = -errno;
	}
	if (write(report, &r, sizeof(r)) < 0)
		_exit(126);
	_exit(127);
}

/* Every descriptor of ours is closed when it becomes the command. */
static int make_pipe(int ends[2])
{
	return pipe2(ends, O_CLOEXEC) < 0 ? -errno : 0;
}

static void close_both(int ends[2])
{
	closep(&ends[0]);
	closep(&ends[1]);
}

static int watch_output(struct command *c, size_t i, int *fd, struct buf *text, size_t max)
{
	struct pipe_end *p = &c->pipes[i];

	*p = (struct pipe_end){ .c = c, .text = text, .max = max, .fd = *fd };
	*fd = -1;
	fcntl(p->fd, F_SETFL, O_NONBLOCK);
	return loop_watch(c->loop, &p->source, p->fd, POLLIN, on_output, p);
}

/* Starts it: 0 when it has become the program, else why it has not. */
static int spawn(struct command *c, const struct exec_run *v, const struct words *w)
{
	int out[2] = { -1, -1 }, err[2] = { -1, -1 }, report[2] = { -1, -1 }, failure = 0, r;

	if ((r = make_pipe(out)) < 0 || (r = make_pipe(err)) < 0 || (r = make_pipe(report)) < 0)
		goto end;
	c->pid = fork();
	if (c->pid == 0)
		become(v, w, out[1], err[1], report[1]);
	if (c->pid < 0) {
		r = -errno;
		c->pid = 0;
		goto end;
	}
	closep(&report[1]);
	report[1] = -1;
	if (read(report[0], &failure, sizeof(failure)) == (ssize_t)sizeof(failure)) {
		r = failure;
		goto end;
	}
	r = watch_output(c, 0, &out[0], &c->result.output, EXEC_OUTPUT_MAX);
	if (r == 0)
		r = watch_output(c, 1, &err[0], &c->result.errors, EXEC_ERRORS_MAX);
	if (r == 0)
		r = loop_after(c->loop, &c->timer, v->timeout_ms, on_timeout, c);
end:
	close_both(out);
	close_both(err);
	close_both(report);
	return r;
}

int command_start(struct command **ret, struct loop *loop, const struct exec_run *v,
		  command_fn done, void *arg)
{
	struct command *c;
	struct words w;
	int r;

	if (exec_words(&v->argv, w.argv) < 1 || w.argv[0][0] != '/' ||
	    exec_words(&v->environment, w.environment) < 0 ||
	    exec_words(&v->writable, w.writable) < 0)
		return -EINVAL;
	c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	*c = (struct command){ .loop = loop, .done = done, .arg = arg };
	for (size_t i = 0; i < N_PIPES; i++)
		c->pipes[i].fd = -1;
	r = spawn(c, v, &w);
	if (r < 0)
		command_free(c);
	else
		*ret = c;
	return r;
}
