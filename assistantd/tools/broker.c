/* SPDX-License-Identifier: MIT */
#include "assistantd/tools/broker.h"

#include <errno.h>
#include <mosquitto.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "util/buf.h"
#include "util/macro.h"

enum { KEEPALIVE_S = 30, TICK_MS = 1000, FIRST_DELAY_MS = 200, LAST_DELAY_MS = 30000,
       ANSWER_MS = 10000, MESSAGES_AT_ONCE = 1000 };

struct broker {
	struct loop *loop;
	struct mosquitto *m;
	char *host, *user, *password;
	int port;
	struct broker_ops ops;
	void *arg;
	struct loop_source *source;
	struct loop_timer *timer;	/* the next tick, or the next attempt */
	uint64_t delay_ms, began;
	bool connected;
};

static void attempt(void *arg);

static void on_connect(struct mosquitto *m, void *arg, int code);
static void on_message(struct mosquitto *m, void *arg, const struct mosquitto_message *message);

static void on_publish(struct mosquitto *m, void *arg, int number)
{
	struct broker *b = arg;

	(void)m;
	b->ops.taken(b->arg, number);
}

static int set_up(struct broker *b)
{
	if (b->user && mosquitto_username_pw_set(b->m, b->user, b->password) != MOSQ_ERR_SUCCESS)
		return -EINVAL;
	mosquitto_connect_callback_set(b->m, on_connect);
	mosquitto_message_callback_set(b->m, on_message);
	mosquitto_publish_callback_set(b->m, on_publish);
	return 0;
}

/* The library would send again what was not confirmed, whenever that may be: it forgets. */
static int start_anew(struct broker *b)
{
	return mosquitto_reinitialise(b->m, NULL, true, b) == MOSQ_ERR_SUCCESS ? set_up(b)
									       : -ENOMEM;
}

static void lost(struct broker *b, const char *why)
{
	bool was = b->connected;

	b->connected = false;
	b->source = loop_unwatch(b->source);
	loop_cancel(b->timer);
	b->timer = NULL;
	if (loop_after(b->loop, &b->timer, b->delay_ms, attempt, b) < 0)
		b->timer = NULL;
	b->delay_ms = MIN(b->delay_ms * 2, (uint64_t)LAST_DELAY_MS);
	if (was || b->delay_ms == 2 * FIRST_DELAY_MS)
		b->ops.down(b->arg, why);
}

static void update_events(struct broker *b)
{
	if (b->source)
		loop_set_events(b->source, POLLIN | (mosquitto_want_write(b->m) ? POLLOUT : 0));
}

/* All that is there: the library takes one message at a time, and a broker drops what waits. */
static int read_all(struct broker *b, int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int r = mosquitto_loop_read(b->m, 1);

	for (int i = 1; r == MOSQ_ERR_SUCCESS && i < MESSAGES_AT_ONCE && poll(&p, 1, 0) > 0; i++)
		r = mosquitto_loop_read(b->m, 1);
	return r;
}

static void on_socket(void *arg, int fd, short events)
{
	struct broker *b = arg;
	int r = MOSQ_ERR_SUCCESS;

	if (events & (POLLIN | POLLERR | POLLHUP))
		r = read_all(b, fd);
	if (r == MOSQ_ERR_SUCCESS && (events & POLLOUT))
		r = mosquitto_loop_write(b->m, 1);
	if (r != MOSQ_ERR_SUCCESS)
		lost(b, mosquitto_strerror(r));
	else
		update_events(b);
}

static void tick(void *arg)
{
	struct broker *b = arg;
	int r = mosquitto_loop_misc(b->m);

	b->timer = NULL;
	if (r != MOSQ_ERR_SUCCESS) {
		lost(b, mosquitto_strerror(r));
		return;
	}
	if (!b->connected && loop_now() - b->began > ANSWER_MS) {
		lost(b, "it does not answer");
		return;
	}
	update_events(b);
	if (loop_after(b->loop, &b->timer, TICK_MS, tick, b) < 0)
		b->timer = NULL;
}

