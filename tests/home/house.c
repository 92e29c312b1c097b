/* SPDX-License-Identifier: MIT */
#include "tests/home/house.h"
#include "util/clock.h"

#include <check.h>
#include <fcntl.h>
#include <mosquitto.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

uint64_t house_now(void)
{
	return (uint64_t)clock_ms(CLOCK_MONOTONIC);
}

static void rest(void)
{
	nanosleep(&(struct timespec){ 0, 5000000 }, NULL);
}

/* A program whose end comes with that of the test at the latest; @out is its stdout or -1. */
static pid_t start(const char *const *argv, int out, int third)
{
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid > 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (out >= 0)
		dup2(out, STDOUT_FILENO);
	/* dup2() of a descriptor on itself would keep FD_CLOEXEC. */
	if (third >= 0 && third != 3)
		dup2(third, 3);
	else if (third == 3)
		fcntl(3, F_SETFD, 0);
	execv(argv[0], (char *const *)argv);
	_exit(127);
}

pid_t house_start(const char *const *argv)
{
	return start(argv, -1, -1);
}

void house_kill(pid_t pid)
{
	if (pid <= 0)
		return;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

void house_init(struct house *h)
{
	FILE *conf;

	memset(h, 0, sizeof(*h));
	h->sock = -1;
	h->next_id = 1;
	snprintf(h->dir, sizeof(h->dir), "/tmp/hh.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(h->dir));
	snprintf(h->broker_path, sizeof(h->broker_path), "%s/s", h->dir);
	snprintf(h->broker_conf, sizeof(h->broker_conf), "%s/conf", h->dir);
	conf = fopen(h->broker_conf, "w");
	ck_assert_ptr_nonnull(conf);
	/* Of a flood it would drop what a client has not read in time. */
	fprintf(conf, "listener 0 %s\nallow_anonymous true\nlog_type error\n"
		"max_queued_messages 0\n%s", h->broker_path,
		geteuid() == 0 ? "user root\n" : "");
	fclose(conf);
	mosquitto_lib_init();
}

static void forget(struct seen *s)
{
	free(s->id);
	free(s->name);
	free(s->state);
	json_decref(s->attributes);
	json_decref(s->services);
}

void house_deinit(struct house *h)
{
	house_kill(h->tools);
	house_kill(h->broker);
	if (h->sock >= 0)
		close(h->sock);
	while (h->n_seen)
		forget(&h->seen[--h->n_seen]);
	tools_result_deinit(&h->result);
	json_decref(h->after);
	unlink(h->broker_path);
	unlink(h->broker_conf);
	rmdir(h->dir);
}

void house_start_broker(struct house *h)
{
	const char *argv[] = { getenv("MOSQUITTO_BROKER"), "-c", h->broker_conf, NULL };
	uint64_t end = house_now() + 5000;
	struct stat st;

	h->broker = start(argv, -1, -1);
	while (stat(h->broker_path, &st) < 0) {
		ck_assert_msg(house_now() < end, "the broker does not start");
		rest();
	}
}

void house_stop_broker(struct house *h)
{
	house_kill(h->broker);
	h->broker = 0;
	unlink(h->broker_path);
}

pid_t house_start_lamp(struct house *h, const char *name, const char *kind, const char *manner)
{
	const char *build = getenv("builddir");
	const char *argv[] = { NULL, h->broker_path, name, kind ? kind : manner,
			       kind ? manner : NULL, NULL };
	char path[512], word[6] = "";
	int out[2];
	pid_t pid;

	snprintf(path, sizeof(path), "%s/tests/home/lamp", build ? build : ".");
	argv[0] = path;
	ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
	pid = start(argv, out[1], -1);
	close(out[1]);
	ck_assert_int_eq(read(out[0], word, 5), 5);
	ck_assert_str_eq(word, "ready");
	close(out[0]);
	return pid;
}

static void send_message(struct house *h, struct ipc_message *m)
{
	ck_assert_int_eq(ipc_send(h->sock, m), 0);
	ipc_message_deinit(m);
}

static void put(struct buf *b, const char *text)
{
	ck_assert_int_eq(buf_append_str(b, text), 0);
}

void house_start_tools(struct house *h, const char *host, uint32_t port)
{
	const char *build = getenv("builddir");
	struct tools_configure v = { .port = port, .alarms = true };
	const char *argv[] = { NULL, port == 0 ? "--local" : NULL, NULL };
	struct ipc_message m;
	char path[512];
	int pair[2];

	snprintf(path, sizeof(path), "%s/assistant-tools", build ? build : ".");
	argv[0] = path;
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	h->tools = start(argv, -1, pair[1]);
	close(pair[1]);
	h->sock = pair[0];
	put(&v.host, host ? host : h->broker_path);
	put(&v.prefix, "homeassistant");
	ipc_message_init(&m, TOOLS_CONFIGURE, 0);
	ck_assert_int_eq(tools_put_configure(&m, &v), 0);
	tools_configure_deinit(&v);
	send_message(h, &m);
}

int house_end_tools(struct house *h)
{
	uint64_t end = house_now() + 5000;
	int status;

	while (waitpid(h->tools, &status, WNOHANG) == 0) {
		ck_assert_msg(house_now() < end, "assistant-tools does not end");
		rest();
	}
	h->tools = 0;
	return status;
}

static void on_publish(struct mosquitto *m, void *arg, int id)
{
	(void)m;
	(void)id;
	--*(size_t *)arg;
}

static void publish(const char *host, int port, bool retain, const char *const *topics,
		    const char *const *payloads, const size_t *lens, size_t n)
{
	uint64_t end = house_now() + 10000;
	size_t left = n;
	struct mosquitto *m = mosquitto_new(NULL, true, &left);

	ck_assert_ptr_nonnull(m);
	mosquitto_publish_callback_set(m, on_publish);
	ck_assert_int_eq(mosquitto_connect(m, host, port, 30), MOSQ_ERR_SUCCESS);
	for (size_t i = 0; i < n; i++)
		ck_assert_int_eq(mosquitto_publish(m, NULL, topics[i], (int)lens[i], payloads[i],
						   1, retain), MOSQ_ERR_SUCCESS);
	while (left) {
		ck_assert_int_eq(mosquitto_loop(m, 10, 1), MOSQ_ERR_SUCCESS);
		ck_assert_msg(house_now() < end, "the broker does not take the messages");
	}
	mosquitto_destroy(m);
}

void house_publish(struct house *h, const char *const *topics, const char *const *payloads,
		   const size_t *lens, size_t n)
{
	publish(h->broker_path, 0, true, topics, payloads, lens, n);
}

void house_say_at(const char *host, uint32_t port, const char *topic, const char *payload)
{
	size_t len = strlen(payload);

	publish(host, (int)port, false, &topic, &payload, &len, 1);
}

void house_say(struct house *h, const char *topic, const char *payload)
{
	size_t len = strlen(payload);

	house_publish(h, &topic, &payload, &len, 1);
}

static struct seen *find(const struct house *h, const char *id)
{
	for (size_t i = 0; i < h->n_seen; i++)
		if (strcmp(h->seen[i].id, id) == 0)
			return (struct seen *)&h->seen[i];
	return NULL;
}

const struct seen *house_find(const struct house *h, const char *id)
{
	return find(h, id);
}

static char *take(const struct buf *b)
{
	return strdup(b->len ? b->data : "");
}

static json_t *object(const struct buf *b)
{
	json_t *ret = json_loadb(b->len ? b->data : "{}", b->len ? b->len : 2, 0, NULL);

	ck_assert(json_is_object(ret));
	return ret;
}

static void on_entity(struct house *h, struct ipc_message *m, bool removed)
{
	struct tools_entity v;
	json_auto_t *services = NULL;
	struct seen *s;

	ck_assert_int_eq(tools_get_entity(m, &v), 0);
	s = find(h, v.id.data);
	if (s) {
		services = json_incref(s->services);
		forget(s);
		*s = h->seen[--h->n_seen];
	} else {
		ck_assert_msg(!removed, "an unknown entity is removed");
	}
	if (!removed) {
		ck_assert_uint_lt(h->n_seen, HOUSE_SEEN_MAX);
		h->seen[h->n_seen++] = (struct seen){ take(&v.id), take(&v.name), take(&v.state),
						      object(&v.attributes),
						      v.services.len ? object(&v.services)
								     : json_incref(services),
						      v.available };
		h->most = h->n_seen > h->most ? h->n_seen : h->most;
	}
	tools_entity_deinit(&v);
}

static void on_link(struct house *h, struct ipc_message *m)
{
	struct tools_link v;

	ck_assert_int_eq(tools_get_link(m, &v), 0);
	h->up = v.up;
	h->ups += v.up;
	h->downs += !v.up;
	snprintf(h->trouble, sizeof(h->trouble), "%s", v.text.len ? v.text.data : "");
	tools_link_deinit(&v);
}

static void on_message(struct house *h, struct ipc_message *m)
{
	switch (m->type) {
	case TOOLS_HELLO:
		ck_assert_int_eq(tools_get_hello(m, &h->hello), 0);
		h->greeted = true;
		break;
	case TOOLS_LINK:
		on_link(h, m);
		break;
	case TOOLS_ENTITY:
	case TOOLS_REMOVED:
		on_entity(h, m, m->type == TOOLS_REMOVED);
		break;
	case TOOLS_RESULT:
		tools_result_deinit(&h->result);
		ck_assert_int_eq(tools_get_result(m, &h->result), 0);
		json_decref(h->after);
		h->after = object(&h->result.after);
		h->result_id = m->id;
		h->n_results++;
		break;
	default:
		ck_abort_msg("message of type %u", m->type);
	}
}

bool house_wait(struct house *h, bool (*done)(const struct house *h, const void *arg),
		const void *arg)
{
	uint64_t end = house_now() + IN_TIME, now;

	while (!done(h, arg)) {
		struct pollfd p = { .fd = h->sock, .events = POLLIN };
		struct ipc_message m;

		now = house_now();
		if (now >= end)
			return false;
		if (poll(&p, 1, (int)(end - now)) <= 0)
			continue;
		ipc_message_init(&m, 0, 0);
		ck_assert_msg(ipc_recv(h->sock, &m) == 0, "assistant-tools has ended");
		on_message(h, &m);
		ipc_message_deinit(&m);
	}
	return true;
}

static bool is_up(const struct house *h, const void *arg)
{
	(void)arg;
	return h->up;
}

bool house_wait_up(struct house *h)
{
	return house_wait(h, is_up, NULL);
}

static bool has_state(const struct house *h, const void *arg)
{
	const char *const *want = arg;
	const struct seen *s = find(h, want[0]);

	return s && s->available && strcmp(s->state, want[1]) == 0;
}

bool house_wait_state(struct house *h, const char *id, const char *state)
{
	const char *want[] = { id, state };

	return house_wait(h, has_state, want);
}

uint64_t house_send(struct house *h, const char *entity, const char *service, const char *data,
		    uint32_t deadline_ms)
{
	struct tools_call v = { .deadline_ms = deadline_ms };
	uint64_t id = h->next_id++;
	struct ipc_message m;

	put(&v.entity, entity);
	put(&v.service, service);
	put(&v.data, data ? data : "");
	ipc_message_init(&m, TOOLS_CALL, id);
	ck_assert_int_eq(tools_put_call(&m, &v), 0);
	tools_call_deinit(&v);
	send_message(h, &m);
	return id;
}

static bool has_result(const struct house *h, const void *arg)
{
	return h->n_results && h->result_id == *(const uint64_t *)arg;
}

void house_call(struct house *h, const char *entity, const char *service, const char *data,
		uint32_t deadline_ms)
{
	uint64_t id = house_send(h, entity, service, data, deadline_ms);

	ck_assert_msg(house_wait(h, has_result, &id), "no result");
}

const char *house_state(const struct house *h)
{
	const char *state = json_string_value(json_object_get(h->after, "state"));

	return state ? state : "";
}

double house_number(const struct house *h, const char *attribute)
{
	const json_t *value = json_object_get(h->after, attribute);

	return json_is_number(value) ? json_number_value(value) : -1;
}
