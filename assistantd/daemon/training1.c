/* SPDX-License-Identifier: MIT */
/* org.assistantd.Training1: runs of training, for whoever is in no sandbox. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "assistantd/daemon/dbus-json.h"
#include "assistantd/daemon/models.h"
#include "assistantd/daemon/out.h"
#include "assistantd/daemon/permit.h"
#include "assistantd/daemon/task.h"
#include "assistantd/daemon/training-folder.h"
#include "assistantd/daemon/training.h"
#include "assistantd/daemon/xml.h"
#include "util/macro.h"

static const struct bus_interface training1;

/* Where nothing else is said, what is trained rewrites texts in a style of its own. */
#define USUAL_TASK "tone"

/* A call whose answer waits for the disk. */
struct call {
	struct daemon *d;
	DBusMessage *m;
};

static struct call *call_new(struct daemon *d, DBusMessage *m)
{
	struct call *c = malloc(sizeof(*c));

	if (c)
		*c = (struct call){ d, dbus_message_ref(m) };
	else
		bus_send(d->bus, out_error(m, "Internal", "out of memory"));
	return c;
}

static void call_end(struct call *c, DBusMessage *reply)
{
	bus_send(c->d->bus, reply);
	dbus_message_unref(c->m);
	free(c);
}

/* Why a run is not begun or changed; of the disk's errors some have the same numbers. */
static DBusMessage *refused_reply(DBusMessage *m, int error)
{
	switch (error) {
	case -ESTALE:
		return out_error(m, DBUS_ERROR_INVALID_ARGS, "this run has ended");
	case -EBUSY:
		return out_error(m, "Busy", "what it made is being installed");
	case -EEXIST:
		return out_error(m, "Busy", "another run of that name has not ended yet");
	case -EAGAIN:
		return out_error(m, "Busy", "too many runs wait already");
	default:
		return out_error(m, "Internal", "%s", strerror(-error));
	}
}

/* What was called with. */
struct arguments {
	struct training_order order;
	json_t *options;		/* but for the next two */
	const char *base;		/* borrowed from the message; NULL: the model that runs */
	int data, held_out;
};

static void arguments_deinit(struct arguments *a)
{
	training_order_deinit(&a->order);
	json_decref(a->options);
	closep(&a->data);
	closep(&a->held_out);
}

static void on_started(void *arg, const char *error, const char *text, uint64_t id)
{
	struct call *c = arg;
	dbus_uint64_t number = id;
	DBusMessage *reply;

	reply = error ? out_error(c->m, error, "%s", text) : dbus_message_new_method_return(c->m);
	if (reply && !error)
		dbus_message_append_args(reply, DBUS_TYPE_UINT64, &number, DBUS_TYPE_INVALID);
	call_end(c, reply);
}

static int take_option(struct arguments *a, const char *key, DBusMessageIter *value,
		       struct diag *diag)
{
	int type = dbus_message_iter_get_arg_type(value), r;
	json_t *json;

	if (strcmp(key, "held_out") == 0) {
		if (type != DBUS_TYPE_UNIX_FD)
			return diag_set(diag, -EINVAL, DIAG_TYPE, key, "expected a descriptor");
		closep(&a->held_out);
		dbus_message_iter_get_basic(value, &a->held_out);
		return a->held_out < 0 ? -EMFILE : 0;
	}
	if (strcmp(key, "base") == 0) {
		if (type != DBUS_TYPE_STRING)
			return diag_set(diag, -EINVAL, DIAG_TYPE, key, "expected a text");
		dbus_message_iter_get_basic(value, &a->base);
		return 0;
	}
	/* Those of an order that are not the caller's to say. */
	if (strcmp(key, "name") == 0 || strcmp(key, "sequence") == 0)
		return diag_set(diag, -EINVAL, DIAG_RANGE, key, "unknown option of this method");
	r = dbus_json_get(value, &json);
	if (r == -E2BIG)
		return diag_set(diag, -EINVAL, DIAG_LIMIT, key, "it is too long");
	return r < 0 ? r : json_object_set_new(a->options, key, json) < 0 ? -ENOMEM : 0;
}

