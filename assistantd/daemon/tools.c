/* SPDX-License-Identifier: MIT */
#include "assistantd/daemon/tools.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "assistantd/daemon/child.h"
#include "assistantd/daemon/log.h"
#include "util/macro.h"

/* A call that the process has. */
struct tools_wait {
	backend_fn done;
	void *arg;
	uint64_t id;
	struct tools_wait *next;
};

struct tools {
	struct backend backend;
	struct child *child;
	char *argv[3];
	const struct config *config;
	struct home *home;
	loop_fn names;
	void *arg;
	bool up;
	char trouble[128];
	struct tools_wait *waiting;
	uint64_t next_id;
};

static struct tools_wait *take(struct tools *t, uint64_t id)
{
	for (struct tools_wait **at = &t->waiting; *at; at = &(*at)->next) {
		struct tools_wait *w = *at;

		if (w->id != id)
			continue;
		*at = w->next;
		return w;
	}
	return NULL;
}

static void on_entity(struct tools *t, struct ipc_message *m)
{
	struct tools_entity v;
	bool changed;

	if (tools_get_entity(m, &v) < 0)
		return;
	if (m->type == TOOLS_ENTITY)
		changed = home_update(t->home, &v);
	else
		changed = home_remove(t->home, v.id.len ? v.id.data : "");
	tools_entity_deinit(&v);
	if (changed)
		t->names(t->arg);
}

static void on_link(struct tools *t, struct ipc_message *m)
{
	struct tools_link v;

	if (tools_get_link(m, &v) < 0)
		return;
	t->up = v.up;
	home_set_lost(t->home, !v.up);
	snprintf(t->trouble, sizeof(t->trouble), "%s", v.text.len ? v.text.data : "");
	if (v.up) {
		child_healthy(t->child);
		log_info("home: the broker is reached");
	} else {
		log_warning("home: the broker is not reached: %s", t->trouble);
	}
	tools_link_deinit(&v);
}

static json_t *state_of(const struct buf *b)
{
	return b->len ? json_loadb(b->data, b->len, 0, NULL) : NULL;
}

/* Answers and releases @w. */
static void answer(struct tools_wait *w, const struct tools_result *v)
{
	json_auto_t *before = state_of(&v->before), *after = state_of(&v->after);
	struct backend_result result = {
		.outcome = v->outcome,
		.verified = v->verified,
		.before = before,
		.after = after,
		.text = v->text.len ? v->text.data : "",
	};

	w->done(w->arg, &result);
	free(w);
}

static void on_result(struct tools *t, struct ipc_message *m)
{
	struct tools_wait *w = take(t, m->id);
	struct tools_result v;

	if (!w)
		return;
	if (tools_get_result(m, &v) < 0)
		v = (struct tools_result){ .outcome = OUTCOME_SENT };
	answer(w, &v);
	tools_result_deinit(&v);
}

static void on_message(void *arg, struct ipc_message *m)
{
	struct tools *t = arg;

	switch (m->type) {
	case TOOLS_ENTITY:
	case TOOLS_REMOVED:
		on_entity(t, m);
		break;
	case TOOLS_LINK:
		on_link(t, m);
		break;
	case TOOLS_RESULT:
		on_result(t, m);
		break;
	default:
		break;
	}
}

/* Sockets with a name are within its reach only where the broker is one. */
static void set_arguments(struct tools *t)
{
	t->argv[0] = (char *)"assistant-tools";
	t->argv[1] = t->config->broker_port == 0 ? (char *)"--local" : NULL;
}

/* A command may have gone out before the end: that it did cannot be said, nor that not. */
static void answer_all(struct tools *t)
{
	struct tools_result unknown = { .outcome = OUTCOME_SENT };

	while (t->waiting)
		answer(take(t, t->waiting->id), &unknown);
}

static void on_ended(void *arg)
{
	struct tools *t = arg;

	t->up = false;
	set_arguments(t);
	snprintf(t->trouble, sizeof(t->trouble), "the tools process ended");
	home_clear(t->home);
	t->names(t->arg);
	answer_all(t);
}

static int set(struct buf *b, const char *text)
{
	return text ? buf_append_str(b, text) : 0;
}

