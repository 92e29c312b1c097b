/* SPDX-License-Identifier: MIT */
/*
 * assistant-tools: the process that the network reaches. It holds the broker's connection and
 * the devices that were discovered, runs the calls that the front end sends, and reads back
 * what became of them.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "assistantd/tools/broker.h"
#include "assistantd/tools/entity.h"
#include "util/macro.h"
#include "util/sandbox.h"

enum { TOOLS_SOCKET = 3, TOPICS_MAX = 2 + ENTITY_TOPICS_MAX, CALLS_MAX = 128 };

/* A call whose effect is awaited. */
struct call {
	struct tools *t;
	uint64_t id;
	struct entity *entity;		/* NULL when it was removed meanwhile */
	enum entity_service service;
	uint32_t level;
	json_t *before;			/* what was known when the call came */
	struct loop_timer *deadline;
	struct call *next;
};

struct tools {
	struct loop *loop;
	struct loop_source *source;
	struct broker *broker;
	char *prefix;
	bool up;
	struct entity *entities;
	size_t n_entities, n_calls;
	struct call *calls;
	int status;
};

static void end(struct tools *t, int err)
{
	t->status = err;
	loop_stop(t->loop);
}

static void send_message(struct tools *t, struct ipc_message *m, int r)
{
	if (r == 0)
		r = ipc_send(TOOLS_SOCKET, m);
	ipc_message_deinit(m);
	/* The front end has gone: the end, whichever of the two sees it first. */
	if (r < 0)
		end(t, r == -EPIPE ? 0 : r);
}

static int set(struct buf *b, const char *text)
{
	return buf_append_str(b, text ? text : "");
}

/* As the front end has it: sorted, so that equal states have equal bytes. */
static int set_json(struct buf *b, const json_t *object)
{
	_cleanup_free_ char *text = json_dumps(object, JSON_COMPACT | JSON_SORT_KEYS);

	return text ? buf_append_str(b, text) : -ENOMEM;
}

static void tell_entity(struct tools *t, const struct entity *e, uint32_t type)
{
	static const char *const domains[DOMAIN_COUNT] = { "light", "switch", "cover" };
	struct tools_entity v = { .available = entity_available(e) };
	json_auto_t *attributes = entity_attributes(e), *services = entity_services(e);
	struct ipc_message m;
	int r;

	ipc_message_init(&m, type, 0);
	if ((r = set(&v.id, e->id)) == 0 && (r = set(&v.domain, domains[e->domain])) == 0 &&
	    (r = set(&v.name, e->name)) == 0 && (r = set(&v.state, e->state)) == 0 &&
	    (r = set(&v.device_class, e->device_class)) == 0 &&
	    (r = set_json(&v.attributes, attributes)) == 0 &&
	    (r = set_json(&v.services, services)) == 0)
		r = tools_put_entity(&m, &v);
	send_message(t, &m, r);
	tools_entity_deinit(&v);
}

static void tell_link(struct tools *t, bool up, const char *text)
{
	struct tools_link v = { .up = up };
	struct ipc_message m;
	int r = set(&v.text, text);

	ipc_message_init(&m, TOOLS_LINK, 0);
	send_message(t, &m, r < 0 ? r : tools_put_link(&m, &v));
	tools_link_deinit(&v);
}

static void tell_result(struct tools *t, uint64_t id, enum tools_outcome outcome, bool verified,
			const struct entity *e, const json_t *before, const char *text)
{
	struct tools_result v = { .outcome = outcome, .verified = verified };
	json_auto_t *after = e ? entity_snapshot(e) : NULL;
	struct ipc_message m;
	int r = set(&v.text, text);

	if (r == 0 && before)
		r = set_json(&v.before, before);
	if (r == 0 && after)
		r = set_json(&v.after, after);
	ipc_message_init(&m, TOOLS_RESULT, id);
	send_message(t, &m, r < 0 ? r : tools_put_result(&m, &v));
	tools_result_deinit(&v);
}

static void drop_call(struct call *c)
{
	struct call **at = &c->t->calls;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	c->t->n_calls--;
	loop_cancel(c->deadline);
	json_decref(c->before);
	free(c);
}

static void on_deadline(void *arg)
{
	struct call *c = arg;
	struct entity *e = c->entity;

	c->deadline = NULL;
	/* What is on its way was obeyed, and the state says so. */
	if (e && entity_heading(e, c->service))
		tell_result(c->t, c->id, OUTCOME_DONE, true, e, c->before, "");
	else
		tell_result(c->t, c->id, OUTCOME_SENT, false, e, c->before,
			    "the device did not answer");
	drop_call(c);
}