static int take_options(struct arguments *a, DBusMessage *m, struct diag *diag)
{
	DBusMessageIter dict, value;
	const char *key;
	int r = 0;

	bus_open_options(m, &dict);
	while (r == 0 && bus_next_option(&dict, &key, &value))
		r = take_option(a, key, &value, diag);
	return r == 0 ? training_order_read(&a->order, a->options, diag) : r;
}

static int set_text(char **at, const char *text)
{
	if (!*at)
		*at = strdup(text);
	return *at ? 0 : -ENOMEM;
}

static int set_base(struct daemon *d, struct arguments *a, struct diag *diag)
{
	struct model_files files;
	int r;

	if (!a->base)
		return engine_path(d->engine) ? set_text(&a->order.base, engine_path(d->engine)) :
		       diag_set(diag, -EINVAL, DIAG_PAIR, "base", "no model is chosen");
	r = models_read(d, &files);
	if (r < 0)
		return r;
	for (size_t i = 0; r == 0 && i < files.n; i++)
		if (strcmp(files.list[i].name, a->base) == 0)
			r = set_text(&a->order.base, files.list[i].path);
	models_deinit(&files);
	if (r == 0 && !a->order.base)
		return diag_set(diag, -EINVAL, DIAG_RANGE, "base",
				"no model '%.100s' is installed; Models1.Add takes one in",
				a->base);
	return r;
}

/* What the name and what is installed have to say. */
static int complete(struct daemon *d, struct arguments *a, const char *name, struct diag *diag)
{
	struct training_order *o = &a->order;
	int r = set_text(&o->name, name);

	if (r == 0 && !o->task && !o->style)
		r = set_text(&o->style, name);
	if (r == 0)
		r = set_text(&o->task, USUAL_TASK);
	if (r == 0 && !task_find(o->task))
		r = diag_set(diag, -EINVAL, DIAG_RANGE, "task", "'%s' is none of this service; "
			     "ListTasks tells them", o->task);
	if (r == 0)
		r = set_base(d, a, diag);
	o->sequence = library_next_sequence(d->library, name);
	return r == 0 ? training_order_check(o, diag) : r;
}

static DBusMessage *refusal(DBusMessage *m, int r, const struct diag *diag)
{
	const char *name = r == -ENOMEM ? "Internal" : DBUS_ERROR_INVALID_ARGS;

	/* The text of a manifest's defect begins with its key; its place is one that the caller
	 * never saw. */
	if (diag->code && strchr(diag->field, ':'))
		return out_error(m, name, "%s", diag->text);
	if (diag->code)
		return out_error(m, name, "%s: %s", diag->field, diag->text);
	return out_error(m, "Internal", "%s", strerror(-r));
}

static void begin(struct daemon *d, DBusMessage *m, struct arguments *a)
{
	struct call *c = call_new(d, m);
	int r;

	if (!c)
		return;
	r = training_start(d->training, &a->order, a->data, a->held_out, on_started, c);
	if (r == -EEXIST)
		call_end(c, out_error(m, "Busy", "a run of that name has not ended yet"));
	else if (r < 0)
		call_end(c, refused_reply(m, r));
}

static void start(struct daemon *d, DBusMessage *m)
{
	struct arguments a = { .options = json_object(), .data = -1, .held_out = -1 };
	struct diag diag = DIAG_NULL;
	const char *name;
	DBusMessageIter at;
	int r = 0;

	dbus_message_iter_init(m, &at);
	dbus_message_iter_get_basic(&at, &name);
	dbus_message_iter_next(&at);
	dbus_message_iter_get_basic(&at, &a.data);
	if (a.data < 0)
		r = -EMFILE;
	if (r == 0)
		r = take_options(&a, m, &diag);
	if (r == 0)
		r = complete(d, &a, name, &diag);
	if (r < 0)
		bus_send(d->bus, refusal(m, r, &diag));
	else
		begin(d, m, &a);
	arguments_deinit(&a);
}

