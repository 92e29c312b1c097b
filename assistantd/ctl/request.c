/* SPDX-License-Identifier: MIT */
#include "assistantd/ctl/request.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "assistantd/ctl/agent.h"
#include "util/file.h"
#include "util/macro.h"

#define REQUEST_INTERFACE "org.assistantd.Request1"
#define TOKEN "ctl"

enum { INLINE_MAX = 256 * 1024, POLL_MS = 100, REPLY_MS = 30000 };

/* What the caller sees while it waits. */
struct request {
	struct ctl *c;
	char path[512];
	struct buf text;	/* as streamed so far */
	size_t shown;		/* of it */
	json_t *results;	/* Response's; NULL while it is awaited */
	bool deserted;		/* the service left the bus */
	bool is_call;		/* of one tool: the status is what became of it */
	long long response;
	int output;		/* StartFd's descriptor, or -1 */
};

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
	(void)number;
	interrupted = 1;
}

/* On a terminal text appears as it is made; what was taken back is written once more. */
static void show(struct request *r, size_t from)
{
	if (!r->c->stream || !isatty(STDOUT_FILENO))
		return;
	if (from < r->shown) {
		putchar('\n');
		r->shown = 0;
	}
	fwrite(r->text.data + r->shown, 1, r->text.len - r->shown, stdout);
	fflush(stdout);
	r->shown = r->text.len;
}

static void on_delta(struct request *r, const json_t *arguments)
{
	size_t from = (size_t)json_integer_value(json_array_get(arguments, 2));
	const char *text = json_string_value(json_array_get(arguments, 3));

	if (!text || from > r->text.len)
		return;
	r->text.len = from;
	if (buf_append_str(&r->text, text) == 0)
		show(r, from);
}

/* The service's name has no owner any more: nobody answers. */
static void on_owner(struct request *r, DBusMessage *m)
{
	const char *name, *old, *fresh;

	if (dbus_message_get_args(m, NULL, DBUS_TYPE_STRING, &name, DBUS_TYPE_STRING, &old,
				  DBUS_TYPE_STRING, &fresh, DBUS_TYPE_INVALID) &&
	    strcmp(name, CTL_NAME) == 0 && *old)
		r->deserted = true;
}

static DBusHandlerResult filter(DBusConnection *bus, DBusMessage *m, void *arg)
{
	struct request *r = arg;
	json_t *arguments;

	(void)bus;
	if (dbus_message_is_signal(m, DBUS_INTERFACE_DBUS, "NameOwnerChanged") &&
	    dbus_message_has_sender(m, DBUS_SERVICE_DBUS))
		on_owner(r, m);
	if (dbus_message_get_type(m) != DBUS_MESSAGE_TYPE_SIGNAL ||
	    !dbus_message_has_path(m, r->path) ||
	    !dbus_message_has_interface(m, REQUEST_INTERFACE))
		return DBUS_HANDLER_RESULT_NOT_YET_HANDLED;
	arguments = ctl_arguments(m);
	if (dbus_message_has_member(m, "Delta")) {
		on_delta(r, arguments);
	} else if (dbus_message_has_member(m, "Response") && !r->results) {
		r->response = json_integer_value(json_array_get(arguments, 0));
		r->results = json_incref(json_array_get(arguments, 1));
	}
	json_decref(arguments);
	return DBUS_HANDLER_RESULT_HANDLED;
}