static void on_started(void *arg)
{
	struct tools *t = arg;
	struct tools_configure v = { .port = t->config->broker_port,
				     .alarms = t->config->control_alarms };
	struct ipc_message m;
	int r;

	ipc_message_init(&m, TOOLS_CONFIGURE, 0);
	if ((r = set(&v.host, t->config->broker_host)) == 0 &&
	    (r = set(&v.user, t->config->broker_user)) == 0 &&
	    (r = set(&v.password, t->config->broker_password)) == 0 &&
	    (r = set(&v.prefix, t->config->discovery_prefix)) == 0)
		r = tools_put_configure(&m, &v);
	child_send(t->child, &m, r);
	tools_configure_deinit(&v);
}

/* All arguments but the device are the service's. */
static int set_data(struct buf *b, const json_t *arguments)
{
	json_auto_t *data = json_copy((json_t *)arguments);
	_cleanup_free_ char *text = NULL;

	if (!data)
		return -ENOMEM;
	json_object_del(data, "entity");
	text = json_dumps(data, JSON_COMPACT | JSON_SORT_KEYS);
	return text ? buf_append_str(b, text) : -ENOMEM;
}

static int send_call(struct tools *t, uint64_t id, const struct tool *tool,
		     const json_t *arguments)
{
	const char *entity = json_string_value(json_object_get(arguments, "entity"));
	struct tools_call v = { .deadline_ms = tool->timeout_ms };
	struct ipc_message m;
	int r = entity ? set(&v.entity, entity) : -EINVAL;

	if (r == 0)
		r = set(&v.service, json_string_value(json_object_get(tool->spec, "service")));
	if (r == 0)
		r = set_data(&v.data, arguments);
	ipc_message_init(&m, TOOLS_CALL, id);
	if (r == 0)
		r = tools_put_call(&m, &v);
	r = child_send(t->child, &m, r);
	tools_call_deinit(&v);
	return r;
}

static int call(void *data, const struct tool *tool, const json_t *arguments, backend_fn done,
		void *arg)
{
	struct tools *t = data;
	struct tools_wait *w = calloc(1, sizeof(*w));
	int r;

	if (!w)
		return -ENOMEM;
	*w = (struct tools_wait){ done, arg, t->next_id++, t->waiting };
	r = send_call(t, w->id, tool, arguments);
	if (r < 0)
		free(w);
	else
		t->waiting = w;
	return r;
}

/* What the process told last: it tells of every change. */
static int read_state(void *data, const struct tool *tool, const json_t *arguments,
		      backend_fn done, void *arg)
{
	const struct tools *t = data;
	const char *id = json_string_value(json_object_get(arguments, "entity"));
	const struct home_entity *e = id ? home_find(t->home, id) : NULL;
	bool known = e && home_available(t->home, e) && *e->state;
	json_auto_t *state = known ? json_deep_copy(e->attributes) : NULL;
	struct backend_result result = { .outcome = OUTCOME_DONE, .verified = true, .text = "" };

	(void)tool;
	if (!state || json_object_set_new(state, "state", json_string(e->state)) < 0)
		return -ENOTSUP;
	result.after = state;
	done(arg, &result);
	return 0;
}

int tools_new(struct tools **ret, struct loop *loop, const char *path, const struct config *config,
	      struct home *home, loop_fn names, void *arg)
{
	static const struct child_ops ops = { on_message, on_ended, on_started };
	struct tools *t = calloc(1, sizeof(*t));
	int r;

	if (!t)
		return -ENOMEM;
	*t = (struct tools){ .config = config, .home = home, .names = names, .arg = arg,
			     .next_id = 1,
			     .backend = { .call = call, .read = read_state, .data = t } };
	set_arguments(t);
	r = child_new(&t->child, loop, path, t->argv, &ops, t);
	if (r < 0) {
		free(t);
		return r;
	}
	*ret = t;
	return 0;
}

struct tools *tools_free(struct tools *t)
{
	if (!t)
		return NULL;
	answer_all(t);
	child_free(t->child);
	free(t);
	return NULL;
}

bool tools_up(const struct tools *t)
{
	return t && t->up;
}

const char *tools_trouble(const struct tools *t)
{
	return t ? t->trouble : "no broker is configured";
}

const struct backend *tools_backend(const struct tools *t)
{
	return &t->backend;
}