static const char *state_name(const struct training_run *r, enum training_state state)
{
	static const char *const names[] = { "waiting", "running", "paused", "installing" };

	return state == TRAINING_STATE_ENDED ? training_end_name(r->end) : names[state];
}

static void out_figures(DBusMessageIter *dict, const struct train_progress *f)
{
	static const char *const stages[TRAIN_STAGE_COUNT] = {
		[TRAIN_READING] = "reading", [TRAIN_MEASURING] = "measuring",
		[TRAIN_TRAINING] = "training", [TRAIN_PROVING] = "proving",
	};

	out_dict_str(dict, "stage", stages[f->stage]);
	out_dict_u64(dict, "step", f->step);
	out_dict_u64(dict, "total", f->total);
	out_dict_u64(dict, "tokens", f->tokens);
	out_dict_double(dict, "loss", (double)f->loss);
	out_dict_double(dict, "held_out", (double)f->held_out);
	out_dict_double(dict, "held_out_base", (double)f->held_out_base);
	out_dict_double(dict, "rate", (double)f->rate);
	out_dict_double(dict, "tokens_per_s", (double)f->tokens_per_s);
	out_dict_u32(dict, "seconds_left", f->seconds_left);
}

static void out_run(const struct training *t, const struct training_run *r, DBusMessageIter *dict)
{
	const char *why;
	enum training_state state = training_state(t, r, &why);

	out_dict_u64(dict, "id", r->id);
	out_dict_str(dict, "name", r->order.name);
	out_dict_str(dict, "task", r->order.task);
	out_dict_str(dict, "style", r->order.style ? r->order.style : "");
	out_dict_str(dict, "base", r->order.base);
	out_dict_u32(dict, "sequence", r->order.sequence);
	out_dict_str(dict, "state", state_name(r, state));
	out_dict_str(dict, "reason", *why ? why : r->text ? r->text : "");
	out_figures(dict, &r->figures);
	out_dict_i64(dict, "since", r->since);
	out_dict_i64(dict, "ended", r->ended);
	out_dict_str(dict, "digest", r->digest);
	out_dict_bool(dict, "report", r->has_report);
	out_dict_u32(dict, "pid", (uint32_t)training_pid(t, r));
}

static void list(struct daemon *d, DBusMessage *m)
{
	struct out_list_reply reply;

	if (!out_begin_list_reply(&reply, m))
		return;
	for (const struct training_run *r = NULL; (r = training_next(d->training, r));) {
		out_run(d->training, r, out_list_next(&reply.list));
		out_list_end_item(&reply.list);
	}
	bus_send(d->bus, out_end_list_reply(&reply));
}

/* The run of the first argument; NULL after an error reply. */
static struct training_run *find(struct daemon *d, DBusMessage *m)
{
	struct training_run *r;
	DBusMessageIter at;
	dbus_uint64_t id;

	dbus_message_iter_init(m, &at);
	dbus_message_iter_get_basic(&at, &id);
	r = training_find(d->training, id);
	if (!r)
		bus_send(d->bus, out_error(m, DBUS_ERROR_INVALID_ARGS, "no run %llu",
					   (unsigned long long)id));
	return r;
}

static void on_filed(void *arg, uint64_t id, int result)
{
	struct call *c = arg;

	(void)id;
	call_end(c, result < 0 ? out_error(c->m, "Internal", "%s", strerror(-result))
			       : dbus_message_new_method_return(c->m));
}

static void change(struct daemon *d, DBusMessage *m,
		   int (*make)(struct training *t, struct training_run *r, training_filed_fn filed,
			       void *arg))
{
	struct training_run *r = find(d, m);
	struct call *c = r ? call_new(d, m) : NULL;
	int e;

	if (!c)
		return;
	e = make(d->training, r, on_filed, c);
	if (e < 0)
		call_end(c, refused_reply(m, e));
}

