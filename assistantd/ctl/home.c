/* SPDX-License-Identifier: MIT */
/* home: the devices, and where the user says that they are. */
#include <stdio.h>
#include <string.h>

#include "assistantd/ctl/ctl.h"

#define HOME "org.assistantd.Home1"

static int usage(void)
{
	fprintf(stderr, "usage: assistantctl home [list]\n"
		"       assistantctl home show DEVICE\n"
		"       assistantctl home set DEVICE [area=A] [floor=F] [alias=NAME]… "
		"[hidden=yes|no]\n"
		"       assistantctl home alias|unalias DEVICE NAME\n"
		"       assistantctl home areas\n"
		"       assistantctl home area NAME [floor=F] [alias=NAME]…\n"
		"       assistantctl home pin DEVICE\n");
	return CTL_USAGE;
}

/* Names come from the devices. */
static void put(const char *text, int width)
{
	size_t len = strlen(text);

	ctl_put_plain(stdout, text);
	printf("%*s ", len < (size_t)width ? width - (int)len : 0, "");
}

static void print_device(const json_t *d)
{
	size_t i;
	json_t *alias;

	put(ctl_text(d, "entity"), 32);
	put(json_is_true(json_object_get(d, "available")) ? ctl_text(d, "state") : "away", 10);
	put(ctl_text(d, "area"), 14);
	ctl_put_plain(stdout, ctl_text(d, "name"));
	json_array_foreach(json_object_get(d, "aliases"), i, alias) {
		printf("%s", i ? ", " : "  also: ");
		ctl_put_plain(stdout, json_string_value(alias));
	}
	printf("%s\n", json_is_true(json_object_get(d, "hidden")) ? "  hidden" : "");
}

/* Why there are no devices. */
static void explain_none(struct ctl *c)
{
	json_t *broker = ctl_property(c, HOME, "Broker");
	const char *state = json_string_value(broker);

	fprintf(stderr, "assistantctl: no devices: %s\n", !state || strcmp(state, "up") == 0
		? "the broker tells of none" : state);
	json_decref(broker);
}

static int list(struct ctl *c)
{
	json_t *devices = NULL;
	int status = ctl_fetch_list(c, HOME, "List", &devices);

	ctl_print_list(c, status, devices, print_device);
	if (status == CTL_OK && json_array_size(devices) == 0)
		explain_none(c);
	json_decref(devices);
	return status;
}

/* One device with all that is known of it. */
static int show(struct ctl *c)
{
	json_t *devices = NULL, *d, *found = NULL;
	size_t i;
	int status = ctl_fetch_list(c, HOME, "List", &devices);

	json_array_foreach(devices, i, d)
		if (strcmp(ctl_text(d, "entity"), c->argv[1]) == 0)
			found = d;
	if (found) {
		ctl_print_json(found);
	} else if (status == CTL_OK) {
		fprintf(stderr, "assistantctl: no device '%s'\n", c->argv[1]);
		status = CTL_FAILED;
	}
	json_decref(devices);
	return status;
}

static void print_area(const json_t *a)
{
	json_t *alias;
	size_t k;

	put(ctl_text(a, "name"), 24);
	put(ctl_text(a, "floor"), 14);
	json_array_foreach(json_object_get(a, "aliases"), k, alias) {
		printf("%s", k ? ", " : "also: ");
		ctl_put_plain(stdout, json_string_value(alias));
	}
	printf("\n");
}

static int areas(struct ctl *c)
{
	return ctl_show_list(c, HOME, "Areas", print_area);
}

