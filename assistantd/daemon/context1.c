/* SPDX-License-Identifier: MIT */
/* org.assistantd.Context1: the history of requests, and forgetting it. */
#include <errno.h>
#include <string.h>

#include "assistantd/daemon/ahead.h"
#include "assistantd/daemon/conversation.h"
#include "assistantd/daemon/daemon.h"
#include "assistantd/daemon/grants.h"
#include "assistantd/daemon/offers.h"
#include "assistantd/daemon/out.h"
#include "assistantd/daemon/xml.h"
#include "util/macro.h"

enum { ROWS_DEFAULT = 50, ROWS_MAX = 200 };

/* What a receipt's row says, in memory of its own. */
struct row {
	struct store_receipt r;
	char *texts[8];
};

/* A call that waits for the store. */
struct query {
	struct daemon *d;
	DBusMessage *m;
	struct caller *caller;
	struct work work;
	char *words, *task;
	struct store_query history;
	struct store_scope scope;
	struct row *rows;
	size_t n_rows;
	uint64_t forgotten;
};

static void query_free(struct query *q)
{
	for (size_t i = 0; i < q->n_rows; i++)
		for (size_t k = 0; k < ARRAY_SIZE(q->rows[i].texts); k++)
			free(q->rows[i].texts[k]);
	free(q->rows);
	free(q->words);
	free(q->task);
	caller_unref(q->caller);
	dbus_message_unref(q->m);
	free(q);
}

static int keep_row(void *arg, const struct store_receipt *r)
{
	const char *texts[] = { r->caller, r->task, r->adapter, r->finish, r->source, r->request,
				r->result, r->effects };
	struct query *q = arg;
	struct row *row = &q->rows[q->n_rows];

	row->r = *r;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		row->texts[i] = strdup(texts[i] ? texts[i] : "");
		if (!row->texts[i])
			return -ENOMEM;
	}
	q->n_rows++;
	return 0;
}

static int run_history(struct work *work, struct store *store)
{
	struct query *q = container_of(work, struct query, work);

	return store ? store_history(store, &q->history, keep_row, q) : -ENODEV;
}

static int run_forget(struct work *work, struct store *store)
{
	struct query *q = container_of(work, struct query, work);

	return store ? store_forget(store, &q->scope, &q->forgotten) : -ENODEV;
}

static void out_row(const struct row *row, DBusMessageIter *dict)
{
	static const char *const names[] = { "caller", "task", "adapter", "finish", "source",
					     "request", "result", "effects" };

	out_dict_u64(dict, "id", (uint64_t)row->r.id);
	out_dict_i64(dict, "time", row->r.time_ms);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		out_dict_str(dict, names[i], row->texts[i]);
	out_dict_bool(dict, "private", row->r.is_private);
	out_dict_u32(dict, "tokens_in", (uint32_t)row->r.tokens_in);
	out_dict_u32(dict, "tokens_out", (uint32_t)row->r.tokens_out);
	out_dict_u32(dict, "queued_ms", row->r.queued_ms);
	out_dict_u32(dict, "reading_ms", row->r.reading_ms);
	out_dict_u32(dict, "writing_ms", row->r.writing_ms);
}

static bool failed(struct query *q, int result)
{
	if (result == 0)
		return false;
	bus_send(q->d->bus, out_error(q->m, "Internal", "the store answers %s",
				      result < 0 ? strerror(-result) : "that it is in use or "
				      "damaged"));
	return true;
}

static void history_done(struct work *work, int result)
{
	struct query *q = container_of(work, struct query, work);
	struct out_list_reply out;

	if (!failed(q, result) && out_begin_list_reply(&out, q->m)) {
		for (size_t i = 0; i < q->n_rows; i++) {
			out_row(&q->rows[i], out_list_next(&out.list));
			out_list_end_item(&out.list);
		}
		bus_send(q->d->bus, out_end_list_reply(&out));
	}
	query_free(q);
}

static void forget_done(struct work *work, int result)
{
	struct query *q = container_of(work, struct query, work);
	DBusMessage *reply;
	DBusMessageIter at;

	if (!failed(q, result) && (reply = dbus_message_new_method_return(q->m))) {
		dbus_message_iter_init_append(reply, &at);
		out_u32(&at, (uint32_t)q->forgotten);
		bus_send(q->d->bus, reply);
	}
	/* What was learnt from all of it does not know which part is gone. */
	ahead_forget(q->d->ahead);
	conversations_forget(q->d->conversations, q->scope.caller);
	grants_reload(q->d->grants);
	query_free(q);
}

static struct query *query_new(struct daemon *d, DBusMessage *m)
{
	struct query *q = calloc(1, sizeof(*q));

	if (q) {
		q->d = d;
		q->m = dbus_message_ref(m);
		q->caller = caller_get(d->callers, dbus_message_get_sender(m));
		if (q->caller)
			return q;
		query_free(q);
	}
	bus_send(d->bus, out_error(m, "Internal", "out of memory"));
	return NULL;
}

/* An application in a sandbox has its own rows, and no others. */
static void post(void *arg)
{
	struct query *q = arg;

	if (q->caller->kind == POLICY_CALLER_SANDBOXED)
		q->history.caller = q->scope.caller = q->caller->identity;
	worker_post(q->d->worker, &q->work);
}

static void post_when_known(struct query *q)
{
	if (caller_when_known(q->caller, post, q) == 0)
		return;
	bus_send(q->d->bus, out_error(q->m, "Internal", "out of memory"));
	query_free(q);
}

