/* SPDX-License-Identifier: MIT */
#include "assistantd/tools/front.h"

#include <errno.h>
#include <stdlib.h>

#include "util/macro.h"

void front_end(struct front *f, int err)
{
	f->status = err;
	loop_stop(f->loop);
}

static void send_message(struct front *f, struct ipc_message *m, int r)
{
	if (r == 0)
		r = ipc_send(FRONT_SOCKET, m);
	ipc_message_deinit(m);
	/* The front end has gone: the end, whichever of the two sees it first. */
	if (r < 0)
		front_end(f, r == -EPIPE ? 0 : r);
}

static int set(struct buf *b, const char *text)
{
	return buf_append_str(b, text ? text : "");
}

/* Sorted, so that equal states have equal bytes. */
static int set_json(struct buf *b, const json_t *object)
{
	_cleanup_free_ char *text = json_dumps(object, JSON_COMPACT | JSON_SORT_KEYS);

	return text ? buf_append_str(b, text) : -ENOMEM;
}

void front_hello(struct front *f, const struct sandbox_level *level)
{
	struct tools_hello v = { level->no_new_privs, level->not_dumpable, level->seccomp,
				 (uint32_t)level->landlock_abi };
	struct ipc_message m;

	ipc_message_init(&m, TOOLS_HELLO, 0);
	send_message(f, &m, tools_put_hello(&m, &v));
}

void front_link(struct front *f, bool up, const char *text)
{
	struct tools_link v = { .up = up };
	struct ipc_message m;
	int r = set(&v.text, text);

	ipc_message_init(&m, TOOLS_LINK, 0);
	send_message(f, &m, r < 0 ? r : tools_put_link(&m, &v));
	tools_link_deinit(&v);
}

void front_entity(struct front *f, const struct thing *t, bool services)
{
	const struct entity *e = t->entity;
	struct tools_entity v = { .available = entity_available(e) };
	json_auto_t *all = services ? entity_services(e) : NULL;
	struct ipc_message m;
	int r;

	ipc_message_init(&m, TOOLS_ENTITY, 0);
	if ((r = set(&v.id, t->id)) == 0 && (r = set(&v.domain, e->component->name)) == 0 &&
	    (r = set(&v.name, e->name)) == 0 && (r = set(&v.state, e->state)) == 0 &&
	    (r = set(&v.device_class, e->device_class)) == 0 &&
	    (r = set_json(&v.attributes, e->attributes)) == 0 &&
	    (r = services ? set_json(&v.services, all) : 0) == 0)
		r = tools_put_entity(&m, &v);
	send_message(f, &m, r);
	tools_entity_deinit(&v);
}

void front_removed(struct front *f, const char *id)
{
	struct tools_entity v = { 0 };
	struct ipc_message m;
	int r = set(&v.id, id);

	ipc_message_init(&m, TOOLS_REMOVED, 0);
	send_message(f, &m, r < 0 ? r : tools_put_entity(&m, &v));
	tools_entity_deinit(&v);
}

void front_result(struct front *f, uint64_t id, enum tools_outcome outcome, bool verified,
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
	send_message(f, &m, r < 0 ? r : tools_put_result(&m, &v));
	tools_result_deinit(&v);
}