/* Calls that wait for this entity and see their effect now. */
static void check_calls(struct tools *t, const struct entity *e)
{
	for (struct call *c = t->calls, *next; c; c = next) {
		next = c->next;
		if (c->entity != e || !entity_matches(e, c->service, c->level))
			continue;
		tell_result(t, c->id, OUTCOME_DONE, true, e, c->before, "");
		drop_call(c);
	}
}

static void remove_entity(struct tools *t, struct entity *e)
{
	struct entity **at = &t->entities;

	while (*at != e)
		at = &(*at)->next;
	*at = e->next;
	t->n_entities--;
	for (struct call *c = t->calls; c; c = c->next)
		if (c->entity == e)
			c->entity = NULL;
	tell_entity(t, e, TOOLS_REMOVED);
	entity_free(e);
}

static struct entity *described_at(const struct tools *t, const char *topic)
{
	struct entity *e = t->entities;

	while (e && strcmp(e->config_topic, topic) != 0)
		e = e->next;
	return e;
}

static struct entity *by_id(const struct tools *t, const char *id)
{
	struct entity *e = t->entities;

	while (e && strcmp(e->id, id) != 0)
		e = e->next;
	return e;
}

/* Two devices of one name get numbers: ids are what calls are sent to. */
static int make_unique(const struct tools *t, struct entity *e)
{
	_cleanup_free_ char *base = strdup(e->id);
	int r = base ? 0 : -ENOMEM;

	for (int i = 2; r == 0 && by_id(t, e->id); i++) {
		free(e->id);
		if (asprintf(&e->id, "%s_%d", base, i) < 0) {
			e->id = NULL;
			r = -ENOMEM;
		}
	}
	return r;
}

static void on_discovery(struct tools *t, const char *topic, const char *payload, size_t len)
{
	struct entity *old = described_at(t, topic), *e = NULL;
	const char *topics[TOPICS_MAX];
	struct diag d = DIAG_NULL;
	size_t n;
	int r = len ? entity_parse(&e, t->prefix, topic, payload, len, &d) : -ENOENT;

	if (r == -EINVAL)
		fprintf(stderr, "<4>%.200s: %s: %s\n", topic, d.field, d.text);
	if (old && (r == 0 || r == -ENOENT))
		remove_entity(t, old);
	if (r == 0 && t->n_entities == TOOLS_ENTITIES_MAX)
		r = -E2BIG;
	if (r == 0)
		r = make_unique(t, e);
	if (r < 0) {
		entity_free(e);
		return;
	}
	e->next = t->entities;
	t->entities = e;
	t->n_entities++;
	tell_entity(t, e, TOOLS_ENTITY);
	n = entity_topics(e, topics, TOPICS_MAX);
	for (size_t i = 0; i < n; i++)
		broker_subscribe(t->broker, topics[i]);
}

static void on_message(void *arg, const char *topic, const char *payload, size_t len)
{
	struct tools *t = arg;
	size_t n = strlen(t->prefix), tail = strlen(topic);

	if (strncmp(topic, t->prefix, n) == 0 && topic[n] == '/' && tail > 7 &&
	    strcmp(topic + tail - 7, "/config") == 0) {
		on_discovery(t, topic, payload, len);
		return;
	}
	for (struct entity *e = t->entities; e; e = e->next)
		if (entity_hear(e, topic, payload, len)) {
			tell_entity(t, e, TOOLS_ENTITY);
			check_calls(t, e);
		}
}

static void on_up(void *arg)
{
	struct tools *t = arg;
	char topic[512];

	t->up = true;
	tell_link(t, true, "");
	snprintf(topic, sizeof(topic), "%s/+/+/config", t->prefix);
	broker_subscribe(t->broker, topic);
	snprintf(topic, sizeof(topic), "%s/+/+/+/config", t->prefix);
	broker_subscribe(t->broker, topic);
	/* What was known before a break: retained messages tell its state anew. */
	for (struct entity *e = t->entities; e; e = e->next) {
		const char *topics[TOPICS_MAX];
		size_t n = entity_topics(e, topics, TOPICS_MAX);

		for (size_t i = 0; i < n; i++)
			broker_subscribe(t->broker, topics[i]);
	}
}

static void on_down(void *arg, const char *why)
{
	struct tools *t = arg;

	t->up = false;
	tell_link(t, false, why);
}

static void do_configure(struct tools *t, struct ipc_message *m)
{
	static const struct broker_ops ops = { on_up, on_down, on_message };
	struct tools_configure v;
	int r = tools_get_configure(m, &v);

	if (r < 0) {
		end(t, r);
		return;
	}
	t->broker = broker_free(t->broker);
	t->up = false;
	while (t->entities)
		remove_entity(t, t->entities);
	free(t->prefix);
	t->prefix = strdup(v.prefix.len ? v.prefix.data : "homeassistant");
	if (!t->prefix)
		end(t, -ENOMEM);
	else if (v.host.len && (r = broker_new(&t->broker, t->loop, &v, &ops, t)) < 0)
		tell_link(t, false, strerror(-r));
	tools_configure_deinit(&v);
}

