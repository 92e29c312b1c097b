/* SPDX-License-Identifier: MIT */
/* intent: how a request in plain words is understood. Nothing of it is done. */
#include <stdio.h>
#include <string.h>

#include "assistantd/ctl/ctl.h"

enum { REPLY_MS = 25000 };

static void print_slots(const char *text, const char *slots)
{
	json_t *list = json_loads(slots, 0, NULL), *s;
	size_t i;

	json_array_foreach(list, i, s) {
		size_t start = (size_t)ctl_number(s, "start"), end = (size_t)ctl_number(s, "end");

		printf("    ");
		ctl_put_plain(stdout, ctl_text(s, "name"));
		printf(" = ");
		ctl_put_plain(stdout, ctl_text(s, "value"));
		if (strcmp(ctl_text(s, "source"), "said") == 0 && start < end &&
		    end <= strlen(text)) {
			char words[256];

			snprintf(words, sizeof(words), "%.*s", (int)(end - start), text + start);
			printf("  (\"");
			ctl_put_plain(stdout, words);
			printf("\", %zu to %zu)\n", start, end);
		} else {
			printf("  (%s)\n", ctl_text(s, "source"));
		}
	}
	json_decref(list);
}

static void print_match(const json_t *m)
{
	ctl_put_plain(stdout, ctl_text(m, "intent"));
	printf("  ");
	ctl_put_plain(stdout, ctl_text(m, "file"));
	printf(":%lld: ", ctl_number(m, "line"));
	ctl_put_plain(stdout, ctl_text(m, "result"));
	if (*ctl_text(m, "unmet")) {
		printf(": ");
		ctl_put_plain(stdout, ctl_text(m, "unmet"));
	}
	printf("\n    ");
	ctl_put_plain(stdout, ctl_text(m, "sentence"));
	printf("\n");
	print_slots(ctl_text(m, "text"), ctl_text(m, "slots"));
}

/* The first of a part has won, where any has. */
static void print_explanation(const json_t *list, bool all)
{
	long long part = -1;
	size_t i;
	json_t *m;

	json_array_foreach(list, i, m) {
		bool first = ctl_number(m, "part") != part;

		part = ctl_number(m, "part");
		if (first) {
			printf("%s\"", i ? "\n" : "");
			ctl_put_plain(stdout, ctl_text(m, "text"));
			printf("\"\n");
		}
		if (first || all)
			print_match(m);
	}
}

static void print_calls(const json_t *list)
{
	size_t i;
	json_t *call;

	json_array_foreach(list, i, call) {
		bool denied = strcmp(ctl_text(call, "outcome"), "denied") == 0;

		printf(denied ? "would refuse " : "would call ");
		ctl_put_plain(stdout, ctl_text(call, "tool"));
		printf(" ");
		ctl_put_plain(stdout, ctl_text(call, "arguments"));
		printf("\n");
	}
}

int ctl_intent(struct ctl *c)
{
	_cleanup_(buf_deinit) struct buf text = BUF_NULL;
	DBusMessage *m = ctl_message(CTL_NAME, "Run");
	DBusMessageIter at, dict;
	const char *task = "ask";
	json_t *reply = NULL, *results;
	int status;

	for (int i = 0; i < c->argc; i++)
		if ((i && buf_append_char(&text, ' ') < 0) ||
		    buf_append_str(&text, c->argv[i]) < 0)
			return CTL_FAILED;
	if (text.len == 0 || !m) {
		if (m)
			dbus_message_unref(m);
		fprintf(stderr, "usage: assistantctl intent [--explain] [--area A] TEXT…\n");
		return CTL_USAGE;
	}
	dbus_message_iter_init_append(m, &at);
	dbus_message_iter_append_basic(&at, DBUS_TYPE_STRING, &task);
	dbus_message_iter_append_basic(&at, DBUS_TYPE_STRING, &text.data);
	ctl_open_options(&at, &dict);
	ctl_option_bool(&dict, "explain", true);
	ctl_option_str(&dict, "area", c->area);
	ctl_option_str(&dict, "conversation", c->conversation);
	ctl_close_options(&at, &dict);
	status = ctl_call_within(c, m, REPLY_MS, &reply);
	results = json_array_get(reply, 1);
	if (status == CTL_OK && c->json) {
		ctl_print_json(results);
	} else if (status == CTL_OK) {
		print_explanation(json_object_get(results, "explanation"), c->explain);
		print_calls(json_object_get(results, "actions"));
		printf("%s: ", ctl_text(results, "kind"));
		ctl_put_plain(stdout, json_string_value(json_array_get(reply, 0)));
		printf("\n");
	}
	json_decref(reply);
	return status;
}