static void attempt(void *arg)
{
	struct broker *b = arg;
	int r;

	b->timer = NULL;
	b->began = loop_now();
	if (start_anew(b) < 0) {
		lost(b, "out of memory");
		return;
	}
	/* Looking up the name may wait, for seconds; connecting does not. */
	r = mosquitto_connect_async(b->m, b->host, b->port, KEEPALIVE_S);
	if (r != MOSQ_ERR_SUCCESS) {
		lost(b, r == MOSQ_ERR_ERRNO ? strerror(errno) : mosquitto_strerror(r));
		return;
	}
	if (loop_watch(b->loop, &b->source, mosquitto_socket(b->m), POLLIN | POLLOUT, on_socket,
		       b) < 0) {
		lost(b, "out of memory");
		return;
	}
	tick(b);
}

static void on_connect(struct mosquitto *m, void *arg, int code)
{
	struct broker *b = arg;

	(void)m;
	if (code != 0) {
		b->ops.down(b->arg, mosquitto_connack_string(code));
		return;
	}
	b->connected = true;
	b->delay_ms = FIRST_DELAY_MS;
	b->ops.up(b->arg);
}

static void on_message(struct mosquitto *m, void *arg, const struct mosquitto_message *message)
{
	struct broker *b = arg;

	(void)m;
	if (message->payloadlen >= 0)
		b->ops.message(b->arg, message->topic, message->payload ? message->payload : "",
			       (size_t)message->payloadlen);
}

static int take_settings(struct broker *b, const struct tools_configure *s)
{
	b->host = strdup(s->host.len ? s->host.data : "localhost");
	b->user = s->user.len ? strdup(s->user.data) : NULL;
	b->password = s->password.len ? strdup(s->password.data) : NULL;
	b->port = (int)s->port;
	b->m = mosquitto_new(NULL, true, b);
	if (!b->host || (s->user.len && !b->user) || (s->password.len && !b->password) || !b->m)
		return -ENOMEM;
	return set_up(b);
}

int broker_new(struct broker **ret, struct loop *loop, const struct tools_configure *settings,
	       const struct broker_ops *ops, void *arg)
{
	_cleanup_(broker_freep) struct broker *b = calloc(1, sizeof(*b));
	int r;

	if (!b)
		return -ENOMEM;
	*b = (struct broker){ .loop = loop, .ops = *ops, .arg = arg, .delay_ms = FIRST_DELAY_MS };
	mosquitto_lib_init();
	r = take_settings(b, settings);
	if (r < 0)
		return r;
	*ret = TAKE(b);
	attempt(*ret);
	return 0;
}

struct broker *broker_free(struct broker *b)
{
	if (!b)
		return NULL;
	loop_unwatch(b->source);
	loop_cancel(b->timer);
	if (b->m) {
		mosquitto_disconnect(b->m);
		mosquitto_destroy(b->m);
	}
	free(b->host);
	free(b->user);
	free(b->password);
	free(b);
	return NULL;
}

int broker_subscribe(struct broker *b, const char *topic)
{
	int r = mosquitto_subscribe(b->m, NULL, topic, 0);

	update_events(b);
	return r == MOSQ_ERR_SUCCESS ? 0 : -EIO;
}

int broker_unsubscribe(struct broker *b, const char *topic)
{
	int r = mosquitto_unsubscribe(b->m, NULL, topic);

	update_events(b);
	return r == MOSQ_ERR_SUCCESS ? 0 : -EIO;
}

bool broker_is_up(const struct broker *b)
{
	return b->connected;
}

int broker_publish(struct broker *b, const char *topic, const char *payload, bool retain,
		   int *number)
{
	int r = MOSQ_ERR_NO_CONN;

	if (b->connected)
		r = mosquitto_publish(b->m, number, topic, (int)strlen(payload), payload, 1,
				      retain);
	update_events(b);
	return r == MOSQ_ERR_SUCCESS ? 0 : -EIO;
}
