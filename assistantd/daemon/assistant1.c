/* SPDX-License-Identifier: MIT */
/* org.assistantd.Assistant1: requests, tasks, the state of the model. */
#include <errno.h>
#include <string.h>

#include "assistantd/daemon/job.h"
#include "assistantd/daemon/out.h"
#include "assistantd/daemon/xml.h"
#include "util/macro.h"

enum { NAMES_MAX = 32 };

static const struct bus_interface assistant1;

/* Reads task and text, which stand before the options. */
static void call_with_text(struct daemon *d, DBusMessage *m, bool with_path)
{
	const char *task, *text;
	DBusMessageIter at;

	dbus_message_iter_init(m, &at);
	dbus_message_iter_get_basic(&at, &task);
	dbus_message_iter_next(&at);
	dbus_message_iter_get_basic(&at, &text);
	dbus_message_iter_next(&at);
	job_call(d, m, task, text, -1, &at, with_path);
}

static void run(void *arg, DBusMessage *m)
{
	call_with_text(arg, m, false);
}

static void start(void *arg, DBusMessage *m)
{
	call_with_text(arg, m, true);
}

static void start_fd(void *arg, DBusMessage *m)
{
	DBusMessageIter at;
	const char *task;
	int fd = -1;

	dbus_message_iter_init(m, &at);
	dbus_message_iter_get_basic(&at, &task);
	dbus_message_iter_next(&at);
	dbus_message_iter_get_basic(&at, &fd);
	dbus_message_iter_next(&at);
	job_call(arg, m, task, NULL, fd, &at, true);
}

static const char *names_of(const struct serving *s, char ret[SERVING_TEXT_MAX])
{
	serving_names(s, false, ret);
	return ret;
}

static void out_task(const struct daemon *d, const struct task *t, DBusMessageIter *at)
{
	char adapters[SERVING_TEXT_MAX];
	const char *names[NAMES_MAX];
	static const char *const languages[] = { "en" };
	struct serving serving;
	DBusMessageIter dict;

	task_serving(d, t, NULL, &serving);
	out_open_dict(at, &dict);
	out_dict_u32(&dict, "status", serving.status);
	out_dict_str(&dict, "reason", serving.reason);
	out_dict_str(&dict, "title", t->title);
	out_dict_str(&dict, "adapter", names_of(&serving, adapters));
	out_dict_strings(&dict, "styles", names, task_styles(d, t, names, NAMES_MAX));
	out_dict_strings(&dict, "languages", languages, ARRAY_SIZE(languages));
	out_dict_u32(&dict, "max_input", JOB_STREAM_MAX);
	out_dict_strings(&dict, "options", names, options_names(t->options, names, NAMES_MAX));
	out_dict_str(&dict, "results", t->results);
	out_dict_bool(&dict, "streams", t->streams);
	out_close_dict(at, &dict);
}

static void list_tasks(void *arg, DBusMessage *m)
{
	DBusMessageIter at, dict, entry;
	struct daemon *d = arg;
	const struct task *t;
	DBusMessage *reply;

	reply = dbus_message_new_method_return(m);
	if (!reply)
		return;
	dbus_message_iter_init_append(reply, &at);
	dbus_message_iter_open_container(&at, DBUS_TYPE_ARRAY, "{sa{sv}}", &dict);
	for (size_t i = 0; (t = task_at(i)); i++) {
		dbus_message_iter_open_container(&dict, DBUS_TYPE_DICT_ENTRY, NULL, &entry);
		out_str(&entry, t->name);
		out_task(d, t, &entry);
		dbus_message_iter_close_container(&dict, &entry);
	}
	dbus_message_iter_close_container(&at, &dict);
	bus_send(d->bus, reply);
}

static void check_task(void *arg, DBusMessage *m)
{
	struct daemon *d = arg;
	struct diag diag = DIAG_NULL;
	char adapters[SERVING_TEXT_MAX];
	DBusMessageIter at, dict;
	struct serving serving;
	const struct task *t;
	DBusMessage *reply;
	const char *name;
	struct options o;
	int r;

	dbus_message_iter_init(m, &at);
	dbus_message_iter_get_basic(&at, &name);
	dbus_message_iter_next(&at);
	t = task_find(name);
	if (!t) {
		bus_send(d->bus, out_error(m, "TaskUnknown", "no task '%s'", name));
		return;
	}
	r = options_read(&o, &at, t->options, &diag);
	if (r < 0) {
		reply = out_error(m, DBUS_ERROR_INVALID_ARGS, "%s: %s", diag.field, diag.text);
	} else if ((r = task_serving(d, t, &o, &serving)) < 0) {
		reply = out_error(m, r == -ENOENT ? "AdapterUnknown" : "AdapterMismatch", "%s",
				  serving.trouble);
	} else if ((reply = dbus_message_new_method_return(m))) {
		dbus_message_iter_init_append(reply, &at);
		out_u32(&at, serving.status);
		out_open_dict(&at, &dict);
		out_dict_str(&dict, "reason", serving.reason);
		out_dict_str(&dict, "adapter", names_of(&serving, adapters));
		out_close_dict(&at, &dict);
	}
	options_deinit(&o);
	bus_send(d->bus, reply);
}

