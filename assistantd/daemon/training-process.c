/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/training-process.h"

#include <errno.h>
#include <stdlib.h>

#include "assistantd/daemon/child.h"

struct training_process {
	struct child *child;
	bool require_sandbox;
	struct training_process_events events;
	void *arg;
	uint64_t id;		/* of the last BEGIN */
	bool there;		/* it has said hello */
	bool begun;		/* it has an answer to give to that */
};

static const char *text_of(const struct buf *b)
{
	return b->len ? b->data : "";
}

static void on_hello(struct training_process *p, struct ipc_message *m)
{
	struct engine_hello hello;

	/* Each is once ready to begin. */
	if (p->there || engine_get_hello(m, &hello) < 0)
		return;
	p->there = true;
	if (p->require_sandbox && !(hello.no_new_privs && hello.seccomp && hello.landlock_abi))
		p->events.failed(p->arg, TRAIN_E_INTERNAL, "sandbox",
				 "it is incomplete here and the configuration requires it");
	else
		p->events.ready(p->arg);
}

static void on_progress(struct training_process *p, struct ipc_message *m)
{
	struct train_progress v;

	if (train_get_progress(m, &v) < 0)
		return;
	/* It works: should it end, the next one is started soon. */
	child_healthy(p->child);
	p->events.progress(p->arg, &v);
}

static void unreadable(struct training_process *p)
{
	p->events.failed(p->arg, TRAIN_E_INTERNAL, "", "the answer of the process cannot be read");
}

static void on_done(struct training_process *p, struct ipc_message *m)
{
	struct train_done v = TRAIN_DONE_NULL;

	p->begun = false;
	if (train_get_done(m, &v) < 0)
		unreadable(p);
	else
		p->events.done(p->arg, &v);
	train_done_deinit(&v);
}

static void on_failed(struct training_process *p, struct ipc_message *m)
{
	struct train_failed v = { 0 };

	p->begun = false;
	if (train_get_failed(m, &v) < 0)
		unreadable(p);
	else
		p->events.failed(p->arg, (enum train_error)v.error, text_of(&v.defect.field),
				 text_of(&v.defect.text));
	train_failed_deinit(&v);
}

static void on_message(void *arg, struct ipc_message *m)
{
	struct training_process *p = arg;

	if (m->type == ENGINE_HELLO)
		on_hello(p, m);
	else if (!p->begun || m->id != p->id)
		return;
	else if (m->type == TRAIN_PROGRESS)
		on_progress(p, m);
	else if (m->type == TRAIN_DONE)
		on_done(p, m);
	else if (m->type == TRAIN_FAILED)
		on_failed(p, m);
}

static void on_ended(void *arg)
{
	struct training_process *p = arg;

	p->there = p->begun = false;
	p->events.lost(p->arg);
}

static void on_started(void *arg)
{
	struct training_process *p = arg;

	p->there = p->begun = false;
}

int training_process_new(struct training_process **ret, struct loop *loop, const char *path,
			 bool require_sandbox, const struct training_process_events *events,
			 void *arg)
{
	static const struct child_ops ops = { on_message, on_ended, on_started, true };
	static char *const argv[] = { (char *)"assistant-engine", (char *)"training", NULL };
	struct training_process *p = calloc(1, sizeof(*p));
	int r;

	if (!p)
		return -ENOMEM;
	*p = (struct training_process){ .require_sandbox = require_sandbox, .events = *events,
					.arg = arg };
	r = child_new(&p->child, loop, path, argv, &ops, p);
	if (r < 0)
		free(p);
	else
		*ret = p;
	return r;
}

struct training_process *training_process_free(struct training_process *p)
{
	if (!p)
		return NULL;
	/* It loses what it computed since its last checkpoint, whether it is waited for or not. */
	child_rest(p->child);
	child_free(p->child);
	free(p);
	return NULL;
}

int training_process_want(struct training_process *p)
{
	return child_want(p->child);
}

int training_process_begin(struct training_process *p, const struct train_begin *begin)
{
	struct ipc_message m;
	int r = child_limit_files(p->child, begin->file_bytes);

	if (r < 0)
		return r;
	ipc_message_init(&m, TRAIN_BEGIN, ++p->id);
	r = child_send(p->child, &m, train_put_begin(&m, begin));
	p->begun = r == 0;
	return r;
}

void training_process_pause(struct training_process *p, bool pause)
{
	/* Before that it might not end with us yet, and would stand still for ever. */
	if (p->there)
		child_pause(p->child, pause);
}

int training_process_stop(struct training_process *p)
{
	struct ipc_message m;

	ipc_message_init(&m, TRAIN_STOP, p->id);
	return child_send(p->child, &m, 0);
}

void training_process_rest(struct training_process *p)
{
	p->there = p->begun = false;
	child_rest(p->child);
	/* What comes next is not to wait for what this one did. */
	child_healthy(p->child);
}

pid_t training_process_pid(const struct training_process *p)
{
	return child_running(p->child) ? child_pid(p->child) : 0;
}
