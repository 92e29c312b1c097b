/* SPDX-License-Identifier: MIT */
/* Verbs that show or change what is there: models, history, the service's state. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "assistantd/ctl/train.h"
#include "util/macro.h"

#define MODELS "org.assistantd.Models1"
#define CONTEXT "org.assistantd.Context1"

static void print_model(const json_t *m)
{
	printf("%c %-24s %10.1f MiB  %s\n", json_is_true(json_object_get(m, "active")) ? '*' : ' ',
	       ctl_text(m, "name"), (double)ctl_number(m, "bytes") / 1048576, ctl_text(m, "path"));
}

static int list_models(struct ctl *c)
{
	return ctl_show_list(c, MODELS, "List", print_model);
}

/* The file's name without folder and ending. */
static char *model_name(const char *path)
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
	size_t n = strlen(base);

	if (n > 5 && strcmp(base + n - 5, ".gguf") == 0)
		n -= 5;
	return strndup(base, n);
}

static int add_model(struct ctl *c, const char *path)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	_cleanup_free_ char *name = model_name(path);
	DBusMessage *m = ctl_message(MODELS, "Add");
	DBusMessageIter at, dict;
	json_t *ignored;
	int status;

	if (fd < 0 || !name || !m) {
		fprintf(stderr, "assistantctl: %s: %s\n", path, strerror(errno));
		if (m)
			dbus_message_unref(m);
		return CTL_USAGE;
	}
	dbus_message_iter_init_append(m, &at);
	dbus_message_iter_append_basic(&at, DBUS_TYPE_UNIX_FD, &fd);
	dbus_message_iter_append_basic(&at, DBUS_TYPE_STRING, &name);
	ctl_open_options(&at, &dict);
	ctl_close_options(&at, &dict);
	status = ctl_call(c, m, &ignored);
	json_decref(ignored);
	return status;
}

static int use_model(struct ctl *c, const char *name)
{
	DBusMessage *m = ctl_message(MODELS, "Use");
	json_t *ignored;
	int status;

	if (m)
		dbus_message_append_args(m, DBUS_TYPE_STRING, &name, DBUS_TYPE_INVALID);
	status = ctl_call(c, m, &ignored);
	json_decref(ignored);
	return status;
}

static void print_object(const json_t *object)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)object, key, value) {
		if (json_is_string(value)) {
			printf("%-14s ", key);
			ctl_put_plain(stdout, json_string_value(value));
			putchar('\n');
		} else if (json_is_boolean(value)) {
			printf("%-14s %s\n", key, json_is_true(value) ? "yes" : "no");
		} else {
			printf("%-14s %lld\n", key, (long long)json_integer_value(value));
		}
	}
}

static int model_info(struct ctl *c)
{
	json_t *model = ctl_property(c, CTL_NAME, "Model");

	if (!model)
		return CTL_NO_SERVICE;
	if (c->json)
		ctl_print_json(model);
	else
		print_object(model);
	json_decref(model);
	return CTL_OK;
}

int ctl_model(struct ctl *c)
{
	const char *verb = c->argc > 0 ? c->argv[0] : "list";

	if (c->argc <= 1 && strcmp(verb, "list") == 0)
		return list_models(c);
	if (c->argc == 1 && strcmp(verb, "info") == 0)
		return model_info(c);
	if (c->argc == 2 && strcmp(verb, "add") == 0)
		return add_model(c, c->argv[1]);
	if (c->argc == 2 && strcmp(verb, "use") == 0)
		return use_model(c, c->argv[1]);
	fprintf(stderr, "usage: assistantctl model [list | info | add FILE | use NAME]\n");
	return CTL_USAGE;
}

static void print_text(const char *label, const char *text)
{
	if (!*text)
		return;
	printf("%s", label);
	ctl_put_plain(stdout, text);
	putchar('\n');
}

static void print_row(const json_t *row)
{
	time_t at = (time_t)(ctl_number(row, "time") / 1000);
	char when[32] = "";
	struct tm tm;

	if (localtime_r(&at, &tm))
		strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", &tm);
	printf("%lld  %s  %s  %s  %s%s%s  %lld+%lld tokens\n", ctl_number(row, "id"), when,
	       ctl_text(row, "caller"), ctl_text(row, "task"), ctl_text(row, "finish"),
	       *ctl_text(row, "adapter") ? "  " : "", ctl_text(row, "adapter"),
	       ctl_number(row, "tokens_in"), ctl_number(row, "tokens_out"));
	print_text("    > ", ctl_text(row, "request"));
	print_text("    < ", ctl_text(row, "result"));
	print_text("    ! ", ctl_text(row, "effects"));
}

static int forget(struct ctl *c)
{
	DBusMessage *m = ctl_message(CONTEXT, "Forget");
	json_t *arguments;
	int status;

	if (m)
		ctl_no_options(m);
	status = ctl_call(c, m, &arguments);
	if (status == CTL_OK)
		printf("%lld requests forgotten\n",
		       (long long)json_integer_value(json_array_get(arguments, 0)));
	json_decref(arguments);
	return status;
}

int ctl_history(struct ctl *c)
{
	DBusMessage *m;
	DBusMessageIter at, dict;
	json_t *arguments;
	int status;

	if (c->argc == 1 && strcmp(c->argv[0], "forget") == 0)
		return forget(c);
	if (c->argc > 1) {
		fprintf(stderr, "usage: assistantctl history [WORDS | forget]\n");
		return CTL_USAGE;
	}
	m = ctl_message(CONTEXT, "History");
	if (!m)
		return CTL_FAILED;
	dbus_message_iter_init_append(m, &at);
	ctl_open_options(&at, &dict);
	ctl_option_str(&dict, "words", c->argc ? c->argv[0] : NULL);
	ctl_close_options(&at, &dict);
	status = ctl_call(c, m, &arguments);
	ctl_print_list(c, status, json_array_get(arguments, 0), print_row);
	json_decref(arguments);
	return status;
}

static void print_training(bool ok, const char *text)
{
	(void)ok;
	print_text("training ", text);
}

int ctl_status(struct ctl *c)
{
	static const char *const states[] = { "unknown", "starting", "loading the model", "ready",
					      "degraded", "no model" };
	json_t *all, *sandbox, *model;
	int status;
	long long state;

	all = ctl_properties(c, &status);
	if (status != CTL_OK)
		return status;
	if (c->json) {
		ctl_print_json(all);
		json_decref(all);
		return CTL_OK;
	}
	state = CLAMP(ctl_number(all, "State"), 0LL, (long long)ARRAY_SIZE(states) - 1);
	model = json_object_get(all, "Model");
	sandbox = json_object_get(all, "Sandbox");
	printf("state    %s\n", states[state]);
	printf("model    %s\n", *ctl_text(model, "error") ? ctl_text(model, "error")
							 : ctl_text(model, "path"));
	printf("queue    %lld\n", ctl_number(all, "QueueLength"));
	printf("sandbox  no_new_privs %s, seccomp %s, landlock %lld\n",
	       json_is_true(json_object_get(sandbox, "no_new_privs")) ? "on" : "off",
	       json_is_true(json_object_get(sandbox, "seccomp")) ? "on" : "off",
	       ctl_number(sandbox, "landlock_abi"));
	train_summary(c, print_training);
	json_decref(all);
	return CTL_OK;
}