/* Publishes what the service consists of: 0, or -errno with the rest not sent. */
static int send_commands(struct tools *t, const struct entity *e, enum entity_service service,
			 uint32_t level)
{
	struct entity_command commands[ENTITY_COMMANDS_MAX];
	size_t n;
	int r = entity_commands(e, service, level, commands, &n);

	for (size_t i = 0; i < n; i++) {
		if (r == 0)
			r = broker_publish(t->broker, commands[i].topic, commands[i].payload);
		free(commands[i].payload);
	}
	return r;
}

/* Sends the command and waits for the state: 0, or -errno with nothing to wait for. */
static int begin_call(struct tools *t, uint64_t id, struct entity *e, enum entity_service service,
		      uint32_t level, uint32_t deadline_ms)
{
	struct call *c = calloc(1, sizeof(*c));
	int r;

	if (!c)
		return -ENOMEM;
	*c = (struct call){ t, id, e, service, level, entity_snapshot(e), NULL, t->calls };
	r = c->before ? loop_after(t->loop, &c->deadline, deadline_ms, on_deadline, c) : -ENOMEM;
	if (r == 0) {
		r = send_commands(t, e, service, level);
		if (r < 0)
			loop_cancel(c->deadline);
	}
	if (r < 0) {
		json_decref(c->before);
		free(c);
		return r;
	}
	t->calls = c;
	t->n_calls++;
	return 0;
}

static void run_call(struct tools *t, uint64_t id, const struct tools_call *v)
{
	struct entity *e = by_id(t, v->entity.len ? v->entity.data : "");
	json_auto_t *before = e ? entity_snapshot(e) : NULL;
	enum entity_service service = SERVICE_COUNT;
	uint32_t level = ENTITY_NO_LEVEL;
	const char *why = NULL;
	int r;

	if (!e)
		why = "no such device";
	else if (!t->up)
		why = "the broker is not reached";
	else if (!entity_available(e))
		why = "the device is not available";
	else if (t->n_calls == CALLS_MAX)
		why = "too many calls at once";
	else
		why = entity_understand(e, v->service.len ? v->service.data : "",
					v->data.data, v->data.len, &service, &level);
	if (why) {
		tell_result(t, id, OUTCOME_FAILED, false, e, before, why);
		return;
	}
	if (entity_matches(e, service, level)) {
		tell_result(t, id, OUTCOME_ALREADY, true, e, before, "");
		return;
	}
	r = begin_call(t, id, e, service, level, v->deadline_ms);
	if (r < 0)
		tell_result(t, id, OUTCOME_FAILED, false, e, before, strerror(-r));
}

static void do_call(struct tools *t, struct ipc_message *m)
{
	struct tools_call v;
	int r = tools_get_call(m, &v);

	if (r < 0) {
		tell_result(t, m->id, OUTCOME_FAILED, false, NULL, NULL, strerror(-r));
		return;
	}
	run_call(t, m->id, &v);
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
		end(t, r == IPC_E_CLOSED ? 0 : r < 0 ? r : -EBADMSG);
	ipc_message_deinit(&m);
}

static void say_hello(struct tools *t, const struct sandbox_level *level)
{
	struct tools_hello v = { level->no_new_privs, level->not_dumpable, level->seccomp,
				 (uint32_t)level->landlock_abi };
	struct ipc_message m;

	ipc_message_init(&m, TOOLS_HELLO, 0);
	send_message(t, &m, tools_put_hello(&m, &v));
}

/* assistant-tools [--local]: the broker is on this machine, by its socket's path. */
int main(int argc, char **argv)
{
	bool local = argc == 2 && strcmp(argv[1], "--local") == 0;
	struct tools t = { 0 };
	struct sandbox_level level;
	struct diag d = DIAG_NULL;
	int r;

	if (fcntl(TOOLS_SOCKET, F_GETFD) < 0) {
		fputs("error: assistant-tools is started by assistantd, with a socket as "
		      "descriptor 3\n", stderr);
		return 64;
	}
	signal(SIGPIPE, SIG_IGN);
	r = sandbox_enter(local ? SANDBOX_LOCAL : SANDBOX_NETWORK, &level, &d);
	if (r == 0)
		r = loop_new(&t.loop);
	if (r == 0)
		r = loop_watch(t.loop, &t.source, TOOLS_SOCKET, POLLIN, on_socket, &t);
	if (r == 0) {
		say_hello(&t, &level);
		r = loop_run(t.loop);
	}
	r = r < 0 ? r : t.status;
	if (r < 0)
		fprintf(stderr, "<3>assistant-tools: %s\n", d.code ? d.text : strerror(-r));
	/* The system takes the rest back at once. */
	_exit(r < 0 ? 1 : 0);
}