/* The words were checked when they were taken. */
static void append_adapters(const struct ctl *c, DBusMessageIter *dict)
{
	DBusMessageIter entry, variant, list, pair;
	const char *key = "adapters";

	dbus_message_iter_open_container(dict, DBUS_TYPE_DICT_ENTRY, NULL, &entry);
	dbus_message_iter_append_basic(&entry, DBUS_TYPE_STRING, &key);
	dbus_message_iter_open_container(&entry, DBUS_TYPE_VARIANT, "a{sd}", &variant);
	dbus_message_iter_open_container(&variant, DBUS_TYPE_ARRAY, "{sd}", &list);
	for (int i = 0; i < c->n_adapters; i++) {
		const char *equals = strchrnul(c->adapters[i], '=');
		double factor = *equals ? strtod(equals + 1, NULL) : 1.0;
		char name[CTL_NAME_MAX], *at = name;

		snprintf(name, sizeof(name), "%.*s", (int)(equals - c->adapters[i]),
			 c->adapters[i]);
		dbus_message_iter_open_container(&list, DBUS_TYPE_DICT_ENTRY, NULL, &pair);
		dbus_message_iter_append_basic(&pair, DBUS_TYPE_STRING, &at);
		dbus_message_iter_append_basic(&pair, DBUS_TYPE_DOUBLE, &factor);
		dbus_message_iter_close_container(&list, &pair);
	}
	dbus_message_iter_close_container(&variant, &list);
	dbus_message_iter_close_container(&entry, &variant);
	dbus_message_iter_close_container(dict, &entry);
}

static void append_options(struct request *r, DBusMessageIter *at, const char *token)
{
	const struct ctl *c = r->c;
	DBusMessageIter dict;

	ctl_open_options(at, &dict);
	ctl_option_str(&dict, "handle_token", token);
	ctl_option_str(&dict, "offset_unit", "utf-8");
	if (c->n_adapters)
		append_adapters(c, &dict);
	ctl_option_str(&dict, "style", c->style);
	ctl_option_str(&dict, "kind", c->kind);
	ctl_option_str(&dict, "hint", c->hint);
	ctl_option_str(&dict, "area", c->area);
	ctl_option_str(&dict, "conversation", c->conversation);
	ctl_option_str(&dict, "choose", c->choose);
	if (c->items)
		notifications_append(&dict, c->items);
	if (c->whole)
		ctl_option_bool(&dict, "whole", true);
	if (c->is_private)
		ctl_option_bool(&dict, "private", true);
	if (c->max_tokens)
		ctl_option_u32(&dict, "max_tokens", c->max_tokens);
	if (c->timeout_s)
		ctl_option_u32(&dict, "timeout_ms", c->timeout_s * 1000);
	ctl_close_options(at, &dict);
}

/* The path that the service will use is watched before the call, so that nothing is lost. */
static void watch(struct request *r, const char *token)
{
	char rule[700], sender[128];
	size_t n = 0;

	for (const char *s = dbus_bus_get_unique_name(r->c->bus); *s && n + 1 < sizeof(sender); s++)
		if (*s != ':')
			sender[n++] = *s == '.' ? '_' : *s;
	sender[n] = '\0';
	snprintf(r->path, sizeof(r->path), CTL_PATH "/request/%s/%s", sender, token);
	snprintf(rule, sizeof(rule), "type='signal',interface='" REQUEST_INTERFACE "',path='%s'",
		 r->path);
	dbus_bus_add_match(r->c->bus, rule, NULL);
	dbus_bus_add_match(r->c->bus, "type='signal',sender='" DBUS_SERVICE_DBUS "',member="
			   "'NameOwnerChanged',arg0='" CTL_NAME "'", NULL);
	dbus_connection_add_filter(r->c->bus, filter, r, NULL);
}

static int memfd_of(const char *text, size_t len)
{
	int fd = memfd_create("text", MFD_CLOEXEC);

	for (size_t at = 0; fd >= 0 && at < len;) {
		ssize_t n = write(fd, text + at, len - at);

		if (n < 0) {
			close(fd);
			return -1;
		}
		at += (size_t)n;
	}
	if (fd >= 0)
		lseek(fd, 0, SEEK_SET);
	return fd;
}

