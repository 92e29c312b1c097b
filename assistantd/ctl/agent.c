/* SPDX-License-Identifier: MIT */
#include "assistantd/ctl/agent.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define AGENT_PATH "/org/assistantd/Agent"
#define AGENT_INTERFACE "org.assistantd.Agent1"

enum { REPLY_MS = 30000, POLL_MS = 100 };
enum decision { DECISION_NO, DECISION_ONCE, DECISION_ALWAYS };

/* The question on the terminal; the service shows one at a time. */
static struct {
	char service[256];	/* whose questions are shown: the service, as this began */
	DBusMessage *m;		/* NULL: there is none */
	FILE *terminal;
	bool always, pin;	/* may be answered, is needed */
	enum decision decision;	/* of a yes whose PIN is being typed */
	bool silent;		/* the terminal's echo is off */
	struct termios echo;
} now;

static void set_echo(bool on)
{
	struct termios t;

	if (!now.terminal || now.silent == !on)
		return;
	if (on) {
		tcsetattr(fileno(now.terminal), TCSAFLUSH, &now.echo);
		now.silent = false;
	} else if (tcgetattr(fileno(now.terminal), &t) == 0) {
		now.echo = t;
		t.c_lflag &= ~(tcflag_t)ECHO;
		now.silent = tcsetattr(fileno(now.terminal), TCSAFLUSH, &t) == 0;
	}
}

static void end_question(void)
{
	set_echo(true);
	if (now.terminal)
		fclose(now.terminal);
	now.terminal = NULL;
	if (now.m)
		dbus_message_unref(now.m);
	now.m = NULL;
	now.decision = DECISION_NO;
}

static void answer(struct ctl *c, enum decision decision, const char *pin)
{
	DBusMessage *reply = dbus_message_new_method_return(now.m);
	dbus_uint32_t number = decision;
	DBusMessageIter at, dict;

	if (reply) {
		dbus_message_iter_init_append(reply, &at);
		dbus_message_iter_append_basic(&at, DBUS_TYPE_UINT32, &number);
		ctl_open_options(&at, &dict);
		ctl_option_str(&dict, "pin", pin);
		ctl_close_options(&at, &dict);
		dbus_connection_send(c->bus, reply, NULL);
		dbus_message_unref(reply);
	}
	end_question();
}

static void show(const char *label, const char *text)
{
	fprintf(now.terminal, "%s", label);
	ctl_put_plain(now.terminal, text);
	fputc('\n', now.terminal);
}

static void show_sources(const json_t *sources)
{
	static const char *const labels[] = { "your words", "your notes", "from outside" };
	const json_t *s;
	size_t i;

	json_array_foreach(sources, i, s) {
		long long label = ctl_number(s, "label");

		fprintf(now.terminal, "  because of %s", label >= 0 && label < 3 ? labels[label]
										: "something");
		show(", ", ctl_text(s, "origin"));
		show("    ", ctl_text(s, "excerpt"));
	}
}

/* Everything that will be sent, as it will be sent. */
static void show_question(const json_t *what)
{
	const json_t *calls = json_object_get(what, "calls"), *call;
	bool several = json_array_size(calls) > 1;
	size_t i;

	show("\n", ctl_text(what, "summary"));
	show("  asked by:  ", ctl_text(what, "caller"));
	if (!several) {
		show("  tool:      ", ctl_text(what, "tool"));
		show("  arguments: ", ctl_text(what, "arguments"));
	}
	json_array_foreach(calls, i, call) {
		if (!several)
			break;
		show("  tool:      ", ctl_text(call, "tool"));
		show("  arguments: ", ctl_text(call, "arguments"));
	}
	show_sources(json_object_get(what, "sources"));
	if (now.pin && json_object_get(what, "tries") && ctl_number(what, "tries") < 3)
		fprintf(now.terminal, "That was not the PIN.\n");
	if (now.always)
		fprintf(now.terminal, "  (\"always\": yes, and from now on without asking)\n");
	fprintf(now.terminal, "Do it? [y/N] ");
	fflush(now.terminal);
}

static bool begin_question(DBusMessage *m)
{
	json_t *arguments;
	const json_t *what;

	end_question();
	now.terminal = fopen("/dev/tty", "r+e");
	if (!now.terminal)
		return false;
	/* What was typed ahead of a question is no answer to it. */
	tcflush(fileno(now.terminal), TCIFLUSH);
	now.m = dbus_message_ref(m);
	arguments = ctl_arguments(m);
	what = json_array_get(arguments, 1);
	now.always = json_is_true(json_object_get(what, "always"));
	now.pin = json_is_true(json_object_get(what, "pin"));
	show_question(what);
	json_decref(arguments);
	return true;
}

static enum decision read_decision(const char *line)
{
	if (strcmp(line, "y\n") == 0 || strcmp(line, "yes\n") == 0)
		return DECISION_ONCE;
	return now.always && strcmp(line, "always\n") == 0 ? DECISION_ALWAYS : DECISION_NO;
}

static void take_line(struct ctl *c, char *line)
{
	if (now.decision != DECISION_NO) {
		line[strcspn(line, "\n")] = '\0';
		fputc('\n', now.terminal);
		answer(c, now.decision, line);
		return;
	}
	now.decision = read_decision(line);
	if (now.decision == DECISION_NO || !now.pin) {
		answer(c, now.decision, NULL);
		return;
	}
	set_echo(false);
	fprintf(now.terminal, "PIN: ");
	fflush(now.terminal);
}

