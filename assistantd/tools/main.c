/* SPDX-License-Identifier: MIT */
/*
 * assistant-tools: the process that the network reaches. It holds the broker's connection and
 * the things that were discovered, runs the calls that the front end sends, and reads back
 * what became of them.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "assistantd/tools/calls.h"
#include "assistantd/tools/discovery.h"
#include "assistantd/tools/inbox.h"
#include "util/macro.h"

/* How long messages are looked at before the socket and others get their turn; how long what is to
 * be told gathers; and how often time makes states too old. */
enum { TURN_MS = 2, GATHER_MS = 20, LAPSE_MS = 1000, BROKER_QUEUE = 1000 };

struct tools {
	struct front front;
	struct loop *loop;
	struct loop_source *source;
	struct broker *broker;
	struct inbox *inbox;
	struct things *things;
	struct calls *calls;
	struct loop_timer *flush, *turn, *lapse;
	char *prefix;
	bool overfull;
	unsigned described;	/* messages of discovery since the link came up */
};

static void on_flush(void *arg);

static void flush_soon(struct tools *t)
{
	if (!t->flush && loop_after(t->loop, &t->flush, GATHER_MS, on_flush, t) < 0)
		t->flush = NULL;
}

static void on_flush(void *arg)
{
	struct tools *t = arg;

	t->flush = NULL;
	if (things_flush(t->things))
		flush_soon(t);
}

static void on_lapse(void *arg)
{
	struct tools *t = arg;

	t->lapse = NULL;
	if (things_lapse(t->things))
		flush_soon(t);
	if (loop_after(t->loop, &t->lapse, LAPSE_MS, on_lapse, t) < 0)
		t->lapse = NULL;
}

static void on_turn(void *arg)
{
	struct tools *t = arg;
	uint64_t end = loop_now() + TURN_MS;
	bool more = true;

	t->turn = NULL;
	while (more && loop_now() < end) {
		_cleanup_(inbox_message_freep) struct inbox_message *m = inbox_take(t->inbox);

		more = m;
		if (m)
			things_hear(t->things, m->topic, m->payload, m->len);
	}
	t->overfull &= more;
	if (more && loop_after(t->loop, &t->turn, 0, on_turn, t) < 0)
		t->turn = NULL;
	flush_soon(t);
}

static void on_message(void *arg, const char *topic, const char *payload, size_t len)
{
	struct tools *t = arg;
	int r = len > DISCOVERY_PAYLOAD_MAX ? -E2BIG : inbox_put(t->inbox, topic, payload, len);

	/* A broker tells nobody what it drops; so many Mosquitto holds for one client. */
	if (discovery_is_topic(t->prefix, topic) && ++t->described == BROKER_QUEUE)
		fprintf(stderr, "<5>mqtt: %d things were described at once; if some are missing, "
			"raise the broker's limit of messages (max_queued_messages)\n",
			BROKER_QUEUE);
	if (r == -E2BIG && !t->overfull) {
		t->overfull = true;
		fputs("<4>mqtt: the broker sends more than can be looked at; messages are lost\n",
		      stderr);
	}
	if (!t->turn && loop_after(t->loop, &t->turn, 0, on_turn, t) < 0)
		t->turn = NULL;
}

/* One subscription for each component that is known: the others are not even sent. */
static void subscribe_discovery(struct tools *t, const char *component)
{
	char topic[512];

	snprintf(topic, sizeof(topic), "%.256s/%s/+/config", t->prefix, component);
	broker_subscribe(t->broker, topic);
	snprintf(topic, sizeof(topic), "%.256s/%s/+/+/config", t->prefix, component);
	broker_subscribe(t->broker, topic);
}

static void on_up(void *arg)
{
	struct tools *t = arg;
	const char *component;

	t->described = 0;
	front_link(&t->front, true, "");
	subscribe_discovery(t, "device");
	for (size_t i = 0; (component = component_name(i)); i++)
		subscribe_discovery(t, component);
	/* What was known before a break: retained messages tell its state anew. */
	things_subscribe_all(t->things);
	flush_soon(t);
}

static void on_down(void *arg, const char *why)
{
	struct tools *t = arg;

	calls_lost(t->calls);
	front_link(&t->front, false, why);
}

static void on_taken(void *arg, int number)
{
	struct tools *t = arg;

	calls_taken(t->calls, number);
}

static void tell(void *arg, const struct thing *thing, bool services)
{
	struct tools *t = arg;

	front_entity(&t->front, thing, services);
}

