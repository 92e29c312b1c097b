/* SPDX-License-Identifier: MIT */
#include "assistantd/engine/train-serve.h"

#include <errno.h>
#include <poll.h>

#include "assistantd/engine/run.h"
#include "util/macro.h"

struct session {
	int sock;
	uint64_t id;		/* of TRAIN_BEGIN */
	bool stopped, closed;
	int error;		/* of the socket: the first one */
};

static void note_error(struct session *s, int r)
{
	if (r < 0 && s->error == 0)
		s->error = r;
}

static void send_message(struct session *s, struct ipc_message *m, int r)
{
	note_error(s, r < 0 ? r : ipc_send(s->sock, m));
	ipc_message_deinit(m);
}

static void tell_progress(void *arg, const struct train_progress *p)
{
	struct session *s = arg;
	struct ipc_message m;

	ipc_message_init(&m, TRAIN_PROGRESS, s->id);
	send_message(s, &m, train_put_progress(&m, p));
}

static void take_message(struct session *s)
{
	struct ipc_message m;
	int r;

	ipc_message_init(&m, 0, 0);
	r = ipc_recv(s->sock, &m);
	s->closed |= r == IPC_E_CLOSED;
	s->stopped |= r == 0 && m.type == TRAIN_STOP;
	note_error(s, r);
	ipc_message_deinit(&m);
}

/* Also where nobody is left who would be told the end. */
static bool is_stopped(void *arg)
{
	struct session *s = arg;
	struct pollfd ready = { .fd = s->sock, .events = POLLIN };

	while (!s->stopped && !s->closed && s->error == 0 && poll(&ready, 1, 0) == 1)
		take_message(s);
	return s->stopped || s->closed || s->error < 0;
}

static void run(struct session *s, const struct run_front *front, struct ipc_message *m)
{
	struct train_done done = TRAIN_DONE_NULL;
	struct train_failed failed = { .error = 0 };
	struct train_begin begin;
	struct ipc_message answer;
	int r = train_get_begin(m, &begin);

	s->id = m->id;
	if (r < 0) {
		note_error(s, r);
		return;
	}
	r = run_train(&begin, front, &done, &failed);
	ipc_message_init(&answer, r == 0 ? TRAIN_DONE : TRAIN_FAILED, s->id);
	send_message(s, &answer, r < 0 ? r : r == 0 ? train_put_done(&answer, &done)
						    : train_put_failed(&answer, &failed));
	train_begin_deinit(&begin);
	train_done_deinit(&done);
	train_failed_deinit(&failed);
}

int train_serve(int sock, unsigned threads, uint32_t checkpoint_seconds)
{
	struct session s = { .sock = sock };
	const struct run_front front = { .progress = tell_progress, .stopped = is_stopped,
					 .arg = &s, .threads = threads,
					 .checkpoint_seconds = checkpoint_seconds };
	struct ipc_message m;
	int r;

	ipc_message_init(&m, 0, 0);
	/* A STOP before the run, or behind its end, is of none. */
	do {
		r = ipc_recv(sock, &m);
	} while (r == 0 && m.type != TRAIN_BEGIN);
	if (r == 0)
		run(&s, &front, &m);
	ipc_message_deinit(&m);
	while (r == 0 && s.error == 0 && !s.closed)
		take_message(&s);
	return r < 0 ? r : s.error;
}
