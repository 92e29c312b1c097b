/* SPDX-License-Identifier: MIT */
/* Tools1.Journal: what was called, by whom, why it was allowed, and what came of it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "assistantd/daemon/daemon.h"
#include "assistantd/daemon/out.h"
#include "assistantd/daemon/tools1-private.h"
#include "util/macro.h"

enum { ROWS_DEFAULT = 50, ROWS_MAX = 200 };

/* A row as it goes out: @c with its texts in memory of its own. */
struct row {
	struct store_call c;
	char *texts[16];
};

struct query {
	struct work work;
	struct daemon *d;
	DBusMessage *m;
	struct caller *caller;
	struct store_call_query filter;
	struct row *rows;
	size_t n;
};

static const struct {
	const char *key;
	size_t at;		/* of the text in struct store_call */
} columns[] = {
	{ "caller", offsetof(struct store_call, caller) },
	{ "tool", offsetof(struct store_call, tool) },
	{ "target", offsetof(struct store_call, target) },
	{ "title", offsetof(struct store_call, title) },
	{ "verdict", offsetof(struct store_call, verdict) },
	{ "reason", offsetof(struct store_call, reason) },
	{ "arguments", offsetof(struct store_call, arguments) },
	{ "why", offsetof(struct store_call, why) },
	{ "before", offsetof(struct store_call, before) },
	{ "after", offsetof(struct store_call, after) },
	{ "undo_tool", offsetof(struct store_call, undo_tool) },
	{ "undo_arguments", offsetof(struct store_call, undo_arguments) },
	{ "consent", offsetof(struct store_call, consent) },
	{ "outcome", offsetof(struct store_call, outcome) },
	{ "text", offsetof(struct store_call, text) },
};

static const char *text_of(const struct store_call *c, size_t i)
{
	return *(const char *const *)((const char *)c + columns[i].at);
}

static void query_free(struct query *q)
{
	for (size_t i = 0; i < q->n; i++)
		for (size_t k = 0; k < ARRAY_SIZE(columns); k++)
			free(q->rows[i].texts[k]);
	free(q->rows);
	caller_unref(q->caller);
	dbus_message_unref(q->m);
	free(q);
}

static int keep_row(void *arg, const struct store_call *c)
{
	struct query *q = arg;
	struct row *row = &q->rows[q->n++];

	_Static_assert(ARRAY_SIZE(row->texts) >= ARRAY_SIZE(columns), "one for each");
	row->c = *c;
	for (size_t k = 0; k < ARRAY_SIZE(columns); k++) {
		const char *text = text_of(c, k);

		row->texts[k] = text ? strdup(text) : NULL;
		if (text && !row->texts[k])
			return -ENOMEM;
	}
	return 0;
}

static int run(struct work *work, struct store *s)
{
	struct query *q = container_of(work, struct query, work);

	return s ? store_calls(s, &q->filter, keep_row, q) : -ENODEV;
}

static void out_number(DBusMessageIter *dict, const char *key, int64_t value)
{
	if (value)
		out_dict_u64(dict, key, (uint64_t)value);
}

static void out_row(const struct row *row, DBusMessageIter *dict)
{
	const struct store_call *c = &row->c;

	out_dict_u64(dict, "call", (uint64_t)c->id);
	out_number(dict, "plan", c->plan);
	out_number(dict, "request", c->request);
	out_dict_i64(dict, "time", c->time_ms);
	out_dict_i64(dict, "settled", c->settled_ms);
	for (size_t k = 0; k < ARRAY_SIZE(columns); k++)
		if (row->texts[k])
			out_dict_str(dict, columns[k].key, row->texts[k]);
	out_dict_u32(dict, "risk", c->risk);
	out_dict_u32(dict, "label", c->label);
	out_dict_bool(dict, "verified", c->verified);
	out_dict_bool(dict, "private", c->is_private);
	out_dict_i64(dict, "undo_until", c->undo_until_ms);
	out_number(dict, "undo_of", c->undo_of);
	out_number(dict, "undone_by", c->undone_by);
}

static void done(struct work *work, int result)
{
	struct query *q = container_of(work, struct query, work);
	struct out_list_reply out;

	if (result != 0) {
		bus_send(q->d->bus, out_error(q->m, "Internal", "the store answers %s",
					      result < 0 ? strerror(-result)
					      : "that it is in use or damaged"));
	} else if (out_begin_list_reply(&out, q->m)) {
		for (size_t i = 0; i < q->n; i++) {
			out_row(&q->rows[i], out_list_next(&out.list));
			out_list_end_item(&out.list);
		}
		bus_send(q->d->bus, out_end_list_reply(&out));
	}
	query_free(q);
}

static int take_key(struct store_call_query *f, const char *key, DBusMessageIter *value)
{
	const struct {
		const char *key;
		int64_t *to;
	} numbers[] = {
		{ "call", &f->id }, { "plan", &f->plan }, { "request", &f->request },
		{ "since", &f->since_ms }, { "until", &f->until_ms }, { "before", &f->before_id },
	};
	int type = dbus_message_iter_get_arg_type(value);

	if (strcmp(key, "limit") == 0 && type == DBUS_TYPE_UINT32) {
		dbus_message_iter_get_basic(value, &f->limit);
		return f->limit < 1 || f->limit > ROWS_MAX ? -EINVAL : 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		if (strcmp(key, numbers[i].key) != 0)
			continue;
		if (type != DBUS_TYPE_INT64 && type != DBUS_TYPE_UINT64)
			return -EINVAL;
		dbus_message_iter_get_basic(value, numbers[i].to);
		return *numbers[i].to <= 0 ? -EINVAL : 0;
	}
	return -EINVAL;
}

static void post(void *arg)
{
	struct query *q = arg;

	if (q->caller->kind == POLICY_CALLER_SANDBOXED)
		q->filter.caller = q->caller->identity;
	worker_post(q->d->worker, &q->work);
}

void tools1_journal(void *arg, DBusMessage *m)
{
	struct daemon *d = arg;
	struct query *q = calloc(1, sizeof(*q));
	DBusMessageIter dict, value;
	DBusMessage *error = NULL;
	const char *key;

	if (!q) {
		bus_send(d->bus, out_error(m, "Internal", "out of memory"));
		return;
	}
	q->work = (struct work){ .run = run, .done = done };
	q->d = d;
	q->m = dbus_message_ref(m);
	q->filter.limit = ROWS_DEFAULT;
	bus_open_options(m, &dict);
	while (!error && bus_next_option(&dict, &key, &value))
		if (take_key(&q->filter, key, &value) < 0)
			error = out_error(m, DBUS_ERROR_INVALID_ARGS,
					  "%.100s: unknown, of another type or out of range", key);
	if (!error) {
		q->rows = calloc(q->filter.limit, sizeof(*q->rows));
		q->caller = caller_get(d->callers, dbus_message_get_sender(m));
		if (q->rows && q->caller && caller_when_known(q->caller, post, q) == 0)
			return;
		error = out_error(m, "Internal", "out of memory");
	}
	bus_send(d->bus, error);
	query_free(q);
}