static void tell_gone(void *arg, const char *id)
{
	struct tools *t = arg;

	front_removed(&t->front, id);
}

static void on_changed(void *arg, struct thing *thing)
{
	struct tools *t = arg;

	calls_changed(t->calls, thing);
}

static void on_gone(void *arg, struct thing *thing)
{
	struct tools *t = arg;

	calls_gone(t->calls, thing);
}

static void on_subscribe(void *arg, const char *topic, bool listen)
{
	struct tools *t = arg;

	if (!t->broker || !broker_is_up(t->broker))
		return;
	if (listen)
		broker_subscribe(t->broker, topic);
	else
		broker_unsubscribe(t->broker, topic);
}

/* Nothing of an earlier configuration is left. */
static int start_anew(struct tools *t, const struct tools_configure *v)
{
	static const struct things_ops ops = { tell, tell_gone, on_changed, on_gone,
					       on_subscribe };
	int r;

	t->broker = broker_free(t->broker);
	t->calls = calls_free(t->calls);
	t->things = things_free(t->things);
	t->inbox = inbox_free(t->inbox);
	free(TAKE(t->prefix));
	t->prefix = strdup(v->prefix.len ? v->prefix.data : "homeassistant");
	if (!t->prefix)
		return -ENOMEM;
	if ((r = inbox_new(&t->inbox)) < 0 ||
	    (r = calls_new(&t->calls, t->loop, &t->front)) < 0)
		return r;
	return things_new(&t->things, t->prefix, v->alarms, &ops, t);
}

static void do_configure(struct tools *t, struct ipc_message *m)
{
	static const struct broker_ops ops = { on_up, on_down, on_message, on_taken };
	struct tools_configure v;
	int r = tools_get_configure(m, &v);

	if (r < 0) {
		front_end(&t->front, r);
		return;
	}
	r = start_anew(t, &v);
	if (r < 0)
		front_end(&t->front, r);
	else if (v.host.len && (r = broker_new(&t->broker, t->loop, &v, &ops, t)) < 0)
		front_link(&t->front, false, strerror(-r));
	if (!t->lapse)
		on_lapse(t);
	tools_configure_deinit(&v);
}

static void do_call(struct tools *t, struct ipc_message *m)
{
	struct tools_call v;
	int r = t->calls ? tools_get_call(m, &v) : -EPROTO;

	if (r < 0) {
		front_result(&t->front, m->id, OUTCOME_FAILED, false, NULL, NULL, strerror(-r));
		return;
	}
	calls_begin(t->calls, m->id, &v, t->things, t->broker);
	tools_call_deinit(&v);
}

static void on_socket(void *arg, int fd, short events)
{
	struct tools *t = arg;
	struct ipc_message m;
	int r;

	(void)events;
	ipc_message_init(&m, 0, 0);
	r = ipc_recv(fd, &m);
	if (r == 0 && m.type == TOOLS_CONFIGURE)
		do_configure(t, &m);
	else if (r == 0 && m.type == TOOLS_CALL)
		do_call(t, &m);
	else if (r != IPC_E_AGAIN)
		front_end(&t->front, r == IPC_E_CLOSED ? 0 : r < 0 ? r : -EBADMSG);
	ipc_message_deinit(&m);
}

/* assistant-tools [--local]: the broker is on this machine, by its socket's path. */
int main(int argc, char **argv)
{
	bool local = argc == 2 && strcmp(argv[1], "--local") == 0;
	struct tools t = { 0 };
	struct sandbox_level level;
	struct diag d = DIAG_NULL;
	int r;

	if (fcntl(FRONT_SOCKET, F_GETFD) < 0) {
		fputs("error: assistant-tools is started by assistantd, with a socket as "
		      "descriptor 3\n", stderr);
		return 64;
	}
	signal(SIGPIPE, SIG_IGN);
	r = sandbox_enter(local ? SANDBOX_LOCAL : SANDBOX_NETWORK, &level, &d);
	if (r == 0)
		r = loop_new(&t.loop);
	if (r == 0) {
		t.front.loop = t.loop;
		r = loop_watch(t.loop, &t.source, FRONT_SOCKET, POLLIN, on_socket, &t);
	}
	if (r == 0) {
		front_hello(&t.front, &level);
		r = loop_run(t.loop);
	}
	r = r < 0 ? r : t.front.status;
	if (r < 0)
		fprintf(stderr, "<3>assistant-tools: %s\n", d.code ? d.text : strerror(-r));
	/* The system takes the rest back at once. */
	_exit(r < 0 ? 1 : 0);
}
