/* SPDX-License-Identifier: MIT */
/* grant: what runs without a question; app: who calls; home pin: what needs a PIN. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <time.h>

#include "assistantd/ctl/ctl.h"

#define GRANTS "org.assistantd.Grants1"

enum { PIN_SIZE = 512 };

static void print_grant(const json_t *g)
{
	time_t at = (time_t)(ctl_number(g, "time") / 1000);
	char when[32] = "";
	struct tm tm;

	if (localtime_r(&at, &tm))
		strftime(when, sizeof(when), "%Y-%m-%d %H:%M", &tm);
	printf("%s  ", when);
	ctl_put_plain(stdout, *ctl_text(g, "app") ? ctl_text(g, "app") : "you");
	printf("  ");
	ctl_put_plain(stdout, ctl_text(g, "tool"));
	printf("  ");
	ctl_put_plain(stdout, *ctl_text(g, "target") ? ctl_text(g, "target") : "(any)");
	putchar('\n');
}

static int list(struct ctl *c)
{
	return ctl_show_list(c, GRANTS, "List", print_grant);
}

static int call(struct ctl *c, const char *member, const char *a, const char *b, const char *third)
{
	DBusMessage *m = ctl_message(GRANTS, member);
	json_t *ignored;
	int status;

	if (m)
		dbus_message_append_args(m, DBUS_TYPE_STRING, &a, DBUS_TYPE_STRING, &b,
					 DBUS_TYPE_STRING, &third, DBUS_TYPE_INVALID);
	status = ctl_call(c, m, &ignored);
	json_decref(ignored);
	return status;
}

static int usage(void)
{
	fprintf(stderr, "usage: assistantctl grant [list]\n"
		"       assistantctl grant add|rm TOOL [TARGET] [--app APPLICATION]\n");
	return CTL_USAGE;
}

int ctl_grant(struct ctl *c)
{
	const char *target = c->argc == 3 ? c->argv[2] : "";
	const char *app = c->app ? c->app : "";

	if (c->argc == 0 || (c->argc == 1 && strcmp(c->argv[0], "list") == 0))
		return list(c);
	if (c->argc < 2 || c->argc > 3)
		return usage();
	if (strcmp(c->argv[0], "add") == 0)
		return call(c, "Add", app, c->argv[1], target);
	return strcmp(c->argv[0], "rm") == 0 ? call(c, "Remove", app, c->argv[1], target)
					     : usage();
}

static void print_app(const json_t *a)
{
	size_t len = strlen(ctl_text(a, "app"));

	ctl_put_plain(stdout, ctl_text(a, "app"));
	printf("%*s %-10s %6lld requests %6lld calls%s\n", len < 32 ? 32 - (int)len : 0, "",
	       ctl_text(a, "kind"), ctl_number(a, "requests"), ctl_number(a, "calls"),
	       json_is_true(json_object_get(a, "blocked")) ? "  shut out" : "");
}

static int list_apps(struct ctl *c)
{
	return ctl_show_list(c, GRANTS, "ListApps", print_app);
}

static int block(struct ctl *c, const char *app, bool blocked)
{
	DBusMessage *m = ctl_message(GRANTS, "Block");
	dbus_bool_t flag = blocked;
	json_t *ignored;
	int status;

	if (m)
		dbus_message_append_args(m, DBUS_TYPE_STRING, &app, DBUS_TYPE_BOOLEAN, &flag,
					 DBUS_TYPE_INVALID);
	status = ctl_call(c, m, &ignored);
	json_decref(ignored);
	return status;
}

int ctl_app(struct ctl *c)
{
	if (c->argc == 0 || (c->argc == 1 && strcmp(c->argv[0], "list") == 0))
		return list_apps(c);
	if (c->argc == 2 && strcmp(c->argv[0], "block") == 0)
		return block(c, c->argv[1], true);
	if (c->argc == 2 && strcmp(c->argv[0], "unblock") == 0)
		return block(c, c->argv[1], false);
	fprintf(stderr, "usage: assistantctl app [list | block NAME | unblock NAME]\n");
	return CTL_USAGE;
}

/* A line from the terminal, which does not show it. False without one. */
static bool read_pin(FILE *terminal, const char *prompt, char pin[PIN_SIZE])
{
	struct termios shown, hidden;
	bool ok;

	if (tcgetattr(fileno(terminal), &shown) < 0)
		return false;
	hidden = shown;
	hidden.c_lflag &= ~(tcflag_t)ECHO;
	tcsetattr(fileno(terminal), TCSAFLUSH, &hidden);
	fprintf(terminal, "%s", prompt);
	fflush(terminal);
	ok = fgets(pin, PIN_SIZE, terminal) && strchr(pin, '\n');
	tcsetattr(fileno(terminal), TCSAFLUSH, &shown);
	fputc('\n', terminal);
	pin[strcspn(pin, "\n")] = '\0';
	return ok && dbus_validate_utf8(pin, NULL);
}

/* Whether the device has a PIN: 1 or 0, or -1 after a message. */
static int has_pin(struct ctl *c, const char *target)
{
	json_t *pins, *pin;
	size_t i;
	int found = ctl_fetch_list(c, GRANTS, "ListPins", &pins) == CTL_OK ? 0 : -1;

	json_array_foreach(pins, i, pin)
		if (strcmp(ctl_text(pin, "target"), target) == 0)
			found = 1;
	json_decref(pins);
	return found;
}

int ctl_pin(struct ctl *c, const char *target)
{
	char old[PIN_SIZE] = "", fresh[PIN_SIZE] = "", again[PIN_SIZE] = "";
	FILE *terminal = fopen("/dev/tty", "r+e");
	int has, status = CTL_FAILED;

	if (!terminal) {
		fprintf(stderr, "assistantctl: a PIN is typed on a terminal\n");
		return CTL_FAILED;
	}
	has = has_pin(c, target);
	if (has < 0) {
		fclose(terminal);
		return CTL_FAILED;
	}
	if ((has && !read_pin(terminal, "Present PIN: ", old)) ||
	    !read_pin(terminal, has ? "New PIN (empty: none): " : "PIN: ", fresh) ||
	    !read_pin(terminal, "Once more: ", again))
		fprintf(stderr, "assistantctl: no PIN\n");
	else if (strcmp(fresh, again) != 0)
		fprintf(stderr, "assistantctl: these are two PINs; nothing was changed\n");
	else
		status = call(c, "SetPin", target, old, fresh);
	explicit_bzero(old, sizeof(old));
	explicit_bzero(fresh, sizeof(fresh));
	explicit_bzero(again, sizeof(again));
	fclose(terminal);
	return status;
}