/* A call that waits for the engine's answer. */
struct count {
	struct daemon *d;
	DBusMessage *m;
	struct engine_call call;
};

static void count_answer(struct count *c, DBusMessage *reply)
{
	bus_send(c->d->bus, reply);
	dbus_message_unref(c->m);
	free(c);
}

static void on_counted(void *arg, const struct engine_counted *counted)
{
	struct count *c = arg;
	DBusMessage *reply = dbus_message_new_method_return(c->m);
	DBusMessageIter at;

	if (reply) {
		dbus_message_iter_init_append(reply, &at);
		out_u32(&at, counted->needed);
		out_u32(&at, counted->limit);
	}
	count_answer(c, reply);
}

static void on_count_failed(void *arg, int error, const struct engine_failed *failed)
{
	struct count *c = arg;

	count_answer(c, out_error(c->m, error == ENGINE_E_LOST ? "EngineLost" : "Internal", "%s",
				  failed->text.len ? failed->text.data : "the engine ended"));
}

static int begin_count(struct daemon *d, DBusMessage *m, const struct task *t, const char *text)
{
	static const struct engine_call_ops ops = { .counted = on_counted,
						    .failed = on_count_failed };
	struct engine_start *start = calloc(1, sizeof(*start));
	struct count *c = calloc(1, sizeof(*c));
	int r = start && c ? 0 : -ENOMEM;

	if (r == 0) {
		*start = (struct engine_start)ENGINE_START_NULL;
		start->answer_share = t->answer_share;
		*c = (struct count){ d, dbus_message_ref(m), { .ops = &ops, .arg = c } };
		r = engine_start_add(start, ENGINE_ROLE_USER, 0, ENGINE_CUT_NEVER, 0, text,
				     strlen(text));
	}
	if (r == 0)
		r = engine_start_call(d->engine, &c->call, ENGINE_COUNT, start);
	if (start)
		engine_start_deinit(start);
	free(start);
	if (r != 0 && c) {
		if (c->m)
			dbus_message_unref(c->m);
		free(c);
	}
	return r;
}

static void count_tokens(void *arg, DBusMessage *m)
{
	const char *name, *text;
	struct daemon *d = arg;
	const struct task *t;
	DBusMessageIter at;

	dbus_message_iter_init(m, &at);
	dbus_message_iter_get_basic(&at, &name);
	dbus_message_iter_next(&at);
	dbus_message_iter_get_basic(&at, &text);
	t = task_find(name);
	if (!t)
		bus_send(d->bus, out_error(m, "TaskUnknown", "no task '%s'", name));
	else if (!*text || strlen(text) > JOB_INPUT_MAX)
		bus_send(d->bus, out_error(m, *text ? "TooLong" : "InvalidText",
					   "expected 1 byte to 256 KiB of text"));
	else if (engine_state(d->engine) != ENGINE_READY)
		bus_send(d->bus, out_error(m, "NotReady", "no model is loaded"));
	else if (begin_count(d, m, t, text) != 0)
		bus_send(d->bus, out_error(m, "Internal", "the engine cannot be asked"));
}

/* A call that waits until it is known who calls. */
struct fetch {
	struct daemon *d;
	DBusMessage *m;
	struct caller *caller;
};

static void answer_fetch(void *arg)
{
	struct fetch *f = arg;
	dbus_uint64_t id = 0;
	DBusMessageIter at;
	DBusMessage *reply;
	struct job *job;

	dbus_message_get_args(f->m, NULL, DBUS_TYPE_UINT64, &id, DBUS_TYPE_INVALID);
	job = job_kept(f->d, id, f->caller->identity);
	if (!job) {
		reply = out_error(f->m, DBUS_ERROR_UNKNOWN_OBJECT, "no kept request has this id");
	} else if ((reply = dbus_message_new_method_return(f->m))) {
		dbus_message_iter_init_append(reply, &at);
		answer_outcome(job, &at);
	}
	bus_send(f->d->bus, reply);
	dbus_message_unref(f->m);
	caller_unref(f->caller);
	free(f);
}

static void fetch(void *arg, DBusMessage *m)
{
	struct fetch *f = calloc(1, sizeof(*f));
	struct daemon *d = arg;

	if (f)
		f->caller = caller_get(d->callers, dbus_message_get_sender(m));
	if (!f || !f->caller) {
		free(f);
		bus_send(d->bus, out_error(m, "Internal", "out of memory"));
		return;
	}
	f->d = d;
	f->m = dbus_message_ref(m);
	if (caller_when_known(f->caller, answer_fetch, f) < 0) {
		bus_send(d->bus, out_error(m, "Internal", "out of memory"));
		dbus_message_unref(m);
		caller_unref(f->caller);
		free(f);
	}
}