static void pause_run(struct daemon *d, DBusMessage *m)
{
	change(d, m, training_pause);
}

static void resume(struct daemon *d, DBusMessage *m)
{
	change(d, m, training_resume);
}

static void stop(struct daemon *d, DBusMessage *m)
{
	change(d, m, training_stop);
}

/* A Report on its way. */
struct reporting {
	struct work work;
	struct call *call;
	char *folder;
	int fd;
	bool failed;		/* the run */
};

static int open_report(struct work *work, struct store *store)
{
	struct reporting *r = container_of(work, struct reporting, work);

	(void)store;
	r->fd = training_folder_open(r->folder, TRAINING_REPORT, O_RDONLY);
	return MIN(r->fd, 0);
}

static void on_report(struct work *work, int result)
{
	struct reporting *r = container_of(work, struct reporting, work);
	DBusMessage *m = r->call->m, *reply;

	if (result < 0) {
		reply = out_error(m, "NotReady", "%s", result != -ENOENT ? strerror(-result) :
				  r->failed ?
				  "there is no report: it failed before one was written" :
				  "there is no report: it is written at the end");
	} else {
		reply = dbus_message_new_method_return(m);
		if (reply)
			dbus_message_append_args(reply, DBUS_TYPE_UNIX_FD, &r->fd,
						 DBUS_TYPE_INVALID);
		close(r->fd);
	}
	call_end(r->call, reply);
	free(r->folder);
	free(r);
}

static void report(struct daemon *d, DBusMessage *m)
{
	const struct training_run *run = find(d, m);
	struct reporting *r = run ? calloc(1, sizeof(*r)) : NULL;

	if (!r) {
		if (run)
			bus_send(d->bus, out_error(m, "Internal", "out of memory"));
		return;
	}
	*r = (struct reporting){ .work = { .run = open_report, .done = on_report },
				 .failed = run->end == TRAINING_FAILED };
	r->folder = strdup(run->folder);
	r->call = r->folder ? call_new(d, m) : NULL;
	if (r->call) {
		worker_post(d->worker, &r->work);
	} else {
		free(r->folder);
		free(r);
	}
}

static const struct {
	const char *member;
	void (*call)(struct daemon *d, DBusMessage *m);
} calls[] = {
	{ "Start", start }, { "List", list }, { "Pause", pause_run }, { "Resume", resume },
	{ "Stop", stop }, { "Report", report },
};

static void dispatch(void *arg, DBusMessage *m)
{
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		if (dbus_message_has_member(m, calls[i].member))
			permit_outside(arg, m, calls[i].call,
				       "sandboxed applications have no part in training");
}

static const struct bus_method methods[] = {
	{ "Start", "sha{sv}", dispatch },
	{ "List", "a{sv}", dispatch, "" },
	{ "Pause", "ta{sv}", dispatch, "" },
	{ "Resume", "ta{sv}", dispatch, "" },
	{ "Stop", "ta{sv}", dispatch, "" },
	{ "Report", "ta{sv}", dispatch, "" },
};

static const struct bus_property properties[] = {
	{ "Version", "u", bus_version },
};

static const struct bus_interface training1 = {
	.name = "org.assistantd.Training1",
	.xml = xml_training1,
	.methods = methods,
	.n_methods = ARRAY_SIZE(methods),
	.properties = properties,
	.n_properties = ARRAY_SIZE(properties),
};

void training1_add(struct daemon *d)
{
	bus_add(d->bus, &training1, d, false);
}

void training1_changed(struct daemon *d, uint64_t id)
{
	DBusMessage *m = dbus_message_new_signal(BUS_PATH, training1.name, "Changed");
	dbus_uint64_t number = id;

	if (!m)
		return;
	dbus_message_append_args(m, DBUS_TYPE_UINT64, &number, DBUS_TYPE_INVALID);
	bus_send(d->bus, m);
}
