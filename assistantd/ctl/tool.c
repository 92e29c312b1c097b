/* SPDX-License-Identifier: MIT */
/* tool: what can be done, and doing it by name. */
#include <stdio.h>
#include <string.h>

#include "assistantd/ctl/agent.h"
#include "assistantd/ctl/request.h"

#define TOOLS "org.assistantd.Tools1"

static const char *const risks[] = { "reads", "reversible", "consequential", "never" };

static void print_tool(const json_t *t)
{
	long long risk = ctl_number(t, "risk");
	size_t len = strlen(ctl_text(t, "name"));

	ctl_put_plain(stdout, ctl_text(t, "name"));
	printf("%*s %-14s ", len < 28 ? 28 - (int)len : 0, "",
	       risk >= 0 && risk < 4 ? risks[risk] : "");
	ctl_put_plain(stdout, ctl_text(t, "title"));
	printf("%s\n", json_is_true(json_object_get(t, "asks_first")) ? "  (asks first)" : "");
}

static int list(struct ctl *c)
{
	return ctl_show_list(c, TOOLS, "List", print_tool);
}

static void print_text(const char *label, const char *text)
{
	if (!*text)
		return;
	printf("%-12s ", label);
	ctl_put_plain(stdout, text);
	putchar('\n');
}

static int show(struct ctl *c, const char *name)
{
	DBusMessage *m = ctl_message(TOOLS, "Describe");
	json_t *arguments, *t;
	long long risk;
	int status;

	if (m)
		dbus_message_append_args(m, DBUS_TYPE_STRING, &name, DBUS_TYPE_INVALID);
	status = ctl_call(c, m, &arguments);
	t = json_array_get(arguments, 0);
	risk = ctl_number(t, "risk");
	if (status == CTL_OK && c->json) {
		ctl_print_json(t);
	} else if (status == CTL_OK) {
		print_text("name", ctl_text(t, "name"));
		print_text("title", ctl_text(t, "title"));
		print_text("does", ctl_text(t, "description"));
		print_text("brought by", ctl_text(t, "owner"));
		print_text("risk", risk >= 0 && risk < 4 ? risks[risk] : "");
		print_text("arguments", ctl_text(t, "schema"));
		print_text("result", ctl_text(t, "result_schema"));
	}
	json_decref(arguments);
	return status;
}

int ctl_tool(struct ctl *c)
{
	const char *verb = c->argc ? c->argv[0] : "list";

	if (c->argc <= 1 && strcmp(verb, "list") == 0)
		return list(c);
	if (c->argc == 2 && strcmp(verb, "show") == 0)
		return show(c, c->argv[1]);
	if ((c->argc == 2 || c->argc == 3) && strcmp(verb, "call") == 0) {
		if (agent_register(c, true) == CTL_NO_SERVICE)
			return CTL_NO_SERVICE;
		return request_call(c, c->argv[1], c->argc == 3 ? c->argv[2] : "{}");
	}
	fprintf(stderr, "usage: assistantctl tool [list | show NAME | call NAME [JSON]]\n");
	return CTL_USAGE;
}
