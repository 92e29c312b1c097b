/* SPDX-License-Identifier: MIT */
/* A call of a tool without a sentence, as of a button: a request like others, by the same gate. */
#include <errno.h>
#include <string.h>

#include "assistantd/daemon/action.h"
#include "assistantd/daemon/job.h"
#include "assistantd/daemon/out.h"
#include "assistantd/daemon/tools1-private.h"

static const struct task calling = { TASK_TOOL, "tool", "Call a tool", OPTION_COMMON, false, true,
				     false, 0, "kind actions" };

/* What the call is for; its words are the caller's, as those of a request are. */
static int add_call(struct job *job, struct action *a)
{
	const struct errand *errand = &job->errand;
	const char *target = json_string_value(json_object_get(errand->arguments, "entity"));
	const struct home_entity *e = target ? home_find(job->d->home, target) : NULL;
	const struct tool *t = tool_registry_find(job->d->tool_registry, errand->tool);
	struct action_spec spec = {
		.tool = errand->tool,
		.arguments = errand->arguments,
		.target = target ? target : "",
		.title = e ? e->name : t ? t->title : errand->tool,
		.decided_by = POLICY_LABEL_USER,
		.scope = ACTION_NAMED,
		.why = "Tools1.Call",
	};

	return action_add(a, &spec);
}

void errand_begin(struct job *job)
{
	struct action *a;
	int r;

	if (!job->errand.tool) {
		action_undo(job, job->errand.undo);
		return;
	}
	if (!tool_registry_find(job->d->tool_registry, job->errand.tool)) {
		job_finish(job, "ToolUnknown", "no tool '%.200s'", job->errand.tool);
		return;
	}
	a = action_new(job);
	r = a ? add_call(job, a) : -ENOMEM;
	if (r < 0)
		job_finish(job, "Internal", "%s", strerror(-r));
	else
		action_run(a);
}

void errand_deinit(struct errand *e)
{
	free(e->tool);
	json_decref(e->arguments);
	*e = (struct errand){ 0 };
}

static DBusMessage *read_arguments(DBusMessage *m, const char *text, json_t **ret)
{
	json_error_t error;

	if (strlen(text) > TOOL_ARGUMENTS_MAX)
		return out_error(m, DBUS_ERROR_INVALID_ARGS, "arguments: longer than 64 KiB");
	*ret = json_loads(*text ? text : "{}", JSON_REJECT_DUPLICATES, &error);
	if (!*ret)
		return out_error(m, DBUS_ERROR_INVALID_ARGS, "arguments: no JSON: %s", error.text);
	if (!json_is_object(*ret)) {
		json_decref(*ret);
		return out_error(m, DBUS_ERROR_INVALID_ARGS, "arguments: expected a JSON object");
	}
	return NULL;
}

void tools1_call(void *arg, DBusMessage *m)
{
	struct daemon *d = arg;
	struct errand errand = { 0 };
	const char *name = "", *text = "";
	DBusMessage *error;
	DBusMessageIter at;

	dbus_message_iter_init(m, &at);
	dbus_message_iter_get_basic(&at, &name);
	dbus_message_iter_next(&at);
	dbus_message_iter_get_basic(&at, &text);
	dbus_message_iter_next(&at);
	error = read_arguments(m, text, &errand.arguments);
	if (!error && !(errand.tool = strdup(name)))
		error = out_error(m, "Internal", "out of memory");
	if (!error && !tool_registry_find(d->tool_registry, name))
		error = out_error(m, "ToolUnknown", "no tool '%.200s'", name);
	if (error)
		bus_send(d->bus, error);
	else
		job_errand(d, m, &calling, &errand, &at);
	errand_deinit(&errand);
}

void tools1_undo(void *arg, DBusMessage *m)
{
	struct errand errand = { 0 };
	DBusMessageIter at;

	dbus_message_iter_init(m, &at);
	dbus_message_iter_get_basic(&at, &errand.undo);
	dbus_message_iter_next(&at);
	/* 0 is the last one; no other number is that of all. */
	if (errand.undo < 0)
		errand.undo = INT64_MAX;
	job_errand(arg, m, &calling, &errand, &at);
	errand_deinit(&errand);
}
