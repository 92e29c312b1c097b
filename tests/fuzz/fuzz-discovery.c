/* SPDX-License-Identifier: MIT */
/*
 * What strangers say to a broker. An input is a list of messages, each a line with its topic and a
 * line with its payload, which all things take in; then each thing is asked for all that it says
 * that it can do. What is promised of things.h, entity.h and order.h holds.
 */
#include <stdlib.h>
#include <string.h>

#include "assistantd/ipc/ipc.h"
#include "assistantd/tools/order.h"
#include "assistantd/tools/things.h"
#include "tests/fuzz/fuzz.h"

enum { MESSAGES_MAX = 40, SEEN_MAX = 64 };

static struct things *things;
static char *seen[SEEN_MAX];
static size_t n_seen;

static void expect(bool condition)
{
	if (!condition)
		abort();
}

static size_t find(const char *id)
{
	size_t i = 0;

	while (i < n_seen && strcmp(seen[i], id) != 0)
		i++;
	return i;
}

static void check_text(const char *text)
{
	expect(strlen(text) <= ENTITY_STATE_MAX);
	for (const char *c = text; *c; c++)
		expect((unsigned char)*c >= ' ');
}

/* As the front end: it knows what it was told, and nothing twice. */
static void tell(void *arg, const struct thing *t, bool services)
{
	json_t *snapshot = entity_snapshot(t->entity), *all = entity_services(t->entity);
	size_t i = find(t->id);

	(void)arg;
	expect(snapshot && all && things_find(things, t->id) == t);
	expect(services || i < n_seen);
	check_text(t->entity->state);
	check_text(t->entity->name);
	expect(*t->entity->name && strchr(t->id, '.'));
	if (i == n_seen && n_seen < SEEN_MAX)
		seen[n_seen++] = strdup(t->id);
	json_decref(snapshot);
	json_decref(all);
}

static void tell_gone(void *arg, const char *id)
{
	size_t i = find(id);

	(void)arg;
	expect(i < n_seen || n_seen == SEEN_MAX);
	if (i == n_seen)
		return;
	free(seen[i]);
	seen[i] = seen[--n_seen];
}

static void ignore(void *arg, struct thing *t)
{
	(void)arg;
	(void)t;
}

static void subscribe(void *arg, const char *topic, bool listen)
{
	(void)arg;
	(void)listen;
	expect(*topic && !strpbrk(topic, "+#"));
}

static json_t *some_value(const json_t *bounds, size_t variant)
{
	json_t *options = json_object_get(bounds, "options");
	const json_t *least = json_object_get(bounds, "min");
	const json_t *most = json_object_get(bounds, "max");

	if (options)
		return json_incref(json_array_get(options, variant % json_array_size(options)));
	if (least)
		return json_incref((json_t *)(variant % 2 ? least : most));
	return variant % 3 == 0 ? json_pack("[i, i, i]", 255, (int)variant % 256, 0)
	     : variant % 3 == 1 ? json_true() : json_string("a");
}

static void order_one(const struct entity *e, const char *service, json_t *data)
{
	struct order_command commands[ORDER_COMMANDS_MAX];
	struct diag d = DIAG_NULL;
	struct order *o = NULL;
	char *text = json_dumps(data, 0);
	size_t n = 0;
	int r = order_new(&o, e, service, text, strlen(text), &d);

	expect((r == 0) == (o != NULL) && (r == 0) == (d.code == DIAG_NONE));
	if (r == 0) {
		expect(!order_is_done(o, e) || order_progress(o, e) == ORDER_OBEYED);
		r = order_commands(o, e, commands, &n, &d);
		expect((r == 0) == (n > 0));
		for (size_t i = 0; i < n; i++)
			expect(*commands[i].topic && !strpbrk(commands[i].topic, "+#"));
	}
	order_commands_deinit(commands, n);
	order_free(o);
	free(text);
}

static void order_all(const struct entity *e, size_t variant)
{
	json_t *services = entity_services(e), *arguments, *bounds, *data;
	const char *service, *name;

	json_object_foreach(services, service, arguments) {
		data = json_object();
		json_object_foreach(arguments, name, bounds)
			json_object_set_new(data, name, some_value(bounds, variant));
		order_one(e, service, data);
		json_decref(data);
	}
	json_decref(services);
}

/* The next line, and what is left. */
static const char *take_line(const uint8_t **data, size_t *size, size_t *len)
{
	const char *line = (const char *)*data;
	const uint8_t *end = memchr(*data, '\n', *size);

	*len = end ? (size_t)(end - *data) : *size;
	*data += *len + (end != NULL);
	*size -= *len + (end != NULL);
	return line;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct things_ops ops = { tell, tell_gone, ignore, ignore, subscribe };

	if (things_new(&things, "h", true, &ops, NULL) < 0)
		return 0;
	for (int i = 0; i < MESSAGES_MAX && size > 0; i++) {
		size_t topic_len, len;
		const char *line = take_line(&data, &size, &topic_len);
		char *topic = strndup(line, topic_len);
		const char *payload = take_line(&data, &size, &len);

		things_hear(things, topic, payload, len);
		if (i % 3 == 2)
			things_flush(things);
		free(topic);
	}
	while (things_flush(things))
		;
	things_lapse(things);
	for (size_t i = 0; i < n_seen; i++) {
		struct thing *t = things_find(things, seen[i]);

		expect(t);
		order_all(t->entity, i);
	}
	things = things_free(things);
	while (n_seen)
		free(seen[--n_seen]);
	return 0;
}
