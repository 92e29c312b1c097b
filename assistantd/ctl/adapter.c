/* SPDX-License-Identifier: MIT */
/* adapter: what is installed, why it serves or does not, and which version does. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "assistantd/ctl/adapter.h"
#include "assistantd/ctl/train.h"
#include "util/macro.h"

enum { STATE_ON_DISK = 2, STATE_RESIDENT = 4, STATE_DISABLED = 6 };

DBusMessage *adapter_message(const char *member, const char *name, DBusMessageIter *at)
{
	DBusMessage *m = ctl_message(ADAPTERS, member);

	if (!m)
		return NULL;
	dbus_message_iter_init_append(m, at);
	if (name)
		dbus_message_iter_append_basic(at, DBUS_TYPE_STRING, &name);
	return m;
}

int adapter_send(struct ctl *c, DBusMessage *m, json_t **ret)
{
	if (m)
		ctl_no_options(m);
	return ctl_call_within(c, m, PROOF_MS, ret);
}

int adapter_version_call(struct ctl *c, const char *member, const char *name, const char *digest)
{
	DBusMessageIter at, dict;
	DBusMessage *m = adapter_message(member, name, &at);
	json_t *ignored;
	int status;

	if (!m)
		return CTL_FAILED;
	ctl_open_options(&at, &dict);
	ctl_option_str(&dict, "digest", digest);
	ctl_close_options(&at, &dict);
	status = ctl_call(c, m, &ignored);
	json_decref(ignored);
	return status;
}

static const char *state_name(long long state)
{
	static const char *const names[] = { "unknown", "file missing", "on disk", "loading",
					     "in memory", "other model", "disabled", "refused" };

	return state >= 0 && state < (long long)ARRAY_SIZE(names) ? names[state] : "unknown";
}

static bool is_true(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

/* In a column; what others wrote cannot move the terminal. */
static void put(const char *text, int width)
{
	int len = (int)strlen(text);

	ctl_put_plain(stdout, text);
	printf("%*s ", len < width ? width - len : 0, "");
}

static void print_adapter(const json_t *a)
{
	long long state = ctl_number(a, "state");
	const char *reason = ctl_text(a, "reason");
	/* Each was either in memory already or had to be read. */
	long long uses = ctl_number(a, "hits") + ctl_number(a, "misses");

	put(ctl_text(a, "name"), 20);
	put(ctl_text(a, "task"), 10);
	put(ctl_text(a, "style"), 13);
	put(state_name(state), 12);
	printf("%8.2f MiB  %lld use%s%s%s%s", (double)ctl_number(a, "bytes") / 1048576,
	       uses, uses == 1 ? "" : "s", is_true(a, "pinned") ? "  pinned" : "",
	       is_true(a, "own") ? "" : "  built in",
	       *ctl_text(a, "staged") ? "  update waits" : "");
	if (*reason && state != STATE_ON_DISK && state != STATE_RESIDENT &&
	    !(state == STATE_DISABLED && !is_true(a, "enabled"))) {
		fputs("\n    ", stdout);
		ctl_put_plain(stdout, reason);
	}
	putchar('\n');
}

static int list(struct ctl *c)
{
	return ctl_show_list(c, ADAPTERS, "List", print_adapter);
}

static void print_value(const char *key, const json_t *value)
{
	const json_t *item;
	size_t i;

	if ((json_is_string(value) && !*json_string_value(value)) ||
	    (json_is_array(value) && json_array_size(value) == 0))
		return;
	printf("%-18s ", key);
	if (json_is_string(value))
		ctl_put_plain(stdout, json_string_value(value));
	else if (json_is_boolean(value))
		fputs(json_is_true(value) ? "yes" : "no", stdout);
	else if (json_is_real(value))
		printf("%.6g", json_real_value(value));
	else if (json_is_integer(value))
		printf("%lld", (long long)json_integer_value(value));
	json_array_foreach(value, i, item) {
		fputs(i ? ", " : "", stdout);
		ctl_put_plain(stdout, json_is_string(item) ? json_string_value(item) : "");
	}
	putchar('\n');
}

void adapter_print_facts(const json_t *facts)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)facts, key, value)
		print_value(key, value);
}

