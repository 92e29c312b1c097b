/* SPDX-License-Identifier: MIT */
#include "assistantd/ctl/agent.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define AGENT_PATH "/org/assistantd/Agent"
#define AGENT_INTERFACE "org.assistantd.Agent1"

enum { REPLY_MS = 30000 };

/* Whose questions are shown: the service, as it was when this began. */
static char service[256];

static void show(FILE *terminal, const char *label, const char *text)
{
	fprintf(terminal, "%s", label);
	ctl_put_plain(terminal, text);
	fputc('\n', terminal);
}

/* Yes is y or yes; everything else, and no answer, is no. */
static bool ask(const json_t *what)
{
	FILE *terminal = fopen("/dev/tty", "r+e");
	char answer[16] = "";
	bool yes;

	if (!terminal)
		return false;
	show(terminal, "\n", ctl_text(what, "summary"));
	show(terminal, "  asked by:  ", ctl_text(what, "caller"));
	show(terminal, "  tool:      ", ctl_text(what, "tool"));
	show(terminal, "  arguments: ", ctl_text(what, "arguments"));
	fprintf(terminal, "Do it? [y/N] ");
	fflush(terminal);
	yes = fgets(answer, sizeof(answer), terminal) &&
	      (strcmp(answer, "y\n") == 0 || strcmp(answer, "yes\n") == 0);
	fclose(terminal);
	return yes;
}

static DBusHandlerResult on_call(DBusConnection *bus, DBusMessage *m, void *arg)
{
	dbus_uint32_t decision;
	DBusMessageIter at, dict;
	DBusMessage *reply;
	json_t *arguments;

	(void)arg;
	/* Only the service asks; the bus tells who that is. */
	if (!*service || !dbus_message_has_sender(m, service) ||
	    !dbus_message_is_method_call(m, AGENT_INTERFACE, "Confirm") ||
	    !dbus_message_has_signature(m, "ta{sv}"))
		return DBUS_HANDLER_RESULT_NOT_YET_HANDLED;
	arguments = ctl_arguments(m);
	decision = ask(json_array_get(arguments, 1)) ? 1 : 0;
	json_decref(arguments);
	reply = dbus_message_new_method_return(m);
	if (!reply)
		return DBUS_HANDLER_RESULT_NEED_MEMORY;
	dbus_message_iter_init_append(reply, &at);
	dbus_message_iter_append_basic(&at, DBUS_TYPE_UINT32, &decision);
	ctl_open_options(&at, &dict);
	ctl_close_options(&at, &dict);
	dbus_connection_send(bus, reply, NULL);
	dbus_message_unref(reply);
	return DBUS_HANDLER_RESULT_HANDLED;
}

static bool has_terminal(void)
{
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return false;
	close(fd);
	return isatty(STDIN_FILENO) || isatty(STDERR_FILENO);
}

void agent_register(struct ctl *c)
{
	static const DBusObjectPathVTable table = { .message_function = on_call };
	DBusMessage *m = ctl_message("org.assistantd.Agents1", "Register");
	const char *path = AGENT_PATH, *kind = "hand";
	DBusMessageIter at, dict;
	DBusMessage *reply;

	if (!m)
		return;
	if (!has_terminal() ||
	    !dbus_connection_register_object_path(c->bus, AGENT_PATH, &table, NULL)) {
		dbus_message_unref(m);
		return;
	}
	dbus_message_iter_init_append(m, &at);
	dbus_message_iter_append_basic(&at, DBUS_TYPE_OBJECT_PATH, &path);
	ctl_open_options(&at, &dict);
	ctl_option_str(&dict, "class", kind);
	ctl_close_options(&at, &dict);
	reply = dbus_connection_send_with_reply_and_block(c->bus, m, REPLY_MS, NULL);
	dbus_message_unref(m);
	if (!reply)
		return;
	snprintf(service, sizeof(service), "%s", dbus_message_get_sender(reply));
	dbus_message_unref(reply);
}