static DBusMessage *make_call(struct request *r, const char *task, const char *text, size_t len,
			      const char *token)
{
	bool is_long = len > INLINE_MAX;
	DBusMessage *m = ctl_message(CTL_NAME, is_long ? "StartFd" : "Start");
	DBusMessageIter at;
	int fd;

	if (!m)
		return NULL;
	dbus_message_iter_init_append(m, &at);
	dbus_message_iter_append_basic(&at, DBUS_TYPE_STRING, &task);
	if (is_long) {
		fd = memfd_of(text, len);
		if (fd < 0) {
			dbus_message_unref(m);
			return NULL;
		}
		dbus_message_iter_append_basic(&at, DBUS_TYPE_UNIX_FD, &fd);
		close(fd);
	} else {
		dbus_message_iter_append_basic(&at, DBUS_TYPE_STRING, &text);
	}
	append_options(r, &at, token);
	return m;
}

/* Sends the call; StartFd's answer brings the descriptor to read from. */
static int begin(struct request *r, DBusMessage *m)
{
	DBusError error = DBUS_ERROR_INIT;
	DBusMessage *reply = m ? dbus_connection_send_with_reply_and_block(r->c->bus, m, REPLY_MS,
									  &error) : NULL;
	const char *path;
	int status = CTL_OK;

	if (m)
		dbus_message_unref(m);
	if (!reply) {
		status = ctl_show_error(error.name ? error.name : DBUS_ERROR_NO_MEMORY,
					error.message ? error.message : "out of memory");
		dbus_error_free(&error);
		return status;
	}
	if (dbus_message_has_signature(reply, "oh") &&
	    !dbus_message_get_args(reply, NULL, DBUS_TYPE_OBJECT_PATH, &path, DBUS_TYPE_UNIX_FD,
				   &r->output, DBUS_TYPE_INVALID))
		status = CTL_FAILED;
	dbus_message_unref(reply);
	return status;
}

static void close_request(struct request *r)
{
	DBusMessage *m = dbus_message_new_method_call(CTL_NAME, r->path, REQUEST_INTERFACE,
						      "Close");

	if (!m)
		return;
	dbus_message_set_no_reply(m, TRUE);
	dbus_connection_send(r->c->bus, m, NULL);
	dbus_connection_flush(r->c->bus);
	dbus_message_unref(m);
}

/* The result of StartFd, to its end. */
static int take_output(struct request *r)
{
	return file_read_rest(r->output, SIZE_MAX, &r->text, NULL) < 0 ? CTL_FAILED : CTL_OK;
}

/* One a line, from the @first on; a person also sees which is which. */
static int print_candidates(const json_t *candidates, size_t first)
{
	bool terminal = isatty(STDOUT_FILENO);

	for (size_t i = first; i < json_array_size(candidates); i++) {
		const json_t *candidate = json_array_get(candidates, i);

		if (terminal)
			printf("%zu  ", i + 1);
		ctl_put_plain(stdout, ctl_text(candidate, "text"));
		if (terminal)
			printf("  (%s)", ctl_text(candidate, "intent"));
		putchar('\n');
	}
	return fflush(stdout) == 0 ? CTL_OK : CTL_FAILED;
}

static int print_result(struct request *r)
{
	const json_t *candidates = json_object_get(r->results, "candidates");
	const char *text = ctl_text(r->results, "text");
	size_t len = strlen(text), i;
	json_t *warning;

	if (r->output >= 0) {
		if (take_output(r) != CTL_OK)
			return CTL_FAILED;
		json_object_set_new(r->results, "text", json_stringn(r->text.data, r->text.len));
		text = r->text.data;
		len = r->text.len;
	}
	json_array_foreach(json_object_get(r->results, "warnings"), i, warning)
		fprintf(stderr, "note: %s\n", json_string_value(warning));
	/* An answer that no model was asked for is none of this. */
	if (strcmp(ctl_text(r->results, "source"), "baseline") == 0 && !r->c->json &&
	    !json_object_get(r->results, "kind"))
		fprintf(stderr, "note: made without the model\n");
	if (r->c->json)
		return ctl_print_json(r->results);
	if (json_array_size(candidates)) {
		if (r->shown)
			putchar('\n');
		/* What was shown as it came is the first one. */
		return print_candidates(candidates, r->shown ? 1 : 0);
	}
	if (r->shown != len || (len && memcmp(r->text.data, text, len) != 0)) {
		if (r->shown)
			putchar('\n');
		fwrite(text, 1, len, stdout);
	}
	if (len == 0 || text[len - 1] != '\n')
		putchar('\n');
	return fflush(stdout) == 0 ? CTL_OK : CTL_FAILED;
}