static int take_text(DBusMessageIter *value, char **ret)
{
	const char *s;

	if (dbus_message_iter_get_arg_type(value) != DBUS_TYPE_STRING)
		return -EINVAL;
	dbus_message_iter_get_basic(value, &s);
	free(*ret);
	*ret = strdup(s);
	return *ret ? 0 : -ENOMEM;
}

/* A time or id of D-Bus type x or t. */
static int take_i64(DBusMessageIter *value, int64_t *ret)
{
	int type = dbus_message_iter_get_arg_type(value);

	if (type != DBUS_TYPE_INT64 && type != DBUS_TYPE_UINT64)
		return -EINVAL;
	dbus_message_iter_get_basic(value, ret);
	return *ret < 0 ? -EINVAL : 0;
}

/* To the store 0 is no bound: taken for one, it would forget everything. */
static int take_bound(DBusMessageIter *value, int64_t *ret)
{
	int r = take_i64(value, ret);

	return r == 0 && *ret == 0 ? -EINVAL : r;
}

static int take_limit(DBusMessageIter *value, uint32_t *ret)
{
	if (dbus_message_iter_get_arg_type(value) != DBUS_TYPE_UINT32)
		return -EINVAL;
	dbus_message_iter_get_basic(value, ret);
	return *ret < 1 || *ret > ROWS_MAX ? -EINVAL : 0;
}

static int take_key(struct query *q, const char *key, DBusMessageIter *value, bool forget)
{
	if (strcmp(key, "since") == 0)
		return take_i64(value, forget ? &q->scope.since_ms : &q->history.since_ms);
	if (strcmp(key, "until") == 0 && forget)
		return take_bound(value, &q->scope.until_ms);
	if (strcmp(key, "until") == 0)
		return take_i64(value, &q->history.until_ms);
	if (forget)
		return strcmp(key, "id") == 0 ? take_bound(value, &q->scope.id) : -EINVAL;
	if (strcmp(key, "words") == 0)
		return take_text(value, &q->words);
	if (strcmp(key, "task") == 0)
		return take_text(value, &q->task);
	if (strcmp(key, "before") == 0)
		return take_i64(value, &q->history.before_id);
	return strcmp(key, "limit") == 0 ? take_limit(value, &q->history.limit) : -EINVAL;
}

/* False after an error reply, and @q is gone. */
static bool read_query(struct query *q, bool forget)
{
	DBusMessageIter at, dict, value;
	const char *key = "";
	int r = 0;

	dbus_message_iter_init(q->m, &at);
	dbus_message_iter_recurse(&at, &dict);
	while (r == 0 && bus_next_option(&dict, &key, &value)) {
		r = take_key(q, key, &value, forget);
	}
	if (r == 0)
		return true;
	bus_send(q->d->bus, out_error(q->m, DBUS_ERROR_INVALID_ARGS,
				      "%s: unknown, of another type or out of range", key));
	query_free(q);
	return false;
}

static void history(void *arg, DBusMessage *m)
{
	struct query *q = query_new(arg, m);

	if (!q || !read_query(q, false))
		return;
	q->history.words = q->words;
	q->history.task = q->task;
	q->history.limit = q->history.limit ? q->history.limit : ROWS_DEFAULT;
	q->rows = calloc(q->history.limit + 1, sizeof(*q->rows));
	if (!q->rows) {
		bus_send(q->d->bus, out_error(m, "Internal", "out of memory"));
		query_free(q);
		return;
	}
	q->work = (struct work){ .run = run_history, .done = history_done };
	post_when_known(q);
}

static void forget(void *arg, DBusMessage *m)
{
	struct query *q = query_new(arg, m);

	if (!q || !read_query(q, true))
		return;
	q->work = (struct work){ .run = run_forget, .done = forget_done };
	post_when_known(q);
}

static void offer(void *arg, DBusMessage *m)
{
	struct daemon *d = arg;
	struct caller *caller = caller_get(d->callers, dbus_message_get_sender(m));
	struct offer_list list;
	struct diag diag = DIAG_NULL;
	DBusMessageIter at;
	int r;

	dbus_message_iter_init(m, &at);
	r = offer_read(&list, &at, &diag);
	if (r == 0)
		r = caller ? offers_set(d->offers, caller, &list) : -ENOMEM;
	if (r == -EINVAL)
		bus_send(d->bus, out_error(m, DBUS_ERROR_INVALID_ARGS, "%s: %s", diag.field,
					   diag.text));
	else if (r < 0)
		bus_send(d->bus, out_error(m, "Internal", "%s", strerror(-r)));
	else
		bus_send(d->bus, dbus_message_new_method_return(m));
	offer_deinit(&list);
	caller_unref(caller);
}

static void withdraw(void *arg, DBusMessage *m)
{
	struct daemon *d = arg;

	offers_drop(d->offers, dbus_message_get_sender(m));
	bus_send(d->bus, dbus_message_new_method_return(m));
}

static const struct bus_method methods[] = {
	{ "History", "a{sv}", history },
	{ "Forget", "a{sv}", forget },
	{ "Offer", "aa{sv}a{sv}", offer, "" },
	{ "Withdraw", "", withdraw },
};

static const struct bus_property properties[] = { { "Version", "u", bus_version } };

static const struct bus_interface context1 = {
	.name = "org.assistantd.Context1",
	.xml = xml_context1,
	.methods = methods,
	.n_methods = ARRAY_SIZE(methods),
	.properties = properties,
	.n_properties = ARRAY_SIZE(properties),
};

void context1_add(struct daemon *d)
{
	bus_add(d->bus, &context1, d, false);
}
