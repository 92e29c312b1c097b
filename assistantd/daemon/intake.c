/* SPDX-License-Identifier: MIT */
/* Letting requests in: checks of task, text and options; texts through descriptors. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "assistantd/daemon/job-private.h"
#include "assistantd/daemon/out.h"
#include "util/macro.h"
#include "util/utf8.h"

enum { READ_TIMEOUT_MS = 30000, WRITE_TIMEOUT_MS = 60000, CHUNK = 64 * 1024 };

/* …/request/SENDER/TOKEN, the sender without its colon and dots. */
static int make_path(struct job *job, const char *sender)
{
	char name[256], token[32];
	size_t n = 0;

	for (const char *c = sender; *c && n + 1 < sizeof(name); c++)
		if (*c != ':')
			name[n++] = *c == '.' ? '_' : *c;
	name[n] = '\0';
	snprintf(token, sizeof(token), "t%llu", (unsigned long long)++job->d->next_token);
	if (asprintf(&job->path, BUS_PATH "/request/%s/%s", name,
		     job->options.handle_token ? job->options.handle_token : token) < 0) {
		job->path = NULL;
		return -ENOMEM;
	}
	return 0;
}

static bool path_taken(const struct job *job)
{
	for (struct job *j = job->d->jobs; j; j = j->next)
		if (j != job && j->path && strcmp(j->path, job->path) == 0)
			return true;
	return false;
}

/* What keeps a request out. */
struct refusal {
	const char *name;		/* of the error; NULL: nothing does */
	const char *text;
};

static struct refusal text_fault(const char *text, size_t len)
{
	if (memchr(text, '\0', len))
		return (struct refusal){ "InvalidText", "the text holds a NUL" };
	if (!utf8_valid(text, len))
		return (struct refusal){ "InvalidText", "the text is not UTF-8" };
	if (len == 0)
		return (struct refusal){ "InvalidText", "the text is empty" };
	if (!has_letters(text, len))
		return (struct refusal){ "InvalidText", "there is nothing to read in the text" };
	return (struct refusal){ NULL, NULL };
}

/* The text is there: into the queue. */
static struct refusal take_in(struct job *job)
{
	struct refusal f = text_fault(job->input.len ? job->input.data : "", job->input.len);
	int r;

	if (f.name)
		return f;
	r = job_enqueue(job);
	if (r == -EBUSY)
		return (struct refusal){ "Busy", "too many requests wait" };
	if (r < 0)
		return (struct refusal){ "Internal", "out of memory" };
	return (struct refusal){ NULL, NULL };
}

static void taken_in(struct job *job)
{
	answer_progress(job, STAGE_QUEUED);
	jobs_pump(job->d);
}

static void reply_path(struct job *job, DBusMessage *m, int out_fd)
{
	DBusMessage *reply = dbus_message_new_method_return(m);
	DBusMessageIter at;

	if (!reply)
		return;
	dbus_message_iter_init_append(reply, &at);
	out_path(&at, job->path);
	if (out_fd >= 0)
		dbus_message_iter_append_basic(&at, DBUS_TYPE_UNIX_FD, &out_fd);
	bus_send(job->d->bus, reply);
}

void job_stop_reading(struct job *job)
{
	job->in_source = loop_unwatch(job->in_source);
	closep(&job->in_fd);
	job->in_fd = -1;
	job->deadline = loop_cancel(job->deadline);
}

/* The object is there already, so that a refusal goes to it. */
static void input_ended(struct job *job)
{
	struct refusal f = take_in(job);

	if (f.name)
		job_finish(job, f.name, "%s", f.text);
	else
		taken_in(job);
}

static void on_readable(void *arg, int fd, short events)
{
	struct job *job = arg;
	ssize_t n;

	(void)events;
	if (buf_reserve(&job->input, CHUNK) < 0) {
		job_stop_reading(job);
		job_finish(job, "Internal", "out of memory");
		return;
	}
	n = read(fd, job->input.data + job->input.len, CHUNK);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0) {
		job->input.len += (size_t)n;
		job->input.data[job->input.len] = '\0';
		if (job->input.len <= JOB_STREAM_MAX)
			return;
	}
	job_stop_reading(job);
	if (n < 0)
		job_finish(job, "InvalidText", "the input cannot be read: %s", strerror(errno));
	else if (n > 0)
		job_finish(job, "TooLong", "the text is longer than 16 MiB");
	else
		input_ended(job);
}

static void on_read_timeout(void *arg)
{
	struct job *job = arg;

	job->deadline = NULL;
	job_stop_reading(job);
	job_finish(job, "TimedOut", "the input did not end within %d s", READ_TIMEOUT_MS / 1000);
}

