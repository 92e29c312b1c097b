/* SPDX-License-Identifier: MIT */
/* journal: what was called, by whom, why it was allowed and what came of it. undo: taking it
 * back. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "assistantd/ctl/agent.h"
#include "assistantd/ctl/ctl.h"
#include "assistantd/ctl/request.h"

#define TOOLS "org.assistantd.Tools1"

/* The id of a call, as it was typed; 0 after a message. */
static uint64_t take_call(const char *text)
{
	char *end = NULL;
	unsigned long long id = isdigit((unsigned char)*text) ? strtoull(text, &end, 10) : 0;

	if (end && !*end && id > 0 && id <= INT64_MAX)
		return id;
	fprintf(stderr, "assistantctl: '%s', expected the number of a call, as journal lists it\n",
		text);
	return 0;
}

static void print_time(const char *form, long long ms)
{
	time_t at = (time_t)(ms / 1000);
	char when[32] = "-";
	struct tm tm;

	if (ms && localtime_r(&at, &tm))
		strftime(when, sizeof(when), "%F %T", &tm);
	printf(form, when);
}

static void put(const json_t *row, const char *key)
{
	ctl_put_plain(stdout, ctl_text(row, key));
}

static void print_line(const char *what, const json_t *row, const char *key)
{
	if (!*ctl_text(row, key))
		return;
	printf("%-9s ", what);
	put(row, key);
	putchar('\n');
}

static void print_row(const json_t *row)
{
	printf("%5lld  ", ctl_number(row, "call"));
	print_time("%s  ", ctl_number(row, "time"));
	put(row, "caller");
	printf("  ");
	put(row, "tool");
	printf("  ");
	put(row, "title");
	printf("  %s%s\n", ctl_text(row, "outcome"),
	       ctl_number(row, "undone_by") ? ", undone" : "");
}

static void print_undo(const json_t *row)
{
	if (ctl_number(row, "undo_of"))
		printf("undoes    call %lld\n", ctl_number(row, "undo_of"));
	if (ctl_number(row, "undone_by")) {
		printf("undone    by call %lld\n", ctl_number(row, "undone_by"));
	} else if (*ctl_text(row, "undo_tool")) {
		printf("undo      ");
		put(row, "undo_tool");
		printf(" ");
		put(row, "undo_arguments");
		print_time(" until %s\n", ctl_number(row, "undo_until"));
	}
}

static void print_call(const json_t *row)
{
	static const char *const labels[] = { "the user's own words", "the user's notes",
					      "words of others" };
	unsigned long long label = (unsigned long long)ctl_number(row, "label");

	printf("call      %lld", ctl_number(row, "call"));
	if (ctl_number(row, "request"))
		printf(" of request %lld", ctl_number(row, "request"));
	print_time(", %s\n", ctl_number(row, "time"));
	print_line("asked by", row, "caller");
	print_line("tool", row, "tool");
	print_line("on", row, "title");
	print_line("target", row, "target");
	print_line("arguments", row, "arguments");
	print_line("because", row, "why");
	printf("chosen by %s\n", label < 3 ? labels[label] : "?");
	printf("gate      %s (%s)\n", ctl_text(row, "verdict"), ctl_text(row, "reason"));
	print_line("agreed", row, "consent");
	printf("outcome   %s%s\n", ctl_text(row, "outcome"),
	       json_is_true(json_object_get(row, "verified")) ? ", read back" : "");
	print_line("", row, "text");
	print_line("before", row, "before");
	print_line("after", row, "after");
	print_undo(row);
}

int ctl_journal(struct ctl *c)
{
	uint64_t call = c->argc == 1 ? take_call(c->argv[0]) : 0;
	DBusMessage *m = ctl_message(TOOLS, "Journal");
	DBusMessageIter at, dict;
	json_t *arguments = NULL, *list;
	int status;

	if (c->argc > 1)
		fprintf(stderr, "usage: assistantctl journal [CALL]\n");
	if (!m || c->argc > 1 || (c->argc == 1 && !call)) {
		if (m)
			dbus_message_unref(m);
		return CTL_USAGE;
	}
	dbus_message_iter_init_append(m, &at);
	ctl_open_options(&at, &dict);
	if (call)
		ctl_option_u64(&dict, "call", call);
	ctl_close_options(&at, &dict);
	status = ctl_call(c, m, &arguments);
	list = json_array_get(arguments, 0);
	ctl_print_list(c, status, list, call ? print_call : print_row);
	if (status == CTL_OK && call && json_array_size(list) == 0) {
		fprintf(stderr, "assistantctl: no call %s in the journal\n", c->argv[0]);
		status = CTL_FAILED;
	}
	json_decref(arguments);
	return status;
}

int ctl_undo(struct ctl *c)
{
	uint64_t call = c->argc == 1 ? take_call(c->argv[0]) : 0;

	if (c->argc > 1)
		fprintf(stderr, "usage: assistantctl undo [CALL]\n");
	if (c->argc > 1 || (c->argc == 1 && !call))
		return CTL_USAGE;
	if (agent_register(c, true) == CTL_NO_SERVICE)
		return CTL_NO_SERVICE;
	return request_undo(c, call);
}