/* The first value that a call with a name alone answers. */
static int ask(struct ctl *c, const char *member, const char *name, json_t **ret)
{
	DBusMessageIter at;
	json_t *arguments;
	int status = adapter_send(c, adapter_message(member, name, &at), &arguments);

	*ret = json_incref(json_array_get(arguments, 0));
	json_decref(arguments);
	return status;
}

static int explain(struct ctl *c)
{
	json_t *told, *base;
	int status = ask(c, "Explain", c->argv[1], &told);
	size_t i;

	if (status == CTL_OK && c->json) {
		ctl_print_json(told);
	} else if (status == CTL_OK) {
		ctl_put_plain(stdout, ctl_text(told, "text"));
		putchar('\n');
		if (*ctl_text(told, "expected"))
			printf("expected  %s\nfound     %s\n", ctl_text(told, "expected"),
			       ctl_text(told, "found"));
		json_array_foreach(json_object_get(told, "bases"), i, base) {
			fputs(i ? ", " : "made for  ", stdout);
			ctl_put_plain(stdout, json_string_value(base));
		}
		if (json_array_size(json_object_get(told, "bases")))
			putchar('\n');
	}
	json_decref(told);
	return status;
}

/* A name has no point and no slash in it; a file that has neither is told apart by "./". */
static bool is_file(const char *word)
{
	return strpbrk(word, "./") != NULL;
}

static int info(struct ctl *c)
{
	json_t *adapters, *a, *found = NULL;
	int status;
	size_t i;

	if (is_file(c->argv[1]))
		return adapter_inspect(c, c->argv[1]);
	status = ctl_fetch_list(c, ADAPTERS, "List", &adapters);
	json_array_foreach(adapters, i, a)
		if (!found && strcmp(ctl_text(a, "name"), c->argv[1]) == 0)
			found = a;
	if (status == CTL_OK && !found) {
		status = CTL_FAILED;
		fprintf(stderr, "assistantctl: no adapter '%s' is installed\n", c->argv[1]);
	} else if (status == CTL_OK && c->json) {
		ctl_print_json(found);
	} else if (status == CTL_OK) {
		json_object_set_new(found, "state",
				    json_string(state_name(ctl_number(found, "state"))));
		adapter_print_facts(found);
	}
	json_decref(adapters);
	return status;
}

static void print_version(const json_t *v)
{
	time_t at = (time_t)ctl_number(v, "since");
	char when[32] = "-";
	struct tm tm;

	if (at && localtime_r(&at, &tm))
		strftime(when, sizeof(when), "%Y-%m-%d %H:%M", &tm);
	printf("%-8s  %4lld  " DIGEST_SHOWN "  %-16s  %-16s", ctl_text(v, "state"),
	       ctl_number(v, "sequence"), ctl_text(v, "digest"), when, ctl_text(v, "signature"));
	if (!is_true(v, "own"))
		fputs("  built in", stdout);
	fputs(*ctl_text(v, "reason") ? "  " : "", stdout);
	ctl_put_plain(stdout, ctl_text(v, "reason"));
	putchar('\n');
}

static int versions(struct ctl *c)
{
	json_t *list;
	int status = ask(c, "Versions", c->argv[1], &list);

	ctl_print_list(c, status, list, print_version);
	json_decref(list);
	return status;
}

static int test(struct ctl *c)
{
	json_t *result;
	int status = ask(c, "Test", c->argv[1], &result);

	if (status == CTL_OK && c->json)
		ctl_print_json(result);
	else if (status == CTL_OK)
		adapter_print_facts(result);
	if (status == CTL_OK && strcmp(ctl_text(result, "verdict"), "good") != 0)
		status = CTL_FAILED;
	json_decref(result);
	return status;
}

static int rollback(struct ctl *c)
{
	json_t *digest;
	int status = ask(c, "Rollback", c->argv[1], &digest);

	if (status == CTL_OK && c->json)
		ctl_print_json(digest);
	else if (status == CTL_OK)
		printf("in service: " DIGEST_SHOWN "\n", json_string_value(digest));
	json_decref(digest);
	return status;
}

/* The one version whose digest begins so; the caller frees it. NULL after a message. */
static char *find_version(struct ctl *c, const char *name, const char *start)
{
	json_t *list, *v;
	char *found = NULL;
	size_t i, n = 0;

	if (ask(c, "Versions", name, &list) == CTL_OK) {
		json_array_foreach(list, i, v) {
			if (strncmp(ctl_text(v, "digest"), start, strlen(start)) != 0)
				continue;
			free(found);
			found = strdup(ctl_text(v, "digest"));
			n++;
		}
		if (n != 1) {
			fprintf(stderr, "assistantctl: %zu versions of %s begin with %s\n", n, name,
				start);
			free(found);
			found = NULL;
		}
	}
	json_decref(list);
	return found;
}