static int open_pipes(struct job *job, int in_fd, int *reader)
{
	int pair[2], flags = fcntl(in_fd, F_GETFL);

	if (flags < 0 || pipe2(pair, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	/* The flag belongs to the open file, which the caller shares: but a blocking read
	 * would stop everybody. */
	fcntl(in_fd, F_SETFL, flags | O_NONBLOCK);
	/* The reader's end blocks, as readers expect. */
	fcntl(pair[0], F_SETFL, 0);
	*reader = pair[0];
	job->out_fd = pair[1];
	job->in_fd = in_fd;
	if (loop_watch(job->d->loop, &job->in_source, in_fd, POLLIN, on_readable, job) < 0)
		return -ENOMEM;
	return loop_after(job->d->loop, &job->deadline, READ_TIMEOUT_MS, on_read_timeout, job);
}

static bool write_some(struct job *job)
{
	while (job->out_written < job->result.len) {
		ssize_t n = write(job->out_fd, job->result.data + job->out_written,
				  job->result.len - job->out_written);

		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		job->out_written += (size_t)n;
	}
	return false;
}

static void end_output(void *arg)
{
	struct job *job = arg;

	job->deadline = NULL;
	closep(&job->out_fd);
	job->out_fd = -1;
	job_answered(job);
}

static void on_writable(void *arg, int fd, short events)
{
	struct job *job = arg;

	(void)fd;
	if ((events & (POLLERR | POLLHUP)) || !write_some(job)) {
		job->out_source = loop_unwatch(job->out_source);
		job->deadline = loop_cancel(job->deadline);
		end_output(job);
	}
}

bool job_flush_output(struct job *job)
{
	if (write_some(job) &&
	    loop_watch(job->d->loop, &job->out_source, job->out_fd, POLLOUT, on_writable,
		       job) == 0 &&
	    loop_after(job->d->loop, &job->deadline, WRITE_TIMEOUT_MS, end_output, job) == 0)
		return true;
	job->out_source = loop_unwatch(job->out_source);
	closep(&job->out_fd);
	job->out_fd = -1;
	return false;
}

/* Answers a call that does not become a request. */
static void refuse(struct daemon *d, struct job *job, int in_fd, DBusMessage *error)
{
	closep(&in_fd);
	bus_send(d->bus, error);
	if (job)
		job_free(job);
}

static void begin_stream(struct job *job, DBusMessage *m, int in_fd)
{
	int reader = -1, r = open_pipes(job, in_fd, &reader);

	if (r < 0)
		refuse(job->d, job, -1, out_error(m, "Internal", "%s", strerror(-r)));
	else
		reply_path(job, m, reader);
	closep(&reader);
}

static void begin_text(struct job *job, DBusMessage *m)
{
	struct refusal f = take_in(job);
	uint32_t wait = job->retry_after_ms;

	if (f.name && wait) {
		refuse(job->d, job, -1, out_error(m, f.name, "%s; retry after %u ms", f.text,
						  wait));
		return;
	}
	if (f.name) {
		refuse(job->d, job, -1, out_error(m, f.name, "%s", f.text));
		return;
	}
	if (job->path)
		reply_path(job, m, -1);
	else
		job->call = dbus_message_ref(m);
	taken_in(job);
}

/* Caller, options, path and text of a new request: 0; -EINVAL with @diag; -ENOMEM. */
static int fill(struct job *job, DBusMessage *m, const char *input, DBusMessageIter *options,
		bool with_path, struct diag *diag)
{
	const char *sender = dbus_message_get_sender(m);
	int r;

	job->caller = caller_get(job->d->callers, sender);
	if (!job->caller)
		return -ENOMEM;
	r = options_read(&job->options, options, job->task->options, diag);
	if (r == 0 && with_path)
		r = make_path(job, sender);
	if (r == 0 && with_path && path_taken(job))
		r = diag_set(diag, -EINVAL, DIAG_DUP, "handle_token", "it is in use");
	if (r == 0 && input)
		r = buf_append_str(&job->input, input);
	if (r == 0 && job->task->kind == TASK_NOTIFICATIONS)
		r = notifications_take(job, diag);
	return r;
}

void job_call(struct daemon *d, DBusMessage *m, const char *name, const char *input, int in_fd,
	      DBusMessageIter *options, bool with_path)
{
	const struct task *task = task_find(name);
	struct job *job = task ? job_new(d) : NULL;
	struct diag diag = DIAG_NULL;
	int r;

	if (!job) {
		refuse(d, NULL, in_fd, task ? out_error(m, "Internal", "out of memory")
					    : out_error(m, "TaskUnknown", "no task '%s'", name));
		return;
	}
	job->task = job->asked = task;
	r = fill(job, m, input, options, with_path, &diag);
	if (r == -EINVAL)
		refuse(d, job, in_fd, out_error(m, DBUS_ERROR_INVALID_ARGS, "%s: %s", diag.field,
						diag.text));
	else if (r < 0)
		refuse(d, job, in_fd, out_error(m, "Internal", "%s", strerror(-r)));
	else if (job->input.len > JOB_INPUT_MAX)
		refuse(d, job, in_fd, out_error(m, "TooLong",
						"the text is longer than 256 KiB; use StartFd"));
	else if (in_fd >= 0)
		begin_stream(job, m, in_fd);
	else
		begin_text(job, m);
}

/* What stands in the history in the place of words. */
static char *errand_words(const struct errand *e)
{
	_cleanup_free_ char *arguments = NULL;
	char *words = NULL;

	if (!e->tool)
		return asprintf(&words, "undo %lld", (long long)e->undo) < 0 ? NULL : words;
	arguments = json_dumps(e->arguments, JSON_COMPACT | JSON_SORT_KEYS);
	if (!arguments || asprintf(&words, "%s %s", e->tool, arguments) < 0)
		return NULL;
	return words;
}

void job_errand(struct daemon *d, DBusMessage *m, const struct task *task,
		struct errand *errand, DBusMessageIter *options)
{
	struct job *job = job_new(d);
	_cleanup_free_ char *words = errand_words(errand);
	struct diag diag = DIAG_NULL;
	int r;

	if (!job || !words) {
		refuse(d, job, -1, out_error(m, "Internal", "out of memory"));
		return;
	}
	job->task = job->asked = task;
	job->errand = *errand;
	*errand = (struct errand){ 0 };
	r = fill(job, m, words, options, true, &diag);
	if (r == -EINVAL)
		refuse(d, job, -1, out_error(m, DBUS_ERROR_INVALID_ARGS, "%s: %s", diag.field,
					     diag.text));
	else if (r < 0)
		refuse(d, job, -1, out_error(m, "Internal", "%s", strerror(-r)));
	else
		begin_text(job, m);
}