/* Whether all was done, as far as that can be told; nothing was denied, failed, or not begun. */
static bool is_done(const json_t *results)
{
	const json_t *actions = json_object_get(results, "actions");
	json_t *action;
	size_t i;

	json_array_foreach(actions, i, action) {
		const char *outcome = ctl_text(action, "outcome");

		if (strcmp(outcome, "done") != 0 && strcmp(outcome, "already") != 0 &&
		    strcmp(outcome, "sent") != 0)
			return false;
	}
	return true;
}

static int finish(struct request *r)
{
	if (r->response == 0) {
		int status = print_result(r);

		return status == CTL_OK && r->is_call && !is_done(r->results) ? CTL_FAILED
									       : status;
	}
	if (r->response == 1) {
		print_result(r);
		return CTL_REFUSED;
	}
	if (r->shown)
		putchar('\n');
	return ctl_show_error(ctl_text(r->results, "error"), ctl_text(r->results, "message"));
}

static int follow(struct request *r)
{
	while (!r->results && !interrupted && !r->deserted) {
		if (!dbus_connection_read_write_dispatch(r->c->bus, POLL_MS))
			return ctl_show_error(DBUS_ERROR_DISCONNECTED, "the bus is gone");
		agent_tend(r->c);
	}
	if (r->results)
		return finish(r);
	if (r->shown)
		putchar('\n');
	if (r->deserted)
		return ctl_show_error(DBUS_ERROR_NO_REPLY, "the service ended");
	close_request(r);
	return CTL_INTERRUPTED;
}

static void open_request(struct request *r)
{
	struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	watch(r, TOKEN);
}

/* Sends @m, which makes the request, and follows it to its end. */
static int carry_out(struct request *r, DBusMessage *m)
{
	int status = begin(r, m);

	if (status == CTL_OK)
		status = follow(r);
	dbus_connection_remove_filter(r->c->bus, filter, r);
	closep(&r->output);
	json_decref(r->results);
	buf_deinit(&r->text);
	return status;
}

int request_run(struct ctl *c, const char *task, const char *text, size_t len)
{
	struct request r = { .c = c, .output = -1 };

	open_request(&r);
	return carry_out(&r, make_call(&r, task, text, len, TOKEN));
}

/* The options that calls of tools take. */
static void append_few_options(struct request *r, DBusMessageIter *at)
{
	DBusMessageIter dict;

	ctl_open_options(at, &dict);
	ctl_option_str(&dict, "handle_token", TOKEN);
	ctl_option_str(&dict, "offset_unit", "utf-8");
	if (r->c->is_private)
		ctl_option_bool(&dict, "private", true);
	ctl_close_options(at, &dict);
}

int request_call(struct ctl *c, const char *tool, const char *arguments)
{
	struct request r = { .c = c, .output = -1, .is_call = true };
	DBusMessage *m = ctl_message("org.assistantd.Tools1", "Call");
	DBusMessageIter at;

	open_request(&r);
	if (m) {
		dbus_message_iter_init_append(m, &at);
		dbus_message_iter_append_basic(&at, DBUS_TYPE_STRING, &tool);
		dbus_message_iter_append_basic(&at, DBUS_TYPE_STRING, &arguments);
		append_few_options(&r, &at);
	}
	return carry_out(&r, m);
}

int request_undo(struct ctl *c, uint64_t call)
{
	struct request r = { .c = c, .output = -1 };
	DBusMessage *m = ctl_message("org.assistantd.Tools1", "Undo");
	dbus_uint64_t id = call;
	DBusMessageIter at;

	open_request(&r);
	if (m) {
		dbus_message_iter_init_append(m, &at);
		dbus_message_iter_append_basic(&at, DBUS_TYPE_UINT64, &id);
		append_few_options(&r, &at);
	}
	return carry_out(&r, m);
}