void agent_tend(struct ctl *c)
{
	struct pollfd p = { .events = POLLIN };
	char line[512] = "";
	ssize_t n;

	if (!now.m)
		return;
	p.fd = fileno(now.terminal);
	if (poll(&p, 1, 0) <= 0)
		return;
	/* Not by stdio, whose buffer poll() does not see. A terminal gives a line at a time. */
	n = read(p.fd, line, sizeof(line) - 1);
	if (n <= 0 || !dbus_validate_utf8(line, NULL))
		answer(c, DECISION_NO, NULL);
	else
		take_line(c, line);
	explicit_bzero(line, sizeof(line));
}

static void take_back(DBusMessage *m)
{
	dbus_uint64_t asked = 0, over = 1;

	if (!now.m || !dbus_message_get_args(m, NULL, DBUS_TYPE_UINT64, &over, DBUS_TYPE_INVALID))
		return;
	dbus_message_get_args(now.m, NULL, DBUS_TYPE_UINT64, &asked, DBUS_TYPE_INVALID);
	if (asked != over)
		return;
	fprintf(now.terminal, "\nThe question is over; nothing was done.\n");
	end_question();
}

static DBusHandlerResult on_call(DBusConnection *bus, DBusMessage *m, void *arg)
{
	(void)bus;
	(void)arg;
	/* Only the service asks; the bus tells who that is. */
	if (!*now.service || !dbus_message_has_sender(m, now.service))
		return DBUS_HANDLER_RESULT_NOT_YET_HANDLED;
	if (dbus_message_is_method_call(m, AGENT_INTERFACE, "Cancel")) {
		take_back(m);
		return DBUS_HANDLER_RESULT_HANDLED;
	}
	if (!dbus_message_is_method_call(m, AGENT_INTERFACE, "Confirm") ||
	    !dbus_message_has_signature(m, "ta{sv}") || !begin_question(m))
		return DBUS_HANDLER_RESULT_NOT_YET_HANDLED;
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

/* The service is told once more when another one has taken its place. */
static int send_register(struct ctl *c, bool own)
{
	DBusMessage *m = ctl_message("org.assistantd.Agents1", "Register"), *reply;
	DBusError error = DBUS_ERROR_INIT;
	const char *path = AGENT_PATH;
	DBusMessageIter at, dict;
	int status;

	if (!m)
		return CTL_FAILED;
	dbus_message_iter_init_append(m, &at);
	dbus_message_iter_append_basic(&at, DBUS_TYPE_OBJECT_PATH, &path);
	ctl_open_options(&at, &dict);
	ctl_option_str(&dict, "class", "hand");
	ctl_option_bool(&dict, "own", own);
	ctl_close_options(&at, &dict);
	reply = dbus_connection_send_with_reply_and_block(c->bus, m, REPLY_MS, &error);
	dbus_message_unref(m);
	if (!reply) {
		status = ctl_show_error(error.name, error.message);
		dbus_error_free(&error);
		return status;
	}
	snprintf(now.service, sizeof(now.service), "%s", dbus_message_get_sender(reply));
	dbus_message_unref(reply);
	return CTL_OK;
}

int agent_register(struct ctl *c, bool own)
{
	static const DBusObjectPathVTable table = { .message_function = on_call };

	if (!has_terminal())
		return CTL_OK;
	if (!dbus_connection_register_object_path(c->bus, AGENT_PATH, &table, NULL))
		return CTL_FAILED;
	atexit(end_question);
	return send_register(c, own);
}

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
	(void)number;
	interrupted = 1;
}

/* The service came or went. */
static DBusHandlerResult on_owner(DBusConnection *bus, DBusMessage *m, void *arg)
{
	const char *name, *old, *fresh;
	bool *returned = arg;

	(void)bus;
	if (dbus_message_is_signal(m, DBUS_INTERFACE_DBUS, "NameOwnerChanged") &&
	    dbus_message_has_sender(m, DBUS_SERVICE_DBUS) &&
	    dbus_message_get_args(m, NULL, DBUS_TYPE_STRING, &name, DBUS_TYPE_STRING, &old,
				  DBUS_TYPE_STRING, &fresh, DBUS_TYPE_INVALID) &&
	    strcmp(name, CTL_NAME) == 0) {
		end_question();
		*now.service = '\0';
		*returned = *fresh;
	}
	return DBUS_HANDLER_RESULT_NOT_YET_HANDLED;
}

static int serve(struct ctl *c, bool *returned)
{
	while (!interrupted) {
		if (!dbus_connection_read_write_dispatch(c->bus, POLL_MS))
			return ctl_show_error(DBUS_ERROR_DISCONNECTED, "the bus is gone");
		agent_tend(c);
		if (*returned) {
			*returned = false;
			send_register(c, false);
		}
	}
	return CTL_INTERRUPTED;
}

int ctl_agent(struct ctl *c)
{
	struct sigaction action = { .sa_handler = on_signal };
	bool returned = false;
	int status;

	if (c->argc > 0) {
		fprintf(stderr, "usage: assistantctl agent\n");
		return CTL_USAGE;
	}
	if (!has_terminal()) {
		fprintf(stderr, "assistantctl: questions need a terminal\n");
		return CTL_FAILED;
	}
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	status = agent_register(c, false);
	if (status != CTL_OK)
		return status;
	dbus_bus_add_match(c->bus, "type='signal',sender='" DBUS_SERVICE_DBUS "',member="
			   "'NameOwnerChanged',arg0='" CTL_NAME "'", NULL);
	dbus_connection_add_filter(c->bus, on_owner, &returned, NULL);
	fprintf(stderr, "Questions are shown here; Ctrl-C ends it.\n");
	status = serve(c, &returned);
	dbus_connection_remove_filter(c->bus, on_owner, &returned);
	return status;
}