/* A list of names as one entry of the settings: of the words those behind @prefix. */
static void append_names(DBusMessageIter *dict, const char *key, const char *prefix, int argc,
			 char **argv)
{
	DBusMessageIter entry, variant, array;

	dbus_message_iter_open_container(dict, DBUS_TYPE_DICT_ENTRY, NULL, &entry);
	dbus_message_iter_append_basic(&entry, DBUS_TYPE_STRING, &key);
	dbus_message_iter_open_container(&entry, DBUS_TYPE_VARIANT, "as", &variant);
	dbus_message_iter_open_container(&variant, DBUS_TYPE_ARRAY, "s", &array);
	for (int i = 0; i < argc; i++) {
		const char *value = argv[i] + strlen(prefix);

		if (strncmp(argv[i], prefix, strlen(prefix)) == 0 && *value)
			dbus_message_iter_append_basic(&array, DBUS_TYPE_STRING, &value);
	}
	dbus_message_iter_close_container(&variant, &array);
	dbus_message_iter_close_container(&entry, &variant);
	dbus_message_iter_close_container(dict, &entry);
}

static bool append_settings(DBusMessageIter *dict, int argc, char **argv)
{
	bool aliases = false;

	for (int i = 0; i < argc; i++) {
		if (!dbus_validate_utf8(argv[i], NULL))
			return false;
		if (strncmp(argv[i], "area=", 5) == 0)
			ctl_option_str(dict, "area", argv[i] + 5);
		else if (strncmp(argv[i], "floor=", 6) == 0)
			ctl_option_str(dict, "floor", argv[i] + 6);
		else if (strcmp(argv[i], "hidden=yes") == 0 || strcmp(argv[i], "hidden=no") == 0)
			ctl_option_bool(dict, "hidden", argv[i][7] == 'y');
		else if (strncmp(argv[i], "alias=", 6) == 0)
			aliases = true;
		else {
			fprintf(stderr, "assistantctl: unknown setting '%s'\n", argv[i]);
			return false;
		}
	}
	if (aliases)
		append_names(dict, "aliases", "alias=", argc, argv);
	return true;
}

/* A call of @member with a name and settings; *@dict is open. */
static DBusMessage *begin(const char *member, const char *name, DBusMessageIter *at,
			  DBusMessageIter *dict)
{
	DBusMessage *m = ctl_message(HOME, member);

	if (!m)
		return NULL;
	dbus_message_iter_init_append(m, at);
	dbus_message_iter_append_basic(at, DBUS_TYPE_STRING, &name);
	ctl_open_options(at, dict);
	return m;
}

static int set(struct ctl *c, const char *member)
{
	DBusMessageIter at, dict;
	DBusMessage *m = begin(member, c->argv[1], &at, &dict);
	json_t *ignored;
	bool known;
	int status;

	if (!m)
		return CTL_FAILED;
	known = append_settings(&dict, c->argc - 2, c->argv + 2);
	ctl_close_options(&at, &dict);
	if (!known) {
		dbus_message_unref(m);
		return usage();
	}
	status = ctl_call(c, m, &ignored);
	json_decref(ignored);
	return status;
}

static int change_alias(struct ctl *c, const char *key)
{
	DBusMessageIter at, dict;
	DBusMessage *m = begin("Set", c->argv[1], &at, &dict);
	json_t *ignored;
	int status;

	if (!m)
		return CTL_FAILED;
	append_names(&dict, key, "", 1, c->argv + 2);
	ctl_close_options(&at, &dict);
	status = ctl_call(c, m, &ignored);
	json_decref(ignored);
	return status;
}

int ctl_home(struct ctl *c)
{
	const char *verb = c->argc ? c->argv[0] : "list";

	if (strcmp(verb, "list") == 0 && c->argc <= 1)
		return list(c);
	if (strcmp(verb, "show") == 0 && c->argc == 2)
		return show(c);
	if (strcmp(verb, "areas") == 0 && c->argc == 1)
		return areas(c);
	if (strcmp(verb, "set") == 0 && c->argc >= 3)
		return set(c, "Set");
	if (strcmp(verb, "area") == 0 && c->argc >= 3)
		return set(c, "SetArea");
	if (strcmp(verb, "alias") == 0 && c->argc == 3)
		return change_alias(c, "add_aliases");
	if (strcmp(verb, "unalias") == 0 && c->argc == 3)
		return change_alias(c, "remove_aliases");
	if (strcmp(verb, "pin") == 0 && c->argc == 2)
		return ctl_pin(c, c->argv[1]);
	return usage();
}
