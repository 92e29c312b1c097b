/* SPDX-License-Identifier: MIT */
/* What the scheduler says to the front end. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "assistantd/engine/scheduler-private.h"

void scheduler_send(struct scheduler *s, struct ipc_message *m, int r)
{
	/* A front end that does not read pauses everything: nobody else is served. */
	while (r == 0 && (r = ipc_send(s->sock, m)) == IPC_E_AGAIN) {
		struct pollfd p = { .fd = s->sock, .events = POLLOUT };

		r = poll(&p, 1, -1) < 0 && errno != EINTR ? -errno : 0;
	}
	/* A message that cannot be built or sent would leave its request without an answer:
	 * better to end, which the front end sees, than to go on. */
	if (r < 0)
		s->broken = true;
	ipc_message_deinit(m);
}

void scheduler_tell_tokens(struct scheduler *s, const struct engine_tokens *v)
{
	struct ipc_message m;

	ipc_message_init(&m, ENGINE_TOKENS, 0);
	scheduler_send(s, &m, engine_put_tokens(&m, v));
}

void scheduler_tell_done(struct scheduler *s, uint64_t id, const struct engine_done *v)
{
	struct ipc_message m;

	ipc_message_init(&m, ENGINE_DONE, id);
	scheduler_send(s, &m, engine_put_done(&m, v));
}

static void tell_prefix(struct scheduler *s, struct request *r)
{
	struct engine_prefix v = { .fd = request_prefix(r) };
	struct ipc_message m;

	if (v.fd < 0)
		return;
	ipc_message_init(&m, ENGINE_PREFIX, r->id);
	scheduler_send(s, &m, engine_put_prefix(&m, &v));
	engine_prefix_deinit(&v);
}

static void tell_scored(struct scheduler *s, const struct request *r)
{
	struct engine_scored v;
	struct ipc_message m;

	request_scored(r, &v);
	ipc_message_init(&m, ENGINE_SCORED, r->id);
	scheduler_send(s, &m, engine_put_scored(&m, &v));
}

void scheduler_tell_result(struct scheduler *s, struct request *r)
{
	if (r->scoring) {
		tell_scored(s, r);
		return;
	}
	tell_prefix(s, r);
	scheduler_tell_done(s, r->id, &r->done);
}

static void tell_failed(struct scheduler *s, uint64_t id, struct engine_failed v, const char *text)
{
	struct ipc_message m;
	int r = buf_append_str(&v.text, text);

	ipc_message_init(&m, ENGINE_FAILED, id);
	scheduler_send(s, &m, r < 0 ? r : engine_put_failed(&m, &v));
	engine_failed_deinit(&v);
}

void scheduler_tell_failed(struct scheduler *s, uint64_t id, enum engine_error error,
			   const struct engine_counted *counted, const char *text)
{
	struct engine_failed v = { .error = error };

	if (counted) {
		v.needed = counted->needed;
		v.limit = counted->limit;
	}
	tell_failed(s, id, v, text);
}

void scheduler_tell_diag(struct scheduler *s, uint64_t id, enum engine_error error,
			 const struct digest *adapter, const struct diag *d, int err)
{
	struct engine_failed v = { .error = error };
	char text[sizeof(d->field) + sizeof(d->text) + 2];

	if (d->code == DIAG_NONE)
		snprintf(text, sizeof(text), "%s", strerror(-err));
	else
		snprintf(text, sizeof(text), "%s%s%s", d->field, *d->field ? ": " : "", d->text);
	if (adapter)
		v.adapter = *adapter;
	tell_failed(s, id, v, text);
}

void scheduler_tell_counted(struct scheduler *s, uint32_t type, uint64_t id,
			    const struct engine_counted *v)
{
	struct ipc_message m;

	ipc_message_init(&m, type, id);
	scheduler_send(s, &m, engine_put_counted(&m, v));
}

void scheduler_tell_usage(struct scheduler *s)
{
	struct engine_usage v;

	while (s->residents && residents_changed(s->residents, &v)) {
		struct ipc_message m;

		ipc_message_init(&m, ENGINE_USAGE, 0);
		scheduler_send(s, &m, engine_put_usage(&m, &v));
	}
}
