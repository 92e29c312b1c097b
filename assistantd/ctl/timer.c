/* SPDX-License-Identifier: MIT */
/* timer: what is set, and taking it away. They are set by words: assistantctl ask. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "assistantd/ctl/ctl.h"

#define TIMERS "org.assistantd.Timers1"

static int usage(void)
{
	fprintf(stderr, "usage: assistantctl timer [list]\n"
		"       assistantctl timer cancel ID\n");
	return CTL_USAGE;
}

static void print_timer(const json_t *t)
{
	time_t due = (time_t)(ctl_number(t, "due") / 1000);
	long long left = (ctl_number(t, "left_ms") + 999) / 1000;
	char when[32] = "-";
	struct tm tm;

	if (due && localtime_r(&due, &tm))
		strftime(when, sizeof(when), "%F %T", &tm);
	printf("%4lld %-8s %-8s %-19s %3lld:%02lld:%02lld  ", ctl_number(t, "id"),
	       ctl_text(t, "kind"), ctl_text(t, "state"), when, left / 3600, left / 60 % 60,
	       left % 60);
	ctl_put_plain(stdout, ctl_text(t, "name"));
	printf("\n");
}

static int list(struct ctl *c)
{
	return ctl_show_list(c, TIMERS, "List", print_timer);
}

static int cancel(struct ctl *c, const char *text)
{
	DBusMessage *m = ctl_message(TIMERS, "Cancel");
	json_t *ignored = NULL;
	dbus_uint64_t id;
	char *end = NULL;
	int status;

	id = isdigit((unsigned char)*text) ? strtoull(text, &end, 10) : 0;
	if (!m || !end || *end) {
		if (m)
			dbus_message_unref(m);
		return usage();
	}
	dbus_message_append_args(m, DBUS_TYPE_UINT64, &id, DBUS_TYPE_INVALID);
	status = ctl_call(c, m, &ignored);
	json_decref(ignored);
	return status;
}

int ctl_timer(struct ctl *c)
{
	if (c->argc == 0 || (c->argc == 1 && strcmp(c->argv[0], "list") == 0))
		return list(c);
	if (c->argc == 2 && strcmp(c->argv[0], "cancel") == 0)
		return cancel(c, c->argv[1]);
	return usage();
}