static void unsupported(void *arg, DBusMessage *m)
{
	struct daemon *d = arg;

	bus_send(d->bus, out_error(m, "Unsupported", "%s is not there yet",
				   dbus_message_get_member(m)));
}

static void prop_state(void *arg, DBusMessageIter *at)
{
	static const uint32_t states[] = { [ENGINE_STARTING] = 1, [ENGINE_LOADING] = 2,
					   [ENGINE_READY] = 3, [ENGINE_NO_MODEL] = 5 };
	struct daemon *d = arg;

	out_u32(at, states[engine_state(d->engine)]);
}

static void prop_progress(void *arg, DBusMessageIter *at)
{
	struct daemon *d = arg;
	double v = engine_state(d->engine) == ENGINE_READY ? 1 : 0;

	dbus_message_iter_append_basic(at, DBUS_TYPE_DOUBLE, &v);
}

static void prop_model(void *arg, DBusMessageIter *at)
{
	struct daemon *d = arg;
	const struct engine_model *model = engine_model(d->engine);
	char digest[DIGEST_HEX_LEN + 1];
	DBusMessageIter dict;

	out_open_dict(at, &dict);
	out_dict_str(&dict, "path", engine_path(d->engine));
	if (engine_state(d->engine) == ENGINE_READY) {
		digest_to_hex(&model->digest, digest);
		out_dict_str(&dict, "digest", digest);
		out_dict_str(&dict, "architecture", model->architecture.data);
		out_dict_str(&dict, "name", model->name.data);
		out_dict_str(&dict, "kernels", model->kernels.data);
		out_dict_u32(&dict, "context", model->context);
		out_dict_u32(&dict, "vocabulary", model->vocabulary);
		out_dict_u64(&dict, "bytes", model->bytes);
	} else {
		out_dict_str(&dict, "error", engine_trouble(d->engine));
	}
	out_close_dict(at, &dict);
}

static void prop_queue_length(void *arg, DBusMessageIter *at)
{
	struct daemon *d = arg;

	out_u32(at, d->queued);
}

static void prop_retry_after(void *arg, DBusMessageIter *at)
{
	out_u32(at, jobs_retry_after(arg));
}

static void prop_sandbox(void *arg, DBusMessageIter *at)
{
	struct daemon *d = arg;
	const struct engine_hello *hello = engine_sandbox(d->engine);
	DBusMessageIter dict;

	out_open_dict(at, &dict);
	if (hello) {
		out_dict_bool(&dict, "no_new_privs", hello->no_new_privs);
		out_dict_bool(&dict, "not_dumpable", hello->not_dumpable);
		out_dict_bool(&dict, "seccomp", hello->seccomp);
		out_dict_u32(&dict, "landlock_abi", hello->landlock_abi);
		out_dict_u32(&dict, "engine_pid", hello->pid);
	}
	out_close_dict(at, &dict);
}

static const struct bus_method methods[] = {
	{ "Run", "ssa{sv}", run },
	{ "Start", "ssa{sv}", start },
	{ "StartFd", "sha{sv}", start_fd },
	{ "ListTasks", "a{sv}", list_tasks, "" },
	{ "CheckTask", "sa{sv}", check_task },
	{ "Prepare", "sa{sv}", unsupported, "" },
	{ "CountTokens", "ssa{sv}", count_tokens, "" },
	{ "Fetch", "t", fetch },
};

static const struct bus_property properties[] = {
	{ "Version", "u", bus_version },
	{ "State", "u", prop_state },
	{ "Progress", "d", prop_progress },
	{ "Model", "a{sv}", prop_model },
	{ "QueueLength", "u", prop_queue_length },
	{ "RetryAfter", "u", prop_retry_after },
	{ "Sandbox", "a{sv}", prop_sandbox },
};

static const struct bus_interface assistant1 = {
	.name = BUS_NAME,
	.xml = xml_assistant1,
	.methods = methods,
	.n_methods = ARRAY_SIZE(methods),
	.properties = properties,
	.n_properties = ARRAY_SIZE(properties),
};

void assistant1_add(struct daemon *d)
{
	bus_add(d->bus, &assistant1, d, false);
}

void assistant1_changed(struct daemon *d)
{
	bus_changed(d->bus, &assistant1);
}

void assistant1_tasks_changed(struct daemon *d)
{
	DBusMessage *m = dbus_message_new_signal(BUS_PATH, BUS_NAME, "TasksChanged");
	DBusMessageIter at, list;
	const struct task *t;

	if (!m)
		return;
	dbus_message_iter_init_append(m, &at);
	dbus_message_iter_open_container(&at, DBUS_TYPE_ARRAY, "s", &list);
	for (size_t i = 0; (t = task_at(i)); i++)
		out_str(&list, t->name);
	dbus_message_iter_close_container(&at, &list);
	bus_send(d->bus, m);
}
