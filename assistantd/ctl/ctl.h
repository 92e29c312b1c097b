/* SPDX-License-Identifier: MIT */
/* assistantctl: what its files share. Results go to stdout, everything else to stderr. */
#pragma once

#include <dbus/dbus.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "util/buf.h"
#include "util/cleanup.h"

#define CTL_NAME "org.assistantd.Assistant1"
#define CTL_PATH "/org/assistantd/Assistant1"

/* Exit statuses; assistantctl(1) documents them. */
enum ctl_status {
	CTL_OK = 0,
	CTL_FAILED = 1,		/* the service answered with an error, which was shown */
	CTL_USAGE = 2,
	CTL_NO_SERVICE = 3,
	CTL_BUSY = 4,
	CTL_REFUSED = 5,	/* the user said no */
	CTL_INTERRUPTED = 130,
};

enum { CTL_ADAPTERS_MAX = 4, CTL_NAME_MAX = 80 };

/* Options of adapter train. */
struct ctl_train {
	const char *data, *base, *held_out, *alpha, *rate, *seed;
	uint32_t rank, context, rows, epochs, threads;
	bool wait;
};

struct ctl {
	DBusConnection *bus;
	bool json, stream, is_private, explain, whole;
	const char *style, *kind, *hint, *area, *conversation, *choose, *app;
	const char *adapters[CTL_ADAPTERS_MAX];	/* NAME or NAME=FACTOR */
	int n_adapters;
	const char *name, *task, *title, *languages, *prompt, *scale, *signature;
	struct ctl_train train;
	uint32_t max_tokens, timeout_s;
	const json_t *items;	/* of the task notifications, or NULL */
	int argc;		/* what follows the verb, options taken out */
	char **argv;
};

/* Connects to the session bus: CTL_OK, or CTL_NO_SERVICE after a message. */
int ctl_connect(struct ctl *c);
/* A call without arguments yet; NULL only without memory. */
DBusMessage *ctl_message(const char *interface, const char *member);
/*
 * Sends @m (released) and waits: CTL_OK and the reply's arguments as a JSON list in *@ret
 * (the caller's), or the status after an error message.
 */
int ctl_call(struct ctl *c, DBusMessage *m, json_t **ret);
/* The same, waiting so long: for what a model is asked about. */
int ctl_call_within(struct ctl *c, DBusMessage *m, int timeout_ms, json_t **ret);
/* Ends the arguments of a call with an empty dictionary of options. */
void ctl_no_options(DBusMessage *m);
/* The list of dictionaries that a call without other arguments answers. */
int ctl_fetch_list(struct ctl *c, const char *interface, const char *member, json_t **ret);
/* The list as --json wants it, or each of its items by @print; nothing after an error, @status. */
void ctl_print_list(const struct ctl *c, int status, const json_t *list,
		    void (*print)(const json_t *item));
/* Fetches a list and prints it. */
int ctl_show_list(struct ctl *c, const char *interface, const char *member,
		  void (*print)(const json_t *item));
/* Shows an error reply and returns the status for it. */
int ctl_show_error(const char *name, const char *text);
/* The arguments of a message as a JSON list; variants are their values. */
json_t *ctl_arguments(DBusMessage *m);
/* Reads a property as JSON, NULL after an error message. */
json_t *ctl_property(struct ctl *c, const char *interface, const char *name);
/* All of Assistant1's, the caller's; NULL with a status after an error message. */
json_t *ctl_properties(struct ctl *c, int *status);
/* Adds one entry to a dictionary a{sv}. */
void ctl_option_str(DBusMessageIter *dict, const char *key, const char *value);
void ctl_option_u32(DBusMessageIter *dict, const char *key, uint32_t value);
void ctl_option_i64(DBusMessageIter *dict, const char *key, int64_t value);
void ctl_option_u64(DBusMessageIter *dict, const char *key, uint64_t value);
void ctl_option_double(DBusMessageIter *dict, const char *key, double value);
void ctl_option_fd(DBusMessageIter *dict, const char *key, int fd);
void ctl_option_bool(DBusMessageIter *dict, const char *key, bool value);
void ctl_open_options(DBusMessageIter *at, DBusMessageIter *dict);
void ctl_close_options(DBusMessageIter *at, DBusMessageIter *dict);

/* Prints @value as indented JSON. */
int ctl_print_json(const json_t *value);
const char *ctl_text(const json_t *object, const char *key);
long long ctl_number(const json_t *object, const char *key);

/*
 * Prints what others wrote, on one line and without anything that a terminal would obey:
 * control characters and those that turn the direction of writing are shown as ?.
 */
void ctl_put_plain(FILE *out, const char *text);
/* Whether all of @n words can go to the bus; false after a message. */
bool ctl_words_valid(int n, char *const *words);

/* Reads all of FILE, "-" or NULL: stdin; checks UTF-8: CTL_OK, or the status after a message. */
int ctl_read_text(const char *path, struct buf *ret);

/* The verbs. */
int ctl_task(struct ctl *c, const char *task);
int ctl_ask(struct ctl *c);
int ctl_notifications(struct ctl *c);
int ctl_agent(struct ctl *c);
int ctl_adapter(struct ctl *c);
int ctl_model(struct ctl *c);
int ctl_tool(struct ctl *c);
int ctl_grant(struct ctl *c);
int ctl_app(struct ctl *c);
/* home pin: asks on the terminal for the PIN that @target is to have. */
int ctl_pin(struct ctl *c, const char *target);
int ctl_history(struct ctl *c);
int ctl_home(struct ctl *c);
int ctl_intent(struct ctl *c);
int ctl_journal(struct ctl *c);
int ctl_timer(struct ctl *c);
int ctl_undo(struct ctl *c);
int ctl_status(struct ctl *c);
int ctl_doctor(struct ctl *c);