static int remove_versions(struct ctl *c)
{
	_cleanup_free_ char *digest = NULL;

	if (c->argc == 3 && !(digest = find_version(c, c->argv[1], c->argv[2])))
		return CTL_FAILED;
	return adapter_version_call(c, "Remove", c->argv[1], digest);
}

/* A name, and for some a flag. */
static int change(struct ctl *c, const char *member, int flag)
{
	dbus_bool_t on = flag > 0;
	DBusMessageIter at;
	json_t *ignored;
	DBusMessage *m = adapter_message(member, c->argv[1], &at);
	int status;

	if (m && flag >= 0)
		dbus_message_iter_append_basic(&at, DBUS_TYPE_BOOLEAN, &on);
	status = adapter_send(c, m, &ignored);
	json_decref(ignored);
	return status;
}

static int import(struct ctl *c)
{
	return adapter_import(c, c->argv[1]);
}

static int update(struct ctl *c)
{
	return adapter_update(c, c->argv[1]);
}

static const struct {
	const char *verb;
	int words, more;		/* besides the verb: at least, at most */
	int (*run)(struct ctl *c);
	const char *member;		/* of a mere change, and its flag; -1: none */
	int flag;
	const char *usage;
} verbs[] = {
	{ "list", 0, 0, list, NULL, 0, "" },
	{ "info", 1, 1, info, NULL, 0, "NAME|FILE" },
	{ "explain", 1, 1, explain, NULL, 0, "NAME           why it serves, or does not" },
	{ "versions", 1, 1, versions, NULL, 0, "NAME" },
	{ "import", 1, 1, import, NULL, 0,
	  "FOLDER|FILE --name N --task T [--style S] [--title TEXT]\n"
	  "                  [--languages en,de] [--prompt FILE] [--scale X] [--signature FILE]\n"
	  "                  (a package has a name and a task already)" },
	{ "train", 0, 2, adapter_train, NULL, 0, "                what is being trained" },
	{ "train", 0, 2, adapter_train, NULL, 0,
	  "NAME --data FILE [--held-out FILE] [--base MODEL] [--task T] [--style S]\n"
	  "                  [--title TEXT] [--languages en,de] [--prompt TEMPLATE|FILE]\n"
	  "                  [--rank N] [--alpha A] [--context N] [--rows N] [--epochs N]\n"
	  "                  [--rate R] [--seed N] [--threads N] [--wait]" },
	{ "train", 0, 2, adapter_train, NULL, 0, "watch|pause|resume|stop|report NAME" },
	{ "update", 1, 1, update, NULL, 0, "FILE            a package, signed or not" },
	{ "rollback", 1, 1, rollback, NULL, 0, "NAME          to the version that served before" },
	{ "rm", 1, 2, remove_versions, NULL, 0, "NAME [DIGEST]" },
	{ "test", 1, 1, test, NULL, 0, "NAME              prove it again, now" },
	{ "enable", 1, 1, NULL, "Enable", 1, "NAME" },
	{ "disable", 1, 1, NULL, "Enable", 0, "NAME" },
	{ "pin", 1, 1, NULL, "Pin", 1, "NAME               keep it in memory" },
	{ "unpin", 1, 1, NULL, "Pin", 0, "NAME" },
	{ "load", 1, 1, NULL, "Load", -1, "NAME" },
	{ "unload", 1, 1, NULL, "Unload", -1, "NAME" },
};

static int usage(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		fprintf(stderr, "%s assistantctl adapter %s%s%s\n", i ? "      " : "usage:",
			verbs[i].verb, *verbs[i].usage ? " " : "", verbs[i].usage);
	return CTL_USAGE;
}

int ctl_adapter(struct ctl *c)
{
	if (c->argc == 0)
		return list(c);
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		if (strcmp(c->argv[0], verbs[i].verb) != 0 || c->argc - 1 < verbs[i].words ||
		    c->argc - 1 > verbs[i].more)
			continue;
		return verbs[i].run ? verbs[i].run(c) : change(c, verbs[i].member, verbs[i].flag);
	}
	return usage();
}
